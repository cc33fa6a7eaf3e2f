"""Walking the questions once, in order: which are shown, what their answers count as, which are missing.

Source: clinical specification 0.2(1). A question is shown if its condition holds on the cleaned answers of the
questions shown so far, so an answer to a hidden question never counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consultations.questionnaire.cleaning import clean, is_unreadable
from consultations.questionnaire.conditions import Facts, Value
from consultations.questionnaire.definition import Questionnaire, QuestionnaireItem


@dataclass(frozen=True, slots=True)
class Walk:
    """`visible` in order of asking; `cleaned` holds the answers of visible questions alone.

    `unreadable` are the visible questions whose answer holds something that is no answer, and `left_blank` those that
    were on show, have none, and count as answered all the same.
    """

    visible: tuple[QuestionnaireItem, ...]
    cleaned: dict[str, Value]
    unreadable: frozenset[str] = frozenset()
    left_blank: frozenset[str] = frozenset()

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
    visible: list[QuestionnaireItem] = []
    cleaned: dict[str, Value] = {}
    unreadable, left_blank = set(), set()
    facts = Facts(cleaned)
    for question in questionnaire.questions:
        if question.shown_when is not None and question.shown_when.test(facts) is None:
            continue
        visible.append(question)
        value = clean(question, raw.get(question.id))
        if value is not None:
            cleaned[question.id] = value
        elif question.blank_counts and question.id in raw:
            left_blank.add(question.id)
        if is_unreadable(question, raw.get(question.id)):
            unreadable.add(question.id)
    return Walk(tuple(visible), cleaned, frozenset(unreadable), frozenset(left_blank))
