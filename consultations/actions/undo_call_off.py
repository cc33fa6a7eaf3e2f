"""The clinician is back after all: a visit takes place that was called off, if its patient was not told yet.

One act does so for all that were called off for an absence, and ends it (`back_after_all`). Whoever knows that the
visit was called off is asked by a person, and books again.
"""

import dataclasses

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import NoData, perform_action
from clinic.core.encryption import DamagedRecord
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ConsultationAction, Ctx
from consultations.enums import RequestStatus
from consultations.models import Absence, Appointment
from consultations.services import calling_off, clocks, messaging, occupation, scheduling
from consultations.services.transitions import WORKFLOW, lock_many

TAKES_PLACE = gettext_noop("Not sent: the visit takes place after all.")


@WORKFLOW.register
class UndoCallOff(ConsultationAction[NoData, Appointment]):
    verb, data_class = "undo_call_off", NoData

    def check(self, ctx: Ctx, data: NoData) -> None:
        """Raises WrongStatus once the patient was told."""
        visit = ctx.row.appointments.filter(called_off_for__isnull=False).order_by("-booked_at", "-pk").first()
        if visit is not None and calling_off.is_told(visit):
            raise WrongStatus(_("The patient was told that the visit cannot take place. Call, and book it again."))

    def perform(self, ctx: Ctx, data: NoData) -> Appointment:
        appointment = scheduling.restore_called_off(consultation_request=ctx.row)
        messaging.stop_called_off(appointment, reason=TAKES_PLACE)
        ctx.row.due_at = clocks.visit_due(appointment.ends_at)
        ctx.row.save(update_fields=["due_at"])
        ctx.fields.append("due_at")
        return appointment


@dataclasses.dataclass(frozen=True, slots=True)
class Back:
    """How many visits take place after all, and how many patients were told that theirs does not."""

    restored: int
    told: int


@transaction.atomic
def back_after_all(*, absence: Absence, by: User) -> Back:
    """Pressed twice, the second time nothing is left to do. Raises NotAllowed."""
    calling_off.require_may(absence.clinician, by)
    visits = list(calling_off.called_off_for(absence).order_by("starts_at", "pk"))
    lock_many([visit.consultation_request_id for visit in visits])
    # All at once, rooms as well: who locked a room after the clinician would wait crosswise with who books both.
    occupation.lock_resources({absence.clinician_id, *(visit.room_id for visit in visits if visit.room_id)})
    fresh = Absence.objects.get(pk=absence.pk)
    if fresh.ends_at > clock.now():
        calling_off.end(fresh, by=by)
    restored = sum(_restore(visit, by) for visit in visits)
    return Back(restored, told=len(_to_tell(absence)))


def _restore(visit: Appointment, by: User) -> bool:
    if visit.starts_at <= clock.now():
        return False
    try:
        with transaction.atomic():
            performed = perform_action(UndoCallOff(), visit.consultation_request, NoData(), by=by)
    except (WrongStatus, DamagedRecord):
        return False
    return not performed.is_repeat


def _to_tell(absence: Absence) -> list[Appointment]:
    rows = calling_off.called_off_for(absence).filter(consultation_request__status=RequestStatus.OFFERED)
    return list(rows)
