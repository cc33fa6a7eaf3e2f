"""Safety properties of the evaluation, on generated answers. Numbers P1 to P15 are the clinical specification's."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consultations.candidacy import engine, rules
from consultations.enums import Effect, Outcome, Urgency
from consultations.questionnaire.definition import QuestionnaireItem, load
from tests.consultations.candidacy.cases import ROUTINE
from tests.depth import made_up

RANK = {urgency: rank for rank, urgency in enumerate(Urgency)}
URGENT_EFFECTS = {Effect.EMERGENCY, Effect.SAME_DAY, Effect.URGENT}
STEADY = made_up(40, 1500)
VERSIONS = ("1.0.0", "1.1.0")
QUESTIONNAIRE = load("1.1.0")
QUESTIONS = QUESTIONNAIRE.questions
SYMPTOMS = ("rf_now", "rf_ce", "rf_systemic", "rf_risk")


every_version = pytest.mark.parametrize("version", VERSIONS)


def assessed(answers: Mapping[str, Any], version: str) -> engine.Evaluation:
    return engine.assess(answers, version=version)


def values_of(question: QuestionnaireItem) -> st.SearchStrategy[Any]:
    codes = [option.code for option in question.options]
    match question.kind:
        case "multi":
            return st.lists(st.sampled_from(codes), min_size=1, max_size=4, unique=True)
        case "single":
            return st.sampled_from(codes)
        case "text":
            return st.text(max_size=40)
        case "decimal":
            return st.floats(question.minimum, question.maximum)
    return st.integers(int(question.minimum or 0), int(question.maximum or 10))


COMPLETE = st.fixed_dictionaries({question.id: values_of(question) for question in QUESTIONS})
PARTIAL = st.fixed_dictionaries({}, optional={question.id: values_of(question) for question in QUESTIONS})
GARBAGE = st.dictionaries(
    st.one_of(st.sampled_from([question.id for question in QUESTIONS]), st.text(max_size=8)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=12,
)


def symptoms_of(question: str) -> list[str]:
    return [option.code for option in QUESTIONNAIRE[question].options if option.code not in ("none", "not_sure")]


def red_flags(assessment: engine.Evaluation) -> set[str]:
    return {fired.id for fired in assessment.fired if fired.effect in URGENT_EFFECTS}


@every_version
@STEADY
@given(COMPLETE, st.sampled_from(SYMPTOMS), st.data())
def test_p1_another_symptom_never_lowers_urgency(
    version: str, answers: dict[str, Any], question: str, data: st.DataObject
) -> None:
    option = data.draw(
        st.sampled_from([o.code for o in QUESTIONNAIRE[question].options if o.code not in ("none", "not_sure")])
    )
    before = assessed(answers, version)

    after = assessed({**answers, question: [*answers[question], option]}, version)

    assert RANK[after.urgency] >= RANK[before.urgency]
    assert red_flags(after) >= red_flags(before)


@every_version
@STEADY
@given(
    COMPLETE,
    st.sampled_from(
        [
            ("rf_weak", ("none", "stable", "worse")),
            ("rf_weak", ("none", "stable", "drop")),
            ("rf_cancer", ("none", "over5", "current")),
            ("rf_injury", ("none", "major_checked", "major_new")),
        ]
    ),
)
def test_p2_ladders_never_lower_urgency(
    version: str, answers: dict[str, Any], ladder: tuple[str, tuple[str, ...]]
) -> None:
    question, rungs = ladder
    ranks = [RANK[assessed({**answers, question: rung}, version).urgency] for rung in rungs]

    assert ranks == sorted(ranks)


@every_version
@STEADY
@given(COMPLETE, st.data())
def test_p3_a_missing_safety_answer_is_never_routine(
    version: str, answers: dict[str, Any], data: st.DataObject
) -> None:
    visible = [name for name in assessed(answers, version).visible if QUESTIONNAIRE[name].is_safety]
    dropped = data.draw(st.sampled_from(visible))

    assessment = assessed({name: value for name, value in answers.items() if name != dropped}, version)

    if dropped in assessment.visible:
        assert assessment.urgency != Urgency.ROUTINE
        assert not assessment.booking_allowed


@every_version
@STEADY
@given(COMPLETE)
def test_p4_hidden_answers_never_count(version: str, answers: dict[str, Any]) -> None:
    assessment = assessed(answers, version)

    shown_only = assessed({name: value for name, value in answers.items() if name in assessment.visible}, version)

    assert shown_only.as_json() == assessment.as_json()
    assert all(set(fired.because) <= set(assessment.visible) for fired in assessment.fired)


@every_version
@STEADY
@given(PARTIAL, st.randoms(use_true_random=False))
def test_p5_order_never_matters(version: str, answers: dict[str, Any], random: Any) -> None:
    names = list(answers)
    random.shuffle(names)
    shuffled = {
        name: random.sample(answers[name], len(answers[name])) if isinstance(answers[name], list) else answers[name]
        for name in names
    }

    assert json.dumps(assessed(shuffled, version).as_json()) == json.dumps(assessed(answers, version).as_json())


@every_version
@STEADY
@given(COMPLETE, st.sampled_from(SYMPTOMS), st.data())
def test_p6_none_beside_a_symptom_is_the_symptom(
    version: str, answers: dict[str, Any], question: str, data: st.DataObject
) -> None:
    option = data.draw(
        st.sampled_from([o.code for o in QUESTIONNAIRE[question].options if o.code not in ("none", "not_sure")])
    )

    both = assessed({**answers, question: ["none", option]}, version)

    assert both.as_json() == assessed({**answers, question: [option]}, version).as_json()


@every_version
@STEADY
@given(PARTIAL)
def test_p7_only_routine_outcomes_may_book(version: str, answers: dict[str, Any]) -> None:
    assessment = assessed(answers, version)

    assert assessment.booking_allowed == (assessment.outcome in {Outcome.LIKELY_SUITABLE, Outcome.NEEDS_INFO})


@every_version
@STEADY
@given(GARBAGE)
def test_p8_garbage_never_crashes_and_never_fits(version: str, answers: dict[str, Any]) -> None:
    assert assessed(answers, version).outcome != Outcome.LIKELY_SUITABLE


@every_version
@STEADY
@given(COMPLETE, st.text(min_size=1, max_size=200))
def test_p9_free_text_only_adds_its_note(version: str, answers: dict[str, Any], note: str) -> None:
    without = assessed({**answers, "ex_note": ""}, version)

    with_note = assessed({**answers, "ex_note": note}, version)

    assert with_note.outcome == without.outcome
    assert {f.id for f in with_note.fired} - {f.id for f in without.fired} <= {"SYS-03"}


@every_version
@STEADY
@given(COMPLETE, st.sampled_from(["no", "yes", "skip"]))
def test_p10_a_claim_never_changes_the_headline(version: str, answers: dict[str, Any], claim: str) -> None:
    assert (
        assessed({**answers, "ye_claim": claim}, version).outcome
        == assessed({**answers, "ye_claim": "no"}, version).outcome
    )


@every_version
@STEADY
@given(COMPLETE)
def test_p10_great_age_alone_never_changes_the_headline(version: str, answers: dict[str, Any]) -> None:
    assert assessed({**answers, "ab_age": 79}, version).outcome == assessed({**answers, "ab_age": 95}, version).outcome


@every_version
@STEADY
@given(PARTIAL)
def test_p11_saddle_numbness_is_at_least_urgent(version: str, answers: dict[str, Any]) -> None:
    assert RANK[assessed({**answers, "rf_ce": ["saddle"]}, version).urgency] >= RANK[Urgency.URGENT]


@every_version
@STEADY
@given(PARTIAL)
def test_p12_every_headline_has_a_rule_and_every_rule_its_words(version: str, answers: dict[str, Any]) -> None:
    assessment = assessed(answers, version)

    deciding = {
        Outcome.EMERGENCY: "emergency",
        Outcome.SAME_DAY: "same_day",
        Outcome.URGENT_REVIEW: "urgent",
        Outcome.NOT_SUITABLE_NOW: "exclude",
        Outcome.DEFER: "defer",
        Outcome.NEEDS_INFO: "info",
    }.get(assessment.outcome)
    assert deciding is None or deciding in {fired.effect for fired in assessment.fired}
    for fired in assessment.fired:
        assert fired.because
        assert rules.load(version)[fired.id].patient or fired.effect == Effect.NOTE


@every_version
@STEADY
@given(COMPLETE)
def test_p13_the_safety_section_never_says_more_than_the_whole(version: str, answers: dict[str, Any]) -> None:
    safety = {name: value for name, value in answers.items() if QUESTIONNAIRE[name].is_safety}

    assert RANK[assessed(safety, version).urgency] <= RANK[assessed(answers, version).urgency]


@every_version
@STEADY
@given(PARTIAL)
def test_p14_fits_exactly_when_nothing_else_fired(version: str, answers: dict[str, Any]) -> None:
    for given_answers in (answers, {**ROUTINE, **answers}):
        assessment = assessed(given_answers, version)
        is_quiet = {fired.effect for fired in assessment.fired} <= {Effect.CAUTION, Effect.SUPPORT, Effect.NOTE}
        assert is_quiet == (assessment.outcome == Outcome.LIKELY_SUITABLE)


@every_version
@STEADY
@given(PARTIAL)
def test_p15_never_more_than_forty_questions(version: str, answers: dict[str, Any]) -> None:
    assert len(assessed(answers, version).visible) <= 40


@pytest.mark.parametrize("first", list(Outcome))
@pytest.mark.parametrize("second", list(Outcome))
def test_highest_is_the_more_pressing_of_two(first: Outcome, second: Outcome) -> None:
    order = list(Outcome)
    assert engine.highest(first, second) == order[min(order.index(first), order.index(second))]


@every_version
def test_stored_answers_give_the_stored_result_again_byte_for_byte(version: str) -> None:
    stored = json.dumps(assessed(ROUTINE, version).as_json(), sort_keys=True)

    again = assessed(json.loads(json.dumps(ROUTINE)), version)

    assert json.dumps(again.as_json(), sort_keys=True) == stored


@every_version
@pytest.mark.parametrize(
    ("answers", "is_settled"),
    [
        ({"rf_now": ["chest"]}, True),
        ({"rf_ce": ["saddle"]}, False),
        ({"rf_ce": ["saddle"], "rf_ce_when": "lt2w"}, True),
        ({"rf_ce": ["saddle"], "rf_ce_when": "gt3m"}, False),
        ({"rf_now": ["fever"]}, False),
        ({"rf_now": ["fever"], "rf_risk": ["immune"]}, True),
    ],
)
def test_an_emergency_is_settled_once_its_own_questions_are_answered(
    version: str, answers: dict[str, Any], is_settled: bool
) -> None:
    assert engine.emergency_is_settled(assessed(answers, version)) is is_settled


@pytest.mark.parametrize(("version", "is_settled"), [("1.0.0", False), ("1.1.0", True)])
def test_a_timing_that_was_shown_and_left_blank_settles_an_emergency(version: str, is_settled: bool) -> None:
    for blank in (None, "", "x"):
        answers = {"rf_ce": ["saddle"], "rf_ce_when": blank}
        assert engine.emergency_is_settled(assessed(answers, version)) is is_settled
    assert not engine.emergency_is_settled(assessed({"rf_ce": ["sexual"], "rf_ce_when": None}, version))
