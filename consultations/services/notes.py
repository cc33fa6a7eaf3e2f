"""Notes of staff about a safety case, in every status, and about a person. Those about a request are actions on it."""

from typing import Any, TypeVar

from django.db import models, transaction

from clinic.accounts.models import User
from clinic.core import audit, clock
from consultations.enums import Actor
from consultations.models import CaseNote, Patient, PersonNote, SafetyCase
from consultations.permissions import require
from consultations.services.triage import REPEATED_WITHIN

Note = TypeVar("Note", CaseNote, PersonNote)


@transaction.atomic
def add_to_case(*, case: SafetyCase, text: str, by: User) -> CaseNote:
    """Raises NotAllowed. The same words twice within two minutes are one note."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = SafetyCase.objects.select_for_update(of=("self",)).defer("closing_note").get(pk=case.pk)
    return _add(fresh.notes.all(), {"case": fresh}, target=fresh, code="case.note", text=text, by=by)


@transaction.atomic
def add_to_person(*, patient: Patient, text: str, by: User) -> PersonNote:
    """Beside this patient row. Raises NotAllowed. The same words twice within two minutes are one note."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = Patient.objects.select_for_update(of=("self",), no_key=True).only("pk", "data_key").get(pk=patient.pk)
    return _add(fresh.notes.all(), {"patient": fresh}, target=fresh, code="person.note", text=text, by=by)


def _add(
    notes: "models.QuerySet[Note]", about: dict[str, Any], *, target: models.Model, code: str, text: str, by: User
) -> Note:
    just_now = notes.filter(written_by=by, written_at__gte=clock.now() - REPEATED_WITHIN)
    newest = just_now.order_by("-written_at", "-pk").first()
    if newest is not None and newest.text == text:
        return newest
    note: Note = notes.model(**about, text=text, written_at=clock.now(), written_by=by)
    note.save()
    audit.record(action=code, target=target, by=by, details={"note": note.pk})
    return note
