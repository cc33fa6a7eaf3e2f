"""Moving a booked visit: the patient to the time that is held, staff to any that is free.

The old time stands until the new one is sure.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, Ctx, Message
from consultations.actions.book import BookData, TakeTime, note_outside, take
from consultations.enums import RequestStatus
from consultations.models import Appointment, ConsultationRequest
from consultations.services import messaging, scheduling
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class Move(TakeTime):
    verb, position = "move", 82
    title = gettext_lazy("Move on the phone")
    button = gettext_lazy("Move to this time")
    done = gettext_lazy("The time is moved and the patient is told of the new one.")

    def is_repeat(self, ctx: Ctx, data: BookData) -> bool:
        appointment = scheduling.booked(ctx.row)
        return appointment is not None and scheduling.slot_of(appointment) == data.slot

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and not situation.has_begun

    def check(self, ctx: Ctx, data: BookData) -> None:
        """Raises WrongStatus too: once it is too late for the patient, and once the visit has begun for anybody."""
        super().check(ctx, data)
        appointment = scheduling.booked(ctx.row)
        if appointment is not None and scheduling.has_begun(appointment):
            raise WrongStatus(_("The visit has begun, so it cannot be moved. Nothing was changed."))
        if ctx.by is None:
            scheduling.require_movable(ctx.row)

    def perform(self, ctx: Ctx, data: BookData) -> Appointment:
        before = scheduling.booked(ctx.row)
        if before is not None:
            ctx.details["was"] = before.starts_at.isoformat()
        return note_outside(
            ctx,
            scheduling.move(
                consultation_request=ctx.row,
                slot=data.slot,
                by=ctx.by,
                has_expired=data.has_expired,
                reason=data.reason,
            ),
        )

    def message(self, ctx: Ctx, data: BookData, result: Appointment) -> Message:
        return Message(messaging.key_of_move(result), appointment=result)


def move_held(*, consultation_request: ConsultationRequest, by: User | None = None, seen: str = "") -> Appointment:
    """Move to the time that is held; `by=None` is the patient. Pressed twice it moves once.

    `seen` is the key of the time that the page showed; it may be that of the booked one, where the visit is to last
    longer than it was booked for. Raises AnotherTime, SlotTaken and WrongStatus as `book_held`
    does; whatever is raised, the old time stands.
    """
    existing = scheduling.booked(consultation_request)
    if existing is None or consultation_request.status != RequestStatus.BOOKED:
        raise WrongStatus(_("No time is booked, so none can be moved."))
    held = scheduling.chosen(consultation_request)
    if held is None and seen in ("", scheduling.slot_of(existing).key):
        return existing
    if held is not None and seen == scheduling.slot_of(existing).key != scheduling.slot_of(held).key:
        return existing
    slot, has_expired = scheduling.held_slot(consultation_request=consultation_request, seen=seen)
    return take(Move(), consultation_request, BookData(slot, has_expired), by=by).result or existing
