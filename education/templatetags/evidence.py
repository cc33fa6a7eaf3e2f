"""Grades of certainty and anatomy plates, as pages about treatments show them."""

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()

GRADE_WORDS = {
    4: _("High certainty"),
    3: _("Moderate certainty"),
    2: _("Low certainty"),
    1: _("Very low certainty"),
    0: _("No usable studies"),
    -1: _("Guideline statement"),
}
AXIAL_WORDS = {
    "ddd": _("Cross-section of a worn disc: the middle has dried out and cracks run through the outer ring"),
    "herniated": _("Cross-section of a herniated disc: the soft middle pushes out and presses on a nerve root"),
    "stenosis": _("Cross-section of a narrowed spinal canal: thickened ligaments squeeze the nerves"),
    "facet": _("Cross-section showing worn, enlarged facet joints at the back of the spine"),
    "healthy": _("Cross-section of a disc without wear and with free nerve roots"),
}
PROCEDURES = ("marrow", "tube", "inject")


@register.simple_tag
def grade(level: int, chip: bool = False, label: str = "") -> SafeString:
    """Four stacked discs filled from below, always with words; `level` 0 to 4 (high). A guideline, -1, has none."""
    shape = format_html_join(
        "",
        '<rect class="g-{}" x="{}" y="{}" width="{}" height="4.2" rx="2.1"/>',
        (
            ("on" if index < level else "off", 3.8 if index % 2 else 3, 20.5 - index * 6, 18.4 if index % 2 else 20)
            for index in range(4)
        ),
    )
    classes = "grade" + (" grade--chip" if chip else "") + (" grade--none" if level <= 0 else "")
    discs = format_html('<svg viewBox="0 0 26 26" aria-hidden="true" focusable="false">{}</svg>', shape)
    return format_html(
        '<span class="{}">{}{}</span>', classes, discs if level >= 0 else "", label or GRADE_WORDS[level]
    )


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
