"""A time that the waiting list offers: taken or declined by one press, of the patient or of staff on the phone.

To take it is to book, or to move what is booked: the same rows of the table, the same locks, the same message.
"""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core.actions import Performed
from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.actions.book import Book, BookData, TakeTime, take
from consultations.actions.move import Move
from consultations.enums import RequestStatus
from consultations.models import Appointment, ConsultationRequest
from consultations.services import scheduling, waiting
from consultations.services.settling import SettlingEvidence
from consultations.services.transitions import WORKFLOW
from consultations.services.waiting import OfferGone


class TakeOffered(TakeTime):
    """What booking and moving to an offered time have in common."""

    form_class = None
    title = ""

    @property
    def panel_title(self) -> str:
        return str(self.button)

    def form_options(
        self, consultation_request: ConsultationRequest, *, told: SettlingEvidence | None
    ) -> dict[str, Any]:
        return {}

    def data_of(self, form: Any) -> BookData:
        """Of staff, who see the time on the page with the button. Raises OfferGone."""
        return BookData(scheduling.slot_of(waiting.offer_seen(form.consultation_request, seen="")))

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and waiting.live_offer(situation.consultation_request) is not None

    def check(self, ctx: Ctx, data: BookData) -> None:
        """Raises OfferGone once the time is kept no longer, and AnotherTime."""
        super().check(ctx, data)
        waiting.offer_seen(ctx.row, seen=data.slot.key)

    def perform(self, ctx: Ctx, data: BookData) -> Appointment:
        offer = waiting.offer_seen(ctx.row, seen=data.slot.key)
        ctx.details["offer"] = offer.pk
        return super().perform(ctx, data)


@WORKFLOW.register
class BookOffered(TakeOffered, Book):
    verb, name, position = "book", "book_offered", 78
    button = gettext_lazy("Book the time from the waiting list")

    def is_repeat(self, ctx: Ctx, data: BookData) -> bool:
        appointment = scheduling.booked(ctx.row)
        return appointment is not None and scheduling.slot_of(appointment) == data.slot


@WORKFLOW.register
class MoveToOffered(TakeOffered, Move):
    verb, name, position = "move", "move_offered", 79
    button = gettext_lazy("Move to the time from the waiting list")


@dataclasses.dataclass(frozen=True, slots=True)
class DeclineData:
    """`slot_key` is that of the time which the patient's page showed."""

    slot_key: str = ""


@WORKFLOW.register
class DeclineOfferedTime(StaffAction[DeclineData, None]):
    verb, data_class = "decline_offered_time", DeclineData
    position = 81
    done = gettext_lazy("Declined. The patient keeps what they have and their place on the list; the next one is asked.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and waiting.live_offer(situation.consultation_request) is not None

    def data_of(self, form: forms.Form) -> DeclineData:
        return DeclineData()

    def is_repeat(self, ctx: Ctx, data: DeclineData) -> bool:
        return waiting.live_offer(ctx.row) is None

    def perform(self, ctx: Ctx, data: DeclineData) -> None:
        """Raises AnotherTime."""
        offer = waiting.offer_seen(ctx.row, seen=data.slot_key)
        waiting.decline(offer)
        ctx.details["offer"] = offer.pk


def take_offered(*, consultation_request: ConsultationRequest, seen: str, by: User | None = None) -> Appointment:
    """The patient takes the time that the page showed, by the key of its slot; pressed twice it is taken once.

    Raises OfferGone, AnotherTime, SlotTaken, AskFirst, FlagsStand and WrongStatus; whatever is raised, a booked time
    stands.
    """
    existing = scheduling.booked(consultation_request)
    if existing is not None and scheduling.slot_of(existing).key == seen:
        return existing
    slot = scheduling.slot_of(waiting.offer_seen(consultation_request, seen=seen))
    action: TakeTime = MoveToOffered() if consultation_request.status == RequestStatus.BOOKED else BookOffered()
    done: Performed[ConsultationRequest, Appointment] = take(action, consultation_request, BookData(slot), by=by)
    if done.result is None:
        raise OfferGone(_("We no longer keep that time. You are still on the waiting list."))
    return done.result
