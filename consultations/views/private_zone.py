"""The zone in which a patient wants to read times as well: chosen from a list, never guessed, kept in the session."""

from typing import Final

from django.http import HttpRequest

from consultations.enums import Modality
from consultations.models import AppointmentType
from consultations.presenters import own_zone

FIELD: Final = "own_zone"
"""Of the form, and in the session: the name of a zone, which says nothing of anybody's health."""


def keep(request: HttpRequest) -> None:
    """Remember what was chosen; whatever is not on the list, and the clinic's own, means no other zone."""
    name = request.POST.get(FIELD, "")
    if name in dict(own_zone.choices()):
        request.session[FIELD] = name
    else:
        request.session.pop(FIELD, None)


def chosen(request: HttpRequest, kind: AppointmentType | None) -> str:
    """The zone to show beside the clinic's, "" for none: whoever comes to the clinic is in its zone by then."""
    if kind is None or kind.modality == Modality.CLINIC:
        return ""
    name = request.session.get(FIELD, "")
    return name if name in dict(own_zone.choices()) else ""
