"""Asked again: what is new or worse since a person last told us, and the page after a danger."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core.actions import perform_action
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import Unsent, gives_back, of_form
from consultations.actions.answer_again import AnswerAgain, AnswerAgainData
from consultations.actions.answer_section import AnswerSection, AnswerSectionData
from consultations.actions.ask_weekly import AskWeekly, WeeklyData
from consultations.actions.message import MessageData, WriteMessage
from consultations.enums import URGENT_OUTCOMES
from consultations.forms.asked_again import AskedAgainForm, SectionForm
from consultations.models import Assessment, ConsultationRequest
from consultations.presenters import patient_texts
from consultations.presenters.asked_again import danger_of, question
from consultations.presenters.patient_texts import help_for_unsent
from consultations.services import asked_again
from consultations.views.private_access import private_page, to_page, with_grant
from consultations.views.private_list import is_for_a_time, list_page
from consultations.views.private_status import held_now, status_page

NOT_SENT: Final = gettext_lazy(
    "We have what you ticked. What you wrote was not sent: it is too long, or this request has ended."
)


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(of_form(AskedAgainForm))
def something_changed(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """The list. What was ticked on it counts, whatever else is wrong with the form or has become of the request."""
    if request.method != "POST":
        return (
            to_page("status", consultation_request)
            if consultation_request.is_closed
            else list_page(request, consultation_request)
        )
    form = AskedAgainForm(request.POST, question=question(consultation_request))
    if not form.is_valid() and not form.has_signs:
        return list_page(request, consultation_request, form=form)
    if page := page_after_answer(request, consultation_request, form):
        return page
    if not is_for_a_time(request):
        return to_page("status", consultation_request, "asked")
    return to_page("check_time" if held_now(consultation_request) else "times", consultation_request)


def page_after_answer(
    request: HttpRequest,
    consultation_request: ConsultationRequest,
    form: AskedAgainForm | SectionForm,
    *,
    is_for_time: bool = False,
) -> HttpResponse | None:
    """Act on what was ticked and written. Returns the page that comes next because of it; None where nothing that was
    told keeps the person from going on.
    """
    if isinstance(form, SectionForm):
        section = AnswerSectionData(form.told, is_whole=form.is_valid())
        return _page_of_danger(
            consultation_request, perform_action(AnswerSection(), consultation_request, section).result
        )
    data = AnswerAgainData(tuple(form.ticked))
    answer = perform_action(AnswerAgain(), consultation_request, data).result
    unsent = _send_words(consultation_request, form) if form.is_valid() else [_words_of(form)]
    if unsent:
        return _unsent_page(request, consultation_request, unsent)
    if page := _page_of_danger(consultation_request, answer):
        return page
    if asked_again.wrote_of_danger(ConsultationRequest.objects.get(pk=consultation_request.pk)):
        query = "written&for=time" if is_for_time or is_for_a_time(request) else "written"
        return to_page("status", consultation_request, query)
    return None


def _page_of_danger(consultation_request: ConsultationRequest, answer: Assessment | None) -> HttpResponse | None:
    is_danger = answer is not None and answer.outcome in URGENT_OUTCOMES
    return to_page("danger_told", consultation_request) if is_danger else None


def _words_of(form: AskedAgainForm) -> Unsent:
    return Unsent(str(form.fields["message"].label), form.data.get("message", ""))


def _send_words(consultation_request: ConsultationRequest, form: AskedAgainForm) -> list[Unsent]:
    """What else is new, as any message. Returns it when it could not be sent."""
    text = form.cleaned_data["message"]
    if not text:
        return []
    try:
        perform_action(WriteMessage(), consultation_request, MessageData(text, form.cleaned_data["once"]))
    except TransitionNotAllowed:
        return [_words_of(form)]
    return []


def _unsent_page(request: HttpRequest, consultation_request: ConsultationRequest, unsent: list[Unsent]) -> HttpResponse:
    """What was ticked is kept and what was written is not: the page after it, with the words given back."""
    consultation_request.refresh_from_db()
    help_now = help_for_unsent(item.text for item in unsent)
    return _danger_page(request, consultation_request, unsent=unsent) or status_page(
        request, consultation_request, refused=NOT_SENT, unsent=unsent, help_now=help_now
    )


@require_safe
@with_grant
def danger_told(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """What to do now, for whoever ticked a danger, until a doctor has settled it."""
    return _danger_page(request, consultation_request) or to_page("status", consultation_request)


def _danger_page(
    request: HttpRequest, consultation_request: ConsultationRequest, *, unsent: list[Unsent] | None = None
) -> HttpResponse | None:
    danger = danger_of(consultation_request)
    if danger is None:
        return None
    help_now = help_for_unsent(item.text for item in unsent) if unsent else None
    context = {
        "danger": danger,
        "explanation": danger.explanation,
        "to_say": danger.to_say,
        "signs": danger.signs,
        "unsent": unsent or [],
        "first_help": help_now or patient_texts.support_only(consultation_request.response_id),
    }
    return private_page(request, consultation_request, danger.template, context)


@post_only("consultations:status", keeps=("key",))
@with_grant
def weekly(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """Switch the weekly mails off, or on again."""
    wanted = request.POST.get("wanted") == "yes"
    try:
        perform_action(AskWeekly(), consultation_request, WeeklyData(is_wanted=wanted))
    except TransitionNotAllowed:
        return to_page("status", consultation_request)
    return to_page("status", consultation_request, "weekly")
