"""A clinician cannot come: the visit is called off for the clinic, and its patient can choose another time.

One act does so for a whole stretch (`call_off_all`): nobody can book in it from then on, and what is held in it ends.
"""

import dataclasses
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit
from clinic.core.actions import perform_action
from clinic.core.encryption import DamagedRecord
from clinic.core.refusals import ChangedMeanwhile
from consultations.actions.base import ConsultationAction, Ctx, Message
from consultations.models import Absence, Appointment, Clinician
from consultations.services import calling_off, occupation, scheduling
from consultations.services.calling_off import Stretch
from consultations.services.transitions import WORKFLOW, lock_many

TRIES = 3


@dataclasses.dataclass(frozen=True, slots=True)
class CallOffData:
    absence: Absence


@dataclasses.dataclass(frozen=True, slots=True)
class CalledOff:
    """What one act did. `is_repeat`: somebody had done it already."""

    absence: Absence
    visits: int
    holds: int
    is_repeat: bool = False


@WORKFLOW.register
class CallOff(ConsultationAction[CallOffData, Appointment]):
    """Also while a red flag stands: it takes a time from nobody who could have it."""

    verb, data_class = "call_off", CallOffData

    def perform(self, ctx: Ctx, data: CallOffData) -> Appointment:
        """Raises WrongStatus once the visit has begun."""
        return scheduling.call_off_visit(consultation_request=ctx.row, absence=data.absence, by=ctx.person)

    def message(self, ctx: Ctx, data: CallOffData, result: Appointment) -> Message:
        return Message(f"called-off-{result.pk}-{result.calendar_sequence}", appointment=result)


def call_off_all(
    *, clinician: Clinician, stretch: Stretch, seen: Collection[str], reason: str = "", by: User
) -> CalledOff:
    """The clinician sees nobody in the stretch: whole or not at all. Done twice, by one or by two, it is done once.

    `seen` are the references of the visits that the page named. Raises NotAllowed; and ChangedMeanwhile where another
    visit was booked since, which nobody has seen.
    """
    calling_off.require_may(clinician, by)
    for _attempt in range(TRIES):
        done = _call_off(clinician, stretch, seen=seen, reason=reason, by=by)
        if done is not None:
            return done
    raise ChangedMeanwhile(_("Visits of this doctor are being changed at this moment. Nothing was changed. Try again."))


@transaction.atomic
def _call_off(
    clinician: Clinician, stretch: Stretch, *, seen: Collection[str], reason: str, by: User
) -> CalledOff | None:
    """None where a visit was booked between the look and the locks, whose request is not locked."""
    known = set(calling_off.visits_in(clinician, stretch).values_list("consultation_request", flat=True))
    lock_many(known)
    occupation.lock_resources([clinician.pk])
    visits = list(calling_off.visits_in(clinician, stretch))
    if not {visit.consultation_request_id for visit in visits} <= known:
        return None
    existing = calling_off.existing(clinician, stretch)
    if existing is not None and not visits:
        return CalledOff(existing, 0, 0, is_repeat=True)
    if not {visit.consultation_request.reference for visit in visits} <= set(seen):
        raise ChangedMeanwhile(_("Somebody was booked since this page was shown. Nothing was changed. Look again."))
    absence = existing or calling_off.enter(clinician, stretch, reason=reason)
    holds = calling_off.end_holds(clinician, stretch)
    done = sum(_call_one_off(visit, absence, by) for visit in visits)
    audit.record(action="diary.call_off", target=absence, by=by, details={"visits": done, "holds": holds})
    return CalledOff(absence, done, holds)


def _call_one_off(visit: Appointment, absence: Absence, by: User) -> bool:
    """A record that cannot be read stays booked, and the page of the absence names it: the others are told."""
    try:
        perform_action(CallOff(), visit.consultation_request, CallOffData(absence), by=by)
    except DamagedRecord:
        return False
    return True
