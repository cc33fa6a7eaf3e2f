"""Choosing a time: a month of days, the times of one day, a check, a booking. All of it links and radio buttons."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.encryption import new_token
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.text_lists import paragraph
from clinic.core.unsent import Unsent, gives_back, in_form
from clinic.core.wording import Wording
from consultations.actions.book import book_held
from consultations.actions.move import move_held
from consultations.enums import SAFETY_OUTCOMES, RequestStatus
from consultations.forms.asked_again import AskedAgainForm, SectionForm
from consultations.forms.private import SlotForm
from consultations.models import AppointmentType, ConsultationRequest, SlotHold
from consultations.presenters import patient_texts
from consultations.presenters.asked_again import danger_of, question
from consultations.presenters.own_zone import ZONES
from consultations.presenters.patient_texts import help_for_unsent
from consultations.presenters.times_page import WhoAndWhere, times_page
from consultations.services import asked_again, clocks, scheduling, sources, visit_needs, waiting
from consultations.services.scheduling import AnotherTime, AskFirst, Slot, SlotTaken
from consultations.services.targets import falls_today
from consultations.views import private_zone
from consultations.views.private_access import private_page, to_page, with_grant
from consultations.views.private_asked_again import page_after_answer
from consultations.views.private_status import held_now, live_appointment

TAKEN = gettext_lazy("Someone just took that time.")
GONE = gettext_lazy("That time is no longer held for you.")
STILL_YOURS = gettext_lazy("Your time on %(moment)s is still yours.")
STILL_YOURS_FOR = gettext_lazy("%(name)s’s time on %(moment)s is still booked.")
NEAREST = gettext_lazy("These are the nearest free times.")
NONE_FREE = gettext_lazy("No other time is free now: call us, and we find one with you.")
NOT_HELD = gettext_lazy(
    "We hold no time for you at the moment. A time you choose is kept for ten minutes: choose one again."
)


def _chosen_and_written(request: HttpRequest) -> list[Unsent]:
    return [*_chosen_time(request), *in_form(request.POST, AskedAgainForm)]


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
    """What comes before any time: a doctor, while a red flag stands, and the question if anything is new or worse where
    they wrote about a danger. Everybody else is asked it beside the time that they chose.
    """
    if consultation_request.is_blocked_by_flags:
        due_at = consultation_request.danger_due_at
        context = {
            "danger": danger_of(consultation_request),
            "is_pressing": due_at is not None and consultation_request.flag_level in SAFETY_OUTCOMES,
            "due_at": due_at,
            "calls_today": due_at is not None and falls_today(due_at, now=clock.now()),
            "missed": clocks.missed(consultation_request, now=clock.now()),
            "appointment": live_appointment(consultation_request),
        }
        return private_page(request, consultation_request, "no_time_yet.html", context, status=409)
    if asked_again.wrote_of_danger(consultation_request):
        return to_page("something_changed", consultation_request, "for=time")
    return None


def _lost_page(
    request: HttpRequest, consultation_request: ConsultationRequest, loss: Wording, taken: SlotTaken
) -> HttpResponse:
    """After a time was lost: what happened, that a booked time still stands, then the nearest others and no more, since
    many may lose at once; or how to reach the clinic.
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
    near: Iterable[Slot] | None = None,
    unsent: Iterable[Unsent] = (),
    status: int = 200,
) -> HttpResponse:
    kind = visit_needs.visit_type_of(consultation_request)
    if kind is None:
        return to_page("status", consultation_request)
    slots = scheduling.offered_slots(consultation_request, kind) if near is None else []
    reader = WhoAndWhere(scheduling.your_doctor(consultation_request), private_zone.chosen(request, kind))
    context = times_page(kind, slots, asked=request.GET, reader=reader, near=near or ()) | {"error": error}
    context["moved_from"] = live_appointment(consultation_request)
    context["offered"] = waiting.live_offer(consultation_request)
    context |= {"unsent": unsent, "first_help": help_for_unsent(item.text for item in unsent)}
    return private_page(request, consultation_request, "times.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(_chosen_and_written)
def check_time(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """The details before booking, with the question if anything is new or worse; pressing twice books once.

    What is ticked counts first, whatever has become of the time or of the request.
    """
    form = _question(request, consultation_request)
    is_answered = form is not None and form.is_bound and (form.is_valid() or form.has_signs)
    if form is not None and is_answered:
        if page := page_after_answer(request, consultation_request, form, is_for_time=True):
            return page
        consultation_request.refresh_from_db()
    if not _is_open_for_a_time(consultation_request):
        return to_page("status", consultation_request)
    if in_the_way := _in_the_way(request, consultation_request):
        return in_the_way
    if request.method == "POST" and (form is None or is_answered):
        return _take(request, consultation_request)
    return _check_page(request, consultation_request, form)


def _question(request: HttpRequest, consultation_request: ConsultationRequest) -> AskedAgainForm | SectionForm | None:
    """What is asked where it is owed before a time is booked, or was answered all the same on a page shown before: the
    list of what is new, or before a follow-up the whole safety section.
    """
    if asked_again.owes_section(consultation_request) or "section" in request.POST:
        version = sources.unopened(consultation_request.response_id).questionnaire_version
        return SectionForm(request.POST if "section" in request.POST else None, version=version)
    asks = question(consultation_request)
    if request.method == "POST":
        form = AskedAgainForm(request.POST, question=asks)
        is_given = bool(request.POST.getlist("ticks")) or bool(request.POST.get("message", "").strip())
    else:
        form, is_given = AskedAgainForm(initial={"once": new_token()}, question=asks), False
    return form if is_given or asked_again.is_owed_before_a_time(consultation_request) else None


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
    except AskFirst:
        return to_page("check_time", consultation_request)
    except TransitionNotAllowed:
        return to_page("status", consultation_request)
    has_moved = before is not None and scheduling.slot_of(before) != scheduling.slot_of(after)
    said = ["moved"] if has_moved else []
    if request.POST.get("message", "").strip():
        said.append("written")
    return to_page("status", consultation_request, "&".join(said))


def _check_page(
    request: HttpRequest,
    consultation_request: ConsultationRequest,
    form: AskedAgainForm | SectionForm | None = None,
    *,
    refused: str = "",
) -> HttpResponse:
    held = held_now(consultation_request)
    if held is None and form is not None and form.is_bound:
        unsent = in_form(form.data, AskedAgainForm)
        return _times_page(request, consultation_request, error=GONE, unsent=unsent, status=409)
    if held is None:
        return to_page("times", consultation_request, "again")
    typed = help_for_unsent([form.data.get("message", "")]) if form is not None and form.is_bound else None
    context = {
        "held": held,
        "slot_key": scheduling.slot_of(held).key,
        "moved_from": live_appointment(consultation_request),
        "kind": visit_needs.visit_type_of(consultation_request),
        "zone_words": clock.zone_words(held.starts_at),
        "elsewhere": _elsewhere(request, held, consultation_request.appointment_type),
        "refused": refused,
        "form": form,
        "is_section": isinstance(form, SectionForm),
        "first_help": typed or patient_texts.support_only(consultation_request.response_id),
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
