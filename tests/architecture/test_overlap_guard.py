"""Whatever path leads to the tables, nothing and nobody is occupied twice at once: the database itself says so."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.database_errors import constraint_of
from consultations.models import Appointment, Clinician, ConsultationRequest, Location, Occupation, Room, SlotHold
from tests.personas import MakeRequest, book_directly

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 12, 7, 15, 0, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)
RESOURCE = "no_overlapping_use_of_a_resource"
PERSON = "no_overlapping_visits_of_a_person"


def refusal(call: Any) -> str:
    """The rule by which the database refuses what the call writes."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        call()
    return constraint_of(refused.value)


def hold(
    consultation_request: ConsultationRequest, clinician: Clinician, starts_at: datetime.datetime, **more: Any
) -> SlotHold:
    return SlotHold.objects.create(
        consultation_request=consultation_request,
        clinician=clinician,
        location=Location.objects.get(),
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        expires_at=starts_at,
        **more,
    )


@pytest.fixture
def colleague(other_doctor: User) -> Clinician:
    return Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")


@pytest.fixture
def room(clinician: Clinician) -> Room:
    return Room.objects.create(name="Room 1", location=Location.objects.get())


def triggers_of(table: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass", [table])
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        yield from (row[0] for row in cursor.fetchall())


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ("slothold", {"occupied_by_hold_insert", "occupied_by_hold_update", "occupied_by_hold_delete"}),
        (
            "appointment",
            {"occupied_by_appointment_insert", "occupied_by_appointment_update", "occupied_by_appointment_delete"},
        ),
        ("patient", {"occupied_by_person"}),
    ],
)
def test_what_is_occupied_is_followed_after_all_migrations(table: str, wanted: set[str]) -> None:
    assert set(triggers_of(f"consultations_{table}")) == wanted


def test_the_overlap_guard_stands_after_all_migrations() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'x' "
                "AND conrelid = 'consultations_occupation'::regclass"
            )
            results = {row[0] for row in cursor.fetchall()}
        assert results == {RESOURCE, PERSON}
    else:
        results = set(triggers_of("consultations_occupation"))
        assert results == {f"{name}_{verb}" for name in (RESOURCE, PERSON) for verb in ("insert", "update")}


class TestAClinician:
    def test_an_overlapping_appointment_is_refused(self, make_request: MakeRequest, clinician: Clinician) -> None:
        book_directly(make_request(), clinician, MONDAY)

        assert refusal(lambda: book_directly(make_request(), clinician, MONDAY + 39 * MINUTE)) == RESOURCE

    def test_moving_one_over_another_is_refused(self, make_request: MakeRequest, clinician: Clinician) -> None:
        book_directly(make_request(), clinician, MONDAY)
        later = Appointment.objects.filter(pk=book_directly(make_request(), clinician, MONDAY + HOUR).pk)

        assert refusal(lambda: later.update(starts_at=MONDAY + 20 * MINUTE)) == RESOURCE

    def test_handing_one_to_a_colleague_follows_it(
        self, make_request: MakeRequest, clinician: Clinician, colleague: Clinician
    ) -> None:
        visit = Appointment.objects.filter(pk=book_directly(make_request(), clinician, MONDAY).pk)
        theirs = book_directly(make_request(), colleague, MONDAY + 20 * MINUTE)
        assert refusal(lambda: visit.update(clinician=colleague)) == RESOURCE

        theirs.delete()
        visit.update(clinician=colleague)
        assert refusal(lambda: hold(make_request(), colleague, MONDAY)) == RESOURCE
        assert hold(make_request(), clinician, MONDAY).clinician == clinician

    def test_one_may_begin_when_another_ends(self, make_request: MakeRequest, clinician: Clinician) -> None:
        first = book_directly(make_request(), clinician, MONDAY)

        assert book_directly(make_request(), clinician, first.ends_at).starts_at == MONDAY + 40 * MINUTE

    def test_a_cancelled_one_frees_its_time_and_cannot_come_back(
        self, make_request: MakeRequest, clinician: Clinician
    ) -> None:
        first = Appointment.objects.filter(pk=book_directly(make_request(), clinician, MONDAY).pk)
        first.update(status="cancelled", cancelled_at=clock.now(), cancelled_by="patient")
        book_directly(make_request(), clinician, MONDAY + 20 * MINUTE)

        assert refusal(lambda: first.update(status="booked", cancelled_at=None, cancelled_by=None)) == RESOURCE

    def test_two_may_share_a_time(self, make_request: MakeRequest, clinician: Clinician, colleague: Clinician) -> None:
        book_directly(make_request(), clinician, MONDAY)
        book_directly(make_request(), colleague, MONDAY)

        assert Appointment.objects.live().count() == 2

    def test_an_overlapping_hold_is_refused(self, make_request: MakeRequest, clinician: Clinician) -> None:
        hold(make_request(), clinician, MONDAY)

        assert refusal(lambda: hold(make_request(), clinician, MONDAY + 30 * MINUTE)) == RESOURCE

    def test_a_hold_over_an_appointment_is_refused_and_the_other_way_round(
        self, make_request: MakeRequest, clinician: Clinician
    ) -> None:
        book_directly(make_request(), clinician, MONDAY)
        assert refusal(lambda: hold(make_request(), clinician, MONDAY + 30 * MINUTE)) == RESOURCE

        hold(make_request(), clinician, MONDAY + 5 * HOUR)
        assert refusal(lambda: book_directly(make_request(), clinician, MONDAY + 5 * HOUR + 30 * MINUTE)) == RESOURCE

    def test_a_hold_that_is_deleted_frees_its_time(self, make_request: MakeRequest, clinician: Clinician) -> None:
        hold(make_request(), clinician, MONDAY)
        SlotHold.objects.all().delete()

        assert not Occupation.objects.exists()
        assert hold(make_request(), clinician, MONDAY).starts_at == MONDAY


