"""One set of answers out of everything that a person told us: on the form, when asked again, in a call.

Owner: the clinic's medical director. Source: clinical changes 1.1, section 6. A danger that was said stays said: "none"
counts only where nobody has said anything else, and of a single choice the more pressing answer wins.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from consultations.questionnaire.cleaning import NONE
from consultations.questionnaire.definition import Questionnaire, QuestionnaireItem

BLANK: Final = ""
"""Shown and left without an answer."""
FIRST_OF: Final[dict[str, tuple[str, ...]]] = {
    "rf_ce_when": ("lt2w", "not_sure", BLANK, "w2_m3", "gt3m"),
    "rf_weak": ("drop", "worse", "not_sure", "stable", "none"),
    "rf_injury": ("major_new", "major_checked", "minor", "major_old", "none"),
    "rf_cancer": ("current", "within5", "over5", "not_sure", "none"),
}
"""Single choice -> its answers, the one that wins first."""
ONSET: Final = "rf_ce_when"
ONSET_OF: Final = "rf_ce"


class Sign(NamedTuple):
    """One answer that can be a danger: an option of a safety question.

    `option` is "" for a safety question without a readable answer, and `question` is ASKED for what a person ticked
    when asked again that is no option of any question.
    """

    question: str
    option: str


ASKED: Final = "asked_again"


def merged(
    form: Mapping[str, Any],
    sources: Iterable[Mapping[str, Any]],
    *,
    questionnaire: Questionnaire,
    emptied_as_none: Collection[str] = (),
) -> dict[str, Any]:
    """Raw answers: those of the safety section from all sources, age and all other sections from the form.

    `emptied_as_none` are questions of which every other answer was entered by mistake, as the person said in a call.
    """
    told, answers = list(sources), dict(form)
    for question in questionnaire.questions:
        if not question.is_safety or question.kind not in ("multi", "single"):
            continue
        value = _ticked(question, told) if question.kind == "multi" else _chosen(question, told)
        if value is not None:
            answers[question.id] = None if value == BLANK else value
        elif question.id in emptied_as_none:
            answers[question.id] = [NONE] if question.kind == "multi" else NONE
        elif question.id in answers:
            # What stands in the form was entered by mistake, or is no answer.
            answers[question.id] = None
    return answers


def _ticked(question: QuestionnaireItem, told: Iterable[Mapping[str, Any]]) -> list[Any] | None:
    given = [line for source in told if isinstance(lines := source.get(question.id), list | tuple) for line in lines]
    codes = {item for item in given if isinstance(item, str) and item in question.codes}
    unreadable = [item for item in given if not isinstance(item, str) or item not in question.codes]
    if codes - {NONE}:
        codes.discard(NONE)
    return [*(option.code for option in question.options if option.code in codes), *unreadable] or None


def _chosen(question: QuestionnaireItem, told: Iterable[Mapping[str, Any]]) -> str | None:
    order = FIRST_OF.get(question.id, tuple(option.code for option in question.options))
    given = {value for source in told if (value := _choice_in(question, source)) is not None}
    return next((value for value in order if value in given), None)


def _choice_in(question: QuestionnaireItem, source: Mapping[str, Any]) -> str | None:
    value = source.get(question.id)
    if isinstance(value, str) and value in question.codes:
        return value
    signs = source.get(ONSET_OF)
    if question.id == ONSET and isinstance(signs, list | tuple) and any(sign != NONE for sign in signs):
        return BLANK
    return None


def without(source: Mapping[str, Any], signs: Collection[Sign]) -> dict[str, Any]:
    """One source less the answers that were entered by mistake."""
    gone = set(signs)
    remaining: dict[str, Any] = {}
    for name, value in source.items():
        if isinstance(value, list | tuple):
            remaining[name] = [item for item in value if not (isinstance(item, str) and Sign(name, item) in gone)]
        elif not (isinstance(value, str) and Sign(name, value) in gone):
            remaining[name] = value
    return remaining
