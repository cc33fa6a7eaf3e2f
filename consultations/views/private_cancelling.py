"""Cancelling a booked time, and taking that back for three minutes. A link in a mail does neither: both are buttons."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core.actions import NoData, perform_action
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, in_form, of_form
from clinic.core.wording import Wording
from consultations.actions.cancel_booking import CancelBooking, CancelTimeForm
from consultations.actions.undo_cancel import UndoCancel
from consultations.enums import Actor, AppointmentStatus, RequestStatus
from consultations.models import ConsultationRequest
from consultations.presenters.patient_texts import help_for_unsent
from consultations.services import scheduling, waiting
from consultations.services.scheduling import AnotherTime
from consultations.views.private_access import private_page, to_page, with_grant
from consultations.views.private_status import live_appointment, status_page

NOT_CANCELLED = gettext_lazy(
    "Your time was cancelled already, or it is too late to cancel it here. What you wrote was not sent: "
    "it stands below."
)
TOO_LATE_TO_UNDO = gettext_lazy("It was too late to take this back. The time is cancelled.")
TOO_LATE_AND_OPEN = gettext_lazy(
    "It was too late to take this back. The time is cancelled, and you can choose another one."
)
ANOTHER_BOOKED = gettext_lazy(
    "The time that was cancelled is not taken back: another one is booked since. It stands below."
)


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(of_form(CancelTimeForm))
def cancel_time(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """One page with the consequence, "keep my appointment" first; within the notice there is no such page."""
    appointment = live_appointment(consultation_request)
    form = CancelTimeForm(request.POST if request.method == "POST" else None)
    if appointment is None or scheduling.is_late_to_cancel(appointment):
        return _not_cancelled(request, consultation_request, form) or to_page("status", consultation_request)
    seen = scheduling.slot_of(appointment).key
    form.initial = {"seen": seen}
    context = {
        "appointment": appointment,
        "form": form,
        "can_move": scheduling.may_move(appointment) and not consultation_request.is_blocked_by_flags,
        "is_blocked": consultation_request.is_blocked_by_flags,
        "offered": waiting.live_offer(consultation_request),
        "minutes": scheduling.TIME_TO_UNDO.seconds // 60,
        "first_help": help_for_unsent([form.data.get("reason", "")]),
    }
    if not form.is_valid():
        return private_page(request, consultation_request, "cancel_time.html", context)
    try:
        perform_action(CancelBooking(), consultation_request, CancelBooking().data_of(form))
    except AnotherTime as refused:
        again = CancelTimeForm({"reason": form.data.get("reason", ""), "seen": seen})
        again.add_error(None, str(refused))
        context |= {"appointment": live_appointment(consultation_request), "form": again}
        return private_page(request, consultation_request, "cancel_time.html", context, status=409)
    except TransitionNotAllowed:
        pass
    return _not_cancelled(request, consultation_request, form) or to_page("status", consultation_request, "cancelled")


@post_only("consultations:status", keeps=("key",))
@with_grant
def undo_cancel(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """One press: the visit stands as it was. Pressed twice it says the same."""
    try:
        perform_action(UndoCancel(), consultation_request, NoData())
    except TransitionNotAllowed:
        if refused := _why_not_taken_back(consultation_request, seen=request.POST.get("seen", "")):
            return status_page(request, consultation_request, refused=refused)
    return to_page("status", consultation_request, "kept")


def _why_not_taken_back(consultation_request: ConsultationRequest, *, seen: str) -> Wording:
    """In words; "" where the time of the page that was pressed stands, by an earlier press."""
    appointment = live_appointment(consultation_request)
    if appointment is not None:
        return ANOTHER_BOOKED if seen and seen != scheduling.slot_of(appointment).key else ""
    consultation_request.refresh_from_db()
    is_open = consultation_request.status == RequestStatus.OFFERED and not consultation_request.is_blocked_by_flags
    return TOO_LATE_AND_OPEN if is_open else TOO_LATE_TO_UNDO


def _not_cancelled(
    request: HttpRequest, consultation_request: ConsultationRequest, form: CancelTimeForm
) -> HttpResponse | None:
    """The status page with a reason that was typed and not kept, or None where nothing would be lost."""
    unsent = in_form(form.data, CancelTimeForm)
    if not unsent or (form.is_valid() and form.cleaned_data["reason"] == _kept_reason(consultation_request)):
        return None
    help_now = help_for_unsent(item.text for item in unsent)
    return status_page(request, consultation_request, refused=NOT_CANCELLED, unsent=unsent, help_now=help_now)


def _kept_reason(consultation_request: ConsultationRequest) -> str:
    """Why the person cancelled the last time that they cancelled: a second press brings the same words again."""
    given_up = consultation_request.appointments.filter(status=AppointmentStatus.CANCELLED, cancelled_by=Actor.PATIENT)
    last = given_up.order_by("cancelled_at", "pk").last()
    return last.cancel_reason if last else ""
