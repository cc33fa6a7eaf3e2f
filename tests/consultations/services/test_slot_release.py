"""One way to free a time: everything that gives one back goes through it, and it is heard there."""

import ast
import datetime
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from clinic.accounts.models import User
from consultations.actions.book import book_held
from consultations.actions.move import move_held
from consultations.enums import Actor, AppointmentStatus, RequestStatus
from consultations.models import Absence, Appointment, Occupation, SlotHold
from consultations.services import diary, scheduling, slot_release
from consultations.services.slot_release import FreedTime, ReleaseReason
from tests.consultations.perform import book_on_the_phone, perform
from tests.consultations.services.conftest import TOMORROW_AT_NINE, Desk

PRODUCT = ("clinic", "consultations", "education")
THE_WAY = "consultations/services/slot_release.py"
FORTY_MINUTES = datetime.timedelta(minutes=40)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[FreedTime]:
    """What was announced, in order."""
    said: list[FreedTime] = []
    announce = slot_release.time_freed

    def listen(*args: Any, **more: Any) -> FreedTime:
        said.append(announce(*args, **more))
        return said[-1]

    monkeypatch.setattr(slot_release, "time_freed", listen)
    return said


def nine(desk: Desk, reason: ReleaseReason) -> FreedTime:
    return FreedTime(desk.clinician.pk, TOMORROW_AT_NINE, TOMORROW_AT_NINE + FORTY_MINUTES, reason)


def key_of(desk: Desk, index: int) -> str:
    day = TOMORROW_AT_NINE.date()
    slots = scheduling.free_slots(appointment_type=desk.visit, since=day, until=day + datetime.timedelta(days=1))
    return slots[index].key


@pytest.mark.parametrize(
    ("call", "reason", "by"),
    [
        (lambda sent, desk, manager: perform("cancel_booking", sent, reason="", by=desk.doctor),
         ReleaseReason.CANCELLED, Actor.DOCTOR),
        (lambda sent, desk, manager: perform("withdraw", sent), ReleaseReason.REQUEST_ENDED, Actor.PATIENT),
        (lambda sent, desk, manager: perform("cancel_request", sent, note="Moved.", by=manager),
         ReleaseReason.REQUEST_ENDED, Actor.MANAGER),
    ],
    ids=["staff cancel", "withdrawn", "closed"],
)  # fmt: skip
def test_a_booking_that_ends_is_cancelled_freed_and_announced_once(
    desk: Desk, manager: User, heard: list[FreedTime], call: Callable[..., object], reason: ReleaseReason, by: Actor
) -> None:
    consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
    call(consultation_request, desk, manager)
    ended = Appointment.objects.get(consultation_request=consultation_request)
    assert (ended.status, ended.cancelled_by, ended.calendar_sequence) == (AppointmentStatus.CANCELLED, by, 1)
    assert not Occupation.objects.exists()
    assert heard == [nine(desk, reason)]


def test_what_the_patient_cancels_is_freed_and_announced_once_it_cannot_be_taken_back(
    desk: Desk, heard: list[FreedTime], time_machine: Any
) -> None:
    consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
    perform("cancel_booking", consultation_request)
    ended = Appointment.objects.get(consultation_request=consultation_request)
    assert (ended.status, ended.cancelled_by, ended.calendar_sequence) == ("cancelled", Actor.PATIENT, 1)
    assert (slot_release.release_set_aside(), heard) == (0, [])
    time_machine.shift(scheduling.TIME_TO_UNDO)
    assert slot_release.release_set_aside() == 1
    assert heard == [nine(desk, ReleaseReason.CANCELLED)]
    assert not Occupation.objects.exists()
    assert slot_release.release_set_aside() == 0


def test_a_move_frees_the_old_time_and_says_so_once(desk: Desk, heard: list[FreedTime]) -> None:
    move_held(consultation_request=desk.ready_for("move", RequestStatus.BOOKED), by=desk.doctor)
    assert heard == [nine(desk, ReleaseReason.MOVED)]


def test_a_hold_of_another_time_than_the_one_that_is_booked_is_given_back(desk: Desk, heard: list[FreedTime]) -> None:
    consultation_request = desk.request(RequestStatus.OFFERED)
    book_on_the_phone(consultation_request, slot_key=key_of(desk, 0), by=desk.doctor)
    assert heard == [nine(desk, ReleaseReason.CHOSE_ANOTHER)]


@pytest.mark.parametrize("verb", ["complete", "mark_no_show"])
@pytest.mark.parametrize(("minutes", "left"), [(10, 30), (40, 0), (90, 0)])
def test_a_visit_that_is_over_early_frees_what_is_left_of_its_time(
    desk: Desk, heard: list[FreedTime], time_machine: Any, verb: str, minutes: int, left: int
) -> None:
    consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
    now = TOMORROW_AT_NINE + datetime.timedelta(minutes=minutes)
    time_machine.move_to(now, tick=False)
    perform(verb, consultation_request, by=desk.doctor)
    assert not Occupation.objects.exists()
    end = TOMORROW_AT_NINE + FORTY_MINUTES
    assert heard == ([FreedTime(desk.clinician.pk, now, end, ReleaseReason.OVER_EARLY)] if left else [])
    assert Appointment.objects.get(consultation_request=consultation_request).calendar_sequence == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda consultation_request, manager: perform("withdraw", consultation_request),
        lambda consultation_request, manager: perform(
            "cancel_request", consultation_request, note="Moved.", by=manager
        ),
    ],
    ids=["withdrawn", "closed"],
)
def test_a_hold_ends_with_its_request(
    desk: Desk, manager: User, heard: list[FreedTime], call: Callable[..., object]
) -> None:
    consultation_request = desk.request(RequestStatus.OFFERED)
    call(consultation_request, manager)
    assert not SlotHold.objects.exists()
    assert heard == [nine(desk, ReleaseReason.REQUEST_ENDED)]


