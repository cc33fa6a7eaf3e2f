"""The status page and what a patient can do from it. It shows state, time, place and notes, never the answers."""

from collections.abc import Iterable
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core import clock
from clinic.core.actions import NoData, perform_action
from clinic.core.encryption import new_token
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import Unsent, gives_back, in_form, of_form
from clinic.core.wording import Wording
from consultations import ics, status_copy
from consultations.actions.answer import AnswerData, AnswerForm, answer_newest_question
from consultations.actions.ask_weekly import AskWeekly
from consultations.actions.message import MessageForm, WriteMessage
from consultations.actions.withdraw import WithdrawRequest, WithdrawRequestForm
from consultations.enums import SAFETY_OUTCOMES, AppointmentStatus, RequestStatus
from consultations.forms.visit_needs import RemindersForm
from consultations.models import Appointment, ConsultationRequest, SlotHold
from consultations.presenters import asked_again as words_asked
from consultations.presenters import next_step, patient_texts, scan_report, visit, waiting
from consultations.presenters.patient_texts import FirstHelp
from consultations.presenters.times_page import SlotChoice, WhoAndWhere, earliest
from consultations.services import asked_again, case_mails, clocks, scheduling, verified_emails, visit_needs
from consultations.services.targets import falls_today, time_allowed
from consultations.views import private_zone
from consultations.views.private_access import private_page, to_page, with_grant
from consultations.views.private_list import list_page
from consultations.views.private_notices import notice_of_action

WRITTEN: Final = ("written", "answered", "cancelled", "needs")
"""How the address of the page after a text ends, whatever the text says."""
NOT_NEEDED = gettext_lazy("We have your answer already, or no longer need it. What you wrote now was not sent.")


def live_appointment(consultation_request: ConsultationRequest) -> Appointment | None:
    return (
        Appointment.objects.live()
        .filter(consultation_request=consultation_request)
        .select_related("clinician", "location", "appointment_type")
        .first()
    )


def held_now(consultation_request: ConsultationRequest) -> SlotHold | None:
    """The time that waits to be booked, while it is held."""
    held = scheduling.chosen(consultation_request)
    return held if held is not None and held.expires_at > clock.now() else None


def _earliest(request: HttpRequest, consultation_request: ConsultationRequest) -> list[SlotChoice]:
    """The next few free times of an offer, to take with one press, while none is held."""
    kind = visit_needs.visit_type_of(consultation_request)
    is_free_to_choose = consultation_request.status == RequestStatus.OFFERED and not (
        consultation_request.is_blocked_by_flags or consultation_request.is_offer_expired
    )
    if kind is None or not is_free_to_choose or held_now(consultation_request):
        return []
    slots = scheduling.offered_slots(consultation_request, kind)
    reader = WhoAndWhere(scheduling.your_doctor(consultation_request), private_zone.chosen(request, kind))
    return earliest(slots, reader=reader)


