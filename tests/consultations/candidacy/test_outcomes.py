from typing import Any

import pytest

from consultations.candidacy import engine, outcomes
from consultations.enums import Outcome, Priority
from tests.consultations.candidacy.cases import ROUTINE, VIGNETTES

WORDS = {
    "emergency_line": "Call 999.",
    "urgent_line": "call 111.",
    "phone": "020",
    "hours": "2",
    "days": "2",
    "time": "5pm",
}


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda vignette: vignette["id"])
def test_every_result_explains_itself(vignette: dict[str, Any]) -> None:
    assessment = engine.assess(vignette["answers"], version="1.0.0")

    told = outcomes.explain(assessment, words=WORDS)

    assert told.heading == outcomes.WORDINGS[assessment.outcome].heading
    assert told.footer == outcomes.FOOTER
    assert "{" not in "".join(told.paragraphs)
    assert told.reasons or assessment.outcome == Outcome.LIKELY_SUITABLE
    assert {reason.rule_id for reason in told.reasons} <= {fired.id for fired in assessment.fired}


@pytest.mark.parametrize(
    ("outcome", "priority"),
    [
        (Outcome.EMERGENCY, Priority.STAT),
        (Outcome.SAME_DAY, Priority.ASAP),
        (Outcome.URGENT_REVIEW, Priority.URGENT),
        (Outcome.NOT_SUITABLE_NOW, Priority.ROUTINE),
        (Outcome.DEFER, Priority.ROUTINE),
        (Outcome.NEEDS_INFO, Priority.ROUTINE),
        (Outcome.LIKELY_SUITABLE, Priority.ROUTINE),
    ],
)
def test_priority_follows_the_headline(outcome: Outcome, priority: Priority) -> None:
    assert outcomes.priority(outcome) == priority


@pytest.mark.parametrize(
    ("changes", "needs_support"),
    [
        ({}, False),
        ({"phq2_1": "1", "phq2_2": "1", "gad2_1": "1", "gad2_2": "1"}, False),
        ({"phq2_1": "2", "phq2_2": "1"}, True),
        ({"phq2_1": "1", "gad2_1": "2", "gad2_2": "1"}, True),
    ],
)
def test_the_support_box_is_shown_from_three(changes: dict[str, Any], needs_support: bool) -> None:
    assert outcomes.needs_support(engine.assess({**ROUTINE, **changes}, version="1.0.0")) is needs_support


def test_reasons_of_one_level_stand_once_each() -> None:
    answers = {**ROUTINE, "rf_now": ["not_sure"], "rf_ce": ["not_sure"]}

    told = outcomes.explain(engine.assess(answers, version="1.0.0"), words=WORDS)

    texts = [reason.text for reason in told.reasons]
    assert texts == ["You were not sure about one of our safety questions."]
