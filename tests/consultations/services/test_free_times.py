"""Free times are what a plain search finds, whatever stands in the diary; two queries find them."""

import datetime
import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import new_token
from consultations.enums import RequestStatus
from consultations.models import (
    Absence,
    Appointment,
    AppointmentType,
    Availability,
    Clinician,
    ConsultationRequest,
    ExtraSession,
    Location,
    Room,
    SlotHold,
)
from consultations.services import scheduling
from consultations.services.scheduling import Slot
from tests.consultations.services.conftest import Desk
from tests.consultations.services.slow_slots import away, busy_elsewhere, slow_slots
from tests.depth import made_up
from tests.personas import make_patient, make_user

DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)
ZONES = {
    "America/New_York": datetime.date(2027, 3, 12),
    "Europe/London": datetime.date(2027, 10, 29),
    "Australia/Lord_Howe": datetime.date(2027, 4, 2),
    "Africa/Cairo": datetime.date(2027, 4, 28),
}
"""Each with a Friday or so before a night in which the clocks change; Cairo's change at midnight."""

hours = st.tuples(
    st.integers(0, 2),  # which clinician
    st.integers(0, 1),  # which location
    st.integers(0, 6),  # the weekday, or the day of an extra session
    st.integers(0, 90),  # when it begins, in steps of a quarter of an hour
    st.integers(1, 40),  # and how long it is
)
diaries = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(sorted(ZONES)),
        "weekly": st.lists(hours, max_size=5),
        "validity": st.lists(st.tuples(st.integers(0, 6), st.none() | st.integers(0, 6)), min_size=5, max_size=5),
        "extra": st.lists(hours, max_size=3),
        "closed": st.sets(st.integers(0, 6), max_size=2),
        "bookable": st.sets(st.integers(0, 2), min_size=1),
        "gives_it": st.none() | st.sets(st.integers(0, 2)),
        "rooms": st.none() | st.sets(st.integers(0, 2)),
        "type": st.fixed_dictionaries(
            {
                "minutes": st.sampled_from([10, 25, 40, 180]),
                "buffer_before_minutes": st.sampled_from([0, 10, 35]),
                "buffer_after_minutes": st.sampled_from([0, 5, 30]),
                "step_minutes": st.sampled_from([5, 15, 50, 240]),
                "notice_hours": st.sampled_from([0, 12, 60]),
                "horizon_days": st.sampled_from([1, 4, 90]),
            }
        ),
        # Whose request, clinician, room or none, when in quarters of an hour from the first day, and what it is.
        "taken": st.lists(
            st.tuples(
                st.integers(0, 5),
                st.integers(0, 2),
                st.none() | st.integers(0, 2),
                st.integers(0, 7 * 96),
                st.sampled_from(["visit", "hold", "hold that ran out"]),
            ),
            max_size=6,
            unique_by=lambda item: item[0],
        ),
        "elsewhere": st.lists(st.tuples(st.integers(0, 2), st.integers(0, 7 * 96), st.integers(1, 600)), max_size=3),
        "away": st.lists(st.tuples(st.integers(0, 2), st.integers(0, 7 * 96), st.integers(1, 3000)), max_size=3),
        "since": st.integers(0, 3),
        "days": st.integers(0, 7),
        "ignoring": st.none() | st.integers(0, 5),
    }
)


@pytest.fixture
def staff_and_patients(make_request: Callable[..., ConsultationRequest]) -> dict[str, Any]:
    """Who may turn up in a diary: three clinicians, and six requests of three persons."""
    patients = [make_patient(f"Person {number}") for number in range(3)]
    doctors = [make_user(f"doctor{number}", "doctor") for number in range(3)]
    places = [Location.objects.create(name=name, address="1 Mill Lane") for name in ("Here", "There")]
    return {
        "clinicians": [Clinician.objects.create(user=doctor, display_name=f"Dr {doctor.pk}") for doctor in doctors],
        "requests": [make_request(status=RequestStatus.OFFERED, patient=patients[i % 3]) for i in range(6)],
        "places": places,
        "rooms": [Room.objects.create(name=f"Room {i}", location=places[i % 2], is_bookable=i < 2) for i in range(3)],
    }


