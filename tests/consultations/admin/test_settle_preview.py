"""What the preview says that goes on record as proof: the answers that belong to how it is settled, and no others."""

import re
from typing import Any

import pytest

from clinic.accounts.models import User
from consultations.enums import Outcome, SettledHow
from consultations.models import ConsultationRequest, Settlement
from consultations.services import settling
from tests.consultations.admin.conftest import act
from tests.personas import MONDAY_MORNING, MakeRequest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY_MORNING, tick=False)


def page_data(consultation_request: ConsultationRequest, **given: str) -> dict[str, Any]:
    told = settling.told_of(consultation_request)
    signs = [f"{sign.question}:{sign.option}" for sign in told.standing.open_signs]
    return {"signs": signs, "heard": told.key, **given}


def proof_in(response: Any) -> list[str]:
    section = response.content.decode().split(">How</h3>")[1].split("</section>")[0]
    return re.findall(r"<li>(.*?)</li>", section)


@pytest.mark.parametrize(
    ("given", "proof"),
    [
        (
            {"how": SettledHow.EXAMINED, "told_by": "A letter"},
            ["Examined", "By whom? Dr Halloran", "Where? Room 2", "On which day? Monday 23 November"],
        ),
        (
            {"how": SettledHow.SEEN_ELSEWHERE, "told_by": "Letter of today", "words": "No fracture."},
            [
                "Seen elsewhere", "Where? Room 2", "On which day? Monday 23 November",
                "Which letter, or whose call, told us? Letter of today", "Note for colleagues No fracture.",
            ],
        ),
    ],
)  # fmt: skip
def test_only_what_belongs_to_how_it_is_settled(
    sign_in: Any, doctor: User, make_request: MakeRequest, given: dict[str, str], proof: list[str]
) -> None:
    consultation_request = make_request(outcome=Outcome.SAME_DAY)
    filled_in = {"who": "Dr Halloran", "place": "Room 2", "seen_on": "2026-11-23", **given}
    shown = act(sign_in(doctor), consultation_request, "settle", **page_data(consultation_request, **filled_in))
    assert proof_in(shown) == proof
    assert not Settlement.objects.exists()


def test_nothing_that_the_way_does_not_need_is_asked_for(sign_in: Any, doctor: User, make_request: MakeRequest) -> None:
    """A mistake of nobody named is refused for that, not for a field that belongs to another way."""
    consultation_request = make_request(outcome=Outcome.SAME_DAY)
    data = page_data(consultation_request, how=SettledHow.MISTAKE, words="Pressed by a child.")
    response = act(sign_in(doctor), consultation_request, "settle", **data)
    errors = response.content.decode().split("There is a problem")[1].split("</div>")[0]
    assert re.findall(r"<a[^>]*>(.*?)</a>", errors) == [
        "Select one: the call in which the person said so, or the member of staff who entered it."
    ]