class TestBuffers:
    @pytest.mark.parametrize(
        ("minutes_later", "is_free"), [(60 + 25, True), (60 + 24, False), (-60 - 10, True), (-60 - 9, False)]
    )
    def test_belong_to_what_is_occupied(
        self, make_request: MakeRequest, clinician: Clinician, minutes_later: int, is_free: bool
    ) -> None:
        hold(make_request(), clinician, MONDAY, buffer_before_minutes=10, buffer_after_minutes=25)
        other = make_request()
        at = MONDAY + minutes_later * MINUTE
        if is_free:
            assert hold(other, clinician, at).starts_at == at
        else:
            assert refusal(lambda: hold(other, clinician, at)) == RESOURCE

    def test_are_the_clinicians_and_the_rooms_and_not_the_persons(
        self, make_request: MakeRequest, clinician: Clinician, room: Room
    ) -> None:
        consultation_request = make_request()
        hold(consultation_request, clinician, MONDAY, room=room, buffer_before_minutes=10, buffer_after_minutes=25)

        rows = Occupation.objects.order_by("pk").values_list("resource", "person", "starts_at", "ends_at")
        assert list(rows) == [
            (clinician.pk, None, MONDAY - 10 * MINUTE, MONDAY + 85 * MINUTE),
            (room.pk, None, MONDAY - 10 * MINUTE, MONDAY + 85 * MINUTE),
            (None, consultation_request.patient.person_id, MONDAY, MONDAY + HOUR),
        ]

    def test_an_instant_between_two_seconds_is_kept_to_the_microsecond(
        self, make_request: MakeRequest, clinician: Clinician
    ) -> None:
        odd = MONDAY + datetime.timedelta(microseconds=250)
        hold(make_request(), clinician, odd, buffer_before_minutes=10)

        assert Occupation.objects.get(resource=clinician).starts_at == odd - 10 * MINUTE
        assert refusal(lambda: hold(make_request(), clinician, odd - 70 * MINUTE + MINUTE / 60_000)) == RESOURCE
        assert hold(make_request(), clinician, odd - 70 * MINUTE).ends_at == odd - 10 * MINUTE

    def test_follow_a_change(self, make_request: MakeRequest, clinician: Clinician) -> None:
        booked = Appointment.objects.filter(pk=book_directly(make_request(), clinician, MONDAY).pk)
        book_directly(make_request(), clinician, MONDAY + 40 * MINUTE)

        assert refusal(lambda: booked.update(buffer_after_minutes=1)) == RESOURCE
        booked.update(buffer_before_minutes=5)
        assert refusal(lambda: hold(make_request(), clinician, MONDAY - 64 * MINUTE)) == RESOURCE


class TestARoom:
    def test_is_occupied_once_whoever_works_in_it(
        self, make_request: MakeRequest, clinician: Clinician, colleague: Clinician, room: Room
    ) -> None:
        hold(make_request(), clinician, MONDAY, room=room)

        assert refusal(lambda: hold(make_request(), colleague, MONDAY + 59 * MINUTE, room=room)) == RESOURCE
        assert hold(make_request(), colleague, MONDAY + HOUR, room=room).room == room

    def test_taken_later_is_looked_at_then(
        self, make_request: MakeRequest, clinician: Clinician, colleague: Clinician, room: Room
    ) -> None:
        hold(make_request(), clinician, MONDAY, room=room)
        other = SlotHold.objects.filter(pk=hold(make_request(), colleague, MONDAY).pk)

        assert refusal(lambda: other.update(room=room)) == RESOURCE