def fill(drawn: dict[str, Any], there: dict[str, Any], first: datetime.date) -> AppointmentType:
    """The rows of one diary. Returns the type that is looked for."""
    clinicians, begin = there["clinicians"], clock.instant(first, datetime.time(), fold=0)
    Clinician.objects.exclude(pk__in=[clinicians[i].pk for i in drawn["bookable"]]).update(is_bookable=False)
    kind = AppointmentType.objects.create(
        name="Visit", **drawn["type"], any_clinician=drawn["gives_it"] is None, needs_room=drawn["rooms"] is not None
    )
    kind.clinicians.set([clinicians[i] for i in drawn["gives_it"] or ()])
    kind.rooms.set([there["rooms"][i] for i in drawn["rooms"] or ()])
    for (who, where, day, start, length), (starts, lasts) in zip(drawn["weekly"], drawn["validity"], strict=False):
        Availability.objects.create(
            clinician=clinicians[who], location=there["places"][where], weekday=day, **wall(start, length),
            starts_on=first + starts * DAY, ends_on=None if lasts is None else first + (starts + lasts) * DAY,
        )  # fmt: skip
    for who, where, day, start, length in drawn["extra"]:
        ExtraSession.objects.update_or_create(
            clinician=clinicians[who], on=first + day * DAY, opens=wall(start, length)["opens"],
            defaults={"location": there["places"][where], "closes": wall(start, length)["closes"]},
        )  # fmt: skip
    for who, start, minutes in drawn["elsewhere"]:
        busy_elsewhere(clinicians[who], begin + 15 * start * MINUTE, minutes)
    for who, start, minutes in drawn["away"]:
        away(clinicians[who], begin + 15 * start * MINUTE, minutes)
    for taken in drawn["taken"]:
        take(taken, kind, there, begin)
    return kind


