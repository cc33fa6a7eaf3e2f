"""Somebody on the phone who has no request: a safety case is opened for them, with what they said.

What they are stands in a patient row and a response without answers, which no browser can continue: its token is told
to nobody. Whatever is asked in the call is heard for that response.
"""

import dataclasses
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.database_errors import constraint_of
from clinic.core.people import is_named
from clinic.core.refusals import ChangedMeanwhile
from consultations import phones
from consultations.enums import (
    OPEN_STATUSES,
    Actor,
    CallOutcome,
    CaseStatus,
    ContactPreference,
    Outcome,
    ResponseStatus,
    SafeToContact,
)
from consultations.models import Call, ConsultationRequest, SafetyCase
from consultations.permissions import require
from consultations.services import calls, cases, intake

ONE_CALL_A_PAGE: Final = "call_made_once"
ALIKE_SHOWN: Final = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    case: SafetyCase
    call: Call


def open_case(*, name: str, phone: str, said: str, level: Outcome, asks: bool, by: User, once: str = "") -> Opened:
    """Open a case for a caller and write the call down; with `asks` it goes on with the danger questions.

    `once` is the key of the page: sent twice, it is one case. Whoever opens it has taken it on. Raises NotAllowed, and
    ChangedMeanwhile for other words from a page that was sent already.
    """
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    try:
        with transaction.atomic():
            before = _opened_before(once, by=by)
            if before is None:
                return _open(name=name, phone=phone, said=said, level=level, asks=asks, by=by, once=once)
    except IntegrityError as error:
        if constraint_of(error) != ONE_CALL_A_PAGE:
            raise
        before = _opened_before(once, by=by)
    if before is None or (before.call.note, before.case.patient and before.case.patient.name) != (said, name):
        raise ChangedMeanwhile(
            _(
                "You opened a case from this page already, in another tab or window. Nothing was changed. "
                "What you wrote is kept below."
            )
        )
    return before


def _opened_before(once: str, *, by: User) -> Opened | None:
    made = Call.objects.filter(once=once[: calls.ONCE_LENGTH], made_by=by.pk).select_related("response")
    call = made.first() if once else None
    case = SafetyCase.objects.filter(response=call.response_id).select_related("patient").first() if call else None
    return Opened(case, call) if call is not None and case is not None else None


def _open(*, name: str, phone: str, said: str, level: Outcome, asks: bool, by: User, once: str) -> Opened:
    now = clock.now()
    response = intake.draft()
    response.status, response.completed_at = ResponseStatus.COMPLETED, now
    response.save(force_insert=True)
    patient = intake.make_patient(
        intake.Contact(
            name=name,
            birth_on=None,
            email="",
            phone=phone,
            contact_by=ContactPreference.PHONE,
            safe_to_contact=SafeToContact.NO_VOICEMAIL,
        )
    )
    outcome = CallOutcome.DANGER_ASKED if asks else CallOutcome.REACHED_OTHER
    call = calls.make(response, outcome, note=said, by=by, once=once)
    case = cases.open_case(response=response, level=level, patient=patient, by=by)
    return Opened(cases.acknowledge(case=case, by=by), call)


def alike(*, name: str, phone: str) -> tuple[list[ConsultationRequest], list[SafetyCase]]:
    """Open requests, and open cases without one, of this name or number: the caller may be one of them."""
    condition = is_named(name, prefix="patient__")
    if numbers := phones.phone_indexes(phone):
        condition |= Q(patient__phone_index__in=sorted(numbers))
    not_erased = Q(patient__erased_at=None) & condition
    requests = ConsultationRequest.objects.filter(not_erased, status__in=OPEN_STATUSES).select_related("patient")
    alone = SafetyCase.objects.filter(not_erased, response__consultation_request=None).exclude(status=CaseStatus.CLOSED)
    return (
        list(requests.order_by("-submitted_at", "-pk")[:ALIKE_SHOWN]),
        list(alone.select_related("patient").order_by("-raised_at", "-pk")[:ALIKE_SHOWN]),
    )
