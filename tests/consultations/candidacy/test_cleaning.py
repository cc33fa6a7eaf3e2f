"""What no safety question can read is told and never lowers anything, from 1.1.0 on. Before, it was dropped."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consultations.candidacy import engine
from consultations.enums import Urgency
from consultations.questionnaire.definition import load
from tests.consultations.candidacy.cases import ROUTINE
from tests.depth import made_up

RANK = {urgency: rank for rank, urgency in enumerate(Urgency)}
RULES = ("1.0.0", "1.1.0")
STEADY = made_up(40, 1500)
SAFETY = ("rf_now", "rf_ce", "rf_systemic", "rf_risk")
NO_ANSWER: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.text(max_size=2), max_size=2),
    st.text(max_size=8).filter(lambda text: all(text not in load("1.1.0")[name].codes for name in SAFETY)),
)  # fmt: skip


def judged(changes: dict[str, Any], version: str) -> tuple[str, list[str] | None, bool]:
    result = engine.assess({**ROUTINE, **changes}, version=version).as_json()
    return result["outcome"], result.get("unreadable"), "SYS-01" in [fired["id"] for fired in result["fired"]]


@pytest.mark.parametrize(
    ("given_answer", "told"),
    [
        (["chest", "x"], ("EMERGENCY", ["rf_now"], True)),
        (["x", "chest"], ("EMERGENCY", ["rf_now"], True)),
        (["none", "x"], ("URGENT_REVIEW", ["rf_now"], True)),
        (["none", 5], ("URGENT_REVIEW", ["rf_now"], True)),
        (["none", ""], ("URGENT_REVIEW", ["rf_now"], True)),
        (["none", None], ("URGENT_REVIEW", ["rf_now"], True)),
        (["none", ["chest"]], ("URGENT_REVIEW", ["rf_now"], True)),
        (["none", {"chest": 1}], ("URGENT_REVIEW", ["rf_now"], True)),
        (["none", " none"], ("URGENT_REVIEW", ["rf_now"], True)),
        (["x"], ("URGENT_REVIEW", ["rf_now"], True)),
        (["fever", "x"], ("SAME_DAY", ["rf_now"], True)),
        (["not_sure", "x"], ("SAME_DAY", ["rf_now"], True)),
        (["none"], ("LIKELY_SUITABLE", None, False)),
        (["none", "none"], ("LIKELY_SUITABLE", None, False)),
        ([], ("URGENT_REVIEW", None, True)),
        ("chest", ("URGENT_REVIEW", None, True)),
    ],
)
def test_what_cannot_be_read_is_told(given_answer: Any, told: tuple[str, list[str] | None, bool]) -> None:
    assert judged({"rf_now": given_answer}, "1.1.0") == told


@pytest.mark.parametrize("question", SAFETY)
def test_none_does_not_stand_beside_it(question: str) -> None:
    after = {version: engine.assess({**ROUTINE, question: ["none", "x"]}, version=version) for version in RULES}
    assert question not in after["1.1.0"].cleaned
    assert after["1.0.0"].cleaned[question] == ("none",)


@pytest.mark.parametrize("question", SAFETY)
def test_every_multiple_choice_of_the_safety_section_tells_it(question: str) -> None:
    assert judged({question: ["none", "x"]}, "1.1.0") == ("URGENT_REVIEW", [question], True)
    assert judged({question: ["none", "x"]}, "1.0.0") == ("LIKELY_SUITABLE", None, False)


def test_several_are_told_in_the_order_of_their_names() -> None:
    changes = {"rf_systemic": ["x"], "rf_ce": ["none", 1], "rf_now": ["none", "?"]}
    assert judged(changes, "1.1.0") == ("URGENT_REVIEW", ["rf_ce", "rf_now", "rf_systemic"], True)


def test_elsewhere_unknown_codes_are_dropped_as_before() -> None:
    for question in ("hx_gate", "dx_told", "tx_tried"):
        with_more = {**ROUTINE, question: [*ROUTINE[question], "x", 5]}
        assert engine.assess(with_more, version="1.1.0").as_json() == engine.assess(ROUTINE, version="1.1.0").as_json()


def test_it_stays_told_when_the_check_stops_early() -> None:
    result = engine.assess({"ab_age": 40, "rf_now": ["chest", "x"]}, version="1.1.0").as_json()
    assert (result["outcome"], result["early_exit"], result["unreadable"]) == ("EMERGENCY", True, ["rf_now"])


@STEADY
@given(
    st.dictionaries(
        st.sampled_from(SAFETY),
        st.lists(st.sampled_from(["none", "not_sure", "fever", "saddle", "sweats", "immune", "chest"]), max_size=3),
    ),
    st.sampled_from(SAFETY),
    NO_ANSWER,
)
def test_adding_something_unknown_never_lowers_urgency(answers: dict[str, Any], question: str, unknown: Any) -> None:
    before = engine.assess({**ROUTINE, **answers}, version="1.1.0")
    listed = answers.get(question, ROUTINE[question])
    after = engine.assess({**ROUTINE, **answers, question: [*listed, unknown]}, version="1.1.0")
    assert RANK[after.urgency] >= RANK[before.urgency]
    assert RANK[after.urgency] >= RANK[Urgency.URGENT]
    assert {fired.id for fired in after.fired} >= {fired.id for fired in before.fired} - {"SYS-03"}


@pytest.mark.parametrize(("age", "is_early_exit"), [(17, True), (18, False), (19, False)])
def test_who_is_eighteen_today_may_go_on(age: int, is_early_exit: bool) -> None:
    assert engine.assess({**ROUTINE, "ab_age": age}, version="1.1.0").early_exit is is_early_exit
