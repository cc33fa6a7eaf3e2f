"""What a database error is about: the same words on both engines, and never a value."""

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from clinic.core.audit import record
from clinic.core.database_errors import constraint_of, is_away, is_lost_race, reason_of
from clinic.core.models import AuditEvent
from consultations.models import ConsultationRequest, Location, Patient
from tests.personas import make_patient

pytestmark = pytest.mark.django_db


def refused(change: object) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()  # type: ignore[operator]
    return caught.value


class TestOfARealDatabase:
    """Named constraints of every table are tried in tests/architecture/test_constraints.py."""

    def test_a_unique_field_is_its_table_and_column(self, alice: ConsultationRequest, bob: ConsultationRequest) -> None:
        error = refused(lambda: ConsultationRequest.objects.filter(pk=bob.pk).update(reference=alice.reference))
        assert constraint_of(error) == "consultations_consultationrequest.reference"
        assert alice.reference not in reason_of(error)

    def test_a_check_is_its_name(self) -> None:
        patient = make_patient()
        error = refused(lambda: Patient.objects.filter(pk=patient.pk).update(contact_by="pigeon"))
        assert constraint_of(error) == "patient_contact_by_known"
        code = "23514" if connection.vendor == "postgresql" else "SQLITE_CONSTRAINT_CHECK"
        assert reason_of(error) == f"{code} patient_contact_by_known"

    def test_a_column_without_a_value_is_its_table_and_column(self) -> None:
        error = refused(lambda: Location.objects.bulk_create([Location(name="A", address=None)]))  # type: ignore[misc]
        assert constraint_of(error) == "consultations_location.address"

    def test_a_row_that_is_never_changed_says_its_table(self) -> None:
        record(action="test", actor="system")
        error = refused(lambda: AuditEvent.objects.update(action="other"))
        assert constraint_of(error) == "core_auditevent.append_only"


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("UNIQUE constraint failed: a.b", "a.b"),
        ("UNIQUE constraint failed: a.b, a.c", "a.b, a.c"),
        (
            "UNIQUE constraint failed: consultations_slothold.clinician_id, consultations_slothold.starts_at",
            "one_hold_per_start",
        ),
        ("CHECK constraint failed: patient_name_not_empty", "patient_name_not_empty"),
        ("NOT NULL constraint failed: a.b", "a.b"),
        ("no_overlapping_holds", "no_overlapping_holds"),
        ("FOREIGN KEY constraint failed", ""),
        ("something about Alice Winther", ""),
        ("", ""),
    ],
)
def test_what_sqlite_says_is_read_word_for_word(phrase: str, name: str) -> None:
    assert constraint_of(IntegrityError(phrase)) == name


class Cause(Exception):
    def __init__(self, pgcode: str) -> None:
        super().__init__("Key (name)=(Alice Winther)")
        self.pgcode = pgcode


def with_code(error: Exception, pgcode: str) -> Exception:
    error.__cause__ = Cause(pgcode)
    return error


@pytest.mark.parametrize(
    ("code", "is_race"), [("40P01", True), ("40001", True), ("55P03", True), ("57P01", False), ("08006", False)]
)
def test_only_transactions_in_each_others_way_are_a_lost_race(code: str, is_race: bool) -> None:
    assert is_lost_race(with_code(OperationalError("x"), code)) is is_race
    assert is_lost_race(with_code(IntegrityError("x"), code)) is False


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OperationalError('connection to server at "10.0.0.7" failed: Connection refused'), "connection refused"),
        (with_code(OperationalError("terminating connection due to administrator command"), "57P01"),
         "57P01 terminating connection"),
        (OperationalError("database is locked"), "database is locked"),
        (InterfaceError("connection already closed"), "connection already closed"),
        (with_code(DataError('invalid input syntax: "Alice Winther"'), "22P02"), "22P02"),
        (OperationalError("FATAL: password authentication failed for user clinic"), ""),
        (ValueError("Alice Winther"), ""),
    ],
)  # fmt: skip
def test_a_reason_holds_codes_and_known_phrases_and_nothing_else(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_a_database_without_tables_is_a_set_up_error() -> None:
    assert not is_away(OperationalError("no such table: x"))
    assert not is_away(None)
    assert not is_away(ValueError())
    assert not is_away(IntegrityError("x"))
    assert is_away(OperationalError("gone"))
    assert is_away(InterfaceError("connection already closed"))
