"""What is said later is laid on what was said before: by the table of the clinical director, and never lowering it."""

import datetime
import hashlib
from typing import Any

import pytest

from consultations.candidacy import asked_again, display, engine
from consultations.candidacy.standing import Flag, Said, standing
from consultations.candidacy.union import Sign, merged, without
from consultations.enums import Effect, Outcome
from consultations.questionnaire import definition
from consultations.questionnaire.definition import CURRENT_VERSION

QUESTIONS = definition.load("1.1.0")
CLEAR: dict[str, Any] = {
    "ab_age": 56,
    "rf_now": ["none"],
    "rf_ce": ["none"],
    "rf_weak": "none",
    "rf_injury": "none",
    "rf_cancer": "none",
    "rf_systemic": ["none"],
    "rf_risk": ["none"],
}
MONDAY = datetime.datetime(2026, 11, 23, 15, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)

OUTCOME_OF_TICK = {
    "saddle": "EMERGENCY",
    "bladder_start": "EMERGENCY",
    "bladder_leak": "EMERGENCY",
    "bowel": "EMERGENCY",
    "both_legs": "EMERGENCY",
    "sexual": "SAME_DAY",
    "weak": "SAME_DAY",
    "belly": "EMERGENCY",
    "collapse": "EMERGENCY",
    "cold_leg": "EMERGENCY",
    "chest": "EMERGENCY",
    "fever": "SAME_DAY",
    "injury_new": "EMERGENCY",
    "injury_checked": "URGENT_REVIEW",
    "procedure": "",
    "fall": "",
    "band": "URGENT_REVIEW",
    "cancer": "URGENT_REVIEW",
    "unsteady": "SAME_DAY",
    "weight_loss": "URGENT_REVIEW",
    "sweats": "URGENT_REVIEW",
    "night_pain": "URGENT_REVIEW",
    "steady_worse": "URGENT_REVIEW",
    "unwell": "EMERGENCY",
    "unsure": "SAME_DAY",
    "else": "",
    "same": "",
    "none": "",
}
"""What each tick alone makes of answers without any danger; "" where it is no danger."""


def judged(*ticks: str, base: dict[str, Any] | None = None, **how: Any) -> asked_again.Judgement:
    version = how.pop("version", CURRENT_VERSION)
    said = asked_again.said_by(ticks, version=version)
    return asked_again.judge(base=CLEAR | (base or {}), said=said, ticked=ticks, version=version, **how)


def test_its_words_and_rows_are_those_that_were_signed_off() -> None:
    """A change of a word is a clinical change: it comes with a new hash here, signed by the medical director."""
    text = (display.DISPLAY / "asked_again.toml").read_bytes()
    assert hashlib.sha256(text).hexdigest() == "d657735a092fa98cc1a4014581ac3d5e8c715c71c62e528eada461f7245b50ad"


def test_a_helper_reads_the_same_question_with_whom_it_is_about() -> None:
    asked = asked_again.question("Monday 23 November")
    about = asked_again.question_about("Ana", "Monday 23 November")
    assert asked == "Since Monday 23 November, has any of this started or got worse?"
    assert about == "About Ana: since Monday 23 November, has any of this started or got worse?"


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_what_each_tick_alone_comes_to(version: str) -> None:
    results = {code: judged(code, version=version) for code in asked_again.ticks()}
    assert {code: item.outcome.value if item.is_danger else "" for code, item in results.items()} == OUTCOME_OF_TICK


@pytest.mark.parametrize("code", ["procedure", "fall"])
def test_a_tick_that_is_none_by_itself_is_a_danger_where_a_red_flag_fires(code: str) -> None:
    assert not judged(code).is_danger
    assert judged(code, base={"rf_systemic": ["weight_loss"]}).is_danger
    assert judged(code, before=Outcome.URGENT_REVIEW).is_danger


def test_a_small_fall_with_thin_bones_is_a_danger() -> None:
    assert judged("fall", base={"rf_risk": ["steroids"]}).outcome == "URGENT_REVIEW"


