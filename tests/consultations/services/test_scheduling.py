"""Free times, holds and bookings: on the clinic's wall clock, whatever the clocks do."""

import datetime
import itertools
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.refusals import WrongStatus
from consultations.actions.book import book_held
from consultations.enums import LIVE_APPOINTMENTS, AppointmentStatus, RequestStatus
from consultations.models import Absence, Appointment, Availability, Clinician, ConsultationRequest, SlotHold
from consultations.services import occupation, scheduling
from consultations.services.scheduling import SlotTaken
from tests.consultations.perform import book_on_the_phone, perform
from tests.consultations.services.conftest import NOW, Desk
from tests.database_snapshot import all_rows
from tests.personas import book_directly

DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)
TUESDAY = datetime.date(2026, 11, 24)


def free(desk: Desk, since: datetime.date = TUESDAY, days: int = 1, **more: Any) -> list[str]:
    """Free times as the patient reads them."""
    slots = scheduling.free_slots(appointment_type=desk.visit, since=since, until=since + days * DAY, **more)
    return [f"{clock.local(slot.starts_at):%a %H:%M}" for slot in slots]


def keys(desk: Desk, since: datetime.date = TUESDAY) -> list[str]:
    return [s.key for s in scheduling.free_slots(appointment_type=desk.visit, since=since, until=since + DAY)]


def at(hour: int, minute: int = 0, on: datetime.date = TUESDAY) -> datetime.datetime:
    return clock.instant(on, datetime.time(hour, minute), fold=0)


def offered(desk: Desk) -> ConsultationRequest:
    return desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)


class TestFreeTimes:
    def test_whole_visits_inside_the_window_end_to_end(self, desk: Desk) -> None:
        assert free(desk) == ["Tue 09:00", "Tue 09:40", "Tue 10:20", "Tue 11:00"]

    def test_none_on_a_day_without_hours_or_on_one_the_clinic_is_shut(self, desk: Desk, settings: Any) -> None:
        settings.CLOSED_DATES = ["2026-11-26"]
        assert free(desk, datetime.date(2026, 11, 28), days=2) == []
        assert free(desk, datetime.date(2026, 11, 26)) == []
        assert len(free(desk, datetime.date(2026, 11, 27))) == 4

    def test_only_between_the_first_and_the_last_day_of_a_window(self, desk: Desk) -> None:
        Availability.objects.update(starts_on=TUESDAY + DAY, ends_on=TUESDAY + DAY)
        assert free(desk, TUESDAY, days=30) == ["Wed 09:00", "Wed 09:40", "Wed 10:20", "Wed 11:00"]

    @pytest.mark.parametrize("switched", ["is_bookable", "user__is_active"])
    def test_none_of_a_doctor_who_cannot_be_booked(self, desk: Desk, switched: str) -> None:
        if switched == "is_bookable":
            Clinician.objects.update(is_bookable=False)
        else:
            desk.doctor.is_active = False
            desk.doctor.save()
        assert free(desk) == []

    def test_not_within_the_lead_time_and_not_beyond_the_horizon(self, desk: Desk, time_machine: Any) -> None:
        time_machine.move_to(at(9, 41) - desk.visit.notice, tick=False)
        assert free(desk) == ["Tue 10:20", "Tue 11:00"]
        time_machine.move_to(at(9, 40) - desk.visit.notice, tick=False)
        assert free(desk)[0] == "Tue 09:40"
        time_machine.move_to(at(9, 40) - desk.visit.horizon, tick=False)
        assert free(desk) == ["Tue 09:00"]
        assert free(desk, TUESDAY + DAY, days=60) == []

    def test_a_time_that_was_shown_can_still_be_chosen_a_while_later(self, desk: Desk, time_machine: Any) -> None:
        consultation_request = offered(desk)
        time_machine.move_to(at(9, 40) - desk.visit.notice, tick=False)
        key = keys(desk)[0]
        time_machine.shift(20 * MINUTE)
        assert "Tue 09:40" not in free(desk)
        perform("answer_again", consultation_request, ticks=("none",))
        assert scheduling.hold(consultation_request=consultation_request, slot_key=key).starts_at == at(9, 40)
        time_machine.shift(datetime.timedelta(seconds=1))
        with pytest.raises(scheduling.SlotTaken):
            scheduling.hold(consultation_request=consultation_request, slot_key=key)

    @pytest.mark.parametrize("status", AppointmentStatus)
    def test_a_booked_time_is_not_free_and_one_given_back_is(self, desk: Desk, status: AppointmentStatus) -> None:
        booked = book_directly(offered(desk), desk.clinician, at(9, 40))
        if status == AppointmentStatus.CANCELLED:
            booked.cancelled_at, booked.cancelled_by = clock.now(), "patient"
        booked.status = status
        booked.save()
        assert ("Tue 09:40" in free(desk)) == (status not in LIVE_APPOINTMENTS)

    @pytest.mark.parametrize(
        ("starts", "ends", "left"),
        [
            ((9, 40), (10, 20), ["09:00", "10:20", "11:00"]),
            ((9, 39), (9, 41), ["10:20", "11:00"]),
            ((8, 0), (9, 0), ["09:00", "09:40", "10:20", "11:00"]),
            ((11, 40), (18, 0), ["09:00", "09:40", "10:20", "11:00"]),
            ((0, 0), (23, 59), []),
        ],
    )
    def test_an_absence_takes_what_it_touches_and_no_more(
        self, desk: Desk, starts: tuple[int, int], ends: tuple[int, int], left: list[str]
    ) -> None:
        Absence.objects.create(clinician=desk.clinician, starts_at=at(*starts), ends_at=at(*ends))
        assert free(desk) == [f"Tue {time}" for time in left]

    def test_a_hold_counts_until_it_runs_out_and_never_for_its_own_request(self, desk: Desk, time_machine: Any) -> None:
        mine = offered(desk)
        desk.hold(mine)
        assert "Tue 09:00" not in free(desk)
        assert "Tue 09:00" in free(desk, ignoring=mine)
        assert "Tue 09:00" not in free(desk, ignoring=offered(desk))
        time_machine.shift(scheduling.HOLD_TIME)
        assert "Tue 09:00" in free(desk)

    def test_two_queries_however_long_the_stretch(self, desk: Desk, django_assert_num_queries: Any) -> None:
        for days in (1, 80):
            with django_assert_num_queries(2):
                free(desk, days=days)

    def test_each_length_has_its_own_steps(self, desk: Desk) -> None:
        desk.visit.minutes = 100
        assert free(desk) == ["Tue 09:00"]
        desk.visit.minutes = 10
        assert free(desk)[:2] == ["Tue 09:00", "Tue 09:15"]


