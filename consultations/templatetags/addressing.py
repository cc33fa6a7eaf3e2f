"""Whom a page speaks to: the patient, or who sent the request for the patient."""

from django import template

from consultations.models import ConsultationRequest

register = template.Library()


@register.filter
def whose(consultation_request: ConsultationRequest, thing: str) -> str:
    """ "your request", or "Ana’s request" on a page for who helps Ana."""
    return consultation_request.whose(thing)
