"""Walking the questions once, in order: which are shown, what their answers count as, which are missing.

Source: clinical specification 0.2(1). A question is shown if its condition holds on the cleaned answers of the
questions shown so far, so an answer to a hidden question never counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consultations.questionnaire.cleaning import clean
from consultations.questionnaire.conditions import Facts, Value
from consultations.questionnaire.definition import Question, Questionnaire


@dataclass(frozen=True, slots=True)
class Walk:
    """`visible` in order of asking; `cleaned` holds the answers of visible questions alone."""

    visible: tuple[Question, ...]
    cleaned: dict[str, Value]

    @property
    def visible_ids(self) -> tuple[str, ...]:
        return tuple(question.id for question in self.visible)

    def missing(self, *, safety: bool) -> tuple[str, ...]:
        """Required visible questions without a valid answer, of the safety section or of the others."""
        return tuple(
            question.id
            for question in self.visible
            if question.is_required and question.is_safety == safety and question.id not in self.cleaned
        )


def walk(questionnaire: Questionnaire, raw: Mapping[str, Any]) -> Walk:
    visible: list[Question] = []
    cleaned: dict[str, Value] = {}
    facts = Facts(cleaned)
    for question in questionnaire.questions:
        if question.shown_when is not None and question.shown_when.test(facts) is None:
            continue
        visible.append(question)
        value = clean(question, raw.get(question.id))
        if value is not None:
            cleaned[question.id] = value
    return Walk(tuple(visible), cleaned)
