"""The small pieces of the house style: icons, vertebrae, and instants in the clinic's words."""

import datetime
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.core import clock, lines, region_words

register = template.Library()


@register.inclusion_tag("clinic/components/icon.html")
def icon(name: str) -> dict[str, Any]:
    return {"name": name}


@register.inclusion_tag("clinic/components/vertebra.html")
def vertebra(tick: bool = False) -> dict[str, Any]:
    return {"tick": tick}


@register.inclusion_tag("clinic/components/spine.html")
def spine() -> dict[str, Any]:
    return {}


@register.simple_block_tag(takes_context=True)
def way(context: dict[str, Any], content: str, url: str, css: str = "") -> SafeString:
    """A link to a page; in a page that carries its answers (`carried`), a button that takes them along."""
    if context.get("carried"):
        button = '<button type="submit" form="carried" formaction="{}" class="waybutton {}">{}</button>'
        return format_html(button, url, css, content)
    return format_html('<a{} href="{}">{}</a>', format_html(' class="{}"', css) if css else "", url, content)


@register.simple_tag
def word(name: str) -> str:
    """A word that differs by region, as the clinic's region says it."""
    return region_words.word(name, settings.CLINIC_REGION)


@register.simple_tag
def emergency_number() -> SafeString:
    """The number alone, as a link that dials it."""
    return lines.emergency_number()


@register.simple_tag
def emergency_line() -> SafeString:
    """A sentence with its stop. Each number that a setting names is a link that dials it."""
    return lines.emergency().html


@register.simple_tag
def urgent_line() -> SafeString:
    """A sentence with its stop, in small letters as it follows other words."""
    return lines.urgent().html


@register.simple_tag
def crisis_line() -> SafeString:
    """Part of a sentence: the template writes the stop after it."""
    return lines.crisis().html


@register.simple_tag
def quiet_lines() -> SafeString:
    return lines.with_lines(lines.QUIET)


@register.simple_block_tag
def contents(content: str) -> SafeString:
    """The list "On this page", of `<li>`: folded on a small screen, open beside the text on a wide one.

    Only one of the two is ever displayed: CSS alone cannot open a folded one in every browser.
    """
    return render_to_string("clinic/components/contents.html", {"listed": content})


@register.filter
def with_lines(text: str) -> SafeString:
    """Fills `{emergency_line}`, `{urgent_line}` and `{crisis_line}` in a text; what else it holds is escaped."""
    return lines.with_lines(text)


@register.simple_tag
def brandmark() -> SafeString:
    return render_to_string("clinic/components/brandmark.html")


@register.inclusion_tag("clinic/components/care_card.html", takes_context=True)
def care_card(context: dict[str, Any]) -> dict[str, Any]:
    """The emergency card. Self-contained: its links dial, and lead nowhere else."""
    return {"clinic": context["clinic"]}


@register.filter
def day(value: datetime.datetime | datetime.date | None, zone_name: str = "") -> str:
    return clock.day(value, zone_name) if value else ""


@register.filter
def full_date(value: datetime.datetime | datetime.date | None) -> str:
    return clock.full_date(value) if value else ""


@register.filter
def time(value: datetime.datetime | None, zone_name: str = "") -> str:
    return clock.time(value, zone_name) if value else ""


@register.filter
def moment(value: datetime.datetime | None, zone_name: str = "") -> str:
    """Of a visit, with the zone that is stored with it: `{{ visit.starts_at|moment:visit.time_zone }}`."""
    return clock.moment(value, zone_name) if value else ""
