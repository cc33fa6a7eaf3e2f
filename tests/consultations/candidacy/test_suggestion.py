"""What the rules suggest to a doctor, and which decisions depart from it, written out once more by hand."""

from typing import Final

import pytest

from consultations.candidacy.suggestion import departs, suggest
from consultations.enums import Disposition, Outcome, ReviewDecision

TABLE: Final = """
                   offer    ask      not_suitable  urgent
EMERGENCY          departs  departs  departs       agrees
SAME_DAY           departs  departs  departs       agrees
URGENT_REVIEW      departs  agrees   departs       agrees
NOT_SUITABLE_NOW   departs  agrees   agrees        departs
DEFER              departs  agrees   agrees        departs
NEEDS_INFO         agrees   agrees   departs       departs
LIKELY_SUITABLE    agrees   agrees   departs       departs
"""
PRESSING: Final = ("EMERGENCY", "SAME_DAY", "URGENT_REVIEW")
ROUTINE: Final = ("NOT_SUITABLE_NOW", "DEFER", "NEEDS_INFO", "LIKELY_SUITABLE")


def test_which_decision_departs_from_which_suggestion():
    head, *lines = (line.split() for line in TABLE.splitlines() if line)
    written = {
        (line[0], decision): word == "departs" for line in lines for decision, word in zip(head, line[1:], strict=True)
    }
    assert written == {(item.value, made.value): departs(made, item) for item in Outcome for made in ReviewDecision}
    assert len(written) == 28


@pytest.mark.parametrize("computed", list(Outcome))
@pytest.mark.parametrize("standing", PRESSING)
def test_a_red_flag_that_stands_is_the_suggestion_whatever_the_form_said(computed, standing):
    suggestion = suggest(outcome=computed, standing=standing, disposition="ok", is_early_exit=False)
    assert suggestion == standing


@pytest.mark.parametrize("computed", ROUTINE)
def test_without_one_a_routine_result_is_the_suggestion(computed):
    assert suggest(outcome=computed, standing="", disposition="ok", is_early_exit=False) == computed


@pytest.mark.parametrize("computed", PRESSING)
@pytest.mark.parametrize(
    ("disposition", "is_early_exit", "left"),
    [
        ("ok", False, "LIKELY_SUITABLE"), ("info", False, "NEEDS_INFO"), ("defer", False, "DEFER"),
        ("exclude", False, "NOT_SUITABLE_NOW"),
        ("ok", True, "NEEDS_INFO"), ("info", True, "NEEDS_INFO"), ("defer", True, "DEFER"),
        ("exclude", True, "NOT_SUITABLE_NOW"),
    ],
)  # fmt: skip
def test_once_all_are_settled_the_other_answers_are(computed, disposition, is_early_exit, left):
    """After an early stop nothing else was asked: that everything fits was never said."""
    assert suggest(outcome=computed, standing="", disposition=disposition, is_early_exit=is_early_exit) == left
    assert disposition in set(Disposition)
