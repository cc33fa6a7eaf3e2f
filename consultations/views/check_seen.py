"""What a page showed, so that a page opened earlier overwrites nothing that was said since on another device or tab.

A page carries a keyed digest of each value that it showed. When it comes back, a value that its person left as it was
gives way to the newer one; what both changed is shown to them, and they decide.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from consultations.candidacy import engine
from consultations.enums import SAFETY_OUTCOMES
from consultations.questionnaire.page_copy import Screen
from consultations.services import carried, intake
from consultations.views.check_session import QuestionnaireSession

FIELD: Final = "seen"
DIGITS: Final = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Clash:
    """A page that came back after its answers had changed. `newer` are the questions answered elsewhere since.

    `answers` is what the page would hold now: the newer answer where this page's person left theirs, else theirs.
    `at_once` is what is saved all the same, because it points to a danger that is not known yet.
    """

    newer: tuple[str, ...]
    answers: dict[str, Any]
    at_once: dict[str, Any]


def digests(session: QuestionnaireSession, asked: Screen) -> str:
    """For the page's hidden field."""
    names = sorted({*asked.question_ids, *asked.follow_ups})
    return " ".join(f"{name}:{_digest(session, name, session.answers.get(name))}" for name in names)


def of_values(session: QuestionnaireSession, name: str, value: Any) -> str:
    """One digest, for a page that is changed as a whole."""
    return f"{name}:{_digest(session, name, value)}"


def is_newer(request: HttpRequest, session: QuestionnaireSession, name: str, value: Any) -> bool:
    """Whether `value` is not what the page showed; a page without a digest is taken as it comes."""
    shown = _posted(request).get(name)
    return shown is not None and shown != _digest(session, name, value)


def clash(request: HttpRequest, session: QuestionnaireSession, given: Mapping[str, Any]) -> Clash | None:
    """None when nothing that this page would change was changed since it was shown."""
    shown, stored = _posted(request), session.answers
    newer = [
        name
        for name, value in given.items()
        if name in shown
        and shown[name] != _digest(session, name, stored.get(name))
        and _or_none(value) != _or_none(stored.get(name))
    ]
    if not newer:
        return None
    left = {name for name in newer if shown[name] == _digest(session, name, given[name])}
    answers = {**given, **{name: stored.get(name) for name in left}}
    return Clash(tuple(newer), answers, _danger_in(session, answers))


def _danger_in(session: QuestionnaireSession, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The page's answers beside what is stored, nothing less pressing, when they make it more pressing."""
    merged = carried.merge(session.answers, answers, version=session.version)
    assessment = engine.assess(merged, version=session.version)
    headline = intake.settled_headline(merged, assessment, version=session.version)
    if headline not in SAFETY_OUTCOMES:
        return {}
    if session.headline is not None and engine.highest(session.headline, headline) == session.headline:
        return {}
    return {name: merged[name] for name in answers if name in merged}


def _posted(request: HttpRequest) -> dict[str, str]:
    pairs: Iterable[tuple[str, str, str]] = (part.partition(":") for part in request.POST.get(FIELD, "").split(" "))
    return {name: digest for name, colon, digest in pairs if colon}


def _digest(session: QuestionnaireSession, name: str, value: Any) -> str:
    text = json.dumps([session.response.token, name, _or_none(value)], sort_keys=True, default=str)
    return salted_hmac("consultations.check.seen", text, algorithm="sha256").hexdigest()[:DIGITS]


def _or_none(value: Any) -> Any:
    """A question that was never shown, and one that was left blank."""
    return None if value in (None, [], "", {}) else value
