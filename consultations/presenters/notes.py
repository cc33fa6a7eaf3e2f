"""Notes about a safety case or a person, newest first; one that cannot be read is named and leaves the others."""

import dataclasses

from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from consultations.models import CaseNote, Patient, PersonNote, SafetyCase
from consultations.presenters.formatting import name_of
from consultations.presenters.isolation import Unreadable, readable


@dataclasses.dataclass(frozen=True, slots=True)
class NoteLine:
    when: str
    who: str
    text: str
    says_mistake: bool = False


def notes_of_case(case: SafetyCase) -> list[NoteLine]:
    return _lines(readable(with_keys(CaseNote.objects.filter(case=case)).select_related("written_by")))


def notes_of_person(patient: Patient) -> list[NoteLine]:
    """Those beside every row of the person."""
    notes = PersonNote.objects.filter(patient__person=patient.person_id)
    return _lines(readable(with_keys(notes).select_related("written_by")))


def _lines(notes: "list[CaseNote | Unreadable] | list[PersonNote | Unreadable]") -> list[NoteLine]:
    return [
        NoteLine("", _("The record"), _("Note %(number)d cannot be read. Tell a manager.") % {"number": note.pk})
        if isinstance(note, Unreadable)
        else NoteLine(
            clock.moment(note.written_at),
            name_of(note.written_by),
            note.text,
            getattr(note, "says_mistake", False),
        )
        for note in notes
    ]
