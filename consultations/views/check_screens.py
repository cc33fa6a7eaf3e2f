"""The screens of the check: each saved as it is given, each danger shown at once."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic.core.unsent import gives_back
from consultations.candidacy import engine, outcomes
from consultations.enums import Outcome
from consultations.forms.check import ScreenForm
from consultations.questionnaire import flow
from consultations.questionnaire.page_copy import Screen
from consultations.views import check_form, check_seen
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
BACK: Final = "back"
LATER: Final = "later"


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
    data = request.POST if request.method == "POST" else None
    form = check_form.screen_form(session, asked, data)
    newer: tuple[str, ...] = ()
    if (given := _to_save(request, form, session)) is not None:
        clash = check_seen.clash(request, session, given)
        if clash is None or clash.at_once:
            now = _saved(request, session, given if clash is None else clash.at_once)
            return redirect(_after(request, session, now, asked))
        if session.stop:
            return redirect(session.stop_url)
        form, newer = check_form.screen_form(session, asked, None, answers=clash.answers), clash.newer
    context = {
        "form": form,
        "parts": check_form.parts(form, session, asked),
        "heading": form.fields[form.heading_field].label if form.heading_field else asked.title,
        "lead": check_form.mood_stem(session) if check_form.asks_mood_alone(form) else asked.lead,
        "back_url": _back(session, asked, from_answers=from_answers),
        "back_form": "" if session.is_carried else "screen",
        "support_line": support_line() if _shows_support(session, asked) else "",
        "seen": check_seen.digests(session, asked),
        "newer": check_form.newer_lines(session, newer),
        **progress(session, asked.section),
    }
    return render_page(request, session, "screen", context, status=409 if newer else 200)


def _to_save(request: HttpRequest, form: ScreenForm, session: QuestionnaireSession) -> dict[str, Any] | None:
    """The answers to save, or None. Who goes back or finishes later keeps what they gave, whatever they left out."""
    if not form.is_bound:
        return None
    is_valid = form.is_valid()
    if BACK in request.POST:
        return form.valid_answers()
    if is_valid or _is_emergency_all_the_same(form, session):
        return form.answers()
    return form.valid_answers() if LATER in request.POST and form.lacks_only_answers() else None


def _saved(request: HttpRequest, session: QuestionnaireSession, given: dict[str, Any]) -> QuestionnaireSession:
    """Whoever goes back from an empty page has nothing to save."""
    return save_answers(request, session, given) if given or BACK not in request.POST else session


def _is_emergency_all_the_same(form: ScreenForm, session: QuestionnaireSession) -> bool:
    """Whether only such answers are missing as may stay blank, and what was answered is an emergency without them.

    Nobody in danger is held up by a question that cannot change what to do.
    """
    if not form.lacks_only_what_may_stay_blank():
        return False
    assessment = engine.assess({**session.answers, **form.answers()}, version=session.version)
    return engine.emergency_is_settled(assessment)


def _after(request: HttpRequest, before: QuestionnaireSession, now: QuestionnaireSession, asked: Screen) -> str:
    """A stop first, then news that somebody should see a doctor today, then the way the person was going."""
    from_answers = request.GET.get("from") == "answers"
    if now.stop and not before.stop:
        return now.stop_url
    if BACK in request.POST:
        return _back(now, asked, from_answers=from_answers) or now.going_on()
    if now.stop:
        return now.stop_url
    if LATER in request.POST:
        return now.url("later")
    if now.headline == Outcome.SAME_DAY and before.headline != Outcome.SAME_DAY:
        return now.url("today")
    if from_answers:
        return now.going_on(from_answers=True)
    told = check_form.shown_at_once(request.POST)
    following = flow.next_screen(asked.slug, now.answers, version=now.version, shown_at_once=told)
    return now.screen_url(following) if following else now.going_on()


def _out_of_order(session: QuestionnaireSession, asked: Screen, *, from_answers: bool) -> str:
    """Where to go instead of this screen; "" when it may be shown.

    While the answers are at a stop, only the safety screens stay open, so that a mistake can be put right.
    """
    shown = flow.visible_screens(session.answers, version=session.version)
    missing = flow.required_missing(asked, session.answers, version=session.version)
    is_answered = session.answers.keys() >= set(missing)
    if session.stop:
        is_open = asked in shown and asked.section == shown[0].section and is_answered
        return "" if is_open else session.stop_url
    first = session.first_incomplete
    if asked not in shown or (first is not None and shown.index(asked) > shown.index(first)):
        return session.going_on(from_answers=from_answers)
    return ""


def _back(session: QuestionnaireSession, asked: Screen, *, from_answers: bool) -> str:
    if from_answers:
        return session.url("answers")
    previous = flow.previous_screen(asked.slug, session.answers, version=session.version)
    if previous:
        return session.screen_url(previous)
    return "" if session.is_carried else reverse("consultations:start")


def _shows_support(session: QuestionnaireSession, asked: Screen) -> bool:
    """From the screen after the questions about mood on."""
    if not outcomes.needs_support(session.assessment):
        return False
    order = [item.slug for item in flow.screens(session.version)]
    return order.index(asked.slug) > order.index(flow.screen_of(LAST_MOOD_QUESTION, version=session.version).slug)
