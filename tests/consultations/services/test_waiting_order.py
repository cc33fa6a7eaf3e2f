"""Who is asked first depends on urgency and waiting time, and on nothing else about anybody."""

import datetime
import random
from collections.abc import Callable
from typing import Any, Final

import pytest

from consultations.enums import ContactPreference, Priority, SafeToContact
from consultations.models import ConsultationRequest, Patient, TimeOffer, WaitingEntry
from consultations.services.waiting import order
from tests.consultations.services.conftest import NOW, Desk
from tests.consultations.services.test_waiting import List
from tests.depth import deepens, depth

QUEUES: Final = depth(10_000, 1_000_000)
LONGEST: Final = 7
DAY: Final = datetime.timedelta(days=1)
Key = Callable[[WaitingEntry], Any]
ABOUT: Final[dict[str, tuple[Any, ...]]] = {
    "sex": ("female", "male", "other", ""),
    "name": ("Ann Lee", "Zoë Quill", "Ngozi Okafor", "Björn Ek", "李 明"),
    "language": ("English", "Polish", "Amharic", ""),
    "payment": ("insured", "pays", "waived", ""),
    "email_index": ("", "a" * 64, "f" * 64),
    "phone_index": ("", "0" * 64, "9" * 64),
    "contact_by": tuple(ContactPreference.values),
    "safe_to_contact": tuple(SafeToContact.values),
    "birth_on": (datetime.date(1931, 1, 1), datetime.date(2004, 5, 6), None),
}
"""What is flipped of each person, whether the product keeps it or not."""
ABOUT_THE_REQUEST: Final[dict[str, tuple[Any, ...]]] = {
    "reference": ("LS-0001-AA", "LS-9999-ZZ"),
    "helper_name": ("", "Hanna Helper"),
    "has_note": (True, False),
    "risk": (3, 4, 5, 6),
}
ABOUT_THE_WISH: Final[dict[str, tuple[Any, ...]]] = {
    "weekdays": ("", "04"),
    "part_of_day": ("any", "morning"),
    "own_doctor_only": (True, False),
    "notice_hours": (0, 168),
    "asked_by_id": (None, 1),
}


def blank() -> list[WaitingEntry]:
    return [WaitingEntry(consultation_request=ConsultationRequest(patient=Patient())) for _ in range(LONGEST)]


def draw(entries: list[WaitingEntry], chance: random.Random) -> list[WaitingEntry]:
    """A queue of one to seven, with ties of both kinds."""
    queue = entries[: chance.randint(2, LONGEST)]
    for entry, key in zip(queue, chance.sample(range(1000), len(queue)), strict=True):
        entry.pk = key
        entry.asked_at = NOW + chance.randint(0, 3) * DAY
        entry.consultation_request.priority = chance.choice(Priority.values)
    return queue


def flip(queue: list[WaitingEntry], chance: random.Random) -> None:
    for entry in queue:
        request, drawn = entry.consultation_request, chance.getrandbits(64)
        for row, about in ((request.patient, ABOUT), (request, ABOUT_THE_REQUEST), (entry, ABOUT_THE_WISH)):
            for name, values in about.items():
                drawn, index = divmod(drawn, len(values))
                row.__dict__[name] = values[index]


def differing(seed: int, count: int) -> int:
    """How many of so many random queues are in another order once everything else about everybody is flipped."""
    chance, entries, wrong = random.Random(seed), blank(), 0
    for _ in range(count):
        queue = draw(entries, chance)
        flip(queue, chance)
        before = [entry.pk for entry in order.in_order(queue)]
        flip(queue, chance)
        chance.shuffle(queue)
        wrong += before != [entry.pk for entry in order.in_order(queue)]
    return wrong


@deepens
def test_the_order_is_the_same_whoever_they_are() -> None:
    assert differing(20261128, QUEUES) == 0


CONTROLS: Final[dict[str, Key]] = {
    "channel": lambda entry: entry.consultation_request.patient.email_index == "",
    "sex": lambda entry: entry.consultation_request.patient.__dict__["sex"],
    "name": lambda entry: entry.consultation_request.patient.__dict__["name"],
    "language": lambda entry: entry.consultation_request.patient.__dict__["language"],
    "payment": lambda entry: entry.consultation_request.patient.__dict__["payment"],
}


@pytest.mark.parametrize("attribute", CONTROLS)
def test_control_an_order_that_reads_one_attribute_is_caught(attribute: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even as no more than the tie-break."""
    place = order._place
    monkeypatch.setattr(order, "_place", lambda entry: (*place(entry)[:2], CONTROLS[attribute](entry), entry.pk))
    assert differing(20261128, 300) > 20


def test_the_most_urgent_first_then_the_longest_then_the_number() -> None:
    told = [
        ("routine", 0, 4), ("urgent", 2, 3), ("urgent", 1, 9), ("stat", 3, 8), ("urgent", 1, 2), ("asap", 3, 1),
    ]  # fmt: skip
    entries = [
        WaitingEntry(pk=pk, asked_at=NOW + days * DAY, consultation_request=ConsultationRequest(priority=priority))
        for priority, days, pk in told
    ]
    assert [entry.pk for entry in order.in_order(entries)] == [8, 1, 2, 9, 3, 4]


@pytest.mark.parametrize(
    "more",
    [
        {"name": "Zoë Quill"},
        {"contact": {"email": ""}},
        {"contact": {"phone": ""}},
        {"contact": {"birth_on": datetime.date(1931, 1, 1)}},
        {"contact": {"contact_by": "phone"}},
        {"contact": {"safe_to_contact": "no_voicemail"}},
        {"filled_for": "other", "helper_name": "Hanna Helper"},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_first", [True, False])
def test_the_first_on_the_list_is_asked_first_however_they_are_reached(
    desk: Desk, time_machine: Any, more: dict[str, Any], is_first: bool
) -> None:
    waitlist = List(desk, time_machine)
    others: tuple[dict[str, Any], dict[str, Any]] = (more, {}) if is_first else ({}, more)
    first, _second = (waitlist.waiter(**{"name": "Alice Winther", **who}) for who in others)
    waitlist.free()
    assert TimeOffer.objects.live().get().entry.consultation_request == first


def test_who_is_more_urgent_goes_before_who_waits_longer(desk: Desk, time_machine: Any) -> None:
    waitlist = List(desk, time_machine)
    waitlist.waiter("Alice Winther")
    urgent = waitlist.waiter("Bob Pell", priority="urgent")
    waitlist.free()
    assert TimeOffer.objects.live().get().entry.consultation_request == urgent