CHANGES = (
    ("America/New_York", "2027-03-14", "spring", "03:00"),
    ("America/New_York", "2027-11-07", "autumn", "02:15"),
    ("Europe/London", "2027-03-28", "spring", "02:15"),
    ("Europe/London", "2027-10-31", "autumn", "02:15"),
    ("Australia/Lord_Howe", "2027-10-03", "spring", "02:30"),
    ("Australia/Lord_Howe", "2027-04-04", "autumn", "02:15"),
)
"""Zone, night, and what the wall clock shows when a window "from 2:15" opens. Lord Howe moves by half an hour."""


@pytest.mark.parametrize(("zone", "sunday", "kind", "opening"), CHANGES)
class TestTheClocksChange:
    @pytest.fixture(autouse=True)
    def there(self, desk: Desk, settings: Any, time_machine: Any, zone: str, sunday: str) -> None:
        settings.TIME_ZONE = zone
        self.sunday = datetime.date.fromisoformat(sunday)
        time_machine.move_to(f"{sunday}T00:00:00Z", tick=False)
        time_machine.shift(-7 * DAY)

    def open_on_sunday(self, opens: datetime.time, closes: datetime.time) -> None:
        Availability.objects.update(weekday=6, opens=opens, closes=closes)

    def test_nine_o_clock_is_nine_o_clock_before_and_after(
        self, desk: Desk, zone: str, sunday: str, kind: str, opening: str
    ) -> None:
        for day in (self.sunday - 2 * DAY, self.sunday + DAY):
            nine = datetime.datetime.combine(day, datetime.time(9), ZoneInfo(zone))
            slots = scheduling.free_slots(appointment_type=desk.visit, since=day, until=day + DAY)
            assert slots[0].starts_at == nine

    def test_every_visit_lasts_its_length_and_none_overlap(
        self, desk: Desk, zone: str, sunday: str, kind: str, opening: str
    ) -> None:
        self.open_on_sunday(datetime.time(0), datetime.time(5))
        slots = scheduling.free_slots(appointment_type=desk.visit, since=self.sunday, until=self.sunday + DAY)
        own = sorted({(slot.starts_at, slot.ends_at) for slot in slots})
        assert {ends - starts for starts, ends in own} == {datetime.timedelta(minutes=desk.visit.minutes)}
        assert all(first[1] <= second[0] for first, second in itertools.pairwise(own))

    def test_the_window_is_as_long_as_the_night_was(
        self, desk: Desk, zone: str, sunday: str, kind: str, opening: str
    ) -> None:
        """Midnight to five is four hours in spring, six in autumn; half an hour more or less on Lord Howe."""
        self.open_on_sunday(datetime.time(0), datetime.time(5))
        slots = scheduling.free_slots(appointment_type=desk.visit, since=self.sunday, until=self.sunday + DAY)
        here = ZoneInfo(zone)
        midnight, five = (
            datetime.datetime.combine(self.sunday, datetime.time(hour), here).astimezone(datetime.UTC)
            for hour in (0, 5)
        )
        starts = sorted({slot.starts_at for slot in slots})
        assert starts[0] == midnight
        assert len(starts) == (five - midnight) // datetime.timedelta(minutes=desk.visit.minutes)
        assert (five - midnight < 5 * 60 * MINUTE) == (kind == "spring")

    def test_no_time_that_the_clocks_skip_is_offered(
        self, desk: Desk, zone: str, sunday: str, kind: str, opening: str
    ) -> None:
        """A window that opens inside the gap opens when the gap ends."""
        self.open_on_sunday(datetime.time(2, 15), datetime.time(5))
        slots = scheduling.free_slots(appointment_type=desk.visit, since=self.sunday, until=self.sunday + DAY)
        walls = {f"{clock.local(slot.starts_at):%H:%M}" for slot in slots}
        assert min(walls) == opening


