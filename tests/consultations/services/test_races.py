"""A lost race is a time that somebody else took. Whatever else the database refuses is heard as the fault it is."""

import datetime
import logging
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client

from clinic.accounts.models import User
from clinic.core import outbox
from clinic.core.models import AuditEvent
from consultations.actions.book import book_held
from consultations.enums import RequestStatus
from consultations.models import Appointment, Clinician, ConsultationRequest, SlotHold
from consultations.services import calendar_entries, intake, occupation, scheduling
from consultations.services.scheduling import SlotTaken, reservations
from tests.consultations.perform import book_on_the_phone
from tests.consultations.services.conftest import TOMORROW_AT_NINE, Desk
from tests.consultations.services.test_intake import WORDINGS, ready
from tests.database_snapshot import all_rows
from tests.personas import book_directly, open_privately, private_url

HALF_AN_HOUR = datetime.timedelta(minutes=30)


def offered(desk: Desk, **more: Any) -> ConsultationRequest:
    return desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit, **more)


def first_key(desk: Desk) -> str:
    day = TOMORROW_AT_NINE.date()
    return scheduling.free_slots(appointment_type=desk.visit, since=day, until=day + datetime.timedelta(days=1))[0].key


def look_at_nothing(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    """Every look before the insert says that tomorrow at nine is free."""
    location = desk.clinician.availabilities.get_queryset()[0].location_id
    nine = scheduling.Slot(TOMORROW_AT_NINE, TOMORROW_AT_NINE + desk.visit.length, desk.clinician.pk, location)
    monkeypatch.setattr(occupation, "is_taken", lambda *args, **more: False)
    for module in (reservations, scheduling):
        monkeypatch.setattr(module, "find", lambda *args: nine)


def break_the_audit_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database refuses the next event."""
    monkeypatch.setattr(AuditEvent.objects, "bulk_create", failing(IntegrityError))


class TestALostRace:
    @pytest.mark.parametrize(
        ("shift", "rule"),
        [
            (datetime.timedelta(), "one_live_appointment_per_start"),
            (HALF_AN_HOUR, "no_overlapping_use_of_a_resource"),
        ],
        ids=["the same start", "half an hour later"],
    )
    def test_of_a_booking_is_told_as_a_time_that_was_taken(
        self,
        desk: Desk,
        monkeypatch: pytest.MonkeyPatch,
        shift: datetime.timedelta,
        rule: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        mine, key = offered(desk), first_key(desk)
        book_directly(offered(desk), desk.clinician, TOMORROW_AT_NINE + shift)
        look_at_nothing(monkeypatch, desk)
        with caplog.at_level(logging.INFO), pytest.raises(SlotTaken) as lost:
            book_on_the_phone(mine, slot_key=key, by=desk.doctor)
        assert len(lost.value.nearest) == 6
        assert caplog.messages == [f"somebody was quicker ({rule})"]

    def test_for_a_time_that_is_held_is_told_the_same(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A hold and an appointment are of two tables, and never overlap all the same."""
        mine, key = offered(desk), first_key(desk)
        desk.hold(offered(desk))
        look_at_nothing(monkeypatch, desk)
        with caplog.at_level(logging.INFO), pytest.raises(SlotTaken):
            book_on_the_phone(mine, slot_key=key, by=desk.doctor)
        assert caplog.messages == ["somebody was quicker (no_overlapping_use_of_a_resource)"]

    def test_of_one_person_in_two_places_is_told_the_same(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, other_doctor: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        mine, key = offered(desk), first_key(desk)
        elsewhere = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        book_directly(offered(desk, patient=mine.patient), elsewhere, TOMORROW_AT_NINE + HALF_AN_HOUR)
        look_at_nothing(monkeypatch, desk)
        with caplog.at_level(logging.INFO), pytest.raises(SlotTaken):
            book_on_the_phone(mine, slot_key=key, by=desk.doctor)
        assert caplog.messages == ["somebody was quicker (no_overlapping_visits_of_a_person)"]

    def test_of_a_hold_is_too(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        mine, key = offered(desk), first_key(desk)
        desk.request(RequestStatus.OFFERED)
        look_at_nothing(monkeypatch, desk)
        with pytest.raises(SlotTaken):
            scheduling.hold(consultation_request=mine, slot_key=key)
        assert not SlotHold.objects.filter(consultation_request=mine).exists()

    @pytest.mark.parametrize("code", ["40P01", "40001", "55P03"])
    def test_against_a_whole_transaction_is_logged_as_well(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: str
    ) -> None:
        mine = desk.request(RequestStatus.OFFERED)
        monkeypatch.setattr(occupation, "lock_resources", failing(OperationalError, code))
        with pytest.raises(SlotTaken):
            book_held(consultation_request=mine)
        assert caplog.messages == [f"a booking gave way to another transaction ({code})"]


def failing(kind: type[Exception], code: str = "") -> Any:
    class Cause(Exception):
        pgcode = code

    def fail(*args: Any, **kwargs: Any) -> None:
        raise kind("x") from Cause()

    return fail


class TestAnyOtherErrorIsHeard:
    def ways(self, desk: Desk, consultation_request: ConsultationRequest) -> Any:
        yield lambda: book_held(consultation_request=consultation_request)
        key = first_key(desk)
        yield lambda: book_on_the_phone(consultation_request, slot_key=key, by=desk.doctor)
        yield lambda: scheduling.hold(consultation_request=consultation_request, slot_key=key)

    def test_a_broken_audit_trail(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        mine = desk.request(RequestStatus.OFFERED)
        break_the_audit_trail(monkeypatch)
        before = all_rows()
        for way in self.ways(desk, mine):
            with pytest.raises(IntegrityError):
                way()
            assert all_rows() == before

    def test_a_mail_that_cannot_be_written(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        mine = desk.request(RequestStatus.OFFERED)
        monkeypatch.setattr(outbox, "enqueue", failing(IntegrityError))
        before = all_rows()
        with pytest.raises(IntegrityError):
            book_held(consultation_request=mine)
        assert all_rows() == before

    def test_another_rule_about_the_very_row(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """A second calendar entry of one name is a fault of ours, though it is the same insert."""
        other = desk.request(RequestStatus.BOOKED)
        monkeypatch.setattr(calendar_entries.secrets, "token_hex", lambda size: "same")
        Appointment.objects.filter(consultation_request=other).update(calendar_uid="same@testserver")
        with pytest.raises(IntegrityError):
            book_held(consultation_request=desk.request(RequestStatus.OFFERED))

    @pytest.mark.parametrize("code", ["57P01", "08006", ""])
    def test_a_database_that_is_away(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
        mine = desk.request(RequestStatus.OFFERED)
        monkeypatch.setattr(occupation, "lock_resources", failing(OperationalError, code))
        with pytest.raises(OperationalError) as away:
            book_held(consultation_request=mine)
        assert away.value.__cause__ is not None  # what the log names

    def test_the_patient_is_never_told_that_someone_took_the_time(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = Client(raise_request_exception=False)
        mine = desk.request(RequestStatus.OFFERED)
        open_privately(client, mine)
        break_the_audit_trail(monkeypatch)
        page = client.post(private_url(mine, "times/check/"))
        assert page.status_code == 500
        assert "no longer held" not in page.content.decode()
        assert "took that time" not in page.content.decode()


@pytest.mark.django_db
class TestAReference:
    def test_another_error_than_a_clash_is_not_drawn_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        drawn: list[str] = []

        def draw() -> str:
            drawn.append("LS-AAAA-AA")
            return drawn[-1]

        monkeypatch.setattr(intake, "_new_reference", draw)
        monkeypatch.setitem(intake.OUTCOME_RISK, "LIKELY_SUITABLE", 7)
        with pytest.raises(IntegrityError, match="request_risk_in_range"):
            intake.send(response=ready(), wordings=WORDINGS)
        assert drawn == ["LS-AAAA-AA"]
