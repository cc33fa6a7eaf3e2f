"""What an appointment type says of its times: who gives it, where, how long, how close together and how early."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from consultations.actions.book import book_held
from consultations.enums import RequestStatus
from consultations.models import Absence, Availability, Clinician, ConsultationRequest, Location, Room
from consultations.services import scheduling
from consultations.services.scheduling import SlotTaken
from tests.consultations.perform import book_on_the_phone
from tests.consultations.services.conftest import NOW, Desk
from tests.personas import book_directly

DAY = datetime.timedelta(days=1)
TUESDAY = datetime.date(2026, 11, 24)


def at(hour: int, minute: int = 0) -> datetime.datetime:
    return clock.instant(TUESDAY, datetime.time(hour, minute), fold=0)


def free(desk: Desk, since: datetime.date = TUESDAY, **more: Any) -> list[str]:
    desk.visit.save()
    slots = scheduling.free_slots(appointment_type=desk.visit, since=since, until=since + DAY, **more)
    return [f"{clock.local(slot.starts_at):%H:%M}" for slot in slots]


def keys(desk: Desk) -> list[str]:
    desk.visit.save()
    slots = scheduling.free_slots(appointment_type=desk.visit, since=TUESDAY, until=TUESDAY + DAY)
    return [slot.key for slot in slots]


def offered(desk: Desk, **more: Any) -> ConsultationRequest:
    return desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit, **more)


@pytest.fixture
def colleague(desk: Desk, other_doctor: User) -> Clinician:
    """Another doctor, on Tuesdays from nine to noon too."""
    clinician = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
    window = Availability.objects.get(clinician=desk.clinician, weekday=1)
    window.pk, window.clinician = None, clinician
    window.save()
    return clinician


@pytest.fixture
def room(desk: Desk) -> Room:
    """The only room that will do, for a type that needs one."""
    room = Room.objects.create(name="Room 1", location=Location.objects.get())
    desk.visit.needs_room = True
    desk.visit.rooms.add(room)
    return room


class TestAsTheyWere:
    """The values of a new type are the rules that stood before there were any to choose."""

    def test_a_new_type(self, desk: Desk) -> None:
        desk.visit.refresh_from_db()
        assert desk.visit.any_clinician is True
        assert desk.visit.needs_room is False
        assert (desk.visit.buffer_before_minutes, desk.visit.buffer_after_minutes) == (0, 0)
        assert (desk.visit.step_minutes, desk.visit.notice_hours, desk.visit.horizon_days) == (15, 12, 90)


class TestWhoGivesIt:
    def test_everybody_who_can_be_booked(self, desk: Desk, colleague: Clinician) -> None:
        assert free(desk) == ["09:00", "09:00", "09:40", "09:40", "10:20", "10:20", "11:00", "11:00"]

    def test_only_those_who_are_chosen(self, desk: Desk, colleague: Clinician) -> None:
        desk.visit.any_clinician = False
        desk.visit.clinicians.set([colleague])
        desk.visit.save()
        slots = scheduling.free_slots(appointment_type=desk.visit, since=TUESDAY, until=TUESDAY + DAY)
        assert {slot.clinician_id for slot in slots} == {colleague.pk}

    def test_nobody_when_nobody_is_left(self, desk: Desk) -> None:
        desk.visit.any_clinician = False
        assert free(desk) == []

    def test_somebody_who_no_longer_gives_it_is_not_booked_by_a_page_that_is_open(
        self, desk: Desk, colleague: Clinician
    ) -> None:
        key = next(key for key in keys(desk) if f"-{desk.clinician.pk}-" in key)
        desk.visit.any_clinician = False
        desk.visit.clinicians.set([colleague])
        desk.visit.save()
        with pytest.raises(SlotTaken):
            scheduling.hold(consultation_request=offered(desk), slot_key=key)


class TestBuffersAndSteps:
    def test_the_buffers_lie_in_the_hours_and_between_visits(self, desk: Desk) -> None:
        desk.visit.buffer_before_minutes, desk.visit.buffer_after_minutes = 10, 5
        assert free(desk) == ["09:10", "10:05", "11:00"]

    def test_the_patient_is_told_of_the_visit_alone(self, desk: Desk) -> None:
        desk.visit.buffer_before_minutes, desk.visit.buffer_after_minutes = 10, 5
        held = scheduling.hold(consultation_request=offered(desk), slot_key=keys(desk)[0])
        assert (held.starts_at, held.ends_at) == (at(9, 10), at(9, 50))

    def test_a_booking_keeps_its_buffers_whatever_becomes_of_the_type(self, desk: Desk) -> None:
        desk.visit.buffer_after_minutes = 20
        mine = offered(desk)
        scheduling.hold(consultation_request=mine, slot_key=keys(desk)[0])
        assert book_held(consultation_request=mine).buffer_after_minutes == 20
        desk.visit.buffer_after_minutes = 0
        assert "09:40" not in free(desk)

    def test_an_absence_takes_what_it_touches_of_a_buffer(self, desk: Desk) -> None:
        desk.visit.buffer_after_minutes = 20
        Absence.objects.create(clinician=desk.clinician, starts_at=at(9, 50), ends_at=at(9, 55))
        assert free(desk) == ["10:00", "11:00"]

    def test_starts_are_a_step_apart_and_never_closer_than_a_visit(self, desk: Desk) -> None:
        desk.visit.step_minutes = 60
        assert free(desk) == ["09:00", "10:00", "11:00"]
        desk.visit.step_minutes = 5
        assert free(desk) == ["09:00", "09:40", "10:20", "11:00"]


class TestHowEarly:
    @pytest.mark.parametrize(("hours", "first"), [(23, "09:00"), (24, "10:20"), (25, "11:00")])
    def test_not_within_its_notice(self, desk: Desk, hours: int, first: str) -> None:
        # It is ten o'clock on Monday.
        assert clock.local(NOW).hour == 10
        desk.visit.notice_hours = hours
        assert free(desk)[0] == first

    def test_no_notice_offers_the_next_time_and_nothing_that_has_begun(self, desk: Desk, time_machine: Any) -> None:
        desk.visit.notice_hours = 0
        mine, key = offered(desk), keys(desk)[1]
        time_machine.move_to(at(9, 40), tick=False)
        assert free(desk)[0] == "09:40"
        time_machine.move_to(at(9, 41), tick=False)
        with pytest.raises(SlotTaken):
            scheduling.hold(consultation_request=mine, slot_key=key)

    def test_not_beyond_its_horizon(self, desk: Desk) -> None:
        desk.visit.horizon_days = 1
        assert free(desk) == ["09:00", "09:40"]
        assert free(desk, TUESDAY + DAY) == []

    def test_what_begins_after_its_horizon_is_in_the_way_all_the_same(self, desk: Desk) -> None:
        desk.visit.horizon_days = 1
        book_directly(desk.make_request(status=RequestStatus.BOOKED), desk.clinician, at(10, 5))
        assert free(desk) == ["09:00"]

    def test_a_year_ahead_can_be_booked(self, desk: Desk) -> None:
        desk.visit.horizon_days = 365
        desk.visit.save()
        day = TUESDAY + 357 * DAY
        slots = scheduling.free_slots(appointment_type=desk.visit, since=day, until=day + DAY)
        mine = offered(desk)
        scheduling.hold(consultation_request=mine, slot_key=slots[0].key)
        assert book_held(consultation_request=mine).starts_at == slots[0].starts_at


class TestRooms:
    def test_a_time_is_offered_while_a_room_is_free(self, desk: Desk, colleague: Clinician, room: Room) -> None:
        mine = offered(desk)
        assert free(desk)[:2] == ["09:00", "09:00"]
        held = scheduling.hold(consultation_request=mine, slot_key=keys(desk)[0])
        assert held.room == room
        assert free(desk)[0] == "09:40"
        assert "09:00" in free(desk, ignoring=mine)

    def test_the_next_room_is_taken_when_the_first_is_not_free(
        self, desk: Desk, colleague: Clinician, room: Room
    ) -> None:
        second = Room.objects.create(name="Room 2", location=room.location)
        desk.visit.rooms.add(second)
        one, other = offered(desk), offered(desk)
        assert scheduling.hold(consultation_request=one, slot_key=keys(desk)[0]).room == room
        assert book_on_the_phone(other, slot_key=keys(desk)[0], by=desk.doctor).room == second
        assert free(desk)[0] == "09:40"

    def test_the_booking_keeps_the_room_that_was_held(self, desk: Desk, room: Room) -> None:
        mine = offered(desk)
        scheduling.hold(consultation_request=mine, slot_key=keys(desk)[0])
        assert book_held(consultation_request=mine).room == room

    def test_none_of_another_location_and_none_that_is_out_of_use(self, desk: Desk, room: Room) -> None:
        elsewhere = Location.objects.create(name="Mill Lane", address="2 Mill Lane")
        Room.objects.filter(pk=room.pk).update(location=elsewhere)
        assert free(desk) == []
        Room.objects.filter(pk=room.pk).update(location=Location.objects.get(name="Orchard Row"))
        assert len(free(desk)) == 4
        Room.objects.update(is_bookable=False)
        assert free(desk) == []

    def test_none_at_all_means_no_times(self, desk: Desk, room: Room) -> None:
        room.delete()
        assert free(desk) == []

    def test_a_type_without_rooms_takes_none(self, desk: Desk, room: Room) -> None:
        desk.visit.needs_room = False
        assert scheduling.hold(consultation_request=offered(desk), slot_key=keys(desk)[0]).room is None

    def test_a_hold_that_ran_out_stands_in_no_rooms_way(
        self, desk: Desk, colleague: Clinician, room: Room, time_machine: Any
    ) -> None:
        first, *_ = keys(desk)
        scheduling.hold(consultation_request=offered(desk), slot_key=first)
        time_machine.shift(scheduling.HOLD_TIME)
        other = next(key for key in keys(desk) if key[:14] == first[:14] and key != first)
        assert book_on_the_phone(offered(desk), slot_key=other, by=desk.doctor).room == room

    def test_no_further_query_finds_them(self, desk: Desk, room: Room, django_assert_num_queries: Any) -> None:
        desk.visit.save()
        with django_assert_num_queries(2):
            scheduling.free_slots(appointment_type=desk.visit, since=TUESDAY, until=TUESDAY + 80 * DAY)


class TestAPerson:
    def test_is_offered_nothing_that_overlaps_another_visit_of_theirs(self, desk: Desk, colleague: Clinician) -> None:
        mine = offered(desk)
        book_on_the_phone(mine, slot_key=keys(desk)[0], by=desk.doctor)
        another = offered(desk, patient=mine.patient)
        assert free(desk, ignoring=another)[0] == "09:40"
        assert free(desk, ignoring=offered(desk))[0] == "09:00"

    def test_cannot_take_such_a_time_on_the_phone_either(self, desk: Desk, colleague: Clinician) -> None:
        mine, (first, second, *_) = offered(desk), keys(desk)
        assert first[:14] == second[:14]
        scheduling.hold(consultation_request=mine, slot_key=first)
        another = offered(desk, patient=mine.patient)
        with pytest.raises(SlotTaken):
            book_on_the_phone(another, slot_key=second, by=desk.doctor)

    def test_is_not_kept_from_it_by_a_hold_of_theirs_that_ran_out(
        self, desk: Desk, colleague: Clinician, time_machine: Any
    ) -> None:
        mine, (first, second, *_) = offered(desk), keys(desk)
        scheduling.hold(consultation_request=mine, slot_key=first)
        time_machine.shift(scheduling.HOLD_TIME)
        another = offered(desk, patient=mine.patient)
        booked = book_on_the_phone(another, slot_key=second, by=desk.doctor)
        assert booked.starts_at == at(9)