@require_safe
@with_grant
def status(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    notice = notice_of_action(request, consultation_request)
    has_written = any(word in request.GET for word in WRITTEN)
    if has_written and not consultation_request.is_closed and asked_again.wrote_of_danger(consultation_request):
        return list_page(request, consultation_request, notice=notice)
    return status_page(request, consultation_request, notice=notice)


def status_page(
    request: HttpRequest,
    consultation_request: ConsultationRequest,
    *,
    form: AnswerForm | None = None,
    refused: Wording = "",
    notice: Wording = "",
    unsent: Iterable[Unsent] = (),
    message_form: MessageForm | None = None,
    reminders_form: RemindersForm | None = None,
    help_now: FirstHelp | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page as it stands now, with what was typed in one of its boxes."""
    if refused:
        # Somebody was quicker: show what stands there now.
        consultation_request.refresh_from_db()
    appointment = live_appointment(consultation_request)
    undo = None if appointment else scheduling.to_take_back(consultation_request)
    has_begun = appointment is not None and scheduling.has_begun(appointment)
    is_asked = consultation_request.status == RequestStatus.INFORMATION_ASKED
    question = consultation_request.information_requests.filter(answered_at=None).first() if is_asked else None
    due_at = consultation_request.danger_due_at or consultation_request.due_at
    context = {
        **next_step.facts(consultation_request, appointment=appointment, question=question),
        **visit.facts(consultation_request, appointment, reminders_form),
        **waiting.facts(consultation_request, appointment),
        "open_beside": verified_emails.open_beside(consultation_request),
        "read_by": patient_texts.read_by(consultation_request),
        "heading": status_copy.heading(consultation_request),
        "steps": status_copy.steps(consultation_request, appointment=appointment),
        "note": status_copy.clinic_note(consultation_request),
        "appointment": appointment,
        "days_away": clock.days_until(appointment.starts_at, appointment.time_zone) if appointment else None,
        "has_begun": has_begun,
        "held": held_now(consultation_request),
        "earliest": _earliest(request, consultation_request),
        "undo": undo,
        "undo_key": scheduling.slot_of(undo).key if undo else "",
        "undo_by_mail": undo is not None and bool(consultation_request.patient.email),
        "can_cancel": appointment is not None and scheduling.may_cancel(appointment),
        "can_move": appointment is not None
        and scheduling.may_move(appointment)
        and not consultation_request.is_blocked_by_flags,
        "calendar_links": ics.calendar_links(appointment) if appointment and not has_begun else (),
        "to_remove": None if appointment else cancelled_appointment(consultation_request),
        "zone_words": clock.zone_words(appointment.starts_at, appointment.time_zone) if appointment else "",
        "question": question,
        "can_share_scan": not consultation_request.is_closed and scan_report.can_share(consultation_request),
        "answered": consultation_request.information_requests.exclude(answered_at=None),
        "cancelled": status_copy.cancelled_by_clinic(consultation_request),
        "has_errors": any(item is not None and item.errors for item in (form, message_form, reminders_form)),
        "form": form or AnswerForm(initial={"asked": question.asked_at.isoformat() if question else ""}),
        "notice": refused or notice,
        "unsent": unsent,
        **_messages(consultation_request, message_form),
        "first_help": help_now or _first_help(consultation_request),
        "asks": words_asked.question(consultation_request) if asked_again.is_prompted(consultation_request) else "",
        "danger": None if consultation_request.is_closed else words_asked.danger_of(consultation_request),
        "weekly_is_on": consultation_request.weekly_off_at is None,
        "can_switch_weekly": bool(consultation_request.patient.email)
        and consultation_request.status in AskWeekly().transition.sources,
        "is_pressing": consultation_request.flag_level in SAFETY_OUTCOMES,
        "due_at": due_at,
        "missed": clocks.missed(consultation_request, now=clock.now()),
        "opens_at": None if clock.is_open(clock.now()) else clock.next_opening(clock.now()),
        "calls_today": falls_today(due_at, now=clock.now()),
        "is_text_unread": consultation_request.texts_due_at is not None,
        "asks_how_it_went": case_mails.open_question(consultation_request) is not None,
        "can_withdraw": consultation_request.status in WithdrawRequest().transition.sources and not has_begun,
    }
    return private_page(request, consultation_request, "status.html", context, status=409 if refused else status)


def _first_help(consultation_request: ConsultationRequest) -> FirstHelp:
    """Whoever wrote about a danger sign is asked about it while the request is open; after that, shown the signs."""
    if consultation_request.is_closed:
        return patient_texts.first_help(consultation_request.response_id, now=clock.now())
    return patient_texts.support_only(consultation_request.response_id)


def _messages(consultation_request: ConsultationRequest, form: MessageForm | None) -> dict[str, object]:
    """The box, while the request is open, and what was sent from it."""
    is_open = consultation_request.status in WriteMessage().transition.sources
    return {
        "message_form": (form or MessageForm(initial={"once": new_token()})) if is_open else None,
        "message_time": time_allowed("MESSAGE"),
        "messages_sent": patient_texts.messages_sent(consultation_request),
    }


@post_only("consultations:status", keeps=("key",))
@with_grant
@gives_back(of_form(AnswerForm))
def answer_question(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """Keep the answer; whatever is wrong, what was typed stays on the status page it came from."""
    form = AnswerForm(request.POST)
    help_now = patient_texts.help_for_unsent([form.data.get("answer", "")])
    if not form.is_valid():
        return status_page(request, consultation_request, form=form, help_now=help_now)
    try:
        answer_newest_question(consultation_request=consultation_request, data=AnswerData(**form.cleaned_data))
    except TransitionNotAllowed:
        unsent = in_form(form.data, AnswerForm)
        return status_page(request, consultation_request, refused=NOT_NEEDED, unsent=unsent, help_now=help_now)
    return to_page("status", consultation_request, "answered")


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(of_form(WithdrawRequestForm))
def withdraw(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """One page that says what withdrawing means, and "keep it" first."""
    appointment = live_appointment(consultation_request)
    if appointment is not None and scheduling.has_begun(appointment):
        return to_page("status", consultation_request)
    form = WithdrawRequestForm(
        request.POST if request.method == "POST" else None, helped_name=consultation_request.helped_name
    )
    if request.method == "POST" and form.is_valid():
        try:
            perform_action(WithdrawRequest(), consultation_request, NoData())
        except TransitionNotAllowed:
            return status_page(request, consultation_request, refused=_("This request has ended already."))
        return to_page("status", consultation_request)
    return private_page(request, consultation_request, "withdraw.html", {"form": form, "appointment": appointment})


def cancelled_appointment(consultation_request: ConsultationRequest) -> Appointment | None:
    """The last time of a request that was cancelled, while a calendar may still hold it: until it would have begun.
    None while its patient may take the cancellation back.
    """
    if scheduling.to_take_back(consultation_request) is not None:
        return None
    last = consultation_request.appointments.select_related("location").order_by("booked_at", "pk").last()
    if last is None or last.status != AppointmentStatus.CANCELLED or scheduling.has_begun(last):
        return None
    return last


@require_safe
@with_grant
def calendar_file(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """What is booked, or the removal of what is cancelled, as the same entry of a calendar."""
    appointment = live_appointment(consultation_request) or cancelled_appointment(consultation_request)
    if appointment is None:
        raise Http404
    response = HttpResponse(ics.appointment_file(appointment), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{consultation_request.reference}.ics")
    return response
