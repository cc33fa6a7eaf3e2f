"""From what came in to what counts: unknown codes go, wrong types and numbers out of range become unanswered.

Source: clinical specification 0.2(2) and clinical changes 1.1, 1. A symptom always beats "none"; "not sure" is an
answer and stays. Where a question reports what cannot be read, that beats "none" too.
"""

import math
from typing import Any, Final

from consultations.questionnaire.conditions import Value
from consultations.questionnaire.definition import QuestionnaireItem

NONE: Final = "none"
NOT_SURE: Final = "not_sure"


def clean(question: QuestionnaireItem, value: Any) -> Value | None:
    """The value that counts, or None for unanswered. Multiple choices come back in the order of the options."""
    match question.kind:
        case "multi":
            return _choices(question, value)
        case "single":
            return value if isinstance(value, str) and value in question.codes else None
        case "integer" | "scale":
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            return value if is_whole and _in_range(question, value) else None
        case "decimal":
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return value if is_number and _in_range(question, value) else None
        case _:
            text = value.strip() if isinstance(value, str) else ""
            return text[: int(question.maximum or 1000)] or None


def is_unreadable(question: QuestionnaireItem, value: Any) -> bool:
    """Whether anything in the list is no code of a question that reports it: an unknown code, a number, nothing."""
    if not question.reports_unreadable or not isinstance(value, list | tuple):
        return False
    return any(not isinstance(item, str) or item not in question.codes for item in value)


def _choices(question: QuestionnaireItem, value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    ticked = {code for code in value if isinstance(code, str)} & question.codes
    if ticked - {NONE, NOT_SURE} or is_unreadable(question, value):
        ticked.discard(NONE)
    return tuple(option.code for option in question.options if option.code in ticked) or None


def _in_range(question: QuestionnaireItem, value: float) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return (question.minimum is None or value >= question.minimum) and (
        question.maximum is None or value <= question.maximum
    )
