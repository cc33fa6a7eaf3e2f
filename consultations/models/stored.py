"""The shapes of what is kept as JSON, decoded in one place: whatever has another shape is a damaged record.

Each function takes the value as its field gives it and raises Undecodable, in words that hold no value.
"""

import json
from collections.abc import Sequence
from typing import Any, TypedDict

from clinic.core.encryption import Undecodable
from consultations.enums import Effect


class Asked(TypedDict):
    """A question in the words it was asked, with its answer: one line a tick."""

    id: str
    section: str
    section_title: str
    text: str
    answer: list[str]


class FiredRule(TypedDict):
    id: str
    effect: Effect
    because: list[str]


class Result(TypedDict):
    """What the rules said, as far as anybody reads it again."""

    fired: list[FiredRule]
    scores: dict[str, float]


def asked_of(entries: object) -> list[Asked]:
    """The snapshot of all questions asked, in their order."""
    return [_asked(_object(entry, "a question that was asked")) for entry in _list(entries, "the questions asked")]


def _asked(entry: dict[str, Any]) -> Asked:
    what = "a question that was asked"
    return Asked(
        id=_text(entry, "id", what),
        section=_text(entry, "section", what),
        section_title=_text(entry, "section_title", what),
        text=_text(entry, "text", what),
        answer=_texts(entry.get("answer"), what),
    )


def result_of(text: str) -> Result:
    """An assessment's result, kept as the evaluator's JSON text."""
    try:
        result = _object(json.loads(text), "a result")
    except (ValueError, RecursionError):
        raise Undecodable("A result is no JSON.") from None
    scores = _object(result.get("scores"), "the scores of a result")
    if not all(isinstance(value, int | float) for value in scores.values()):
        raise Undecodable("A score is no number.")
    fired = [_fired(_object(rule, "a rule that fired")) for rule in _list(result.get("fired"), "the rules that fired")]
    return Result(fired=fired, scores=scores)


def _fired(rule: dict[str, Any]) -> FiredRule:
    effect = _text(rule, "effect", "a rule that fired")
    if effect not in set(Effect):
        raise Undecodable("A rule that fired has an effect that nobody knows.")
    because = _texts(rule.get("because"), "a rule that fired")
    return FiredRule(id=_text(rule, "id", "a rule that fired"), effect=Effect(effect), because=because)


def asked_in(record: object) -> list[Asked]:
    """The questions in the record behind an assessment."""
    return asked_of(_object(record, "the record of an assessment").get("asked"))


def given_in(record: object) -> frozenset[str]:
    """The questions that an assessment's record has an answer to, a blank one as well: those that were put."""
    answers = _object(_object(record, "the record of an assessment").get("answers"), "the answers of a record")
    return frozenset(answers)


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Undecodable(f"Where {what} should be stands something else.")
    return value


def _list(value: object, what: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise Undecodable(f"Where {what} should be stands something else.")
    return value


def _text(value: dict[str, Any], name: str, what: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise Undecodable(f"The {name} of {what} is no text.")
    return text


def _texts(value: object, what: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise Undecodable(f"A line of {what} is no text.")
    return value
