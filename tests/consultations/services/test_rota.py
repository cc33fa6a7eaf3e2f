"""The rota: who is on duty when, what a press changes, and when nobody is there."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed
from consultations.enums import CaseStatus, Outcome
from consultations.models import Shift, ShiftChange
from consultations.services import cases, handover, rota, rota_entries
from tests.consultations.services.test_cases import alerts
from tests.consultations.services.test_duty import named
from tests.database_snapshot import all_rows

pytestmark = pytest.mark.django_db
MONDAY = datetime.date(2026, 11, 23)
"""The tests begin at 10 am. The clinic is open from 8:30 am to 5:30 pm, and in winter five hours behind UTC."""


def at(text: str, day: datetime.date = MONDAY) -> datetime.datetime:
    """An instant by the clinic's wall clock."""
    return clock.instant(day, datetime.time.fromisoformat(text), fold=0)


def shift(user: User, hours: str = "08:30-13:00", weekdays: str = "01234", **more: Any) -> None:
    starts, ends = map(datetime.time.fromisoformat, hours.split("-"))
    for weekday in weekdays:
        Shift.objects.create(
            user=user,
            weekday=int(weekday),
            starts=starts,
            ends=ends,
            **{"starts_on": datetime.date(2026, 1, 1), **more},
        )


def change(user: User, kind: str, hours: str = "", first: datetime.date = MONDAY, **more: Any) -> ShiftChange:
    starts, ends = map(datetime.time.fromisoformat, hours.split("-")) if hours else (None, None)
    return ShiftChange(user=user, kind=kind, first_on=first, starts=starts, ends=ends, **{"last_on": first, **more})


def hours(user: User, day: datetime.date = MONDAY) -> list[str]:
    """When somebody is on duty on a day, by the wall clock."""
    spans = rota.Rota.of(day, day).spans.get(user.pk, [])
    return [f"{clock.local(begins):%H:%M}-{clock.local(ends):%H:%M}" for begins, ends in spans]


def gaps() -> list[str]:
    gaps_now = rota.Rota.around(clock.now()).gaps(since=clock.now())
    return [f"{clock.local(begins):%a %H:%M}-{clock.local(ends):%H:%M}" for begins, ends in gaps_now]


def on_duty(user: User) -> bool:
    user.refresh_from_db()
    return user.is_on_duty


class TestWhatItSays:
    def test_weekly_shifts_and_the_days_on_which_it_is_otherwise(self, nurse: User, settings: Any) -> None:
        shift(nurse)
        assert hours(nurse) == ["08:30-13:00"]
        assert hours(nurse, datetime.date(2026, 11, 28)) == []
        change(nurse, "on", "15:00-17:00").save()
        assert hours(nurse) == ["08:30-13:00", "15:00-17:00"]
        change(nurse, "away", "10:00-11:00").save()
        assert hours(nurse) == ["08:30-10:00", "11:00-13:00", "15:00-17:00"]
        change(nurse, "away", last_on=datetime.date(2026, 11, 24)).save()
        assert hours(nurse) == ["15:00-17:00"]
        assert hours(nurse, datetime.date(2026, 11, 24)) == []
        assert hours(nurse, datetime.date(2026, 11, 25)) == ["08:30-13:00"]
        Shift.objects.update(ends_on=datetime.date(2026, 11, 24))
        assert hours(nurse, datetime.date(2026, 11, 25)) == []

    def test_on_a_holiday_only_what_was_put_in_for_that_day(self, nurse: User, doctor: User, settings: Any) -> None:
        settings.CLOSED_DATES = ["2026-11-23"]
        shift(nurse)
        change(doctor, "on", "09:00-12:00").save()
        change(doctor, "on").save()
        assert (hours(nurse), hours(doctor)) == ([], ["09:00-12:00"])

    def test_a_night_is_two_shifts_that_are_one(self, nurse: User) -> None:
        shift(nurse, "22:00-23:59", "0")
        shift(nurse, "00:00-06:00", "1")
        spans = rota.Rota.of(MONDAY, MONDAY + rota.DAY).spans[nurse.pk]
        assert spans == [(at("22:00"), at("06:00", MONDAY + rota.DAY))]

    def test_days_on_which_the_clocks_change(self, nurse: User) -> None:
        """On 8 March 2026 two becomes three in New York; on 1 November two comes twice."""
        spring, autumn = datetime.date(2026, 3, 8), datetime.date(2026, 11, 1)
        shift(nurse, "01:30-03:30", "6")
        shift(nurse, "02:10-02:50", "6")
        for day, length in ((spring, 1), (autumn, 3)):
            (span,) = rota.Rota.of(day, day).spans[nurse.pk]
            assert span[1] - span[0] == datetime.timedelta(hours=length)

    def test_who_may_not_own_a_case_is_not_on_it(self, nurse: User, editor: User) -> None:
        shift(nurse)
        shift(editor)
        User.objects.filter(pk=nurse.pk).update(is_active=False)
        rota_now = rota.Rota.around(clock.now())
        assert (rota_now.spans, rota_now.is_used) == ({}, False)