@pytest.mark.parametrize(
    ("question", "base", "tick", "then"),
    [
        ("rf_weak", "drop", "weak", "drop"),
        ("rf_weak", "stable", "weak", "worse"),
        ("rf_injury", "major_new", "injury_checked", "major_new"),
        ("rf_injury", "major_new", "fall", "major_new"),
        ("rf_injury", "major_old", "fall", "minor"),
        ("rf_cancer", "over5", "cancer", "current"),
        ("rf_now", ["none"], "fever", ["fever"]),
        ("rf_now", ["not_sure"], "fever", ["fever", "not_sure"]),
        ("rf_ce_when", "gt3m", "saddle", "lt2w"),
    ],
)
def test_how_a_tick_is_laid_on(question: str, base: Any, tick: str, then: Any) -> None:
    before = {"rf_ce": ["sexual"], question: base} if question == "rf_ce_when" else {question: base}
    assert judged(tick, base=before).answers[question] == then


def test_the_same_as_i_told_you_beside_a_danger_takes_nothing_away() -> None:
    assert judged("same", "none", "chest").outcome == "EMERGENCY"


def test_what_was_said_before_is_never_lowered() -> None:
    """Not by ticks, and not by what stood before and no rule of the new answers says."""
    assert judged("none", base={"rf_now": ["chest"]}).outcome == "EMERGENCY"
    assert judged("none", before=Outcome.SAME_DAY).outcome == "SAME_DAY"
    assert judged("weight_loss", before=Outcome.EMERGENCY).outcome == "EMERGENCY"


def test_a_headline_of_settled_signs_alone_does_not_stand() -> None:
    settled = [Sign("rf_now", "chest")]
    assert judged("none", base={"rf_now": ["chest"]}, settled=settled).outcome == "LIKELY_SUITABLE"
    again = judged("chest", base={"rf_now": ["chest"]}, settled=settled)
    assert (again.outcome, again.is_danger) == ("EMERGENCY", True)


def test_one_unsettled_sign_keeps_a_rule_standing() -> None:
    base = {"rf_ce": ["both_legs"], "rf_ce_when": "lt2w", "rf_weak": "worse"}
    settled = [Sign("rf_ce", "both_legs"), Sign("rf_ce_when", "lt2w")]
    rules = {flag.rule_id for flag in judged("none", base=base, settled=settled).standing}
    assert rules == {"RF-NEU-02", "RF-NEU-05"}


def test_a_question_without_an_answer_stays_one_when_its_sign_is_ticked() -> None:
    base = {name: value for name, value in CLEAR.items() if name != "rf_now"}
    said = asked_again.said_by(["chest"], version="1.1.0")
    fired = {item.id for item in asked_again.judge(base=base, said=said, version="1.1.0").assessment.fired}
    assert {"SYS-01", "RF-VAS-04"} <= fired


def test_what_nobody_asked_in_a_call_is_no_danger() -> None:
    heard = asked_again.judge(base={}, said={"rf_now": ["none"]}, version="1.1.0")
    assert (heard.is_danger, heard.outcome) == (False, "NEEDS_INFO")


def test_none_counts_only_where_nobody_says_anything_else() -> None:
    told = [{"rf_now": ["none"], "rf_weak": "none"}, {"rf_now": ["fever"], "rf_weak": "stable"}, {"rf_now": ["none"]}]
    assert merged({}, told, questionnaire=QUESTIONS) == {"rf_now": ["fever"], "rf_weak": "stable"}


def test_an_onset_that_was_left_blank_comes_before_an_older_one() -> None:
    told: list[dict[str, Any]] = [{"rf_ce": ["saddle"]}, {"rf_ce": ["saddle"], "rf_ce_when": "gt3m"}]
    assert merged({}, told, questionnaire=QUESTIONS)["rf_ce_when"] is None
    told.append({"rf_ce": ["none"], "rf_ce_when": "not_sure"})
    assert merged({}, told, questionnaire=QUESTIONS)["rf_ce_when"] == "not_sure"


