"""A questionnaire session: one check, which answers it holds, where it must stop, and where it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.core import limits
from consultations.candidacy import engine
from consultations.enums import SAFETY_OUTCOMES, Outcome, ResponseStatus
from consultations.models import QuestionnaireResponse
from consultations.questionnaire import flow
from consultations.questionnaire.page_copy import Screen
from consultations.services import carried, intake
from consultations.views import check_browser

CARRIED: Final = "carried"
"""The key in the address of a check that is carried in the page and stored nowhere."""
FROM_ANSWERS: Final = "?from=answers"
SEND_SECTION: Final = flow.CHECK_AND_SEND[0]
PAGES: Final = (
    "emergency_stop", "today", "adults_only", "call_back", "result", "contact", "answers", "take_out", "sent",
    "correct_email", "later", "kept", "forget",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionnaireSession:
    """One response under its key in this browser, with what the rules make of it now.

    `headline` is None while the safety section is open; `here` is the address of the page that is shown.
    """

    key: str
    response: QuestionnaireResponse
    assessment: engine.Evaluation
    headline: Outcome | None
    here: str = ""

    @property
    def is_carried(self) -> bool:
        return self.key == CARRIED

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
        """The page at which these answers end, as the name of its address; "" while they do not."""
        if self.is_emergency:
            return "emergency_stop"
        return "adults_only" if self.is_under_age else ""

    @property
    def first_incomplete(self) -> Screen | None:
        return flow.first_incomplete(self.answers, version=self.version)

    @property
    def may_send(self) -> bool:
        """All required answers are there, or a same-day headline goes without the rest."""
        if self.stop or self.headline is None:
            return False
        return self.headline == Outcome.SAME_DAY or self.first_incomplete is None

    def url(self, page: str) -> str:
        return reverse(f"consultations:{page}", args=[self.key])

    @property
    def pages(self) -> dict[str, str]:
        """The addresses of this check for its templates, by name."""
        return {page: self.url(page) for page in PAGES}

    @property
    def stop_url(self) -> str:
        return self.url(self.stop) if self.stop else ""

    def screen_url(self, screen: Screen, *, from_answers: bool = False) -> str:
        url = reverse("consultations:screen", args=[self.key, screen.slug])
        return url + (FROM_ANSWERS if from_answers else "")

    def question_url(self, question_id: str, *, from_answers: bool = False) -> str:
        """The screen that asks this question."""
        return self.screen_url(flow.screen_of(question_id, version=self.version), from_answers=from_answers)

    def going_on(self, *, from_answers: bool = False) -> str:
        """Where it stands: its stop, its first unanswered screen, or the result (the answers page, if it was left)."""
        if self.stop:
            return self.stop_url
        if screen := self.first_incomplete:
            return self.screen_url(screen, from_answers=from_answers)
        return self.url("answers" if from_answers else "result")

    @property
    def standing(self) -> str:
        """The title of the page where it stands, without a word about health."""
        if self.stop:
            return _("What to do now")
        screen = self.first_incomplete
        return screen.title if screen else _("Your result")


def assess_session(response: QuestionnaireResponse, *, key: str, here: str = "") -> QuestionnaireSession:
    """What the rules make of a response, on the questionnaire it was begun on."""
    version = response.questionnaire_version
    assessment = engine.assess(response.answers, version=version)
    headline = intake.settled_headline(response.answers, assessment, version=version)
    return QuestionnaireSession(key, response, assessment, headline, here)


def open_session(request: HttpRequest, response: QuestionnaireResponse, *, key: str = "") -> QuestionnaireSession:
    """Keep a stored response in this browser."""
    return assess_session(response, key=check_browser.remember(request, response, key=key))


def save_answers(
    request: HttpRequest, session: QuestionnaireSession, answers: Mapping[str, Any]
) -> QuestionnaireSession:
    """Keep one screen's answers where this session keeps them; a carried one is stored once they are a danger."""
    network = limits.client_network(request)
    if not session.is_carried:
        intake.save_answers(response=session.response, answers=answers, network=network)
        session.response.refresh_from_db()
        check_browser.keep_open(request)
        return assess_session(session.response, key=session.key)
    response = carried.take_in(draft=session.response, answers=answers, network=network)
    if response is session.response:
        return assess_session(response, key=CARRIED)
    return open_session(request, response)


def is_danger(session: QuestionnaireSession) -> bool:
    return session.headline in SAFETY_OUTCOMES


def unsent_sessions(request: HttpRequest) -> list[QuestionnaireSession]:
    """The checks of this browser that hold something and were not sent, the newest first."""
    return [
        assess_session(response, key=key)
        for key, response in check_browser.responses(request)
        if response.status == ResponseStatus.IN_PROGRESS and (response.answers or response.brought)
    ]


def render_page(
    request: HttpRequest, session: QuestionnaireSession, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the check. One that carries its answers shows buttons where the others have links."""
    packed = carried.pack(session.response, browser=check_browser.browser_of(request)) if session.is_carried else ""
    whole = {"session": session, "carried": packed, **context}
    return render(request, f"consultations/check/{template}.html", whole, status=status)


def progress(session: QuestionnaireSession, section: str) -> dict[str, Any]:
    """What task.html shows beside the sheet; sections before this one link to their first screen."""
    shown = flow.visible_screens(session.answers, version=session.version)
    first: dict[str, Screen] = {}
    for screen in shown:
        first.setdefault(screen.section, screen)
    stands = flow.progress(section, version=session.version)
    steps = [
        {
            "label": title,
            "is_done": state == "done",
            "is_now": state == "now",
            "url": session.screen_url(first[part]) if state == "done" and part in first else "",
        }
        for part, title, state in stands.sections
    ]
    return {"progress": steps, "progress_now": stands.current, "progress_total": stands.total}