class TestHold:
    def test_keeps_the_time_ten_minutes_for_one_patient(self, desk: Desk) -> None:
        mine, other = offered(desk), offered(desk)
        held = scheduling.hold(consultation_request=mine, slot_key=keys(desk)[0])
        assert held.expires_at == NOW + scheduling.HOLD_TIME
        with pytest.raises(SlotTaken) as taken:
            scheduling.hold(
                consultation_request=other,
                slot_key=f"{held.starts_at:%Y%m%dT%H%MZ}-{held.clinician_id}-{held.location_id}",
            )
        assert taken.value.nearest
        assert held.starts_at not in [slot.starts_at for slot in taken.value.nearest]

    def test_a_second_choice_frees_the_first(self, desk: Desk) -> None:
        mine, (first, second, *_) = offered(desk), keys(desk)
        scheduling.hold(consultation_request=mine, slot_key=first)
        scheduling.hold(consultation_request=mine, slot_key=second)
        assert SlotHold.objects.count() == 1
        assert "Tue 09:00" in free(desk)

    def test_one_that_ran_out_stands_in_nobodys_way(self, desk: Desk, time_machine: Any) -> None:
        key = keys(desk)[0]
        scheduling.hold(consultation_request=offered(desk), slot_key=key)
        time_machine.shift(scheduling.HOLD_TIME)
        late = offered(desk)
        assert scheduling.hold(consultation_request=late, slot_key=key).consultation_request == late
        assert SlotHold.objects.count() == 1

    @pytest.mark.parametrize("key", ["", "x", "20261124T1400Z", "20261124T1400Z-1", "20261124T1401Z-1-1", "9" * 400,
                                     "99991231T2359Z-1-1", "00010101T0000Z-1-1", "20261124T1400Z-999-999"])  # fmt: skip
    def test_a_time_that_is_not_on_offer_is_refused(self, desk: Desk, key: str) -> None:
        mine = offered(desk)
        before = all_rows()
        with pytest.raises(SlotTaken):
            scheduling.hold(consultation_request=mine, slot_key=key)
        with pytest.raises(SlotTaken):
            book_on_the_phone(mine, slot_key=key, by=desk.doctor)
        assert all_rows() == before

    @pytest.mark.parametrize("status", [status for status in RequestStatus if status != RequestStatus.OFFERED])
    def test_nothing_is_held_before_a_doctor_offered(self, desk: Desk, status: RequestStatus) -> None:
        consultation_request, key = desk.request(status), keys(desk)[0]
        before = all_rows()
        with pytest.raises(WrongStatus):
            scheduling.hold(consultation_request=consultation_request, slot_key=key)
        assert all_rows() == before