class TestGaps:
    def test_are_named_for_seven_days_while_the_clinic_is_open(self, nurse: User, doctor: User, settings: Any) -> None:
        assert gaps() == []
        settings.CLOSED_DATES = ["2026-11-26"]
        shift(nurse, "08:00-13:00")
        shift(doctor, "13:00-20:00", "01")
        change(nurse, "away", "09:00-11:00", datetime.date(2026, 11, 27)).save()
        assert gaps() == ["Wed 13:00-17:30", "Fri 09:00-11:00", "Fri 13:00-17:30"]

    def test_begin_with_the_one_that_we_are_in(self, nurse: User, time_machine: Any) -> None:
        shift(nurse, "08:30-17:30", "1234")
        assert gaps() == ["Mon 10:00-17:30", "Mon 08:30-17:30"]
        time_machine.move_to(at("17:30"), tick=False)
        assert gaps() == ["Mon 08:30-17:30"]


class TestFollowing:
    @pytest.mark.parametrize("level", [Outcome.EMERGENCY, Outcome.SAME_DAY])
    def test_a_shift_that_ends_passes_its_cases_on_and_the_next_that_begins_gets_them(
        self, nurse: User, other_nurse: User, time_machine: Any, level: Outcome
    ) -> None:
        shift(nurse)
        shift(other_nurse, "13:00-17:30")
        assert cases.alert_again() == 0
        assert (on_duty(nurse), on_duty(other_nurse)) == (True, False)
        case = named(level)
        cases.acknowledge(case=case, by=nurse)
        time_machine.move_to(at("12:59"), tick=False)
        cases.alert_again()
        assert (on_duty(nurse), on_duty(other_nurse)) == (True, False)
        time_machine.move_to(at("13:00"), tick=False)
        cases.alert_again()
        assert (on_duty(nurse), on_duty(other_nurse)) == (False, True)
        case.refresh_from_db()
        assert (case.owner, case.status) == (other_nurse, CaseStatus.OPEN)
        assert alerts()[-1] == other_nurse.email
        event = AuditEvent.objects.filter(action="staff.duty", target_id=str(nurse.pk)).latest("sequence")
        assert (event.actor, event.details) == ("system", {"is_on_duty": False})
        before = all_rows()
        assert handover.follow_rota() == 0
        assert all_rows() == before

    def test_in_the_evening_everybody_goes_and_cases_stay_with_their_owner(
        self, nurse: User, other_nurse: User, time_machine: Any
    ) -> None:
        shift(nurse, "08:30-17:30")
        shift(other_nurse, "08:30-17:30")
        case = named()
        cases.acknowledge(case=case, by=other_nurse)
        time_machine.move_to(at("17:31"), tick=False)
        cases.alert_again()
        case.refresh_from_db()
        assert (on_duty(nurse), on_duty(other_nurse), case.owner) == (False, False, other_nurse)
        time_machine.move_to(at("08:29", MONDAY + rota.DAY), tick=False)
        cases.alert_again()
        assert (on_duty(nurse), on_duty(other_nurse)) == (False, False)
        time_machine.move_to(at("08:30", MONDAY + rota.DAY), tick=False)
        cases.alert_again()
        assert (on_duty(nurse), on_duty(other_nurse)) == (True, True)

    def test_who_has_no_rota_is_left_alone(self, nurse: User, doctor: User, time_machine: Any) -> None:
        shift(nurse, "08:30-17:30")
        handover.switch_duty(is_on_duty=False, by=doctor)
        for text in ("12:00", "17:30", "23:00"):
            time_machine.move_to(at(text), tick=False)
            handover.follow_rota()
            assert not on_duty(doctor)

    def test_away_counts_for_somebody_without_shifts_too(self, nurse: User, doctor: User, manager: User) -> None:
        rota_entries.save(entry=change(nurse, "away"), by=manager)
        assert (on_duty(nurse), on_duty(doctor)) == (False, True)