def wall(start: int, length: int) -> dict[str, datetime.time]:
    end = min(start + length, 95)
    return {"opens": datetime.time(start // 4, start % 4 * 15), "closes": datetime.time(end // 4, end % 4 * 15)}


def take(taken: Any, kind: AppointmentType, there: dict[str, Any], begin: datetime.datetime) -> None:
    whose, who, room, start, what = taken
    starts_at = begin + 15 * start * MINUTE
    row: dict[str, Any] = {
        "consultation_request": there["requests"][whose],
        "clinician": there["clinicians"][who],
        "location": there["places"][0],
        "room": None if room is None else there["rooms"][room],
        "starts_at": starts_at,
        "ends_at": starts_at + 40 * MINUTE,
        "buffer_after_minutes": 10,
    }
    # Two that overlap cannot stand, so there is nothing to find: the diary goes on without the second.
    with suppress(IntegrityError), transaction.atomic():
        if what == "visit":
            more = {"time_zone": "x", "booked_at": clock.now(), "calendar_uid": new_token()}
            Appointment.objects.create(**row, **more, appointment_type=kind)
        else:
            left = 5 if what == "hold" else -5
            SlotHold.objects.create(**row, expires_at=clock.now() + left * MINUTE)


@given(drawn=diaries)
@made_up(40, 1500)
def test_they_are_what_a_plain_search_finds(
    staff_and_patients: dict[str, Any], settings: Any, time_machine: Any, drawn: dict[str, Any]
) -> None:
    settings.TIME_ZONE, first = drawn["zone"], ZONES[drawn["zone"]]
    settings.CLOSED_DATES = [f"{first + day * DAY}" for day in drawn["closed"]]
    time_machine.move_to(datetime.datetime.combine(first, datetime.time(9), ZoneInfo(drawn["zone"])), tick=False)
    since = first + drawn["since"] * DAY
    until = since + drawn["days"] * DAY
    ignoring = None if drawn["ignoring"] is None else staff_and_patients["requests"][drawn["ignoring"]]
    with transaction.atomic():
        kind = fill(drawn, staff_and_patients, first)
        assert scheduling.free_slots(appointment_type=kind, since=since, until=until, ignoring=ignoring) == slow_slots(
            kind, since, until, ignoring
        )
        transaction.set_rollback(True)


@pytest.fixture
def ten_doctors(desk: Desk) -> None:
    window = Availability.objects.get(clinician=desk.clinician, weekday=1)
    for number in range(9):
        user: User = make_user(f"colleague{number}", "doctor")
        clinician = Clinician.objects.create(user=user, display_name=f"Dr {number}")
        for weekday in range(5):
            window.pk, window.clinician, window.weekday = None, clinician, weekday
            window.save()


@pytest.mark.usefixtures("ten_doctors")
@pytest.mark.parametrize("needs_room", [False, True])
@pytest.mark.parametrize("chosen", [False, True])
def test_two_queries_for_ten_doctors_and_thirty_days(
    desk: Desk, django_assert_num_queries: Any, needs_room: bool, chosen: bool
) -> None:
    desk.visit.needs_room, desk.visit.any_clinician = needs_room, not chosen
    desk.visit.rooms.add(Room.objects.create(name="Room 1", location=Location.objects.get()))
    desk.visit.clinicians.set(Clinician.objects.all())
    desk.visit.save()
    mine = ConsultationRequest.objects.get(pk=desk.request(RequestStatus.OFFERED).pk)
    Absence.objects.create(clinician=desk.clinician, starts_at=clock.now(), ends_at=clock.now() + DAY)
    since = clock.today()
    with django_assert_num_queries(2):
        slots = scheduling.free_slots(appointment_type=desk.visit, since=since, until=since + 30 * DAY, ignoring=mine)
    assert len({slot.clinician_id for slot in slots}) == 10


class TestNearest:
    """The nearest times are looked for close by first, and are the same as if all had been looked at."""

    @pytest.mark.parametrize("days", [-400, -1, 0, 3, 40, 89, 90, 400])
    @pytest.mark.parametrize("count", [1, 6, 500])
    @pytest.mark.parametrize("starts_after", [0, 20])
    def test_they_are_the_nearest_of_all(self, desk: Desk, days: int, count: int, starts_after: int) -> None:
        Availability.objects.update(starts_on=clock.today() + starts_after * DAY)
        around, mine = clock.now() + days * DAY, desk.make_request(status=RequestStatus.OFFERED)
        today = clock.today()
        every = scheduling.free_slots(appointment_type=desk.visit, since=today, until=today + 90 * DAY)
        wanted = sorted(sorted(every, key=lambda slot: (abs(slot.starts_at - around), slot))[:count])
        assert wanted
        assert wanted == scheduling.nearest(appointment_type=desk.visit, around=around, ignoring=mine, count=count)

    def test_close_by_costs_two_queries_and_a_short_look(
        self, desk: Desk, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine = desk.make_request(status=RequestStatus.OFFERED)
        looked: list[int] = []
        real = scheduling.slots.free_slots

        def counted(*, since: datetime.date, until: datetime.date, **more: Any) -> list[Slot]:
            looked.append((until - since).days)
            return real(since=since, until=until, **more)

        monkeypatch.setattr("consultations.services.scheduling.slots.free_slots", counted)
        with django_assert_num_queries(2):
            scheduling.nearest(appointment_type=desk.visit, around=clock.now() + 30 * DAY, ignoring=mine)
        assert looked == [5]

    def test_whoever_loses_a_race_has_no_long_stretch_looked_at_twice(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine, other = (desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit) for _ in "ab")
        today = clock.today()
        key = scheduling.free_slots(appointment_type=desk.visit, since=today, until=today + 3 * DAY)[0].key
        scheduling.hold(consultation_request=other, slot_key=key)
        looked: list[int] = []
        real = scheduling.slots.free_slots

        def counted(*, since: datetime.date, until: datetime.date, **more: Any) -> list[Slot]:
            looked.append((until - since).days)
            return real(since=since, until=until, **more)

        monkeypatch.setattr("consultations.services.scheduling.slots.free_slots", counted)
        with pytest.raises(scheduling.SlotTaken) as taken:
            scheduling.hold(consultation_request=mine, slot_key=key)
        assert len(taken.value.nearest) == 6
        assert sum(looked) < 10


class TestExtraSession:
    """Hours on one date, beyond the weekly ones."""

    SATURDAY = datetime.date(2026, 11, 28)

    @pytest.fixture(autouse=True)
    def on_saturday(self, desk: Desk) -> None:
        ExtraSession.objects.create(
            clinician=desk.clinician, location=Location.objects.get(), on=self.SATURDAY, opens=datetime.time(14),
            closes=datetime.time(16),
        )  # fmt: skip

    def free(self, desk: Desk, days: int = 8) -> list[str]:
        slots = scheduling.free_slots(
            appointment_type=desk.visit, since=self.SATURDAY, until=self.SATURDAY + days * DAY
        )
        return [f"{clock.local(slot.starts_at):%a %H:%M}" for slot in slots]

    def test_is_offered_on_its_date_alone(self, desk: Desk) -> None:
        times = self.free(desk)
        assert times[:4] == ["Sat 14:00", "Sat 14:40", "Sat 15:20", "Mon 09:00"]
        assert [time for time in times if time.startswith("Sat")] == ["Sat 14:00", "Sat 14:40", "Sat 15:20"]

    def test_a_date_on_which_the_clinic_is_closed_wins(self, desk: Desk, settings: Any) -> None:
        settings.CLOSED_DATES = [f"{self.SATURDAY}"]
        assert self.free(desk, 1) == []

    def test_so_does_an_absence(self, desk: Desk) -> None:
        away(desk.clinician, clock.instant(self.SATURDAY, datetime.time(14), fold=0), 41)
        assert self.free(desk, 1) == ["Sat 15:20"]

    def test_nobody_who_cannot_be_booked_is_offered(self, desk: Desk) -> None:
        Clinician.objects.update(is_bookable=False)
        assert self.free(desk, 1) == []

    def test_a_time_of_it_can_be_held(self, desk: Desk) -> None:
        mine = desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)
        slots = scheduling.free_slots(appointment_type=desk.visit, since=self.SATURDAY, until=self.SATURDAY + DAY)
        held = scheduling.hold(consultation_request=mine, slot_key=slots[1].key)
        assert held.starts_at == slots[1].starts_at
        assert self.free(desk, 1) == ["Sat 14:00", "Sat 15:20"]
        assert all(one.starts_at < other.starts_at for one, other in itertools.pairwise(slots))
