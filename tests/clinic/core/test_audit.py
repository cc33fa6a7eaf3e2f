"""The audit chain: append-only on both engines, and every kind of tampering is named."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from clinic.core import append_only, audit
from clinic.core.logs import request_id
from clinic.core.models import AuditEvent, AuditHead, Heartbeat

pytestmark = pytest.mark.django_db

TABLE = "core_auditevent"


def record_three() -> list[AuditEvent]:
    return [audit.record(action=f"test.{word}", actor="system", details={"code": word}) for word in "abc"]


def run_sql(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def without_triggers(db):
    append_only.unprotect(connection, TABLE)
    yield
    append_only.protect(connection, TABLE)


def test_events_form_a_chain():
    first, second, third = record_three()
    assert [first.sequence, second.sequence, third.sequence] == [1, 2, 3]
    assert first.previous == audit.GENESIS
    assert second.previous == first.digest
    assert third.previous == second.digest
    assert audit.verify() == []
    assert audit.head_words() == f"3:{third.digest}"


def test_event_says_who_did_what_to_which_row_in_which_request():
    user = get_user_model().objects.create_user("nurse", "nurse@clinic.example")
    row = Heartbeat.objects.create(name="worker", at="2026-01-01T00:00Z")
    token = request_id.set("request-0001")
    try:
        event = audit.record(action="row.viewed", target=row, by=user, fields={"b", "a"}, details={"why": "queue"})
    finally:
        request_id.reset(token)
    event = AuditEvent.objects.get(pk=event.pk)
    assert (event.actor_user, event.actor) == (user, "nurse")
    assert (event.target_type, event.target_id) == ("core.heartbeat", "worker")
    assert event.request_id == "request-0001"
    assert event.fields == ["a", "b"]
    assert event.details == {"why": "queue"}
    assert list(AuditEvent.objects.about(row)) == [event]
    assert audit.verify() == []


def test_an_actor_is_required():
    with pytest.raises(ValueError, match="Say who did it"):
        audit.record(action="test.nobody")


@pytest.mark.django_db(transaction=True)
def test_recording_outside_a_transaction_raises():
    with pytest.raises(TransactionManagementError):
        audit.record(action="test.loose", actor="system")
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_event_leaves_no_gap():
    with transaction.atomic():
        audit.record(action="test.first", actor="system")
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        audit.record(action="test.lost", actor="system")
        raise RuntimeError
    with transaction.atomic():
        audit.record(action="test.second", actor="system")
    assert list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]
    assert audit.verify() == []


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_make_one_unbroken_chain():
    def write() -> None:
        try:
            for _ in range(10):
                with transaction.atomic():
                    audit.record(action="test.race", actor="system")
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditEvent.objects.count() == 60
    assert audit.verify() == []


@pytest.mark.parametrize(
    "attempt",
    [
        lambda event: AuditEvent.objects.filter(pk=event.pk).update(action="x"),
        lambda event: AuditEvent.objects.filter(pk=event.pk).delete(),
        lambda event: AuditEvent.objects.bulk_update([event], ["action"]),
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: run_sql(f"UPDATE {TABLE} SET action = 'x'"),
        lambda event: run_sql(f"DELETE FROM {TABLE}"),
    ],
    ids=["update", "delete", "bulk_update", "save", "instance delete", "raw update", "raw delete"],
)
def test_the_database_refuses_to_change_or_remove_events(attempt):
    event = record_three()[1]
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt(event)
    assert AuditEvent.objects.count() == 3
    assert audit.verify() == []


def test_the_database_refuses_to_replace_or_truncate_events():
    first = record_three()[0]
    if connection.vendor == "postgresql":
        run_sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql = f"TRUNCATE {TABLE}"
    else:
        columns = "sequence, at, action, actor, target_type, target_id, request_id, fields, details, previous, digest"
        sql = (
            f"INSERT OR REPLACE INTO {TABLE} ({columns}) "
            f"VALUES ({first.sequence}, '2026-01-01', 'x', 'x', '', '', '', '[]', '{{}}', '', '')"
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        run_sql(sql)
    assert AuditEvent.objects.count() == 3


def test_only_one_head_row_may_exist():
    record_three()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditHead.objects.create(pk=2)


@pytest.mark.usefixtures("without_triggers")
class TestTampering:
    def test_a_changed_event_is_named(self):
        record_three()
        run_sql(f"UPDATE {TABLE} SET action = 'test.other' WHERE sequence = 2")
        assert audit.verify() == ["Event 2 was changed after it was written."]

    @pytest.mark.parametrize("column", ["actor", "target_id", "request_id", "digest", "previous"])
    def test_every_text_column_is_covered(self, column):
        record_three()
        run_sql(f"UPDATE {TABLE} SET {column} = 'x' WHERE sequence = 2")
        assert audit.verify()[0].startswith("Event 2 ")

    def test_a_moved_instant_is_found(self):
        record_three()
        run_sql(f"UPDATE {TABLE} SET at = '2020-01-01 00:00:00+00:00' WHERE sequence = 3")
        assert audit.verify() == ["Event 3 was changed after it was written."]

    def test_a_removed_event_is_named(self):
        record_three()
        run_sql(f"DELETE FROM {TABLE} WHERE sequence = 2")
        assert audit.verify()[0] == "Event 2 is missing: the next one found is 3."

    def test_a_cut_tail_is_named(self):
        record_three()
        run_sql(f"DELETE FROM {TABLE} WHERE sequence = 3")
        assert audit.verify() == ["Event 3 is missing: the chain ended at 3."]

    def test_an_event_written_past_the_chain_is_named(self):
        last = record_three()[-1]
        forged = AuditEvent(sequence=4, at=last.at, action="x", actor="system", previous=last.digest)
        forged.digest = audit.digest(forged)
        forged.save(force_insert=True)
        assert audit.verify() == ["Event 4 was not written through the audit trail."]

    def test_a_chain_written_anew_differs_from_the_head(self):
        record_three()
        event = AuditEvent.objects.get(pk=3)
        event.action = "test.other"
        event.digest = audit.digest(event)
        event.save()
        assert audit.verify() == ["Event 3 is not the one that the head of the chain names."]

    def test_the_command_fails_and_names_the_first_broken_event(self, capsys):
        record_three()
        run_sql(f"UPDATE {TABLE} SET action = 'x' WHERE sequence >= 2")
        with pytest.raises(CommandError, match="Event 2 was changed"):
            call_command("verify_audit")


def test_the_command_confirms_a_whole_chain_and_prints_its_head(capsys):
    last = record_three()[-1]
    call_command("verify_audit")
    assert capsys.readouterr().out == f"3 audit events, unbroken. Head: 3:{last.digest}\n"


def test_the_command_compares_with_a_head_kept_elsewhere(capsys):
    second = record_three()[1]
    call_command("verify_audit", head=f"2:{second.digest}")
    with pytest.raises(CommandError, match="Event 2 is not the one"):
        call_command("verify_audit", head=f"2:{'0' * 64}")
    with pytest.raises(CommandError, match="sequence:digest"):
        call_command("verify_audit", head="nonsense")