class TestBook:
    def test_turns_the_hold_into_an_appointment_with_the_zone_it_was_read_in(self, desk: Desk) -> None:
        mine = offered(desk)
        held = scheduling.hold(consultation_request=mine, slot_key=keys(desk)[1])
        booked = book_held(consultation_request=mine)
        assert (booked.starts_at, booked.ends_at, booked.time_zone) == (
            held.starts_at,
            held.ends_at,
            "America/New_York",
        )
        assert booked.booked_by is None
        assert not SlotHold.objects.exists()

    def test_a_hold_that_ran_out_still_books_a_time_nobody_took(self, desk: Desk, time_machine: Any) -> None:
        mine = offered(desk)
        scheduling.hold(consultation_request=mine, slot_key=keys(desk)[0])
        time_machine.shift(2 * scheduling.HOLD_TIME)
        assert book_held(consultation_request=mine).starts_at == at(9)

    def test_and_says_so_when_somebody_did(self, desk: Desk, time_machine: Any) -> None:
        mine, key = offered(desk), keys(desk)[0]
        scheduling.hold(consultation_request=mine, slot_key=key)
        time_machine.shift(scheduling.HOLD_TIME)
        book_on_the_phone(offered(desk), slot_key=key, by=desk.doctor)
        with pytest.raises(SlotTaken) as taken:
            book_held(consultation_request=mine)
        assert [f"{clock.local(slot.starts_at):%H:%M}" for slot in taken.value.nearest][:2] == ["09:40", "10:20"]
        assert Appointment.objects.count() == 1

    @pytest.mark.parametrize(
        "change",
        [
            lambda desk, settings: Availability.objects.update(opens=datetime.time(10)),
            lambda desk, settings: Availability.objects.update(ends_on=TUESDAY - DAY),
            lambda desk, settings: Clinician.objects.update(is_bookable=False),
            lambda desk, settings: User.objects.filter(pk=desk.doctor.pk).update(is_active=False),
            lambda desk, settings: setattr(settings, "CLOSED_DATES", ["2026-11-24"]),
        ],
        ids=["hours", "last day", "not bookable", "left", "closed"],
    )
    def test_a_hold_that_ran_out_books_nothing_that_is_not_offered_any_more(
        self, desk: Desk, time_machine: Any, settings: Any, change: Callable[[Desk, Any], object]
    ) -> None:
        mine = offered(desk)
        scheduling.hold(consultation_request=mine, slot_key=keys(desk)[0])
        change(desk, settings)
        time_machine.shift(scheduling.HOLD_TIME)
        before = all_rows()
        with pytest.raises(SlotTaken):
            book_held(consultation_request=mine)
        assert all_rows() == before

    def test_a_hold_that_ran_out_books_nothing_within_the_lead_time(self, desk: Desk, time_machine: Any) -> None:
        mine = offered(desk)
        scheduling.hold(consultation_request=mine, slot_key=keys(desk)[0])
        time_machine.move_to(at(9) - datetime.timedelta(hours=2), tick=False)
        perform("answer_again", mine, ticks=("none",))
        with pytest.raises(SlotTaken) as taken:
            book_held(consultation_request=mine)
        assert taken.value.nearest
        assert not Appointment.objects.exists()

    def test_nothing_that_has_begun_is_booked_while_it_is_held(self, desk: Desk, time_machine: Any) -> None:
        mine = offered(desk)
        held = desk.hold(mine)
        SlotHold.objects.update(expires_at=held.starts_at + scheduling.HOLD_TIME)
        time_machine.move_to(held.starts_at, tick=False)
        perform("answer_again", mine, ticks=("none",))
        with pytest.raises(SlotTaken) as taken:
            book_held(consultation_request=mine)
        assert all(slot.starts_at > clock.now() for slot in taken.value.nearest)
        assert not Appointment.objects.exists()

    def test_nor_when_the_doctor_is_away_by_then(self, desk: Desk) -> None:
        mine = offered(desk)
        scheduling.hold(consultation_request=mine, slot_key=keys(desk)[0])
        Absence.objects.create(clinician=desk.clinician, starts_at=at(9, 30), ends_at=at(10))
        with pytest.raises(SlotTaken):
            book_held(consultation_request=mine)
        assert not Appointment.objects.exists()

    def test_without_a_hold_there_is_nothing_to_book(self, desk: Desk) -> None:
        with pytest.raises(SlotTaken) as taken:
            book_held(consultation_request=offered(desk))
        assert [f"{clock.local(slot.starts_at):%a %H:%M}" for slot in taken.value.nearest][:2] == [
            "Tue 09:00",
            "Tue 09:40",
        ]
        with pytest.raises(WrongStatus):
            book_held(consultation_request=desk.request(RequestStatus.WITH_DOCTOR))

    def test_the_nearest_times_may_be_months_away(self, desk: Desk) -> None:
        Availability.objects.update(starts_on=TUESDAY + 60 * DAY)
        with pytest.raises(SlotTaken) as taken:
            book_on_the_phone(offered(desk), slot_key="20261124T1400Z-1-1", by=desk.doctor)
        assert len(taken.value.nearest) == 6

    def test_a_cancelled_time_is_free_for_the_next(self, desk: Desk) -> None:
        mine, other, key = offered(desk), offered(desk), keys(desk)[0]
        scheduling.hold(consultation_request=mine, slot_key=key)
        book_held(consultation_request=mine)
        perform("cancel_booking", mine, reason="Away.", by=desk.doctor)
        scheduling.hold(consultation_request=other, slot_key=key)
        assert book_held(consultation_request=other).status == AppointmentStatus.BOOKED
        assert Appointment.objects.get(consultation_request=mine).cancel_reason == "Away."

    def test_the_database_has_the_last_word(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """Were every look before it forgotten, an overlap is still refused, and told as a time that was taken."""
        mine, key = offered(desk), keys(desk)[0]
        book_directly(offered(desk), desk.clinician, at(9, 20))
        nine = scheduling.Slot(at(9), at(9, 40), desk.clinician.pk, desk.clinician.availabilities.first().location_id)
        monkeypatch.setattr(occupation, "is_taken", lambda *args, **more: False)
        monkeypatch.setattr(scheduling, "find", lambda *args: nine)
        before = all_rows()
        with pytest.raises(SlotTaken):
            book_on_the_phone(mine, slot_key=key, by=desk.doctor)
        assert all_rows() == before


class TestAfterTheStart:
    """Who may still do what with a visit that has begun."""

    def test_the_patient_cannot_cancel(self, desk: Desk) -> None:
        consultation_request = desk.request(RequestStatus.BOOKED)
        before = all_rows()
        with pytest.raises(WrongStatus):
            perform("cancel_booking", consultation_request, reason="Late.")
        assert all_rows() == before

    @pytest.mark.parametrize(
        ("call", "status"),
        [
            (
                lambda consultation_request, by: perform("complete", consultation_request, by=by),
                AppointmentStatus.FULFILLED,
            ),
            (
                lambda consultation_request, by: perform("mark_no_show", consultation_request, by=by),
                AppointmentStatus.NOSHOW,
            ),
            (
                lambda consultation_request, by: perform("cancel_booking", consultation_request, by=by),
                AppointmentStatus.CANCELLED,
            ),
        ],
        ids=["complete", "no-show", "cancel"],
    )
    def test_staff_record_what_became_of_it(
        self, desk: Desk, call: Callable[[ConsultationRequest, User], object], status: AppointmentStatus
    ) -> None:
        consultation_request = desk.request(RequestStatus.BOOKED)
        call(consultation_request, desk.doctor)
        assert Appointment.objects.get(consultation_request=consultation_request).status == status
