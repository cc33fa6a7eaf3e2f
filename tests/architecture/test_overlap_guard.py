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
