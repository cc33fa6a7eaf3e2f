"""The waiting list on the private page: asking for an earlier time, and what to do about one that is offered.

A link in a mail takes and declines nothing: both are buttons.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core.actions import NoData, perform_action
from clinic.core.encryption import new_token
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, in_form, of_form
from clinic.core.wording import Wording
from consultations.actions.decline_offered_time import DeclineData, DeclineOfferedTime
from consultations.actions.leave_waiting_list import LeaveWaitingList
from consultations.actions.move_offered import take_offered
from consultations.actions.wait_for_earlier import WaitForEarlier, WishesData
from consultations.forms.asked_again import AskedAgainForm, SectionForm
from consultations.forms.waiting import WishesFields, initial_of
from consultations.models import ConsultationRequest
from consultations.presenters import patient_texts
from consultations.presenters import waiting as waiting_words
from consultations.presenters.asked_again import question
from consultations.presenters.patient_texts import help_for_unsent
from consultations.services import asked_again, scheduling, sources, waiting
from consultations.services.scheduling import AnotherTime, AskFirst, SlotTaken
from consultations.services.waiting import OfferGone
from consultations.views.private_access import private_page, to_page, with_grant
from consultations.views.private_asked_again import page_after_answer
from consultations.views.private_status import live_appointment, status_page

GONE = gettext_lazy(
    "We no longer keep that time for you. Nothing else has changed, and you are still on the waiting list."
)
OVER = gettext_lazy("That time is no longer on offer to you. Nothing was changed now: what stands on this page holds.")
NOT_TAKEN = gettext_lazy("That time could not be taken. Nothing else has changed: what you had is still yours.")


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(of_form(WishesFields))
def earlier(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """What one gets, what would do, and how to leave again."""
    appointment = live_appointment(consultation_request)
    if not waiting_words.can_wait(consultation_request, appointment):
        return to_page("status", consultation_request)
    entry = waiting.entry_of(consultation_request)
    form = WishesFields(request.POST if request.method == "POST" else None, initial=initial_of(entry))
    if form.is_valid():
        try:
            perform_action(WaitForEarlier(), consultation_request, WishesData(form.wishes()))
        except TransitionNotAllowed as refused:
            return status_page(request, consultation_request, refused=str(refused))
        return to_page("status", consultation_request, "waiting")
    context = {
        "form": form,
        "entry": entry,
        "appointment": appointment,
        "by_phone": not consultation_request.patient.email,
        "hours": waiting_words.hours_words(),
    }
    return private_page(request, consultation_request, "earlier.html", context)


@post_only("consultations:status", keeps=("key",))
@with_grant
def leave(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    try:
        perform_action(LeaveWaitingList(), consultation_request, NoData())
    except TransitionNotAllowed:
        return to_page("status", consultation_request)
    return to_page("status", consultation_request, "left")


@post_only("consultations:status", keeps=("key",))
@with_grant
@gives_back(of_form(AskedAgainForm))
def take(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """One press. Whoever was not asked whether anything is new or worse is asked first, and takes it with the answer.

    What is ticked counts, whatever has become of the time.
    """
    form = _answer(request, consultation_request)
    if form is not None and (form.is_valid() or form.has_signs):
        if page := page_after_answer(request, consultation_request, form, is_for_time=True):
            return page
        consultation_request.refresh_from_db()
    elif form is not None and form.data.get("message", "").strip():
        return _given_back(request, consultation_request, form)
    before = scheduling.booked(consultation_request)
    try:
        take_offered(consultation_request=consultation_request, seen=request.POST.get("seen", ""))
    except AskFirst:
        return _question_page(request, consultation_request, form)
    except (AnotherTime, OfferGone) as refused:
        return _not_taken(request, consultation_request, GONE if isinstance(refused, OfferGone) else str(refused))
    except (SlotTaken, TransitionNotAllowed):
        return _not_taken(request, consultation_request, NOT_TAKEN)
    return to_page("status", consultation_request, "moved" if before is not None else "")


def _answer(request: HttpRequest, consultation_request: ConsultationRequest) -> AskedAgainForm | SectionForm | None:
    """What the page of the question sent with the press; None for the press on the page that shows the time."""
    if "section" in request.POST:
        return SectionForm(request.POST, version=_version_of(consultation_request))
    return AskedAgainForm(request.POST, question=question(consultation_request)) if "once" in request.POST else None


def _version_of(consultation_request: ConsultationRequest) -> str:
    return sources.unopened(consultation_request.response_id).questionnaire_version


def _unanswered(consultation_request: ConsultationRequest) -> AskedAgainForm | SectionForm:
    """The list of what is new, or before a follow-up the whole safety section."""
    if asked_again.owes_section(consultation_request):
        return SectionForm(None, version=_version_of(consultation_request))
    return AskedAgainForm(initial={"once": new_token()}, question=question(consultation_request))


def _question_page(
    request: HttpRequest, consultation_request: ConsultationRequest, form: AskedAgainForm | SectionForm | None
) -> HttpResponse:
    typed = help_for_unsent([form.data.get("message", "")]) if form is not None else None
    if form is None or isinstance(form, SectionForm) != asked_again.owes_section(consultation_request):
        form = _unanswered(consultation_request)
    context = {
        **waiting_words.facts(consultation_request, live_appointment(consultation_request)),
        "appointment": live_appointment(consultation_request),
        "form": form,
        "is_section": isinstance(form, SectionForm),
        "first_help": typed or patient_texts.support_only(consultation_request.response_id),
    }
    return private_page(request, consultation_request, "take_offered.html", context)


def _given_back(
    request: HttpRequest, consultation_request: ConsultationRequest, form: AskedAgainForm | SectionForm
) -> HttpResponse:
    """Words that could not be sent, on the page that asks; beside the request once no time is kept any more."""
    if waiting.live_offer(consultation_request) is not None:
        return _question_page(request, consultation_request, form)
    unsent = in_form(form.data, AskedAgainForm)
    help_now = help_for_unsent(item.text for item in unsent)
    return status_page(request, consultation_request, refused=GONE, unsent=unsent, help_now=help_now)


def _not_taken(request: HttpRequest, consultation_request: ConsultationRequest, why: Wording) -> HttpResponse:
    return status_page(request, consultation_request, refused=why)


@post_only("consultations:status", keeps=("key",))
@with_grant
def decline(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """One press: everything stays as it is, the place on the list too."""
    try:
        perform_action(DeclineOfferedTime(), consultation_request, DeclineData(request.POST.get("seen", "")))
    except AnotherTime as refused:
        return status_page(request, consultation_request, refused=str(refused))
    except TransitionNotAllowed:
        return status_page(request, consultation_request, refused=OVER)
    return to_page("status", consultation_request, "declined")
