"""Taking a time that the waiting list offers, by one press of the patient, or of staff on the phone.

It is to book, or to move what is booked: the same rows of the table, the same locks, the same message.
"""

from typing import Any

from consultations.actions.base import ActionContext, Ctx
from consultations.actions.book import BookData, TakeTime
from consultations.models import ConsultationRequest
from consultations.services import scheduling, waiting
from consultations.services.settling import SettlingEvidence


class TakeOffered(TakeTime):
    """What booking and moving to an offered time have in common."""

    form_class = None

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
        ctx.details["time_offer"] = waiting.offer_seen(ctx.row, seen=data.slot.key).pk
