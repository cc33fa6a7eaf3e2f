"""The start of the check and its screens: each saved as it is given, each danger shown at once."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic import error_pages, limits
from clinic.middleware import private_page
from consultations.candidacy import outcomes
from consultations.enums import Outcome
from consultations.forms.check import MOOD, ScreenForm
from consultations.forms.check_words import lead
from consultations.questionnaire import flow
from consultations.questionnaire.definition import Question, load
from consultations.questionnaire.flow import Screen
from consultations.services import intake
from consultations.views.check_walk import (
    WALK,
    Walk,
    examine,
    going_on,
    open_walk,
    progress,
    screen_url,
    start_context,
    support_line,
    with_walk,
    without_walk,
)

BEGINS_AN_HOUR = 120
LAST_MOOD_QUESTION = "phq2_2"


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Say what the check is; a POST begins it. A walk that was begun goes on, unless the person asks for a new one."""
    walk = open_walk(request)
    if request.method != "POST":
        return render(request, "consultations/check/start.html", start_context(walk))
    if walk is not None and (request.POST.get("again") != "yes" or not walk.answers):
        return redirect(going_on(walk))
    if not limits.allow(f"check:{limits.client_network(request)}", rate=BEGINS_AN_HOUR, per_seconds=3600):
        return error_pages.too_many(request)
    response = intake.start()
    request.session[WALK] = response.token
    return redirect(going_on(examine(response)))


@require_http_methods(["GET", "HEAD", "POST"])
@with_walk
def screen(request: HttpRequest, walk: Walk, slug: str) -> HttpResponse:
    """One screen of questions. What it does not ask, it does not read."""
    asked = flow.screen_named(slug, version=walk.version)
    if asked is None:
        raise Http404
    from_answers = request.GET.get("from") == "answers"
    if elsewhere := _out_of_order(walk, asked, from_answers=from_answers):
        return redirect(elsewhere)
    questions = flow.questions_on(asked, walk.answers, version=walk.version)
    data = request.POST if request.method == "POST" else None
    form = ScreenForm(data, questions=questions, answers=walk.answers)
    if form.is_bound and form.is_valid():
        return _save(request, walk, asked, form, from_answers=from_answers)
    back = flow.previous_screen(slug, walk.answers, version=walk.version)
    context = {
        "form": form,
        "heading": questions[0].text if form.heading_field else asked.title,
        "lead": _lead(walk, asked, questions),
        "back_url": _back(back, from_answers=from_answers),
        "support_line": support_line() if _shows_support(walk, asked) else "",
        **progress(walk, asked.section),
    }
    return render(request, "consultations/check/screen.html", context)


def _lead(walk: Walk, asked: Screen, questions: list[Question]) -> str:
    """The sentence under the heading. The questions about mood may only be asked under their own stem."""
    if any(question.instrument in MOOD for question in questions):
        return load(walk.version)["phq2_1"].help
    return lead(asked.slug, version=walk.version)


def _save(request: HttpRequest, walk: Walk, asked: Screen, form: ScreenForm, *, from_answers: bool) -> HttpResponse:
    try:
        intake.save_answers(response=walk.response, answers=form.answers())
    except intake.AlreadySent:
        return without_walk(request)
    walk.response.refresh_from_db()
    return redirect(_after(walk, examine(walk.response), asked, from_answers=from_answers))


def _after(before: Walk, now: Walk, asked: Screen, *, from_answers: bool) -> str:
    """A stop first, then news that somebody should see a doctor today, then the way the person was going."""
    if now.stop:
        return reverse(now.stop)
    if now.headline == Outcome.SAME_DAY and before.headline != Outcome.SAME_DAY:
        return reverse("consultations:today")
    if from_answers:
        return going_on(now, from_answers=True)
    following = flow.next_screen(asked.slug, now.answers, version=now.version)
    return screen_url(following) if following else going_on(now)


def _out_of_order(walk: Walk, asked: Screen, *, from_answers: bool) -> str:
    """Where to go instead of this screen; "" when it may be shown.

    While the answers are at a stop, only the safety screens stay open, so that a mistake can be put right.
    """
    shown = flow.visible_screens(walk.answers, version=walk.version)
    is_answered = not flow.required_missing(asked, walk.answers, version=walk.version)
    if walk.stop:
        is_open = asked in shown and asked.section == shown[0].section and is_answered
        return "" if is_open else reverse(walk.stop)
    first = walk.first_incomplete
    if asked not in shown or (first is not None and shown.index(asked) > shown.index(first)):
        return going_on(walk, from_answers=from_answers)
    return ""


def _back(previous: Screen | None, *, from_answers: bool) -> str:
    if from_answers:
        return reverse("consultations:answers")
    return screen_url(previous) if previous else reverse("consultations:start")


def _shows_support(walk: Walk, asked: Screen) -> bool:
    """From the screen after the questions about mood on."""
    if not outcomes.needs_support(walk.assessment):
        return False
    order = [each.slug for each in flow.screens(walk.version)]
    return order.index(asked.slug) > order.index(flow.screen_of(LAST_MOOD_QUESTION, version=walk.version).slug)