def test_a_hold_ends_with_another_choice(desk: Desk, heard: list[FreedTime]) -> None:
    consultation_request, second = desk.request(RequestStatus.OFFERED), key_of(desk, 0)
    assert second[:14] == "20261124T1440Z"
    scheduling.hold(consultation_request=consultation_request, slot_key=second)
    assert heard == [nine(desk, ReleaseReason.CHOSE_ANOTHER)]


@pytest.mark.parametrize(
    "take",
    [
        lambda consultation_request, key, by: scheduling.hold(consultation_request=consultation_request, slot_key=key),
        lambda consultation_request, key, by: book_on_the_phone(consultation_request, slot_key=key, by=by),
    ],
    ids=["hold", "book"],
)
def test_a_hold_that_ran_out_ends_when_somebody_else_takes_the_time(
    desk: Desk, heard: list[FreedTime], time_machine: Any, take: Callable[..., Any]
) -> None:
    desk.request(RequestStatus.OFFERED)
    time_machine.shift(scheduling.HOLD_TIME)
    late = desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)
    assert take(late, key_of(desk, 0), desk.doctor).starts_at == TOMORROW_AT_NINE
    assert heard == [nine(desk, ReleaseReason.HOLD_RAN_OUT)]


def test_a_hold_that_is_booked_frees_nothing(desk: Desk, heard: list[FreedTime]) -> None:
    book_held(consultation_request=desk.request(RequestStatus.OFFERED))
    assert not SlotHold.objects.exists()
    assert heard == []


class TestAnAbsence:
    @pytest.fixture
    def absence(self, desk: Desk) -> Absence:
        return Absence.objects.create(
            clinician=desk.clinician, starts_at=TOMORROW_AT_NINE, ends_at=TOMORROW_AT_NINE + FORTY_MINUTES
        )

    def test_that_is_removed_frees_its_time(
        self, desk: Desk, manager: User, absence: Absence, heard: list[FreedTime]
    ) -> None:
        diary.remove(entry=absence, by=manager)
        assert heard == [nine(desk, ReleaseReason.NO_LONGER_AWAY)]

    def test_that_is_moved_frees_where_it_was(
        self, desk: Desk, manager: User, absence: Absence, heard: list[FreedTime]
    ) -> None:
        absence.starts_at += FORTY_MINUTES
        absence.ends_at += FORTY_MINUTES
        diary.save(entry=absence, by=manager)
        assert heard == [nine(desk, ReleaseReason.NO_LONGER_AWAY)]

    def test_that_is_new_frees_nothing(self, desk: Desk, manager: User, heard: list[FreedTime]) -> None:
        end = TOMORROW_AT_NINE + FORTY_MINUTES
        absence = Absence(clinician=desk.clinician, starts_at=TOMORROW_AT_NINE, ends_at=end)
        diary.save(entry=absence, by=manager)
        assert heard == []


def test_the_log_says_why_and_nothing_of_whom_or_when(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
    with caplog.at_level(logging.INFO, logger="consultations.services.slot_release"):
        perform("cancel_booking", consultation_request, reason="My mother died.", by=desk.doctor)
    assert caplog.messages == ["a time was freed (cancelled)"]


def ways_to_free(source: str) -> Iterator[str]:
    """Deletions of holds and cancellations of appointments in a module, whatever their form."""
    for node in ast.walk(ast.parse(source)):
        text = ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("delete", "_raw_delete") and ("SlotHold" in text or "hold" in text.lower()):
                yield text
            if node.func.attr == "update" and any(
                word.arg == "status" and "AppointmentStatus.CANCELLED" in ast.unparse(word.value)
                for word in node.keywords
            ):
                yield text
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            if ".status" in targets and "AppointmentStatus.CANCELLED" in ast.unparse(node.value):
                yield text


@pytest.mark.slow
def test_no_other_code_deletes_a_hold_or_cancels_an_appointment() -> None:
    results = {}
    for app in PRODUCT:
        for path in sorted(Path(settings.BASE_DIR, app).rglob("*.py")):
            name = str(path.relative_to(settings.BASE_DIR))
            if ways := list(ways_to_free(path.read_text())):
                results[name] = len(ways)
    assert results == {THE_WAY: 2}


@pytest.mark.parametrize(
    "source",
    [
        "SlotHold.objects.filter(request=request).delete()",
        "request.slot_hold.delete()",
        "held.holds.all().delete()",
        "visit.status = AppointmentStatus.CANCELLED",
        "visit.status, visit.cancelled_at = (AppointmentStatus.CANCELLED, now)",
        "Appointment.objects.live().update(status=AppointmentStatus.CANCELLED)",
    ],
)
def test_control_such_code_would_be_found(source: str) -> None:
    assert list(ways_to_free(source)) == [source]
