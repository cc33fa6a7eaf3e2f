"""When offers go out, for how long they are kept, and what the worker makes of the night and of a failing mail."""

import datetime
from typing import Any

import pytest

from clinic.core import clock, delivery
from clinic.core.models import OutboxMessage
from consultations.models import (
    Absence,
    Appointment,
    Availability,
    ExtraSession,
    Location,
    ReleasedTime,
    SlotHold,
    TimeOffer,
)
from consultations.services import calling_off, diary, scheduling, slot_release, waiting
from consultations.services.waiting import offering
from consultations.services.waiting.order import kept_until
from consultations.waiting_enums import PassedOver
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW, TOMORROW_AT_NINE, Desk
from tests.consultations.services.test_waiting import IN_A_WEEK, ON_THURSDAY, List, ends, offered_to
from tests.mailbox import write
from tests.personas import book_directly

MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture
def waitlist(desk: Desk, time_machine: Any) -> List:
    return List(desk, time_machine)


def at(on: datetime.date, hour: int, minute: int = 0, second: int = 0) -> datetime.datetime:
    """On the clinic's wall clock."""
    return clock.instant(on, datetime.time(hour, minute, second), fold=0)


def test_a_turn_that_takes_long_begins_no_other_time(waitlist: List, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alarms are looked at in the same loop of the worker."""
    for name in ("Alice Winther", "Bob Pell"):
        waitlist.waiter(name)
    for starts_at in (TOMORROW_AT_NINE, TOMORROW_AT_NINE + 80 * MINUTE):
        waitlist.given_up(starts_at)
    monkeypatch.setattr(offering, "TURN", -1.0)
    assert [waiting.offer_due() for _ in range(3)] == [1, 1, 0]
    assert sorted(offered_to()) == ["Alice", "Bob"]


class TestBetweenEightAndEight:
    @pytest.mark.parametrize(
        ("on", "hour", "minute", "count"),
        [
            (datetime.date(2026, 11, 23), 19, 59, 1),
            (datetime.date(2026, 11, 23), 20, 0, 0),
            (datetime.date(2026, 11, 24), 7, 59, 0),
            (datetime.date(2026, 11, 24), 8, 0, 1),
            (datetime.date(2027, 3, 14), 7, 59, 0),
            (datetime.date(2027, 3, 14), 8, 0, 1),
            (datetime.date(2027, 3, 14), 19, 59, 1),
            (datetime.date(2027, 3, 14), 20, 0, 0),
            (datetime.date(2026, 11, 1), 7, 59, 0),
            (datetime.date(2026, 11, 1), 8, 0, 1),
            (datetime.date(2026, 11, 1), 19, 59, 1),
            (datetime.date(2026, 11, 1), 20, 0, 0),
        ],
        ids=str,
    )
    def test_by_the_wall_clock_of_the_clinic(
        self, desk: Desk, time_machine: Any, on: datetime.date, hour: int, minute: int, count: int
    ) -> None:
        """On a plain day, and on both days on which the clocks change."""
        now = at(on, hour, minute)
        time_machine.move_to(now, tick=False)
        waitlist = List(desk, time_machine)
        booked = at(on + 9 * DAY, 9)
        waitlist.waiter(booked=booked)
        waitlist.given_up(at(on + 2 * DAY, 9) if (on + 2 * DAY).weekday() < 5 else at(on + 4 * DAY, 9))
        time_machine.move_to(now, tick=False)
        ReleasedTime.objects.update(look_at=now)
        assert waiting.offer_due() == count

    @pytest.mark.parametrize(("on", "is_short"), [((2027, 3, 13), True), ((2026, 10, 31), False)])
    def test_a_hold_over_a_change_of_the_clocks_lasts_as_long(self, on: Any, is_short: bool) -> None:
        """Four hours of time, not of the wall clock; and within a day is within 24 hours of time."""
        made = at(datetime.date(*on), 23)
        starts_at = at(datetime.date(*on) + 3 * DAY, 9)
        assert kept_until(made, starts_at, by_phone=False) - made == 4 * HOUR
        next_day = at(datetime.date(*on) + DAY, 23)
        length = 15 * MINUTE if is_short else 4 * HOUR
        assert kept_until(made, next_day, by_phone=False) - made == length

    def test_exactly_24_hours_is_soon(self) -> None:
        assert kept_until(NOW, NOW + DAY, by_phone=False) == NOW + 15 * MINUTE
        assert kept_until(NOW, NOW + DAY + MINUTE / 60, by_phone=False) == NOW + 4 * HOUR

    def test_what_comes_free_in_the_night_is_free_for_all_until_the_morning(
        self, waitlist: List, time_machine: Any
    ) -> None:
        alice = waitlist.waiter()
        time_machine.move_to(at(NOW.date(), 21), tick=False)
        waitlist.free(ON_THURSDAY)
        assert offered_to() == []
        assert ON_THURSDAY in {
            slot.starts_at for slot in scheduling.free_slots(
                appointment_type=waitlist.desk.visit, since=ON_THURSDAY.date(), until=ON_THURSDAY.date() + DAY
            )
        }  # fmt: skip
        time_machine.move_to(at(NOW.date() + DAY, 8), tick=False)
        waitlist.turn()
        assert TimeOffer.objects.get().entry.consultation_request == alice

    def test_a_mail_that_does_not_go_out_before_eight_is_not_sent_and_costs_no_turn(
        self, waitlist: List, time_machine: Any
    ) -> None:
        waitlist.waiter()
        time_machine.move_to(at(NOW.date(), 19, 59, 59), tick=False)
        waitlist.free(ON_THURSDAY)
        time_machine.move_to(at(NOW.date(), 20), tick=False)
        delivery.deliver_due()
        assert OutboxMessage.objects.get(kind="earlier_time").last_error == "Too late to be of use: not sent."
        waitlist.turn()
        assert ends() == ["not_sent"]
        time_machine.move_to(at(NOW.date() + DAY, 8), tick=False)
        waitlist.turn()
        assert ends() == ["not_sent", None]
        assert offered_to() == ["Alice"]


class TestADeadOffer:
    def test_whose_mail_fails_goes_to_the_next_and_then_staff_call(self, waitlist: List, time_machine: Any) -> None:
        waitlist.waiter("Alice Winther")
        waitlist.waiter("Bob Pell", contact={"phone": ""})
        waitlist.free(ON_THURSDAY)
        OutboxMessage.objects.filter(kind="earlier_time").update(parked_at=NOW, last_error="SMTPRecipientsRefused 550")
        waitlist.turn()
        offer = TimeOffer.objects.live().get()
        assert offered_to() == ["Alice"]
        assert offer.by_phone

    def test_whose_mail_fails_without_a_number_is_passed_over(self, waitlist: List) -> None:
        alice = waitlist.waiter("Alice Winther", contact={"phone": ""})
        waitlist.waiter("Bob Pell")
        waitlist.free(ON_THURSDAY)
        OutboxMessage.objects.filter(kind="earlier_time").update(parked_at=NOW, last_error="SMTPRecipientsRefused 550")
        waitlist.turn()
        assert offered_to() == ["Bob"]
        entry = waiting.entry_of(alice)
        assert entry is not None
        assert ReleasedTime.objects.get().passed_over[str(entry.pk)] == PassedOver.UNREACHABLE

    @pytest.mark.parametrize("verb", ["withdraw", "escalate", "leave_waiting_list"])
    def test_of_who_drops_out_goes_to_the_next(self, waitlist: List, verb: str) -> None:
        alice = waitlist.waiter("Alice Winther")
        waitlist.waiter("Bob Pell")
        waitlist.free(ON_THURSDAY)
        data = {"note": "Worse."} if verb == "escalate" else {}
        perform(verb, alice, by=waitlist.desk.doctor if verb == "escalate" else None, **data)
        waitlist.turn()
        assert offered_to() == ["Bob"]

    def test_of_a_doctor_who_goes_away_is_ended(self, waitlist: List) -> None:
        waitlist.waiter()
        waitlist.free(ON_THURSDAY)

        Absence.objects.create(clinician=waitlist.desk.clinician, starts_at=ON_THURSDAY, ends_at=ON_THURSDAY + HOUR)
        waitlist.turn()
        assert ends() == ["impossible"]
        assert not SlotHold.objects.exists()

    def test_of_a_day_that_is_called_off_is_ended_and_nobody_else_is_asked(self, waitlist: List) -> None:
        waitlist.waiter("Alice Winther")
        waitlist.waiter("Bob Pell")
        waitlist.free(ON_THURSDAY)
        stretch = calling_off.Stretch(ON_THURSDAY - HOUR, ON_THURSDAY + 8 * HOUR)
        calling_off.enter(waitlist.desk.clinician, stretch, reason="")
        assert calling_off.end_holds(waitlist.desk.clinician, stretch) == 1
        waitlist.turn()
        assert ends() == ["impossible"]


class TestWhereATimeComesFrom:
    def test_a_patient_cancels_and_can_no_longer_take_it_back(self, waitlist: List, time_machine: Any) -> None:
        waitlist.waiter()
        gone = waitlist.desk.make_request(
            status="booked", appointment_type=waitlist.desk.visit, answered_again_at=clock.now()
        )
        book_directly(gone, waitlist.desk.clinician, ON_THURSDAY)
        perform("cancel_booking", gone)
        waitlist.turn()
        assert offered_to() == []
        time_machine.shift(scheduling.TIME_TO_UNDO)
        slot_release.release_set_aside()
        waitlist.turn()
        assert offered_to() == ["Alice"]

    def test_two_are_asked_about_two_times_of_an_extra_session(self, waitlist: List, manager: Any) -> None:
        """At once, each about one; nobody about two."""

        for name in ("Alice A", "Bob B", "Cara C"):
            waitlist.waiter(name)
        session = ExtraSession(
            clinician=waitlist.desk.clinician, location=Location.objects.get(), on=ON_THURSDAY.date(),
            opens=datetime.time(14), closes=datetime.time(15, 20),
        )  # fmt: skip
        diary.save(entry=session, by=manager)
        waiting.offer_due()
        assert offered_to() == ["Alice", "Bob"]
        assert [offer.starts_at for offer in TimeOffer.objects.order_by("pk")] == [
            at(ON_THURSDAY.date(), 14), at(ON_THURSDAY.date(), 14, 40),
        ]  # fmt: skip

    def test_hours_that_are_lengthened_and_an_absence_that_is_lifted(self, waitlist: List, manager: Any) -> None:

        waitlist.waiter("Alice A", booked=IN_A_WEEK)
        hours = Availability.objects.get(weekday=2)
        hours.closes = datetime.time(12, 40)
        diary.save(entry=hours, by=manager)
        assert {time.reason for time in ReleasedTime.objects.all()} == {"hours added"}
        first = ReleasedTime.objects.order_by("starts_at").first()
        assert first is not None
        assert (first.starts_at, first.ends_at) == (at(NOW.date() + 2 * DAY, 12), at(NOW.date() + 2 * DAY, 12, 40))
        ReleasedTime.objects.all().delete()
        absence = Absence.objects.create(
            clinician=waitlist.desk.clinician, starts_at=ON_THURSDAY, ends_at=ON_THURSDAY + 40 * MINUTE
        )
        diary.remove(entry=absence, by=manager)
        waiting.offer_due()
        assert TimeOffer.objects.get().starts_at == ON_THURSDAY

    def test_a_hold_that_another_choice_ended(self, waitlist: List) -> None:
        waitlist.waiter()
        chooser = waitlist.desk.make_request(status="offered", appointment_type=waitlist.desk.visit)
        day = ON_THURSDAY.date()
        slots = scheduling.free_slots(appointment_type=waitlist.desk.visit, since=day, until=day + DAY)
        for slot in slots[:2]:
            scheduling.hold(consultation_request=chooser, slot_key=slot.key)
        waiting.offer_due()
        assert TimeOffer.objects.get().starts_at == slots[0].starts_at


class TestWhoIsCalled:
    def test_has_as_long_while_the_clinic_is_open(self) -> None:
        """4 hours from 3 pm on: two and a half of this day, the rest of the next."""
        made = at(NOW.date(), 15)
        assert kept_until(made, made + 5 * DAY, by_phone=True) == at(NOW.date() + DAY, 10)

    def test_is_passed_over_when_nobody_is_there_to_call_in_time(self, waitlist: List, time_machine: Any) -> None:
        waitlist.desk.visit.notice_hours = 1
        waitlist.desk.visit.save()
        waitlist.waiter("Petra Phone", contact={"email": ""})
        waitlist.waiter("Bob Pell")
        time_machine.move_to(at(NOW.date(), 19), tick=False)
        waitlist.free(TOMORROW_AT_NINE)
        assert offered_to() == ["Bob"]
        assert list(ReleasedTime.objects.get().passed_over.values()) == ["nobody_calls"]


def test_the_mail_says_when_where_and_with_whom_only_to_who_chose_it(waitlist: List) -> None:
    alice = waitlist.waiter()
    perform("choose_reminders", alice, choice="full")
    waitlist.free(ON_THURSDAY)
    text = write(OutboxMessage.objects.get(kind="earlier_time")).text
    assert "When: Thursday 26 November, 9 am, Eastern Time (New York)" in text
    assert "With: Dr Ines Halloran" in text
    assert "We keep it until: Monday 23 November, 2 pm" in text


def test_an_entry_ends_with_its_request_or_its_visit(waitlist: List, time_machine: Any) -> None:
    alice, bob = waitlist.waiter("Alice A"), waitlist.waiter("Bob B", booked=IN_A_WEEK + 2 * HOUR)
    perform("withdraw", alice)
    assert waiting.end_due() == 1
    time_machine.move_to(IN_A_WEEK + 2 * HOUR, tick=False)
    assert waiting.end_due() == 1
    assert waiting.entry_of(alice) is waiting.entry_of(bob) is None
    assert Appointment.objects.live().count() == 1


def test_what_is_long_settled_is_deleted(waitlist: List, time_machine: Any) -> None:
    alice = waitlist.waiter()
    waitlist.free(ON_THURSDAY)
    perform("decline_offered_time", alice)
    waitlist.turn()
    time_machine.shift(89 * DAY)
    assert waiting.forget_settled() == 0
    time_machine.shift(DAY + MINUTE)
    assert waiting.forget_settled() == 1
    assert not TimeOffer.objects.exists()
