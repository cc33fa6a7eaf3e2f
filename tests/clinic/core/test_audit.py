"""The audit chain: append-only on both engines, and every kind of tampering is named."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from clinic.core import append_only, audit
from clinic.core.logs import request_id
from clinic.core.models import AuditEvent, AuditHead, AuditLink, Heartbeat, UnchainedEvent

pytestmark = pytest.mark.django_db

TABLE = "core_auditevent"
LINKS = "core_auditlink"


def record_three() -> list[AuditEvent]:
    """Three events in the chain. A test rolls back, so nothing is chained after its commit."""
    events = [audit.record(action=f"test.{word}", actor="system", details={"code": word}) for word in "abc"]
    audit.chain()
    return events


def digests() -> list[str]:
    return list(AuditLink.objects.order_by("position").values_list("digest", flat=True))


def run_sql(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def without_triggers(db):
    for table in (TABLE, LINKS):
        append_only.unprotect(connection, table)
    yield
    for table in (TABLE, LINKS):
        append_only.protect(connection, table)


def test_events_form_a_chain():
    events = record_three()
    links = list(AuditLink.objects.order_by("position"))
    assert [link.position for link in links] == [1, 2, 3]
    assert [link.event_id for link in links] == [event.sequence for event in events]
    assert [link.previous for link in links] == [audit.GENESIS, links[0].digest, links[1].digest]
    assert audit.verify() == []
    assert audit.head_words() == f"3:{links[2].digest}"


def test_an_event_waits_for_its_link_and_is_no_fault_meanwhile():
    record_three()
    late = audit.record(action="test.late", actor="system")
    assert list(UnchainedEvent.objects.values_list("pk", flat=True)) == [late.pk]
    assert audit.verify() == []
    assert audit.chain() == 1
    assert not UnchainedEvent.objects.exists()
    assert AuditLink.objects.get(event=late).position == 4
    assert audit.chain() == 0


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
class TestAfterTheCommit:
    def test_an_event_is_in_the_chain(self):
        with transaction.atomic():
            event = audit.record(action="test.first", actor="system")
            assert not AuditLink.objects.exists()
        assert AuditLink.objects.get().event == event
        assert not UnchainedEvent.objects.exists()

    def test_a_transaction_asks_for_its_links_once(self, monkeypatch):
        asked = []
        monkeypatch.setattr(audit, "chain", lambda **kwargs: asked.append(kwargs) or 0)
        with transaction.atomic():
            for word in "abc":
                audit.record(action=f"test.{word}", actor="system")
        assert asked == [{"waits": False}]

    def test_a_rolled_back_event_leaves_no_gap_in_the_chain(self):
        with transaction.atomic():
            audit.record(action="test.first", actor="system")
        with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
            audit.record(action="test.lost", actor="system")
            raise RuntimeError
        with transaction.atomic():
            audit.record(action="test.second", actor="system")
        assert list(AuditLink.objects.order_by("position").values_list("position", "event__action")) == [
            (1, "test.first"), (2, "test.second"),
        ]  # fmt: skip
        assert audit.verify() == []

    def test_a_chain_that_fails_costs_nobody_anything_and_is_made_up_for(self, monkeypatch):
        with monkeypatch.context() as broken:
            broken.setattr(AuditLink.objects, "bulk_create", failing)
            with transaction.atomic():
                audit.record(action="test.first", actor="system")
        assert AuditEvent.objects.get().action == "test.first"
        assert not AuditLink.objects.exists()
        assert audit.verify() == []
        assert audit.chain() == 1
        assert audit.verify() == []

    def test_many_writers_at_once_make_one_unbroken_chain(self):
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
        audit.chain()
        assert AuditEvent.objects.count() == AuditLink.objects.count() == 60
        assert not UnchainedEvent.objects.exists()
        assert audit.verify() == []


def failing(*args, **kwargs):
    raise OperationalError


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
        sql = f"TRUNCATE {TABLE} CASCADE"
    else:
        columns = "sequence, at, action, actor, target_type, target_id, request_id, fields, details"
        sql = (
            f"INSERT OR REPLACE INTO {TABLE} ({columns}) "
            f"VALUES ({first.sequence}, '2026-01-01', 'x', 'x', '', '', '', '[]', '{{}}')"
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        run_sql(sql)
    assert AuditEvent.objects.count() == 3


def test_only_one_head_row_may_exist():
    record_three()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditHead.objects.create(pk=2)


@pytest.mark.parametrize("sql", [f"UPDATE {LINKS} SET digest = 'x'", f"DELETE FROM {LINKS}"])
def test_the_database_refuses_to_change_or_remove_links(sql):
    record_three()
    with pytest.raises(IntegrityError), transaction.atomic():
        run_sql(sql)
    assert audit.verify() == []


@pytest.mark.usefixtures("without_triggers")
class TestTampering:
    @pytest.fixture
    def second(self) -> int:
        return record_three()[1].pk

    def test_a_changed_event_is_named(self, second):
        run_sql(f"UPDATE {TABLE} SET action = 'test.other' WHERE sequence = {second}")
        assert audit.verify() == [f"Event {second} was changed after it was written."]

    @pytest.mark.parametrize("column", ["actor", "target_id", "request_id"])
    def test_every_text_column_is_covered(self, second, column):
        run_sql(f"UPDATE {TABLE} SET {column} = 'x' WHERE sequence = {second}")
        assert audit.verify() == [f"Event {second} was changed after it was written."]

    @pytest.mark.parametrize("column", ["digest", "previous"])
    def test_so_is_the_link(self, second, column):
        run_sql(f"UPDATE {LINKS} SET {column} = 'x' WHERE event_id = {second}")
        assert audit.verify()[0].startswith(f"Event {second} ")

    def test_a_moved_instant_is_found(self, second):
        run_sql(f"UPDATE {TABLE} SET at = '2020-01-01 00:00:00+00:00' WHERE sequence = {second}")
        assert audit.verify() == [f"Event {second} was changed after it was written."]

    def test_a_removed_event_is_named(self, second):
        run_sql(f"DELETE FROM {LINKS} WHERE event_id = {second}")
        run_sql(f"DELETE FROM {TABLE} WHERE sequence = {second}")
        assert audit.verify()[0] == "Link 2 is missing: the next one found is 3."

    def test_a_cut_tail_is_named(self, second):
        run_sql(f"DELETE FROM {LINKS} WHERE position = 3")
        run_sql(f"DELETE FROM {TABLE} WHERE sequence = {second + 1}")
        assert audit.verify() == ["Link 3 is missing: the chain ended at 3."]

    def test_an_event_written_past_the_audit_trail_is_named(self, second):
        forged = AuditEvent(at=AuditEvent.objects.get(pk=second).at, action="x", actor="system")
        forged.save(force_insert=True)
        assert audit.verify() == [f"Event {forged.pk} was not written through the audit trail."]

    def test_so_is_one_with_a_link(self, second):
        forged = AuditEvent(at=AuditEvent.objects.get(pk=second).at, action="x", actor="system")
        forged.save(force_insert=True)
        link = AuditLink(position=4, event=forged, previous=digests()[-1])
        link.digest = audit.digest(link, forged)
        link.save(force_insert=True)
        assert audit.verify() == ["Link 4 was not written through the audit trail."]

    def test_a_chain_written_anew_differs_from_the_head(self, second):
        event = AuditEvent.objects.get(pk=second + 1)
        event.action = "test.other"
        event.save()
        link = event.link
        link.digest = audit.digest(link, event)
        link.save()
        assert audit.verify() == ["Link 3 is not the one that the head of the chain names."]

    def test_the_command_fails_and_names_the_first_broken_event(self, second):
        run_sql(f"UPDATE {TABLE} SET action = 'x' WHERE sequence >= {second}")
        with pytest.raises(CommandError, match=f"Event {second} was changed"):
            call_command("verify_audit")


def test_the_command_confirms_a_whole_chain_and_prints_its_head(capsys):
    record_three()
    call_command("verify_audit")
    assert capsys.readouterr().out == f"3 audit events and 0 readings, unbroken. Head: 3:{digests()[-1]}\n"


def test_the_command_names_what_the_worker_has_still_to_chain(capsys):
    last = record_three()[-1].pk
    for _ in range(3):
        audit.record(action="test.late", actor="system")
    call_command("verify_audit")
    assert (
        capsys.readouterr().out.splitlines()[1] == f"Events that the worker has still to chain: {last + 1}-{last + 3}."
    )


def test_the_command_compares_with_a_head_kept_elsewhere(capsys):
    record_three()
    call_command("verify_audit", head=f"2:{digests()[1]}")
    with pytest.raises(CommandError, match="Link 2 is not the one"):
        call_command("verify_audit", head=f"2:{'0' * 64}")
    with pytest.raises(CommandError, match="position:digest"):
        call_command("verify_audit", head="nonsense")
