"""What a condition is about: every question it names, wherever a NOT stands."""

import pytest

from consultations.questionnaire.conditions import parse


@pytest.mark.parametrize(
    "text",
    [
        "hx_gate answered AND NOT im_mri unanswered",
        "NOT im_mri unanswered AND hx_gate answered",
        "hx_gate answered AND NOT (NOT im_mri unanswered)",
    ],
)
def test_a_not_hides_no_question(text: str) -> None:
    assert parse(text).questions == {"hx_gate", "im_mri"}
