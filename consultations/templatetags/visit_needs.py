"""The needs of a patient beside the name, on every staff page about them."""

from typing import Any

from django import template

from consultations.models import Patient
from consultations.presenters.visit_needs import needs_of

register = template.Library()


@register.inclusion_tag("consultations/staff/visit_needs.html")
def visit_needs(patient: Patient | None) -> dict[str, Any]:
    return {"needs": needs_of(patient)}
