"""The closed vocabularies of the waiting list."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PartOfDay(TextChoices):
    ANY = "any", _("Any time of day")
    MORNING = "morning", _("Mornings")
    AFTERNOON = "afternoon", _("Afternoons")


class WaitingEnd(TextChoices):
    """Why somebody waits for an earlier time no longer."""

    LEFT = "left", _("Left the list")
    SERVED = "served", _("Took an earlier time")
    ENDED = "ended", _("The request has ended")


class TimeOfferEnd(TextChoices):
    """What became of a time that was offered to somebody on the waiting list."""

    TAKEN = "taken", _("Taken")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("No answer in time")
    CHOSE_ANOTHER = "chose_another", _("Chose another time")
    LEFT = "left", _("Left the list")
    REQUEST_ENDED = "request_ended", _("The request has ended")
    DANGER = "danger", _("A doctor has to look at something first")
    NOT_SENT = "not_sent", _("The message could not be sent")
    IMPOSSIBLE = "impossible", _("The time is no longer possible")


class PassedOver(TextChoices):
    """Why somebody on the waiting list was not asked about a time, though they came first."""

    GAVE_UP = "gave_up", _("gave this time up")
    HAD_TURN = "had_turn", _("was asked about it already")
    HAS_OFFER = "has_offer", _("has another offer now")
    CHOOSING = "choosing", _("is choosing a time at this moment")
    FLAG = "flag", _("a red flag or an escalation is not settled")
    DANGER_TEXT = "danger_text", _("a safety question is open")
    ENDED = "ended", _("no time can be booked for the request now")
    DIED = "died", _("has died")
    UNREACHABLE = "unreachable", _("no address that works, and no number to call")
    NOBODY_CALLS = "nobody_calls", _("has to be called, and the clinic is closed until it is too late")
    TOO_LATE = "too_late", _("the booked visit is too near to be moved")
    EARLIER = "earlier", _("has an earlier visit already")
    WISHES = "wishes", _("other days, time of day, doctor or notice asked for")
    NO_FIT = "no_fit", _("another kind or length of visit, or is elsewhere then")
    OFFERED = "offered", _("asked")
