"""The small pieces of the house style: icons, grades, vertebrae, plates, and instants in the clinic's words."""

import datetime
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from clinic.core import clock, lines

register = template.Library()

GRADE_WORDS = {
    4: "High certainty",
    3: "Moderate certainty",
    2: "Low certainty",
    1: "Very low certainty",
    0: "No usable studies",
    -1: "Guideline statement",
}
AXIAL_WORDS = {
    "ddd": "Cross-section of a worn disc: the centre has dried out and cracks run through the outer ring",
    "herniated": "Cross-section of a herniated disc: the soft centre pushes out and presses on a nerve root",
    "stenosis": "Cross-section of a narrowed spinal canal: thickened ligaments squeeze the nerves",
    "facet": "Cross-section showing worn, enlarged facet joints at the back of the spine",
    "healthy": "Cross-section of a disc without wear and with free nerve roots",
}
PROCEDURES = ("marrow", "tube", "inject")


@register.inclusion_tag("clinic/components/icon.html")
def icon(name: str) -> dict[str, Any]:
    return {"name": name}


@register.simple_tag
def grade(level: int, chip: bool = False, words: str = "") -> SafeString:
    """Four stacked discs filled from below, always with words; `level` 0 to 4 (high). A guideline, -1, has none."""
    shape = format_html_join(
        "",
        '<rect class="g-{}" x="{}" y="{}" width="{}" height="4.2" rx="2.1"/>',
        (
            ("on" if place < level else "off", 3.8 if place % 2 else 3, 20.5 - place * 6, 18.4 if place % 2 else 20)
            for place in range(4)
        ),
    )
    classes = "grade" + (" grade--chip" if chip else "") + (" grade--none" if level <= 0 else "")
    discs = format_html('<svg viewBox="0 0 26 26" aria-hidden="true" focusable="false">{}</svg>', shape)
    return format_html(
        '<span class="{}">{}{}</span>', classes, discs if level >= 0 else "", words or GRADE_WORDS[level]
    )


@register.inclusion_tag("clinic/components/vertebra.html")
def vertebra(tick: bool = False) -> dict[str, Any]:
    return {"tick": tick}


@register.inclusion_tag("clinic/components/plate.html")
def axial(name: str, decorative: bool = False) -> dict[str, Any]:
    """A cross-section seen from above. Raises KeyError for a name there is no drawing of."""
    return {
        "drawing": f"clinic/svg/axial-{name}.svg",
        "view_box": "10 8 220 226",
        "words": AXIAL_WORDS[name],
        "decorative": decorative,
    }


@register.inclusion_tag("clinic/components/plate.html")
def procedure_plate(name: str) -> dict[str, Any]:
    if name not in PROCEDURES:
        raise template.TemplateSyntaxError(f"There is no drawing of {name!r}.")
    return {"drawing": f"clinic/svg/proc-{name}.svg", "view_box": "0 -10 240 192", "decorative": True}


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
def day(value: datetime.datetime | datetime.date | None) -> str:
    return clock.day(value) if value else ""


@register.filter
def time(value: datetime.datetime | None) -> str:
    return clock.time(value) if value else ""


@register.filter
def moment(value: datetime.datetime | None) -> str:
    return clock.moment(value) if value else ""
