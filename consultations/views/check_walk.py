"""The walk in this browser: which answers it holds, where it must stop, and where it goes on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from clinic import clock
from consultations.candidacy import engine, outcomes
from consultations.enums import Outcome, ResponseStatus
from consultations.models import QuestionnaireResponse
from consultations.questionnaire import flow
from consultations.questionnaire.flow import Screen
from consultations.services import intake
from consultations.services.targets import due_after

WALK: Final = "check"
SENT: Final = "sent"
FROM_ANSWERS: Final = "?from=answers"
SEND_SECTION: Final = flow.CHECK_AND_SEND[0]


@dataclass(frozen=True, slots=True)
class Walk:
    """One response with what the rules make of it now. `headline` is None while the safety section is open."""

    response: QuestionnaireResponse
    assessment: engine.Assessment
    headline: Outcome | None

    @property
    def answers(self) -> Mapping[str, Any]:
        answers: Mapping[str, Any] = self.response.answers
        return answers

    @property
    def version(self) -> str:
        return self.response.questionnaire_version

    @property
    def is_emergency(self) -> bool:
        return self.headline == Outcome.EMERGENCY

    @property
    def is_under_age(self) -> bool:
        return self.headline is not None and intake.is_under_age(self.assessment)

    @property
    def stop(self) -> str:
        """The page at which these answers end, as a URL name; "" while they do not."""
        if self.is_emergency:
            return "consultations:emergency"
        return "consultations:adults_only" if self.is_under_age else ""

    @property
    def first_incomplete(self) -> Screen | None:
        return flow.first_incomplete(self.answers, version=self.version)

    @property
    def may_send(self) -> bool:
        """All required answers are there, or a same-day headline goes without the rest."""
        if self.stop or self.headline is None:
            return False
        return self.headline == Outcome.SAME_DAY or self.first_incomplete is None


def examine(response: QuestionnaireResponse) -> Walk:
    assessment = engine.assess(response.answers, version=response.questionnaire_version)
    return Walk(
        response,
        assessment,
        intake.settled_headline(response.answers, assessment, version=response.questionnaire_version),
    )


def current_response(request: HttpRequest) -> QuestionnaireResponse | None:
    token = request.session.get(WALK)
    return QuestionnaireResponse.objects.filter(token=token).first() if token else None


def open_walk(request: HttpRequest) -> Walk | None:
    """The walk in progress in this browser, or None."""
    response = current_response(request)
    if response is None or response.status != ResponseStatus.IN_PROGRESS:
        return None
    return examine(response)


def with_walk(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hand the walk in progress to the view; without one, go to what was sent or to the start."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        walk = open_walk(request)
        return view(request, walk, *args, **kwargs) if walk is not None else without_walk(request)

    return wrapped


def without_walk(request: HttpRequest) -> HttpResponse:
    """A walk that was sent, perhaps in another tab, leads to its confirmation."""
    response = current_response(request)
    if response is not None and response.status == ResponseStatus.COMPLETED:
        keep_as_sent(request, response.request.reference)
    return redirect("consultations:sent" if SENT in request.session else "consultations:start")


def keep_as_sent(request: HttpRequest, reference: str) -> None:
    request.session.pop(WALK, None)
    request.session[SENT] = reference


def screen_url(screen: Screen, *, from_answers: bool = False) -> str:
    return reverse("consultations:screen", args=[screen.slug]) + (FROM_ANSWERS if from_answers else "")


def going_on(walk: Walk, *, from_answers: bool = False) -> str:
    """Where this walk stands: its stop, its first unanswered screen, or the result (the check page, if it was left)."""
    if walk.stop:
        return reverse(walk.stop)
    if screen := walk.first_incomplete:
        return screen_url(screen, from_answers=from_answers)
    return reverse("consultations:answers" if from_answers else "consultations:result")


def start_context(walk: Walk | None) -> dict[str, Any]:
    """What the start of the check shows of a walk that was begun."""
    return {"walk": walk, "carry_on_url": going_on(walk) if walk else ""}


def progress(walk: Walk, section: str) -> dict[str, Any]:
    """What task.html shows beside the sheet; sections before this one link to their first screen."""
    shown = flow.visible_screens(walk.answers, version=walk.version)
    first: dict[str, Screen] = {}
    for screen in shown:
        first.setdefault(screen.section, screen)
    stands = flow.progress(section, version=walk.version)
    steps = [
        {
            "label": title,
            "state": state,
            "url": screen_url(first[part]) if state == "done" and part in first else "",
        }
        for part, title, state in stands.sections
    ]
    return {"progress": steps, "progress_now": stands.current, "progress_total": stands.total}


def explain(walk: Walk) -> outcomes.Explanation:
    """The result in the patient's words, with this clinic's lines and times."""
    response = walk.response
    since = response.updated_at
    hours, days = settings.REPLY_TARGETS[Outcome.SAME_DAY.value], settings.REPLY_TARGETS[Outcome.URGENT_REVIEW.value]
    words = {
        "emergency_line": settings.EMERGENCY_LINE,
        "urgent_line": settings.URGENT_LINE,
        "phone": response.contact.get("phone") or "the number you give us",
        "hours": f"{hours.get('hours', 8 * hours.get('days', 0)):g}",
        "days": f"{days.get('days', 1):g}",
        "time": clock.moment(due_after(Outcome.SAME_DAY, since=since)),
    }
    return outcomes.explain(walk.assessment, words=words)


def support_line() -> str:
    return outcomes.SUPPORT_BOX.format(crisis_line=settings.CRISIS_LINE)