class TestAPerson:
    def test_is_in_one_place_at_a_time(
        self, make_request: MakeRequest, clinician: Clinician, colleague: Clinician
    ) -> None:
        first = make_request()
        book_directly(first, clinician, MONDAY)
        second = make_request(patient=first.patient)

        assert refusal(lambda: hold(second, colleague, MONDAY + 39 * MINUTE)) == PERSON
        assert refusal(lambda: book_directly(second, colleague, MONDAY - 39 * MINUTE)) == PERSON
        assert hold(second, colleague, MONDAY + 40 * MINUTE).starts_at == MONDAY + 40 * MINUTE

    def test_a_visit_that_is_given_to_another_request_is_of_its_person(
        self, alice: ConsultationRequest, bob: ConsultationRequest, make_request: MakeRequest, clinician: Clinician,
        colleague: Clinician,
    ) -> None:  # fmt: skip
        visit = Appointment.objects.filter(pk=book_directly(alice, clinician, MONDAY).pk)
        visit.update(consultation_request=bob)

        assert refusal(lambda: hold(make_request(patient=bob.patient), colleague, MONDAY)) == PERSON
        assert hold(alice, colleague, MONDAY).consultation_request == alice

    def test_joined_from_two_with_overlapping_visits_is_refused_at_once(
        self, alice: ConsultationRequest, bob: ConsultationRequest, clinician: Clinician, colleague: Clinician
    ) -> None:
        book_directly(alice, clinician, MONDAY)
        hold(bob, colleague, MONDAY + 30 * MINUTE)
        rows = type(bob.patient).objects.filter(pk=bob.patient.pk)

        assert refusal(lambda: rows.update(person=alice.patient.person)) == PERSON

    def test_joined_is_one_from_then_on_and_two_again_when_taken_apart(
        self,
        alice: ConsultationRequest,
        bob: ConsultationRequest,
        make_request: MakeRequest,
        clinician: Clinician,
        colleague: Clinician,
    ) -> None:
        book_directly(alice, clinician, MONDAY)
        book_directly(bob, colleague, MONDAY + HOUR)
        rows = type(bob.patient).objects.filter(pk=bob.patient.pk)
        rows.update(person=alice.patient.person)
        another = make_request(patient=alice.patient)
        assert refusal(lambda: hold(another, clinician, MONDAY + HOUR)) == PERSON

        rows.update(person=bob.patient.own_person)
        assert hold(another, clinician, MONDAY + HOUR).consultation_request == another


