"""Erasing what a person told us. The rows stay, because the audit trail names them, and nothing in them can be read.

What is encrypted goes with the keys that it stands under, in every copy that is ever made of the database from then on;
what is plain and says who somebody is gives way to a tombstone. The audit trail is not touched: it holds codes and
numbers of rows, never a word of a patient's. A backup from before holds the key: `after_restore` erases again.
"""

import dataclasses

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clinic.accounts.models import User
from clinic.core import audit, clock, outbox
from clinic.core.encryption import new_token
from clinic.core.models import OutboxMessage
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import Actor, CaseStatus, ContactPreference, FilledFor, SafeToContact
from consultations.models import (
    ConsultationRequest,
    Patient,
    PersonJoin,
    PrivateLink,
    QuestionnaireResponse,
    SafetyCase,
    SavedCheck,
)
from consultations.models.patient import ERASED_NAME
from consultations.permissions import require
from consultations.services import persons, pressing, retention, saved_links


class StillNeeded(TransitionNotAllowed):
    """Somebody at the clinic still has to act for this person, and could not without what would be erased."""


@dataclasses.dataclass(frozen=True, slots=True)
class Records:
    """Everything that goes together: two patient rows that share a response are one visitor. `unsent` are checks that
    were saved with an address of theirs to go on later, and never sent.
    """

    patients: frozenset[int]
    responses: frozenset[int]
    unsent: frozenset[int]

    @property
    def of_requests(self) -> Q:
        return Q(patient__in=self.patients) | Q(response__in=self.responses)


@transaction.atomic
def erase(*, patient: Patient, by: User) -> Patient:
    """Destroy the keys of a person's data and blank what is plain, for good. Twice is harmless.

    Raises NotAllowed, and StillNeeded while a request, a safety case or a text of theirs waits for somebody.
    """
    require(by, Actor.MANAGER)
    return _erase(patient, by=by)


@transaction.atomic
def erase_again(*, patient: Patient) -> Patient:
    """In a copy from before an erasure, do what was decided then. Twice is harmless. Raises StillNeeded where this copy
    is from before somebody had done with them: nobody may be forgotten with a danger on its clock.
    """
    return _erase(patient, by=None)


def _erase(patient: Patient, *, by: User | None) -> Patient:
    records = _records_of(patient)
    requests, cases = _lock(records)
    # The persons before the row: whoever joins holds them and waits for the row.
    persons.hold(*(Patient(pk=pk) for pk in records.patients))
    fresh = Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    if fresh.erased_at is not None:
        return fresh
    if _records_of(patient) != records:
        raise StillNeeded(_("Something new came from this person at this very moment. Nothing was erased."))
    _require_done_with(requests, cases)
    _stop_mail(requests)
    _take_out_of_persons(records, by=by)
    _forget_unsent(records)
    _blank(records)
    details = {"requests": sorted(item.pk for item in requests), "cases": sorted(item.pk for item in cases)}
    for pk in sorted(records.patients):
        actor = "" if by else "system"
        audit.record(action="patient.erase", target=Patient(pk=pk), by=by, actor=actor, details=details)
    fresh.refresh_from_db()
    return fresh


def _records_of(patient: Patient) -> Records:
    patients, responses = {patient.pk}, set[int]()
    while True:
        near = Q(patient__in=patients) | Q(response__in=responses)
        pairs = [
            pair
            for model in (ConsultationRequest, SafetyCase)
            for pair in model._default_manager.filter(near).values_list("patient", "response")
        ]
        reached = {patient for patient, _key in pairs if patient is not None}, {response for _key, response in pairs}
        if reached[0] <= patients and reached[1] <= responses:
            return Records(frozenset(patients), frozenset(responses), _unsent_of(patients))
        patients, responses = patients | reached[0], responses | reached[1]


def _unsent_of(patients: set[int]) -> frozenset[int]:
    indexes = Patient.objects.filter(pk__in=patients).exclude(email_index="").values("email_index")
    return frozenset(SavedCheck.objects.filter(email_index__in=indexes).values_list("response", flat=True))


