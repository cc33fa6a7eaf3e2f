"""Whom an alarm reaches and when: owner, duty address, everybody on duty, and the one on call; opening hours matter."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind, Outcome
from consultations.models import SafetyCase
from consultations.services import cases
from tests.consultations.services.test_cases import open_case
from tests.consultations.services.test_duty import named, off_duty
from tests.personas import close_case

pytestmark = pytest.mark.django_db
DUTY, ON_CALL = "duty@clinic.example", "oncall@clinic.example"
NURSE, OTHER, DOCTOR = "nurse@clinic.example", "other_nurse@clinic.example", "doctor@clinic.example"
FRIDAY_EVENING = datetime.datetime(2026, 11, 27, 22, 30, tzinfo=datetime.UTC)
"""Friday 27 November 2026, 5:30 pm in New York: the clinic closes, to open on Monday at 8:30 am, 13:30 UTC."""
MONDAY_OPENING = datetime.datetime(2026, 11, 30, 13, 30, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def team(nurse: User, other_nurse: User, doctor: User) -> None:
    """Two nurses and a doctor on duty; the first case goes to the first nurse."""


def told_since(known: int) -> list[str]:
    rows = OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).order_by("pk")[known:]
    return sorted(row.recipient for row in rows)


class Clock:
    """Moves on and says whom the worker told at that look."""

    def __init__(self, time_machine: Any, now: datetime.datetime) -> None:
        self.time_machine, self.now, self.known = time_machine, now, 0
        self.at(now)

    def at(self, moment: datetime.datetime) -> None:
        self.now = moment
        self.time_machine.move_to(moment, tick=False)

    def told(self) -> list[str]:
        result = told_since(self.known)
        self.known += len(result)
        return result

    def look(self, moment: datetime.datetime) -> list[str]:
        self.at(moment)
        cases.alert_again()
        return self.told()


def minutes(number: float) -> datetime.timedelta:
    return datetime.timedelta(minutes=number)


class TestWhileOpen:
    NOW = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)

    @pytest.mark.parametrize(
        ("duty", "first", "then"),
        [(DUTY, [DUTY, NURSE], [DOCTOR, DUTY, NURSE, OTHER]), ("", [NURSE], [DOCTOR, NURSE, OTHER])],
    )
    def test_owner_and_duty_at_once_then_everybody_every_ten_minutes(
        self, settings: Any, time_machine: Any, duty: str, first: list[str], then: list[str]
    ) -> None:
        settings.DUTY_EMAIL, settings.ON_CALL = duty, ON_CALL
        clock = Clock(time_machine, self.NOW)
        named()
        assert clock.told() == first
        checks = {number: clock.look(self.NOW + minutes(number)) for number in (0.1, 9.9, 10, 10.1, 19.9, 20, 30)}
        assert checks == {0.1: [], 9.9: [], 10: then, 10.1: [], 19.9: [], 20: then, 30: then}

    def test_nobody_hears_of_it_twice_in_a_turn(self, settings: Any, time_machine: Any) -> None:
        settings.DUTY_EMAIL = "Nurse@clinic.example"
        clock = Clock(time_machine, self.NOW)
        named()
        assert clock.told() == [NURSE]
        assert clock.look(self.NOW + minutes(10)) == [DOCTOR, NURSE, OTHER]

    def test_who_is_off_duty_is_left_alone(self, time_machine: Any, doctor: User) -> None:
        off_duty(doctor)
        clock = Clock(time_machine, self.NOW)
        named()
        assert clock.told() == [NURSE]
        assert clock.look(self.NOW + minutes(10)) == [NURSE, OTHER]

    def test_with_nobody_on_duty_the_owner_and_the_duty_address_are_told(
        self, settings: Any, time_machine: Any, nurse: User, other_nurse: User, doctor: User
    ) -> None:
        settings.DUTY_EMAIL = DUTY
        off_duty(nurse, other_nurse, doctor)
        clock = Clock(time_machine, self.NOW)
        assert named().owner == nurse
        assert clock.told() == [DUTY, NURSE]
        assert clock.look(self.NOW + minutes(10)) == [DUTY, NURSE]

    @pytest.mark.parametrize("done", ["acknowledge", "close"])
    def test_it_ends_with_the_first_who_takes_it_on(self, time_machine: Any, doctor: User, done: str) -> None:
        clock, case = Clock(time_machine, self.NOW), named()
        clock.told()
        cases.acknowledge(case=case, by=doctor) if done == "acknowledge" else close_case(case, by=doctor)
        assert clock.look(self.NOW + minutes(10)) == []

    def test_a_same_day_case_is_told_once_to_its_owner(self, settings: Any, time_machine: Any) -> None:
        settings.DUTY_EMAIL = DUTY
        clock = Clock(time_machine, self.NOW)
        named(Outcome.SAME_DAY)
        assert clock.told() == [NURSE]
        assert [clock.look(self.NOW + minutes(number)) for number in (10, 20, 60)] == [[], [], []]

    def test_a_same_day_case_nobody_can_own_is_told_to_the_duty_address(self, settings: Any, time_machine: Any) -> None:
        settings.DUTY_EMAIL = DUTY
        User.objects.update(is_active=False)
        clock = Clock(time_machine, self.NOW)
        assert named(Outcome.SAME_DAY).owner is None
        assert clock.told() == [DUTY]

    def test_the_row_in_the_outbox_belongs_to_its_case_and_holds_no_name(self, time_machine: Any) -> None:
        Clock(time_machine, self.NOW)
        case = named()
        row = OutboxMessage.objects.get(subject__case=case)
        assert row.payload == {"first_name": "Nora", "path": f"/admin/consultations/safetycase/{case.pk}/change/"}


class TestClosedWithSomebodyOnCall:
    @pytest.fixture(autouse=True)
    def on_call(self, settings: Any) -> None:
        settings.DUTY_EMAIL, settings.ON_CALL = DUTY, ON_CALL

    def test_they_alone_are_told_at_once_and_every_ten_minutes(self, time_machine: Any) -> None:
        clock = Clock(time_machine, FRIDAY_EVENING)
        named()
        assert clock.told() == [ON_CALL]
        checks = [clock.look(FRIDAY_EVENING + minutes(number)) for number in (9.9, 10, 20, 24 * 60)]
        assert checks == [[], [ON_CALL], [ON_CALL], [ON_CALL]]

    def test_raised_five_minutes_before_closing_they_are_told_at_closing(self, time_machine: Any) -> None:
        clock = Clock(time_machine, FRIDAY_EVENING - minutes(5))
        named()
        assert clock.told() == [DUTY, NURSE]
        checks = {number: clock.look(FRIDAY_EVENING + minutes(number)) for number in (-0.1, 0, 5, 9.9, 10)}
        assert checks == {-0.1: [], 0: [ON_CALL], 5: [], 9.9: [], 10: [ON_CALL]}

    def test_at_opening_it_is_told_to_everybody_who_has_come(self, time_machine: Any) -> None:
        clock = Clock(time_machine, MONDAY_OPENING - minutes(2))
        named()
        assert clock.told() == [ON_CALL]
        checks = {number: clock.look(MONDAY_OPENING + minutes(number)) for number in (-0.1, 0, 0.1, 10)}
        everybody = [DOCTOR, DUTY, NURSE, OTHER]
        assert checks == {-0.1: [], 0: everybody, 0.1: [], 10: everybody}

    def test_a_same_day_case_wakes_nobody(self, time_machine: Any) -> None:
        clock = Clock(time_machine, FRIDAY_EVENING)
        named(Outcome.SAME_DAY)
        assert clock.told() == [NURSE]


class TestClosedWithNobodyOnCall:
    @pytest.fixture(autouse=True)
    def nobody_on_call(self, settings: Any) -> None:
        settings.DUTY_EMAIL, settings.ON_CALL = DUTY, ""

    def test_one_at_once_then_from_opening_to_everybody(self, time_machine: Any) -> None:
        clock = Clock(time_machine, FRIDAY_EVENING)
        named()
        assert clock.told() == [DUTY, NURSE]
        checks = [clock.look(FRIDAY_EVENING + minutes(number)) for number in (10, 600, 48 * 60)]
        assert checks == [[], [], []]
        everybody = [DOCTOR, DUTY, NURSE, OTHER]
        checks = [clock.look(MONDAY_OPENING + minutes(number)) for number in (-0.1, 0, 9.9, 10)]
        assert checks == [[], everybody, [], everybody]

    def test_raised_five_minutes_before_closing_it_rests_until_opening(self, time_machine: Any) -> None:
        clock = Clock(time_machine, FRIDAY_EVENING - minutes(5))
        named()
        assert clock.told() == [DUTY, NURSE]
        assert [clock.look(FRIDAY_EVENING + minutes(number)) for number in (0, 5, 60)] == [[], [], []]
        assert clock.look(MONDAY_OPENING) == [DOCTOR, DUTY, NURSE, OTHER]

    def test_raised_the_moment_the_clinic_opens_it_is_told_once(self, time_machine: Any) -> None:
        clock = Clock(time_machine, MONDAY_OPENING)
        named()
        assert clock.told() == [DUTY, NURSE]
        assert clock.look(MONDAY_OPENING + minutes(1)) == []

    def test_a_holiday_is_closed(self, settings: Any, time_machine: Any) -> None:
        settings.CLOSED_DATES = ["2026-11-30"]
        clock = Clock(time_machine, FRIDAY_EVENING)
        named()
        clock.told()
        assert clock.look(MONDAY_OPENING + minutes(60)) == []
        assert clock.look(MONDAY_OPENING + datetime.timedelta(days=1)) == [DOCTOR, DUTY, NURSE, OTHER]

    def test_a_break_at_midday_is_closed_and_openings_that_touch_are_one(
        self, settings: Any, time_machine: Any
    ) -> None:
        settings.OPENING_HOURS = "Mon 08:00-10:00; Mon 10:00-12:00; Mon 13:00-17:00"
        eight = datetime.datetime(2026, 11, 30, 13, 0, tzinfo=datetime.UTC)
        clock = Clock(time_machine, eight + minutes(115))
        named()
        clock.told()
        checks = [clock.look(eight + minutes(number)) for number in (120, 125, 240, 245)]
        everybody = [DOCTOR, DUTY, NURSE, OTHER]
        assert checks == [[], everybody, [], []]
        assert clock.look(eight + minutes(299)) == []
        assert clock.look(eight + minutes(300)) == everybody

    @pytest.mark.parametrize(
        ("hours", "raised", "opening"),
        [
            # Clocks go forward: half past two does not exist on 14 March 2027, so the clinic opens at 3 am, 07:00 UTC.
            ("Sun 02:30-05:00", (2027, 3, 14, 4, 0), (2027, 3, 14, 7, 0)),
            # Clocks go back: the first half past one on 1 November 2026 is 05:30 UTC.
            ("Sun 01:30-05:00", (2026, 11, 1, 4, 0), (2026, 11, 1, 5, 30)),
        ],
    )
    def test_when_the_clocks_change_repeats_begin_with_the_opening(
        self, settings: Any, time_machine: Any, hours: str, raised: Any, opening: Any
    ) -> None:
        settings.OPENING_HOURS = hours
        opens = datetime.datetime(*opening, tzinfo=datetime.UTC)
        clock = Clock(time_machine, datetime.datetime(*raised, tzinfo=datetime.UTC))
        named()
        clock.told()
        checks = [clock.look(opens + minutes(number)) for number in (-1, 0, 5, 10)]
        everybody = [DOCTOR, DUTY, NURSE, OTHER]
        assert checks == [[], everybody, [], everybody]

    def test_the_worker_away_over_opening_tells_once_when_it_is_back(self, time_machine: Any) -> None:
        clock = Clock(time_machine, FRIDAY_EVENING)
        named()
        clock.told()
        assert clock.look(MONDAY_OPENING + minutes(47)) == [DOCTOR, DUTY, NURSE, OTHER]
        assert clock.look(MONDAY_OPENING + minutes(48)) == []


def test_a_case_made_more_pressing_is_told_to_the_duty_address_too(settings: Any, time_machine: Any) -> None:
    settings.DUTY_EMAIL = DUTY
    clock = Clock(time_machine, TestWhileOpen.NOW)
    case = open_case(Outcome.SAME_DAY)
    assert clock.told() == [NURSE]
    clock.at(TestWhileOpen.NOW + minutes(180))
    cases.raise_level(case=case, level=Outcome.EMERGENCY)
    assert clock.told() == [DUTY, NURSE]
    assert clock.look(clock.now + minutes(9)) == []
    assert clock.look(clock.now + minutes(1)) == [DOCTOR, DUTY, NURSE, OTHER]


def test_a_case_opened_again_goes_to_somebody_who_is_there(time_machine: Any, nurse: User) -> None:
    clock, case = Clock(time_machine, TestWhileOpen.NOW), named()
    clock.told()
    close_case(case, by=nurse, words="Reached.")
    off_duty(nurse)
    case.refresh_from_db()
    cases.reopen(case=case, level=Outcome.EMERGENCY, reason="raised")
    assert clock.told() == [OTHER]
    assert clock.look(TestWhileOpen.NOW + minutes(1)) == []
    assert SafetyCase.objects.get().owner.email == OTHER
