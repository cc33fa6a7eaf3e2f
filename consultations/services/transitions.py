"""How the transition table of a consultation request meets its rows: the lock, who may, the names of who was first."""

import datetime
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.transitions import Workflow
from consultations.enums import Actor, RequestStatus
from consultations.models import ConsultationRequest, Patient
from consultations.permissions import permitted_verbs
from consultations.services import clocks
from consultations.workflow import BY_THE_WORKER, TRANSITIONS


class FlagsStand(TransitionNotAllowed):
    """Something that cannot be done, or not by this person, while a red flag stands that no doctor has settled."""


def lock(consultation_request: ConsultationRequest) -> ConsultationRequest:
    """Re-read the row under a lock; every decision is taken on what stands there now, not on what a page showed.

    All requests of the person are locked with it, by key: a danger told with one of them counts for the others.
    """
    rows = ConsultationRequest.objects.select_for_update(of=("self",)).select_related("patient")
    person = Patient.objects.filter(requests=consultation_request.pk).values("person")
    locked = rows.filter(patient__person__in=person).order_by("pk")
    locked_request = next((item for item in locked if item.pk == consultation_request.pk), None)
    if locked_request is None:
        raise ConsultationRequest.DoesNotExist
    return locked_request


def lock_many(keys: Iterable[int]) -> list[ConsultationRequest]:
    """The same for several requests at once, with all requests of their persons: by key, as everybody locks."""
    persons = Patient.objects.filter(requests__in=set(keys)).values("person")
    rows = ConsultationRequest.objects.select_for_update(of=("self",)).select_related("patient")
    return list(rows.filter(patient__person__in=persons).order_by("pk"))


class ConsultationWorkflow(Workflow[ConsultationRequest]):
    """Nobody signed in is the patient, through the private link."""

    audit_prefix = "request"
    noun = gettext_noop("request")
    nobody = Actor.PATIENT.value

    def lock(self, row: ConsultationRequest) -> ConsultationRequest:
        return lock(row)

    def permitted(self, verbs: Iterable[str], *, by: User | None, row: ConsultationRequest) -> set[str]:
        if by is not None:
            return permitted_verbs(by, verbs)
        return {verb for verb in verbs if Actor.PATIENT in TRANSITIONS[verb].actors}

    def status_label(self, status: str) -> str:
        return str(RequestStatus(status).label)

    def set_status(self, row: ConsultationRequest, status: str, *, now: datetime.datetime) -> None:
        row.status, row.status_changed_at = status, now
        row.due_at = clocks.status_due(status, now=now) or row.due_at

    def who(self, event: AuditEvent | None) -> str:
        is_patient = event is not None and event.actor_user_id is None and event.actor == Actor.PATIENT
        return _("The patient") if is_patient else super().who(event)


class SystemWorkflow(ConsultationWorkflow):
    """What the worker does by itself, by the same rows of the table: nobody signed in is the system here."""

    nobody = Actor.SYSTEM.value

    def permitted(self, verbs: Iterable[str], *, by: User | None, row: ConsultationRequest) -> set[str]:
        return set(BY_THE_WORKER.intersection(verbs)) if by is None else set()


WORKFLOW = ConsultationWorkflow(TRANSITIONS)
"""Actions register here; importing `consultations.actions` imports them all."""
SYSTEM_WORKFLOW = SystemWorkflow(TRANSITIONS)
