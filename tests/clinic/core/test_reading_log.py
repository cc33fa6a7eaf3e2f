"""The reading log: written at once, chained in batches, append-only, and every kind of tampering is named."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.core import append_only, audit, reading_batches, reading_log
from clinic.core.logs import request_id
from clinic.core.models import AuditEvent, Heartbeat, PatientShown, RecordRead, UnchainedRead
from tests.personas import make_user

pytestmark = pytest.mark.django_db
AS_NURSE = {"roles": ["triage"]}
READINGS, SHOWN = "core_recordread", "core_patientshown"


@pytest.fixture
def reader():
    return make_user("nurse_ina", "triage")


def read(by, *patients: int, action: str = "request.list", **more):
    return reading_log.log(by=by, action=action, patients=patients, **more)


def run_sql(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


class TestOneReading:
    def test_it_names_who_when_which_page_and_every_patient(self, reader):
        row = Heartbeat.objects.create(name="worker", at="2026-01-01T00:00Z")
        token = request_id.set("request-0001")
        try:
            read(
                reader,
                7,
                5,
                7,
                page="today",
                target=row,
                shown={"requests": [9, 8]},
                roles=["triage"],
                action="row.view",
            )
        finally:
            request_id.reset(token)
        reading = RecordRead.objects.get()
        assert (reading.actor_user, reading.actor, reading.action, reading.page) == (
            reader, "nurse_ina", "row.view", "today",
        )  # fmt: skip
        assert (reading.target_type, reading.target_id) == ("core.heartbeat", "worker")
        assert (reading.request_id, reading.shown) == ("request-0001", {"requests": [8, 9], "as": ["triage"]})
        assert sorted(reading.patients_shown.values_list("patient_id", flat=True)) == [5, 7]
        assert list(RecordRead.objects.about(row)) == [reading]

    def test_it_takes_nothing_of_the_audit_chain(self, reader):
        read(reader, 5)
        assert not AuditEvent.objects.exists()

    def test_who_has_seen_a_record_is_asked_by_patient(self, reader):
        first, second, third = read(reader, 5, 6), read(reader, 6), read(reader, 5)
        assert list(reading_log.readings_of([5], number=9)) == [third, first]
        assert list(reading_log.readings_of([5, 6], number=2)) == [third, second]
        assert list(reading_log.readings_of([5, 6], before=second.pk, number=2)) == [first]

    def test_that_question_reads_no_whole_table(self, reader):
        for number in range(300):
            read(reader, number, number + 1)
        with CaptureQueriesContext(connection) as queries:
            assert len(reading_log.readings_of([5, 6], number=50)) == 3
        if connection.vendor == "postgresql":
            run_sql(f"ANALYZE {SHOWN}, {READINGS}")
            run_sql("SET LOCAL enable_seqscan = off")  # three hundred rows are one page to it: an index must be there
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        plans = []
        for query in queries.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(f"{explain} {query['sql']}")
                plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
        assert len(plans) == 2
        assert "patient_shown" in plans[0]
        assert not [
            plan for plan in plans if f"SCAN {SHOWN}" in plan or f"SCAN {READINGS}" in plan or "Seq Scan" in plan
        ]

    def test_a_page_that_cannot_be_logged_is_said_to_be_so(self, reader, monkeypatch):
        def fail(*args, **kwargs):
            raise IntegrityError

        monkeypatch.setattr(PatientShown.objects, "bulk_create", fail)
        with pytest.raises(reading_log.ReadingNotLogged):
            read(reader, 5)
        assert not RecordRead.objects.exists()

    @pytest.mark.parametrize(
        "sql",
        [
            f"UPDATE {READINGS} SET page = 'x'",
            f"DELETE FROM {READINGS}",
            f"UPDATE {SHOWN} SET patient_id = 9",
            f"DELETE FROM {SHOWN}",
        ],
    )
    def test_the_database_refuses_to_change_or_remove_it(self, reader, sql):
        read(reader, 5)
        with pytest.raises(IntegrityError), transaction.atomic():
            run_sql(sql)
        assert RecordRead.objects.count() == PatientShown.objects.count() == 1


class TestABatch:
    def test_it_is_one_event_with_the_numbers_and_digest_of_its_readings(self, reader):
        rows = [read(reader, patient) for patient in (5, 6, 7)]
        assert reading_batches.chain() == 3
        event = AuditEvent.objects.get()
        assert (event.action, event.actor) == ("reading.batch", "system")
        first, last = rows[0].pk, rows[-1].pk
        assert {name: event.details[name] for name in ("count", "first", "last", "rows")} == {
            "count": 3, "first": first, "last": last, "rows": f"{first}-{last}",
        }  # fmt: skip
        assert (len(event.details["digest"]), len(event.details["marks"])) == (64, 48)
        assert not UnchainedRead.objects.exists()
        assert audit.chain() == 1
        assert audit.verify() == reading_batches.verify() == []

    def test_nothing_new_makes_no_event(self, reader):
        read(reader, 5)
        assert [reading_batches.chain() for _ in range(3)] == [1, 0, 0]
        assert AuditEvent.objects.count() == 1

    def test_more_than_fit_into_one_make_several(self, reader, monkeypatch):
        monkeypatch.setattr(reading_batches, "BATCH", 2)
        for patient in range(5):
            read(reader, patient)
        assert [reading_batches.chain() for _ in range(4)] == [2, 2, 1, 0]
        assert [event.details["count"] for event in reading_batches._batches()] == [2, 2, 1]
        assert reading_batches.verify() == []

    def test_one_that_cannot_be_written_leaves_its_readings_waiting(self, reader, monkeypatch):
        read(reader, 5)
        with monkeypatch.context() as broken:
            broken.setattr(audit, "record", lambda **kwargs: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                reading_batches.chain()
        assert UnchainedRead.objects.count() == 1
        assert reading_batches.chain() == 1

    @pytest.mark.parametrize(
        ("numbers", "phrase"), [([1], "1"), ([1, 2, 3, 4, 6, 9, 10], "1-4 6 9-10"), ([5, 7], "5 7"), ([], "")]
    )
    def test_numbers_are_said_in_short_and_understood_again(self, numbers, phrase):
        assert reading_batches.spans_text(numbers) == phrase
        assert reading_batches.numbers_in(phrase) == numbers


class TestTampering:
    @pytest.fixture
    def second(self, reader):
        """The second of three readings in a batch, of two patients each, on tables that anything can be done to."""
        for table in (READINGS, SHOWN):
            append_only.unprotect(connection, table)
        rows = [read(reader, patient, patient + 10) for patient in (5, 6, 7)]
        reading_batches.chain()
        yield rows[1].pk
        for table in (READINGS, SHOWN):
            append_only.protect(connection, table)

    @pytest.mark.parametrize(
        "change",
        [
            "action = 'x'", "page = 'x'", "actor = 'x'", "target_type = 'x'", "target_id = 'x'", "request_id = 'x'",
            "shown = '{\"requests\": [1]}'", "at = '2020-01-01 00:00:00+00:00'",
        ],
    )  # fmt: skip
    def test_a_changed_reading_is_named(self, second, change):
        run_sql(f"UPDATE {READINGS} SET {change} WHERE id = {second}")
        assert reading_batches.verify() == [f"Reading {second} was changed after it was written."]

    def test_so_is_one_under_another_name(self, second):
        run_sql(f"UPDATE {READINGS} SET actor_user_id = {make_user('other', 'triage').pk} WHERE id = {second}")
        assert reading_batches.verify() == [f"Reading {second} was changed after it was written."]

    @pytest.mark.parametrize(
        "sql",
        [
            f"UPDATE {SHOWN} SET patient_id = 99 WHERE patient_id = 16",
            f"DELETE FROM {SHOWN} WHERE patient_id = 16",
        ],
    )
    def test_a_patient_changed_or_left_out_is_named(self, second, sql):
        run_sql(sql)
        assert reading_batches.verify() == [f"Reading {second} was changed after it was written."]

    def test_a_patient_put_in_is_named(self, second):
        PatientShown.objects.create(reading_id=second, patient_id=99)
        assert reading_batches.verify() == [f"Reading {second} was changed after it was written."]

    def test_a_removed_reading_is_named(self, second):
        run_sql(f"DELETE FROM {SHOWN} WHERE reading_id = {second}")
        run_sql(f"DELETE FROM {READINGS} WHERE id = {second}")
        assert reading_batches.verify() == [f"Reading {second} is missing."]

    @pytest.mark.parametrize("of", ["some", "all"])
    def test_one_removed_before_it_was_chained_is_named_ever_after(self, second, reader, of):
        """Who removes it past the references leaves the row by which it waits."""
        gone, stored = read(reader, 5), read(reader, 6)
        removed = [gone] if of == "some" else [gone, stored]
        with connection.constraint_checks_disabled():
            for item in removed:
                run_sql(f"DELETE FROM {SHOWN} WHERE reading_id = {item.pk}")
                run_sql(f"DELETE FROM {READINGS} WHERE id = {item.pk}")
            assert reading_batches.chain() == 2 - len(removed)
            assert reading_batches.verify() == [f"Reading {item.pk} is missing." for item in removed]
            UnchainedRead.objects.all().delete()

    def test_one_that_was_slipped_in_is_named(self, second, reader):
        forged = RecordRead.objects.create(
            at=RecordRead.objects.get(pk=second).at, action="x", actor_user=reader, actor="x"
        )
        assert reading_batches.verify() == [f"Reading {forged.pk} was not written through the reading log."]

    def test_one_that_waits_is_no_fault(self, second, reader):
        read(reader, 5)
        assert reading_batches.verify() == []

    def test_one_that_no_longer_waits_and_is_in_no_batch_is_named(self, second, reader):
        late = read(reader, 5)
        UnchainedRead.objects.all().delete()
        assert reading_batches.verify() == [f"Reading {late.pk} was not written through the reading log."]

    def test_a_batch_that_says_less_than_it_held_is_named_twice(self, second):
        """By the chain, because the event was changed, and by what is left of it."""
        audit.chain()
        event = AuditEvent.objects.get()
        append_only.unprotect(connection, "core_auditevent")
        event.details = {**event.details, "count": 2}
        event.save()
        append_only.protect(connection, "core_auditevent")
        assert audit.verify() == [f"Event {event.pk} was changed after it was written."]
        assert reading_batches.verify() == [f"Batch {event.pk} does not hold as many readings as it says."]

    def test_a_reading_in_two_batches_is_named(self, second):
        rows = list(reading_batches.whole([second]).values())
        audit.record(action="reading.batch", actor="system", details=reading_batches.batch_of(rows))
        assert reading_batches.verify() == [f"Reading {second} is in two batches."]

    def test_the_command_fails_and_names_it(self, second):
        run_sql(f"UPDATE {READINGS} SET page = 'x' WHERE id = {second}")
        with pytest.raises(CommandError, match=f"Reading {second} was changed"):
            call_command("verify_audit")


def test_the_command_counts_readings_and_names_those_that_wait(reader, capsys):
    read(reader, 5)
    reading_batches.chain()
    audit.chain()
    late = read(reader, 5)
    call_command("verify_audit")
    assert capsys.readouterr().out.splitlines() == [
        f"1 audit events and 2 readings, unbroken. Head: {audit.head_words()}",
        f"Readings that the worker has still to chain: {late.pk}.",
    ]
