"""Being asked again: what the ticks of a patient lead to."""

from typing import Any

import pytest

from clinic.accounts.models import User
from consultations.enums import RequestStatus, TextKind
from consultations.models import PatientText, SafetyCase
from tests.consultations.perform import perform
from tests.personas import MONDAY_MORNING, MakeRequest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY_MORNING, tick=False)


@pytest.mark.parametrize(
    ("ticks", "cases", "texts"),
    [
        (("none",), 0, 0),
        (("procedure",), 0, 1),
        (("fever",), 1, 0),
        (("fever", "procedure"), 1, 0),
    ],
)
def test_a_danger_is_a_case_and_what_is_only_to_ask_about_is_read_as_a_text(
    make_request: MakeRequest, nurse: User, ticks: tuple[str, ...], cases: int, texts: int
) -> None:
    consultation_request = make_request(status=RequestStatus.OFFERED)
    perform("answer_again", consultation_request, ticks=ticks)
    assert SafetyCase.objects.count() == cases
    assert PatientText.objects.filter(kind=TextKind.ASKED_AGAIN).count() == texts
