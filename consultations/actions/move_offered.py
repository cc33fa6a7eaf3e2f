"""Moving to the time that the waiting list offers; and how the patient takes it, booked or not."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core.actions import Performed
from consultations.actions.book import BookData, TakeTime, take
from consultations.actions.book_offered import BookOffered
from consultations.actions.move import Move
from consultations.actions.offered_time import TakeOffered
from consultations.enums import RequestStatus
from consultations.models import Appointment, ConsultationRequest
from consultations.services import scheduling, waiting
from consultations.services.transitions import WORKFLOW
from consultations.services.waiting import OfferGone


@WORKFLOW.register
class MoveToOffered(TakeOffered, Move):
    verb, name = "move", "move_offered"
    position = 79
    button = gettext_lazy("Move to the time from the waiting list")


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
