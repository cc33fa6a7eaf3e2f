"""What a private page says of what the person did on the page before it, as its address tells."""

from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from clinic.core.wording import Wording
from consultations.enums import RequestStatus, TextKind
from consultations.models import ConsultationRequest
from consultations.presenters import asked_again as words_asked
from consultations.presenters import patient_texts
from consultations.services import scheduling

CANCELLED_NOW = gettext_lazy("Your time is cancelled. Your request stays open.")
CANCELLED_NOW_FOR = gettext_lazy("%(name)s’s time is cancelled. %(name)s’s request stays open.")
KEPT = gettext_lazy("Your time stands as before.")
KEPT_FOR = gettext_lazy("%(name)s’s time stands as before.")
CANCELLED = gettext_lazy("Your time is cancelled. Somebody else can take it now. Your request stays open.")
CANCELLED_FOR = gettext_lazy(
    "%(name)s’s time is cancelled. Somebody else can take it now. %(name)s’s request stays open."
)
MOVED = gettext_lazy("Your new time is booked. The old one is given back.")
MOVED_FOR = gettext_lazy("%(name)s’s new time is booked. The old one is given back.")
CONFIRMED = gettext_lazy("Thank you. We expect you at the time below.")
NOTICED: Final = {"written": TextKind.MESSAGE, "answered": TextKind.ANSWER}
NOTICES: Final = {
    "needs": gettext_lazy("Saved. Everybody at the clinic who looks after this request sees it."),
    "reminders": gettext_lazy("Saved: what our reminders say."),
    "left": gettext_lazy("Off the waiting list. Everything else stays as it is."),
    "waiting": gettext_lazy("On the waiting list. When a time comes free that suits, you hear from us."),
    "declined": gettext_lazy(
        "We give that time to the next person. Everything else stays as it is, your place on the list too."
    ),
}
"""How the address of the page after a button ends, and what is said of it."""
WEEKLY_ON = gettext_lazy("We ask you every week until the visit if anything has changed.")
WEEKLY_OFF = gettext_lazy(
    "We no longer send you the weekly mail. You can always tell us here that something has changed."
)


def notice_of_action(request: HttpRequest, consultation_request: ConsultationRequest) -> Wording:
    """What the person did on the page before this one, as its address says."""
    if notice := _notice_of_a_time(request, consultation_request):
        return notice
    if "asked" in request.GET and consultation_request.answered_again_at is not None:
        return words_asked.notice(consultation_request)
    if notice := next((text for word, text in NOTICES.items() if word in request.GET), ""):
        return notice
    if "weekly" in request.GET:
        return WEEKLY_ON if consultation_request.weekly_off_at is None else WEEKLY_OFF
    for word, kind in NOTICED.items():
        if word in request.GET:
            return patient_texts.written_notice(consultation_request, kind)
    return ""


def _notice_of_a_time(request: HttpRequest, consultation_request: ConsultationRequest) -> Wording:
    """Only while it is so: the address of the page stays when somebody changes what it tells of."""
    if "cancelled" in request.GET and consultation_request.status == RequestStatus.OFFERED:
        if scheduling.to_take_back(consultation_request) is not None:
            return _named(consultation_request, CANCELLED_NOW, CANCELLED_NOW_FOR)
        return _named(consultation_request, CANCELLED, CANCELLED_FOR)
    if consultation_request.status != RequestStatus.BOOKED:
        return ""
    if "kept" in request.GET:
        return _named(consultation_request, KEPT, KEPT_FOR)
    if "moved" in request.GET:
        return _named(consultation_request, MOVED, MOVED_FOR)
    return CONFIRMED if "confirmed" in request.GET and _is_confirmed(consultation_request) else ""


def _is_confirmed(consultation_request: ConsultationRequest) -> bool:
    appointment = scheduling.booked(consultation_request)
    return appointment is not None and appointment.is_confirmed


def _named(consultation_request: ConsultationRequest, text: Wording, of_helped: Wording) -> Wording:
    """To the patient, or by name to somebody who helps one."""
    name = consultation_request.helped_name
    return str(of_helped) % {"name": name} if name else text
