"""The mail that a time is kept: whether it is still wanted, and what it says of it."""

from django.utils.translation import gettext_noop

from clinic.core import clock, message_hours
from clinic.core.models import OutboxMessage
from clinic.core.outbox import NotWanted
from consultations.models import ConsultationRequest, TimeOffer


def offer_of(message: OutboxMessage) -> TimeOffer | None:
    """What it tells of, while nothing has ended it."""
    offers = TimeOffer.objects.live().select_related("clinician", "location", "entry__consultation_request")
    return offers.filter(pk=message.payload.get("time_offer")).first()


def ensure_wanted(message: OutboxMessage, consultation_request: ConsultationRequest) -> None:
    """Raises NotWanted once the time is kept no longer, for less than half of its time, or by night: then whoever it
    was for is asked again, or the next one. On a locked request.
    """
    offer, now = offer_of(message), clock.now()
    if offer is None or consultation_request.is_blocked_by_flags:
        raise NotWanted(gettext_noop("Not sent: the patient has acted on it, or it was taken back."))
    if now >= offer.made_at + (offer.expires_at - offer.made_at) / 2 or not message_hours.are_now(now):
        raise NotWanted(gettext_noop("Too late to be of use: not sent."))
