"""Choosing a time: a month of days, the times of one day, a check, a booking. All of it links and radio buttons."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.text_lists import paragraph
from clinic.core.unsent import Unsent, gives_back
from clinic.core.wording import Wording
from consultations.actions.book import book_held
from consultations.actions.move import move_held
from consultations.enums import RequestStatus
from consultations.forms.private import SlotForm
from consultations.models import AppointmentType, ConsultationRequest, SlotHold
from consultations.presenters import asked_again as words_asked
from consultations.presenters.own_zone import ZONES
from consultations.presenters.times_page import WhoAndWhere, times_page
from consultations.services import asked_again, clocks, scheduling, visit_needs, waiting
from consultations.services.scheduling import AnotherTime, Slot, SlotTaken
from consultations.views import private_zone
from consultations.views.private_access import private_page, to_page, with_grant
from consultations.views.private_status import live_appointment

TAKEN = gettext_lazy("Someone just took that time.")
GONE = gettext_lazy("That time is no longer held for you.")
STILL_YOURS = gettext_lazy("Your time on %(moment)s is still yours.")
STILL_YOURS_FOR = gettext_lazy("%(name)s’s time on %(moment)s is still booked.")
NEAREST = gettext_lazy("These are the nearest free times.")
NONE_FREE = gettext_lazy("No other time is free now: call us, and we find one with you.")
NOT_HELD = gettext_lazy(
    "We hold no time for you at the moment. A time you choose is kept for ten minutes: choose one again."
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
    if not _is_open_for_a_time(consultation_request):
        return to_page("status", consultation_request)
    if in_the_way := _in_the_way(request, consultation_request):
        return in_the_way
    if private_zone.FIELD in request.POST:
        private_zone.keep(request)
        return to_page("times", consultation_request, request.GET.urlencode())
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


def _is_open_for_a_time(consultation_request: ConsultationRequest) -> bool:
    """Whether a first time can be chosen, or another one in place of what is booked."""
    if consultation_request.appointment_type is None:
        return False
    if consultation_request.status == RequestStatus.OFFERED:
        return True
    appointment = live_appointment(consultation_request)
    if appointment is None or consultation_request.status != RequestStatus.BOOKED:
        return False
    # Whoever chose in time goes on: the service says when it is too late.
    return scheduling.may_move(appointment) or scheduling.chosen(consultation_request) is not None


def _in_the_way(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse | None:
    """What comes before a time: a doctor, while a red flag stands, and the question if anything is new or worse."""
    if consultation_request.is_blocked_by_flags:
        danger = words_asked.danger_of(consultation_request)
        context = {
            "danger": danger,
            "missed": clocks.missed(consultation_request, now=clock.now()),
            "appointment": live_appointment(consultation_request),
        }
        return private_page(request, consultation_request, "no_time_yet.html", context, status=409)
    if asked_again.is_owed_before_a_time(consultation_request):
        return to_page("something_changed", consultation_request, "for=time")
    return None


def _lost_page(
    request: HttpRequest, consultation_request: ConsultationRequest, loss: Wording, taken: SlotTaken
) -> HttpResponse:
    """The times again after one was lost: what happened, that a booked time still stands, then the nearest others or
    how to reach the clinic.
    """
    appointment, name = live_appointment(consultation_request), consultation_request.helped_name
    stands: Wording = ""
    if appointment is not None:
        values = {"moment": clock.moment(appointment.starts_at, appointment.time_zone), "name": name}
        stands = (STILL_YOURS_FOR if name else STILL_YOURS) % values
    error = paragraph([str(loss), str(stands), NEAREST if taken.nearest else NONE_FREE])
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
    reader = WhoAndWhere(scheduling.your_doctor(consultation_request), private_zone.chosen(request, kind))
    context = times_page(kind, slots, asked=request.GET, reader=reader, near=near) | {"error": error}
    context["moved_from"] = live_appointment(consultation_request)
    context["offered"] = waiting.live_offer(consultation_request)
    return private_page(request, consultation_request, "times.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(_chosen_time)
def check_time(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """The details before booking; pressing twice books once."""
    if not _is_open_for_a_time(consultation_request):
        return to_page("status", consultation_request)
    if in_the_way := _in_the_way(request, consultation_request):
        return in_the_way
    if request.method == "POST":
        return _take(request, consultation_request)
    return _check_page(request, consultation_request)


def _take(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """Book the time that is held, or move to it. Whatever comes in between, a time that is booked stands."""
    before = live_appointment(consultation_request)
    take = move_held if before is not None else book_held
    try:
        after = take(consultation_request=consultation_request, seen=request.POST.get("slot", ""))
    except SlotTaken as taken:
        return _lost_page(request, consultation_request, GONE, taken)
    except AnotherTime as refused:
        return _check_page(request, consultation_request, refused=str(refused))
    except TransitionNotAllowed:
        return to_page("status", consultation_request)
    has_moved = before is not None and scheduling.slot_of(before) != scheduling.slot_of(after)
    return to_page("status", consultation_request, "moved" if has_moved else "")


def _check_page(request: HttpRequest, consultation_request: ConsultationRequest, *, refused: str = "") -> HttpResponse:
    held = scheduling.chosen(consultation_request)
    if held is None or held.expires_at <= clock.now():
        return to_page("times", consultation_request, "again")
    context = {
        "held": held,
        "slot_key": scheduling.slot_of(held).key,
        "moved_from": live_appointment(consultation_request),
        "kind": visit_needs.visit_type_of(consultation_request),
        "zone_words": clock.zone_words(held.starts_at),
        "elsewhere": _elsewhere(request, held, consultation_request.appointment_type),
        "refused": refused,
    }
    return private_page(request, consultation_request, "check_time.html", context, status=409 if refused else 200)


def _elsewhere(request: HttpRequest, held: SlotHold, kind: AppointmentType | None) -> str:
    """When that is where the patient is, in words; "" when they asked for no other zone."""
    zone = private_zone.chosen(request, kind)
    if not zone:
        return ""
    return _("%(time)s, %(zone)s") % {
        "time": clock.time_in_a_day(held.starts_at, zone),
        "zone": ZONES[zone],
    }