def _lock(records: Records) -> tuple[list[ConsultationRequest], list[SafetyCase]]:
    """In the order in which everything else takes them: requests, responses, cases; also those of joined rows."""
    pressing.hold_requests(Patient(pk=pk) for pk in records.patients)
    requests = list(ConsultationRequest.objects.select_for_update(of=("self",)).filter(records.of_requests))
    responses = QuestionnaireResponse.objects.select_for_update(of=("self",), no_key=True)
    list(responses.filter(pk__in=records.responses | records.unsent).only("pk").order_by("pk"))
    cases = list(SafetyCase.objects.select_for_update(of=("self",)).filter(records.of_requests))
    return requests, cases


def _require_done_with(requests: list[ConsultationRequest], cases: list[SafetyCase]) -> None:
    for consultation_request in requests:
        if not consultation_request.is_closed:
            raise StillNeeded(
                _("Request %(reference)s is not closed. Close it first.")
                % {"reference": consultation_request.reference}
            )
        if consultation_request.danger_due_at is not None:
            raise StillNeeded(
                _("A danger in request %(reference)s is on its clock. Have a doctor settle it first.")
                % {"reference": consultation_request.reference}
            )
        if consultation_request.texts_due_at is not None:
            raise StillNeeded(
                _("A text that came with request %(reference)s has not been read. Read it first.")
                % {"reference": consultation_request.reference}
            )
    for case in cases:
        if case.status != CaseStatus.CLOSED:
            raise StillNeeded(_("Safety case %(number)s is not closed. Close it first.") % {"number": case.pk})


def _stop_mail(requests: list[ConsultationRequest]) -> None:
    """No link opens anything any more, and no mail is sent, or can be read that was."""
    now = clock.now()
    PrivateLink.objects.filter(consultation_request__in=requests, replaced_at=None).update(replaced_at=now)
    mails = OutboxMessage.objects.filter(subject__consultation_request__in=requests)
    outbox.stop(mails, reason=gettext_noop("Not sent: the data of the person were erased."))
    mails.update(recipient="", payload=None, content=None, content_deleted_at=now, data_key="")


def _forget_unsent(records: Records) -> None:
    """The address and the link of what was begun and not sent; the answers too, where nobody else has that address.

    A couple may share a mailbox: then the other's answers stay until their browser sends them, or their time is over.
    """
    indexes = Patient.objects.filter(pk__in=records.patients).exclude(email_index="").values("email_index")
    others = Patient.objects.filter(email_index__in=indexes).exclude(pk__in=records.patients)
    shared = set(others.values_list("email_index", flat=True))
    rows = SavedCheck.objects.filter(response__in=records.unsent)
    own = [response for response, index in rows.values_list("response", "email_index") if index not in shared]
    saved_links.forget(sorted(records.unsent | records.responses))
    retention.delete_now(own)


def _take_out_of_persons(records: Records, *, by: User | None) -> None:
    """Nobody stands behind it beside others any more; what was written of why is gone with the joins."""
    for pk in sorted(records.patients):
        persons.take_out(patient=Patient(pk=pk), reason=ERASED_NAME, by=by)
        PersonJoin.objects.of(Patient(pk=pk)).delete()


def _blank(records: Records) -> None:
    for pk in records.responses:
        # The browser that began it finds nothing under its token, as if the check had been deleted.
        QuestionnaireResponse.objects.filter(pk=pk).update(data_key="", token=new_token())
    SafetyCase.objects.filter(records.of_requests).update(network="")
    helped = ConsultationRequest.objects.filter(records.of_requests, filled_for=FilledFor.OTHER)
    helped.update(helper_name=ERASED_NAME)
    Patient.objects.filter(pk__in=records.patients).update(
        name=ERASED_NAME,
        birth_on=None,
        email="",
        email_index="",
        email_verified_at=None,
        phone="",
        phone_as_typed="",
        phone_index="",
        contact_by=ContactPreference.EITHER,
        safe_to_contact=SafeToContact.ANY,
        data_key="",
        erased_at=clock.now(),
    )