class TestPressing:
    def test_wins_until_the_shift_ends(self, nurse: User, time_machine: Any) -> None:
        shift(nurse)
        handover.switch_duty(is_on_duty=False, by=nurse)
        for text in ("10:00", "12:59"):
            time_machine.move_to(at(text), tick=False)
            assert handover.follow_rota() == 0
            assert not on_duty(nurse)
        time_machine.move_to(at("08:30", MONDAY + rota.DAY), tick=False)
        handover.follow_rota()
        assert on_duty(nurse)

    def test_who_stays_longer_is_on_duty_until_the_clinic_closes(self, nurse: User, time_machine: Any) -> None:
        shift(nurse)
        time_machine.move_to(at("13:00"), tick=False)
        handover.follow_rota()
        time_machine.move_to(at("13:05"), tick=False)
        handover.switch_duty(is_on_duty=True, by=nurse)
        results = []
        for text in ("13:06", "17:29", "17:30"):
            time_machine.move_to(at(text), tick=False)
            handover.follow_rota()
            results.append(on_duty(nurse))
        assert results == [True, True, False]

    def test_the_worker_that_slept_through_a_shift_puts_nobody_on_duty_who_pressed_since(
        self, nurse: User, time_machine: Any
    ) -> None:
        shift(nurse)
        shift(nurse, "14:00-17:00")
        handover.follow_rota()
        time_machine.move_to(at("14:10"), tick=False)
        handover.switch_duty(is_on_duty=False, by=nurse)
        handover.follow_rota()
        assert not on_duty(nurse)


class TestKeepingIt:
    def test_what_a_manager_changes_counts_at_once(self, nurse: User, manager: User) -> None:
        shift(nurse)
        handover.switch_duty(is_on_duty=False, by=nurse)
        handover.switch_duty(is_on_duty=True, by=nurse)
        ill = rota_entries.save(entry=change(nurse, "away"), by=manager, fields=["user"])
        assert not on_duty(nurse)
        assert AuditEvent.objects.get(action="rota.add").actor_user == manager
        rota_entries.remove(entry=ill, by=manager)
        assert on_duty(nurse)
        assert AuditEvent.objects.filter(action="rota.remove").count() == 1

    def test_a_change_of_another_day_undoes_no_press(self, nurse: User, manager: User) -> None:
        shift(nurse)
        handover.switch_duty(is_on_duty=False, by=nurse)
        rota_entries.save(entry=change(nurse, "away", first=MONDAY + rota.DAY), by=manager)
        assert not on_duty(nurse)

    @pytest.mark.parametrize("group", ["triage", "doctor", "editor"])
    def test_is_a_managers_to_do(self, nurse: User, staff: Any, group: str) -> None:
        by = staff(group)
        before = all_rows()
        with pytest.raises(NotAllowed):
            rota_entries.save(entry=change(nurse, "away"), by=by)
        assert all_rows() == before
