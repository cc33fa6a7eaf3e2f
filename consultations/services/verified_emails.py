"""An address is verified when a private link that was mailed to it is opened with the date of birth.

Rows that proved one address, with one date of birth and one first name, are joined by the software. Whatever speaks
against it leaves them to staff: the page of the request names them as possible matches.
"""

import logging
from collections.abc import Collection
from typing import Final

from django.db import transaction

from clinic.core import audit, clock
from clinic.core.name_folding import fold_name
from clinic.core.names import greeting_name
from consultations.enums import Actor, FilledFor
from consultations.models import ConsultationRequest, Patient, PersonJoin
from consultations.services import persons, pressing

logger = logging.getLogger(__name__)
MOST_ROWS: Final = 20
"""More rows than this behind one address and date of birth are no patient's requests; software leaves them alone."""


def hold_requests(consultation_request: ConsultationRequest) -> set[int]:
    """Lock this request and those that `verify` may join it with, by their keys; before anything else is locked."""
    patient = consultation_request.patient
    return pressing.hold_requests([patient, *_matches(patient)])


def verify(consultation_request: ConsultationRequest, *, locked: Collection[int]) -> None:
    """Keep that the patient has the mailbox. Call inside a transaction, when its link is opened; `held` are the
    requests that `hold_requests` has locked.

    A link leads only to whom it was mailed: correcting the address ends all that were made before. The mailbox of a
    request on behalf of somebody else is the helper's, and says nothing about the patient.

    Rows that proved the same are looked for each time: two that were opened at one moment did not see each other. Their
    persons are held before the row is written: staff who join them hold the persons and wait for the rows.
    """
    patient = consultation_request.patient
    if consultation_request.filled_for != FilledFor.SELF or not patient.email_index:
        return
    rows: list[Patient] = []
    try:
        rows = _held_with_matches(patient)
        persons.require_held(rows, locked)
    except persons.JoinRefused as refusal:
        rows = []
        _log_refusal(patient, refusal)
    if patient.email_verified_at is None:
        patient.email_verified_at = clock.now()
        patient.save(update_fields=["email_verified_at"])
    try:
        with transaction.atomic():
            _join_by_address(patient, rows)
    except persons.JoinRefused as refusal:
        _log_refusal(patient, refusal)


def open_beside(consultation_request: ConsultationRequest) -> list[ConsultationRequest]:
    """Other open requests that the same person proved to be theirs, by the same address and date of birth.

    What staff have joined is not among them: a patient is shown nothing for it.
    """
    patient = consultation_request.patient
    if patient.email_verified_at is None:
        return []
    proved = ConsultationRequest.objects.open().filter(
        patient__person=patient.person_id,
        patient__email_index=patient.email_index,
        patient__birth_on=patient.birth_on,
        patient__email_verified_at__isnull=False,
        filled_for=FilledFor.SELF,
    )
    return list(proved.exclude(pk=consultation_request.pk).only("reference", "submitted_at").order_by("submitted_at"))


def forget(patient: Patient) -> None:
    """What the address proved, before it is corrected: joins that rest on it end. Call inside a transaction."""
    rows = persons.hold(patient)
    patient.email_verified_at = None
    patient.save(update_fields=["email_verified_at"])
    resting = PersonJoin.objects.live().of(patient).filter(joined_by=None)
    if not resting.update(ended_at=clock.now()):
        return
    persons.settle(rows)
    persons.refresh_flags(rows)
    audit.record(
        action="person.separate",
        target=patient,
        actor=Actor.SYSTEM.value,
        details={"rows": [row.pk for row in rows]},
    )


def _log_refusal(patient: Patient, refusal: persons.JoinRefused) -> None:
    """Opening one's page never fails over this; staff find the rows as possible matches."""
    logger.info("patient row %s not joined by its address: %s", patient.pk, type(refusal).__name__)


def _held_with_matches(patient: Patient) -> list[Patient]:
    """All rows of the persons that may be this one, held; none where there is nothing to join."""
    matches = _matches(patient)
    return persons.hold(patient, *matches) if 0 < len(matches) <= MOST_ROWS else []


def _matches(patient: Patient) -> list[Patient]:
    """Rows of other persons that proved the same address with the same date of birth; one more than are joined."""
    if not patient.email_index:
        return []
    alike = Patient.objects.filter(email_index=patient.email_index, birth_on=patient.birth_on)
    matches = alike.filter(email_verified_at__isnull=False).exclude(person=patient.person_id)
    return list(matches.only("pk").order_by("pk")[: MOST_ROWS + 1])


def _join_by_address(patient: Patient, rows: Collection[Patient]) -> None:
    if not rows:
        return
    proven = [row for row in rows if _is_proven(row, patient)]
    others = {row.person_id: row for row in reversed(proven)}
    others.pop(_now(rows, patient).person_id, None)
    if not others or len(rows) > MOST_ROWS or _was_taken_apart(rows):
        return
    persons.refuse_overlap(rows)
    for other in sorted(others.values(), key=lambda row: row.pk):
        persons.connect(patient, other, rows, by=None)
    persons.weigh_together(rows, patient, by=None)


def _is_proven(row: Patient, patient: Patient) -> bool:
    """Asked of rows read under the lock: an address may have been corrected. Twins share mailbox and birth date."""
    return row.pk == patient.pk or (
        row.email_verified_at is not None
        and (row.email_index, row.birth_on) == (patient.email_index, patient.birth_on)
        and _is_called_alike(row, patient)
    )


def _is_called_alike(row: Patient, patient: Patient) -> bool:
    one, two = (fold_name(greeting_name(item.name)) for item in (row, patient))
    return bool(one) and one == two


def _now(rows: Collection[Patient], patient: Patient) -> Patient:
    return next(row for row in rows if row.pk == patient.pk)


def _was_taken_apart(rows: Collection[Patient]) -> bool:
    """Whether staff ever said that some of these rows are of different people."""
    keys = [row.pk for row in rows]
    return PersonJoin.objects.filter(first__in=keys, second__in=keys, ended_by__isnull=False).exists()
