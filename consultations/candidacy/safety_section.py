"""The safety section as it is asked whole before a follow-up: its questions by their ids, and which answers are signs.

Owner: the clinic's medical director. The questions are those that a call asks (`call_script`), in the words of the
version that the person answered first; the same rules judge them.
"""

from collections.abc import Mapping
from typing import Any, Final

from consultations.candidacy import call_script, display
from consultations.candidacy.standing import signs_in
from consultations.questionnaire.definition import QuestionnaireItem, load, worded

WITH_QUESTION: Final = "single"
"""Of one choice the answer says nothing without its question."""


def questions(version: str, region: str) -> list[QuestionnaireItem]:
    """In the order of the script and the words of a region. Raises UnknownVersion."""
    asked = worded(version, region)
    return [asked[name] for name in question_ids(version)]


def question_ids(version: str) -> tuple[str, ...]:
    return tuple(name for step in call_script.steps(version) for name in step.question_ids)


def follow_ups(version: str) -> frozenset[str]:
    """The questions that only make sense after an answer to another one."""
    return frozenset(
        name for step in call_script.steps(version) for name in call_script.follow_ups(step, version=version)
    )


def sign_words(answers: Mapping[str, Any], *, version: str, region: str) -> dict[str, str]:
    """What was answered that may be a danger, as it stood on the page, by question and option."""
    signs, words = signs_in(answers, load(version)), {}
    for question in questions(version, region):
        for option in question.options:
            if any((sign.question, sign.option) == (question.id, option.code) for sign in signs):
                told = [question.text, option.label] if question.kind == WITH_QUESTION else [option.label]
                words[f"{question.id}.{option.code}"] = display.paragraph(told)
    return words