def test_age_and_the_other_sections_come_from_the_form() -> None:
    told = [{"ab_age": 30, "pn_where": ["neck"], "rf_now": ["fever"]}]
    result = merged({"ab_age": 56, "pn_where": ["low"]}, told, questionnaire=QUESTIONS)
    assert result == {"ab_age": 56, "pn_where": ["low"], "rf_now": ["fever"]}


def test_what_nobody_can_read_stays_in_the_union() -> None:
    results = merged({}, [{"rf_now": ["x", 5]}, {"rf_now": ["none"]}], questionnaire=QUESTIONS)
    assert engine.assess(CLEAR | results, version="1.1.0").unreadable == ("rf_now",)


@pytest.mark.parametrize(("said_in_call", "then"), [(True, ["none"]), (False, None)])
def test_a_question_emptied_by_a_mistake(said_in_call: bool, then: Any) -> None:
    told = [without({"rf_now": ["chest"], "rf_weak": "drop"}, [Sign("rf_now", "chest")])]
    emptied = ["rf_now"] if said_in_call else []
    result = merged({"rf_now": ["chest"]}, told, questionnaire=QUESTIONS, emptied_as_none=emptied)
    assert (result["rf_now"], result["rf_weak"]) == (then, "drop")


class TestStanding:
    CHEST = Sign("rf_now", "chest")
    FLAG = Flag("RF-VAS-04", Effect.EMERGENCY, frozenset({CHEST}))

    def said(self, at: datetime.datetime) -> Said:
        return Said(at, frozenset({self.CHEST}), (self.FLAG,))

    def test_a_flag_stands_until_its_sign_is_settled(self) -> None:
        assert standing([self.said(MONDAY)], {}).level == "EMERGENCY"
        assert standing([self.said(MONDAY)], {self.CHEST: MONDAY + HOUR}).level is None

    def test_saying_it_again_makes_it_unsettled(self) -> None:
        told = [self.said(MONDAY), self.said(MONDAY + 2 * HOUR)]
        flags_now = standing(told, {self.CHEST: MONDAY + HOUR})
        assert (flags_now.level, flags_now.flags[0].since) == ("EMERGENCY", MONDAY + 2 * HOUR)

    def test_a_flag_that_fires_again_of_old_signs_stays_settled(self) -> None:
        later = Said(MONDAY + 2 * HOUR, frozenset(), (self.FLAG,))
        assert standing([self.said(MONDAY), later], {self.CHEST: MONDAY + HOUR}).level is None

    def test_the_most_pressing_flag_comes_first(self) -> None:
        weight = Sign("rf_systemic", "weight_loss")
        told = Said(MONDAY, frozenset({weight}), (Flag("RF-MAL-04", Effect.URGENT, frozenset({weight})),))
        assert [item.flag.rule_id for item in standing([told, self.said(MONDAY)], {}).flags] == [
            "RF-VAS-04",
            "RF-MAL-04",
        ]


@pytest.mark.parametrize(
    ("before", "settled", "said", "then"),
    [
        ({"rf_weak": "drop"}, [("rf_weak", "drop")], {"rf_weak": "worse"}, "SAME_DAY"),
        ({"rf_weak": "worse"}, [("rf_weak", "worse")], {"rf_weak": "not_sure"}, "URGENT_REVIEW"),
        (
            {"rf_injury": "major_new", "ab_age": 70},
            [("rf_injury", "major_new")],
            {"rf_injury": "minor"},
            "URGENT_REVIEW",
        ),
        (
            {"rf_weak": "drop", "rf_cancer": "current"},
            [("rf_weak", "drop"), ("rf_cancer", "current")],
            {"rf_weak": "worse"},
            "EMERGENCY",
        ),
    ],
)
def test_a_settled_answer_hides_no_lesser_one_that_is_new(before: Any, settled: Any, said: Any, then: str) -> None:
    signs = [Sign(*item) for item in settled]
    heard = asked_again.judge(base=CLEAR | before, said=said, settled=signs, version="1.1.0")
    assert (heard.outcome, heard.is_danger) == (then, True)
    question, option = next(iter(said.items()))
    assert {Sign(question, option)} <= {sign for flag in heard.heard for sign in flag.signs}
