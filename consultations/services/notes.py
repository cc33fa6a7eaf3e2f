"""Notes of staff about a safety case, in every status, and about a person. Those about a request are actions on it."""

from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import Actor
from consultations.models import CaseNote, Patient, PersonNote, SafetyCase
from consultations.permissions import require
from consultations.services import case_proofs
from consultations.services.triage import REPEATED_WITHIN

Note = TypeVar("Note", CaseNote, PersonNote)


class NothingEntered(TransitionNotAllowed):
    """Only who entered something can say that it was a mistake."""


@transaction.atomic
def add_to_case(*, case: SafetyCase, text: str, says_mistake: bool = False, by: User) -> CaseNote:
    """Raises NotAllowed. The same words twice within two minutes are one note.

    `says_mistake`: the author entered by mistake what led to the case. Raises NothingEntered for anybody else.
    """
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = SafetyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if says_mistake and not case_proofs.entered_something(fresh, by):
        raise NothingEntered(_("You entered nothing that led to this case, so it was no mistake of yours."))
    about = {"case": fresh, "says_mistake": says_mistake}
    same = fresh.notes.filter(says_mistake=says_mistake)
    return _add(same, about, target=fresh, code="case.note", text=text, by=by)


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
