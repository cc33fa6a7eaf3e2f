"""Choosing a time: a month of days, the times of one day, a check, a booking. All of it links and radio buttons."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.actions import perform_action
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.text_lists import paragraph
from clinic.core.unsent import Unsent, gives_back, in_form, of_form
from clinic.core.wording import Wording
from consultations.actions.book import book_held
from consultations.actions.cancel_booking import CancelBooking, CancelTimeForm
from consultations.enums import Actor, AppointmentStatus, RequestStatus
from consultations.forms.private import SlotForm
from consultations.models import ConsultationRequest, SlotHold
from consultations.presenters import asked_again as words_asked
from consultations.presenters.patient_texts import help_for_unsent
from consultations.presenters.times_page import times_page
from consultations.services import asked_again, clocks, scheduling, visit_needs
from consultations.services.scheduling import AnotherTime, Slot, SlotTaken
from consultations.views.private_access import private_page, to_page, with_grant
from consultations.views.private_status import live_appointment, status_page

TAKEN = gettext_lazy("Someone just took that time.")
GONE = gettext_lazy("That time is no longer held for you.")
NEAREST = gettext_lazy("These are the nearest free times.")
NONE_FREE = gettext_lazy("No other time is free now: call us, and we find one with you.")
NOT_HELD = gettext_lazy(
    "We hold no time for you at the moment. A time you choose is kept for ten minutes: choose one again."
)
NOT_CANCELLED = gettext_lazy(
    "Your time was cancelled already, or the visit has begun. What you wrote was not sent: it stands below."
)


def _chosen_time(request: HttpRequest) -> list[Unsent]:
    """The time on the radio button, in words. Whose it is stands in the database, and is not for everybody."""
    starts_at = scheduling.start_of(request.POST.get("slot", ""))
    return [Unsent(_("The time you chose"), clock.moment(starts_at), is_choice=True)] if starts_at else []


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(_chosen_time)
def times(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """Show free times; a POST holds the chosen one for ten minutes and goes on to the check."""
    if consultation_request.status != RequestStatus.OFFERED or consultation_request.appointment_type is None:
        return to_page("status", consultation_request)
    if in_the_way := _in_the_way(request, consultation_request):
        return in_the_way
    if request.method != "POST":
        return _times_page(request, consultation_request, error=NOT_HELD if "again" in request.GET else "")
    form = SlotForm(request.POST)
    if not form.is_valid():
        return _times_page(request, consultation_request, error=_("Choose a time before you continue."))
    try:
        scheduling.hold(consultation_request=consultation_request, slot_key=form.cleaned_data["slot"])
    except SlotTaken as taken:
        return _lost_page(request, consultation_request, TAKEN, taken)
    except TransitionNotAllowed:
        return to_page("status", consultation_request)
    return to_page("check_time", consultation_request)


def _in_the_way(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse | None:
    """What comes before a time: a doctor, while a red flag stands, and the question if anything is new or worse."""
    if consultation_request.is_blocked_by_flags:
        danger = words_asked.danger_of(consultation_request)
        context = {"danger": danger, "missed": clocks.missed(consultation_request, now=clock.now())}
        return private_page(request, consultation_request, "no_time_yet.html", context, status=409)
    if asked_again.is_owed_before_a_time(consultation_request):
        return to_page("something_changed", consultation_request, "for=time")
    return None


def _lost_page(
    request: HttpRequest, consultation_request: ConsultationRequest, loss: Wording, taken: SlotTaken
) -> HttpResponse:
    """The times again after one was lost: what happened, then the nearest others or how to reach the clinic."""
    error = paragraph([str(loss), NEAREST if taken.nearest else NONE_FREE])
    return _times_page(request, consultation_request, error=error, near=taken.nearest, status=409)


def _times_page(
    request: HttpRequest,
    consultation_request: ConsultationRequest,
    *,
    error: Wording = "",
    near: Iterable[Slot] = (),
    status: int = 200,
) -> HttpResponse:
    kind = visit_needs.visit_type_of(consultation_request)
    if kind is None:
        return to_page("status", consultation_request)
    today = clock.today()
    slots = scheduling.free_slots(
        appointment_type=kind, since=today, until=today + kind.horizon, ignoring=consultation_request
    )
    context = times_page(kind, slots, asked=request.GET, near=near) | {"error": error}
    return private_page(request, consultation_request, "times.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(_chosen_time)
def check_time(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """The details before booking; pressing twice books once."""
    if consultation_request.status != RequestStatus.OFFERED:
        return to_page("status", consultation_request)
    if in_the_way := _in_the_way(request, consultation_request):
        return in_the_way
    if request.method == "POST":
        try:
            book_held(consultation_request=consultation_request, seen=request.POST.get("slot", ""))
        except SlotTaken as taken:
            return _lost_page(request, consultation_request, GONE, taken)
        except AnotherTime as refused:
            return _check_page(request, consultation_request, refused=str(refused))
        except TransitionNotAllowed:
            pass
        return to_page("status", consultation_request)
    return _check_page(request, consultation_request)


def _check_page(request: HttpRequest, consultation_request: ConsultationRequest, *, refused: str = "") -> HttpResponse:
    held = (
        SlotHold.objects.filter(consultation_request=consultation_request)
        .select_related("clinician", "location")
        .first()
    )
    if held is None or held.expires_at <= clock.now():
        return to_page("times", consultation_request, "again")
    context = {
        "held": held,
        "slot_key": scheduling.slot_of(held).key,
        "kind": visit_needs.visit_type_of(consultation_request),
        "zone_words": clock.zone_words(held.starts_at),
        "refused": refused,
    }
    return private_page(request, consultation_request, "check_time.html", context, status=409 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(of_form(CancelTimeForm))
def cancel_time(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """One page with the consequence, "keep my appointment" first; a visit that has begun has no such page."""
    appointment = live_appointment(consultation_request)
    form = CancelTimeForm(request.POST if request.method == "POST" else None)
    if appointment is None or scheduling.has_begun(appointment):
        return _not_cancelled(request, consultation_request, form) or to_page("status", consultation_request)
    seen = scheduling.slot_of(appointment).key
    form.initial = {"seen": seen}
    context = {"appointment": appointment, "form": form, "first_help": help_for_unsent([form.data.get("reason", "")])}
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