class TestTheVisitThatAHoldTakesThePlaceOf:
    """Its own request may hold a time that overlaps it; between them they keep everybody else out of both."""

    @pytest.fixture
    def visit(self, alice: ConsultationRequest, clinician: Clinician) -> Appointment:
        return book_directly(alice, clinician, MONDAY)

    @staticmethod
    def spans(clinician: Clinician) -> list[tuple[bool, float, float]]:
        """Of the clinician, by a hold or not, in minutes from the visit's beginning."""
        rows = Occupation.objects.filter(resource=clinician).order_by("starts_at", "pk")
        return [
            (row.hold_id is not None, (row.starts_at - MONDAY) / MINUTE, (row.ends_at - MONDAY) / MINUTE)
            for row in rows
        ]

    @pytest.mark.parametrize(
        ("minutes", "spans"),
        [
            (-60, [(True, -60, 0), (False, 0, 40)]),
            (-20, [(True, -20, 0), (False, 0, 40)]),
            (-10, [(True, -10, 0), (False, 0, 40), (True, 40, 50)]),
            (0, [(False, 0, 40), (True, 40, 60)]),
            (20, [(False, 0, 40), (True, 40, 80)]),
            (40, [(False, 0, 40), (True, 40, 100)]),
        ],
    )
    def test_a_hold_occupies_what_the_visit_does_not(
        self, alice: ConsultationRequest, clinician: Clinician, visit: Appointment, minutes: int, spans: Any
    ) -> None:
        hold(alice, clinician, MONDAY + minutes * MINUTE)
        assert self.spans(clinician) == spans

    def test_the_buffers_of_both_count(
        self, alice: ConsultationRequest, clinician: Clinician, room: Room, visit: Appointment
    ) -> None:
        Appointment.objects.update(buffer_after_minutes=15, room=room)
        hold(alice, clinician, MONDAY + 45 * MINUTE, room=room, buffer_before_minutes=10)
        assert self.spans(clinician) == [(False, 0, 55), (True, 55, 105)]
        rows = Occupation.objects.filter(resource=room.pk).order_by("starts_at")
        assert [(row.starts_at - MONDAY) / MINUTE for row in rows] == [0, 55]
        whose = Occupation.objects.filter(person__isnull=False).order_by("starts_at")
        assert [(row.starts_at - MONDAY) / MINUTE for row in whose] == [0, 45]

    @pytest.mark.parametrize("minutes", [-39, 1, 39, 79])
    def test_everybody_else_is_refused_in_either(
        self, alice: ConsultationRequest, make_request: MakeRequest, clinician: Clinician, visit: Appointment,
        minutes: int,
    ) -> None:  # fmt: skip
        hold(alice, clinician, MONDAY + 20 * MINUTE)
        at = MONDAY + minutes * MINUTE
        assert refusal(lambda: book_directly(make_request(), clinician, at)) == RESOURCE

    def test_so_is_another_request_of_the_same_person(
        self, alice: ConsultationRequest, make_request: MakeRequest, clinician: Clinician, colleague: Clinician,
        visit: Appointment,
    ) -> None:  # fmt: skip
        hold(alice, clinician, MONDAY + 20 * MINUTE)
        another = make_request(patient=alice.patient)
        for minutes in (0, 60):
            at = MONDAY + minutes * MINUTE
            assert refusal(lambda at=at: hold(another, colleague, at)) == PERSON  # type: ignore[misc]

    def test_when_the_visit_ends_the_hold_occupies_all_of_its_time(
        self, alice: ConsultationRequest, make_request: MakeRequest, clinician: Clinician, visit: Appointment
    ) -> None:
        hold(alice, clinician, MONDAY + 20 * MINUTE)
        Appointment.objects.update(status="cancelled", cancelled_at=clock.now(), cancelled_by="patient")
        assert self.spans(clinician) == [(True, 20, 80)]
        assert refusal(lambda: book_directly(make_request(), clinician, MONDAY + 10 * MINUTE)) == RESOURCE
        assert Occupation.objects.filter(person__isnull=False).get().starts_at == MONDAY + 20 * MINUTE

    def test_when_it_is_deleted_too(self, alice: ConsultationRequest, clinician: Clinician, visit: Appointment) -> None:
        hold(alice, clinician, MONDAY + 20 * MINUTE)
        Appointment.objects.all()._raw_delete("default")
        assert self.spans(clinician) == [(True, 20, 80)]

    def test_when_it_moves_to_the_time_that_is_held_nothing_is_occupied_twice(
        self, alice: ConsultationRequest, clinician: Clinician, visit: Appointment
    ) -> None:
        hold(alice, clinician, MONDAY + 20 * MINUTE)
        Appointment.objects.update(starts_at=MONDAY + 20 * MINUTE, ends_at=MONDAY + 60 * MINUTE)
        assert self.spans(clinician) == [(False, 20, 60), (True, 60, 80)]
        SlotHold.objects.all().delete()
        assert self.spans(clinician) == [(False, 20, 60)]

    def test_when_it_is_given_to_another_request_the_hold_is_written_anew_or_refused(
        self, alice: ConsultationRequest, bob: ConsultationRequest, clinician: Clinician, visit: Appointment
    ) -> None:
        hold(alice, clinician, MONDAY + 20 * MINUTE)
        assert refusal(lambda: Appointment.objects.update(consultation_request=bob)) == RESOURCE
        SlotHold.objects.update(starts_at=MONDAY + 40 * MINUTE, ends_at=MONDAY + 80 * MINUTE)
        Appointment.objects.update(consultation_request=bob)
        assert self.spans(clinician) == [(False, 0, 40), (True, 40, 80)]

    def test_a_hold_that_moves_is_written_anew(
        self, alice: ConsultationRequest, clinician: Clinician, visit: Appointment
    ) -> None:
        hold(alice, clinician, MONDAY + 20 * MINUTE)
        SlotHold.objects.update(starts_at=MONDAY + 3 * HOUR, ends_at=MONDAY + 4 * HOUR)
        assert self.spans(clinician) == [(False, 0, 40), (True, 180, 240)]

    def test_an_instant_between_two_seconds_is_kept(
        self, alice: ConsultationRequest, clinician: Clinician, visit: Appointment
    ) -> None:
        odd = MONDAY - HOUR + datetime.timedelta(microseconds=250)
        hold(alice, clinician, odd)
        assert self.spans(clinician)[0][1:] == ((odd - MONDAY) / MINUTE, 0)
