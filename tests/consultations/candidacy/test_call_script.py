"""The danger questions on the phone: their screens, what counts as asked, and when the script stops."""

import pytest

from consultations.candidacy import call_script
from consultations.candidacy.union import ASKED, Sign
from consultations.enums import Outcome

NOTHING = {
    "rf_now": ["none"], "rf_ce": ["none"], "rf_weak": "none", "rf_injury": "none", "rf_cancer": "none",
    "rf_systemic": ["none"], "rf_risk": ["none"],
}  # fmt: skip
VERSIONS = pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])


@VERSIONS
def test_the_screens_are_those_of_the_safety_section_without_the_age(version):
    steps = call_script.steps(version)
    assert [(step.slug, step.question_ids) for step in steps] == [
        ("now", ("rf_now",)),
        ("nerves", ("rf_ce", "rf_ce_when")),
        ("injury", ("rf_weak", "rf_injury", "rf_cancer")),
        ("signs", ("rf_systemic", "rf_risk")),
    ]


def test_what_was_ticked_and_no_question_asks_comes_first():
    steps = call_script.steps("1.1.0", ticks=["unwell"])
    assert (steps[0].slug, steps[0].ticks, len(steps)) == ("told-before", ("unwell",), 5)


@VERSIONS
def test_a_screen_of_bladder_and_bowel_is_judged_with_its_when(version):
    saddle = {"rf_ce": ["saddle"]}
    assert not call_script.is_emergency(saddle, version=version)
    assert call_script.is_emergency({**saddle, "rf_ce_when": "lt2w"}, version=version)
    assert not call_script.is_emergency({**saddle, "rf_ce_when": "gt3m"}, version=version)


@VERSIONS
def test_only_answers_of_the_call_stop_it(version):
    assert call_script.is_emergency({"rf_now": ["chest"]}, version=version)
    assert not call_script.is_emergency({}, version=version)
    assert not call_script.is_emergency({"rf_now": ["fever"]}, version=version)
    assert not call_script.is_emergency(NOTHING, version=version)
    assert call_script.is_emergency({ASKED: {"unwell": "yes"}}, version=version)
    assert not call_script.is_emergency({ASKED: {"unwell": "no"}}, version=version)


def test_what_was_not_asked_is_no_answer_and_raises_nothing():
    assert call_script.level_of({}, version="1.1.0") is None
    assert call_script.level_of({"rf_now": ["none"]}, version="1.1.0") is None
    assert call_script.level_of({"rf_now": ["fever"]}, version="1.1.0") == Outcome.SAME_DAY
    assert call_script.level_of({"rf_now": ["fever"], "rf_ce": None}, version="1.1.0") == Outcome.SAME_DAY


def test_the_signs_asked_are_all_options_of_what_was_answered():
    asked = call_script.signs_asked_in({"rf_now": ["none"], ASKED: {"unwell": "no"}}, version="1.1.0")
    assert Sign("rf_now", "fever") in asked
    assert Sign("rf_now", "") in asked
    assert Sign(ASKED, "unwell") in asked
    assert not any(sign.question == "rf_ce" for sign in asked)


def test_a_follow_up_that_the_answer_makes_needless_counts_as_asked():
    assert Sign("rf_ce_when", "lt2w") in call_script.signs_asked_in({"rf_ce": ["none"]}, version="1.1.0")
    assert Sign("rf_ce_when", "lt2w") not in call_script.signs_asked_in({"rf_ce": ["saddle"]}, version="1.1.0")


def test_what_is_left_out_is_named_in_the_order_of_the_script():
    assert call_script.not_asked(NOTHING, version="1.1.0") == []
    left_out = {name: value for name, value in NOTHING.items() if name not in ("rf_weak", "rf_ce")}
    assert call_script.not_asked(left_out, version="1.1.0", ticks=["unwell"]) == [
        "unwell", "rf_ce", "rf_ce_when", "rf_weak",
    ]  # fmt: skip
