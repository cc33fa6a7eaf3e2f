"""The screens of the check: each saved as it is given, each danger shown at once."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic.unsent import gives_back
from consultations.candidacy import outcomes
from consultations.enums import Outcome
from consultations.forms.check import MOOD, ScreenForm
from consultations.forms.check_words import lead
from consultations.questionnaire import flow
from consultations.questionnaire.definition import Question, load
from consultations.questionnaire.flow import Screen
from consultations.views.check_lost import unsent_fields
from consultations.views.check_required import session_required
from consultations.views.check_result import support_line
from consultations.views.check_session import (
    QuestionnaireSession,
    progress,
    render_page,
    save_answers,
)

LAST_MOOD_QUESTION = "phq2_2"


@session_required
@require_http_methods(["GET", "HEAD", "POST"])
@gives_back(unsent_fields)
def screen(request: HttpRequest, session: QuestionnaireSession, slug: str) -> HttpResponse:
    """One screen of questions. What it does not ask, it does not read."""
    asked = flow.screen_named(slug, version=session.version)
    if asked is None:
        raise Http404
    from_answers = request.GET.get("from") == "answers"
    if elsewhere := _out_of_order(session, asked, from_answers=from_answers):
        return redirect(elsewhere)
    questions = flow.questions_on(asked, session.answers, version=session.version)
    data = request.POST if request.method == "POST" else None
    form = ScreenForm(data, questions=questions, answers=session.answers)
    if form.is_bound and form.is_valid():
        now = save_answers(request, session, form.answers())
        return redirect(_after(session, now, asked, from_answers=from_answers))
    back = flow.previous_screen(slug, session.answers, version=session.version)
    context = {
        "form": form,
        "heading": questions[0].text if form.heading_field else asked.title,
        "lead": _lead(session, asked, questions),
        "back_url": _back(session, back, from_answers=from_answers),
        "support_line": support_line() if _shows_support(session, asked) else "",
        **progress(session, asked.section),
    }
    return render_page(request, session, "screen", context)


def _lead(session: QuestionnaireSession, asked: Screen, questions: list[Question]) -> str:
    """The sentence under the heading. The questions about mood may only be asked under their own stem."""
    if any(question.instrument in MOOD for question in questions):
        return load(session.version)["phq2_1"].help
    return lead(asked.slug, version=session.version)


def _after(before: QuestionnaireSession, now: QuestionnaireSession, asked: Screen, *, from_answers: bool) -> str:
    """A stop first, then news that somebody should see a doctor today, then the way the person was going."""
    if now.stop:
        return now.stop_url
    if now.headline == Outcome.SAME_DAY and before.headline != Outcome.SAME_DAY:
        return now.url("today")
    if from_answers:
        return now.going_on(from_answers=True)
    following = flow.next_screen(asked.slug, now.answers, version=now.version)
    return now.screen_url(following) if following else now.going_on()


def _out_of_order(session: QuestionnaireSession, asked: Screen, *, from_answers: bool) -> str:
    """Where to go instead of this screen; "" when it may be shown.

    While the answers are at a stop, only the safety screens stay open, so that a mistake can be put right.
    """
    shown = flow.visible_screens(session.answers, version=session.version)
    is_answered = not flow.required_missing(asked, session.answers, version=session.version)
    if session.stop:
        is_open = asked in shown and asked.section == shown[0].section and is_answered
        return "" if is_open else session.stop_url
    first = session.first_incomplete
    if asked not in shown or (first is not None and shown.index(asked) > shown.index(first)):
        return session.going_on(from_answers=from_answers)
    return ""


def _back(session: QuestionnaireSession, previous: Screen | None, *, from_answers: bool) -> str:
    if from_answers:
        return session.url("answers")
    if previous:
        return session.screen_url(previous)
    return "" if session.is_carried else reverse("consultations:start")


def _shows_support(session: QuestionnaireSession, asked: Screen) -> bool:
    """From the screen after the questions about mood on."""
    if not outcomes.needs_support(session.assessment):
        return False
    order = [each.slug for each in flow.screens(session.version)]
    return order.index(asked.slug) > order.index(flow.screen_of(LAST_MOOD_QUESTION, version=session.version).slug)
