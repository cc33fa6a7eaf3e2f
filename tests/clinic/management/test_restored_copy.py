"""A copy on PostgreSQL that was not settled lets nobody in: no page, no worker, no command."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ConnectionHandler, connection, transaction

from clinic.core import audit, audit_heads, clock, command_line, database_errors, old_database, readiness, restored_copy
from clinic.core.backups import postgres, targets
from clinic.core.backups.refusals import BackupRefused
from clinic.core.failures import SomeFailed
from clinic.core.models import AuditEvent
from clinic.management import restored, restoring
from clinic.management.restored import NotWhole, RestoredFacts
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest, Patient
from tests.clinic.management.test_restore import IDENTITY, backup, empty, place, restore  # noqa: F401  (fixtures)
from tests.personas import make_patient

pytestmark = pytest.mark.django_db(transaction=True)
COMMANDS = ("worker", "runserver", "load_education", "publish_shipped", "backup", "verify_audit", "shell", "demo")


def opened_by_django(address: str) -> Any:
    given = {**connection.settings_dict, "NAME": targets.parse(address)["NAME"]}
    return ConnectionHandler({"default": given})["default"]


@pytest.fixture
def unsettled(place, empty, monkeypatch) -> str:  # noqa: F811
    """A copy of which somebody was told that it is not whole."""

    def not_whole(*_: Any) -> None:
        raise BackupRefused("The restored copy is not fit to be worked with.")

    make_patient("Alice Winther")
    file = backup(place)
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "_settle", not_whole)
        with pytest.raises(CommandError, match="not fit to be worked with"):
            restore(place, file, empty)
    return empty


@pytest.mark.postgres
class TestOfADump:
    def test_no_connection_gets_in_however_often_it_asks(self, unsettled):
        used = opened_by_django(unsettled)
        for _ in range(2):
            with pytest.raises(restored_copy.Unsettled) as refused:
                used.cursor()
            assert used.connection is None
        # So pages answer 503 with the emergency line, and the log says why.
        assert database_errors.is_away(refused.value)
        assert database_errors.reason_of(refused.value) == "restored copy that is not settled"

    def test_neither_the_site_nor_the_worker_nor_a_command_begins(self, unsettled, monkeypatch):
        monkeypatch.setattr(command_line, "connection", opened_by_django(unsettled))
        said = {name: command_line.command_refusal(name, ["manage.py", name]) for name in COMMANDS}
        assert {refusal and refusal.cause.name for refusal in said.values()} == {"UNSETTLED"}
        # What a web process and `migrate` ask.
        refusal = old_database.refusal(opened_by_django(unsettled))
        assert refusal is not None
        assert refusal.cause is old_database.RefusalCause.UNSETTLED
        assert refusal.text.startswith("The PostgreSQL database “")
        assert "Restore the backup again into another new database." in refusal.text

    def test_another_name_does_not_open_it(self, unsettled):
        given = targets.parse(unsettled)
        name, other = given["NAME"], f"{given['NAME']}_renamed"
        with postgres.connected(connection.settings_dict) as opened:
            opened.autocommit = True
            opened.cursor().execute(f'ALTER DATABASE "{name}" RENAME TO "{other}"')
            try:
                with pytest.raises(restored_copy.Unsettled):
                    opened_by_django(unsettled.replace(name, other)).cursor()
            finally:
                opened.cursor().execute(f'ALTER DATABASE "{other}" RENAME TO "{name}"')

    def test_one_that_was_settled_is_open(self, place, empty):  # noqa: F811
        make_patient("Alice Winther")
        restore(place, backup(place), empty)
        used = opened_by_django(empty)
        with used.cursor() as cursor:
            cursor.execute("SELECT name FROM consultations_patient")
            assert cursor.fetchall() == [("Alice Winther",)]
        assert len(restored_copy.marks(used)) == 1
        used.close()

    def test_who_does_not_own_the_database_is_told_so_before_a_row_is_written(self, place, empty, monkeypatch):  # noqa: F811
        def not_owner(_: Any) -> None:
            raise targets.psycopg2.errors.InsufficientPrivilege

        make_patient("Alice Winther")
        file = backup(place)
        monkeypatch.setattr(restored_copy, "mark_database", not_owner)
        with pytest.raises(CommandError, match=r"does not belong to clinic\. Nothing was written\."):
            restore(place, file, empty)
        assert targets.require_empty(targets.parse(empty), replace="") is False


@pytest.mark.postgres
class TestOfAWholeServer:
    """The mark of a server is one of its settings, which this session has for itself."""

    @pytest.fixture
    def facts(self, tmp_path: Path) -> Path:
        file = tmp_path / "clinic-restore.json"
        file.write_text(json.dumps({"made_at": "2026-11-22T03:30:00+00:00", "erased": []}))
        return file

    @pytest.fixture(autouse=True)
    def mark(self, db: None) -> Any:
        with transaction.atomic():
            audit.record(action="staff.sign_in", actor="system")
        mark = restored_copy.new_mark()
        with connection.cursor() as cursor:
            cursor.execute(f"SET {restored_copy.SERVER_SETTING} = '{mark}'")
        yield mark
        connection.close()

    def test_it_opens_when_it_was_settled_and_stays_open(self, facts, mark):
        assert restored_copy.is_closed(connection)
        call_command("after_restore", facts=str(facts), stdout=io.StringIO(), stderr=io.StringIO())
        assert not restored_copy.is_closed(connection)
        assert AuditEvent.objects.get(action="database.restore").details["copies"] == [mark]

    def test_it_stays_closed_where_settling_ended_half_way(self, facts, monkeypatch):
        def fails(_: Any) -> None:
            raise NotWhole("Link 3 is wrong.")

        monkeypatch.setattr(restored, "_erase_again", fails)
        with pytest.raises(CommandError, match="Do not work with it"):
            call_command("after_restore", facts=str(facts), stdout=io.StringIO(), stderr=io.StringIO())
        assert restored_copy.is_closed(connection)

    def test_without_the_facts_nobody_settles_it(self):
        with pytest.raises(CommandError, match="only --facts FILE says whom it must not bring back"):
            call_command("after_restore", stdout=io.StringIO(), stderr=io.StringIO())
        assert restored_copy.is_closed(connection)


def test_running_it_again_erases_who_could_not_be_erased_before(manager, make_request):
    request = make_request()
    facts = RestoredFacts(made_at=request.submitted_at, erased=[str(request.patient_id)])
    first = restored.settle(facts)
    assert [said.partition(" was erased")[0] for said in first.unerased] == [f"Patient row {request.patient_id}"]
    ConsultationRequest.objects.filter(pk=request.pk).update(
        status=RequestStatus.CANCELLED, danger_due_at=None, texts_due_at=None
    )
    out = io.StringIO()
    call_command("after_restore", stdout=out, stderr=io.StringIO())
    assert "1 patient rows erased again" in out.getvalue()
    assert Patient.objects.get(pk=request.patient_id).erased_at is not None


def test_the_noted_head_is_an_alarm_until_the_reason_is_on_record(settings, tmp_path):
    """Settling says that the copy is whole in itself; that its end is older than what was noted outside, it cannot."""
    settings.AUDIT_HEAD_FILE = str(tmp_path / "heads")
    with transaction.atomic():
        audit.record(action="staff.sign_in", actor="system")
    audit.chain()
    audit_heads.write()
    # Written by the clinic's worker after the backup was made.
    with (tmp_path / "heads").open("a") as file:
        file.write(f"2026-11-23T15:00:00+00:00 7:{'a' * 64}\n")
    restored.settle(RestoredFacts(made_at=clock.now()))
    lost = f"stood at 7:{'a' * 64} on 2026-11-23T15:00:00+00:00 (noted in the file)"
    with pytest.raises(CommandError) as found:
        call_command("verify_audit", stdout=io.StringIO(), stderr=io.StringIO())
    assert lost in str(found.value)
    with pytest.raises(SomeFailed, match=r"The chain lost its end"):
        audit_heads.look(seen=audit_heads.Seen())

    out = io.StringIO()
    call_command("verify_audit", restored="disk failure", stdout=out, stderr=io.StringIO())
    assert "unbroken" in out.getvalue()
    assert audit_heads.look(seen=audit_heads.Seen())
    # After more than was lost, it still is: what came anew has the numbers of what is gone.
    for _ in range(7):
        with transaction.atomic():
            audit.record(action="staff.sign_in", actor="system")
    audit.chain()
    assert audit_heads.compare_all() == []
    assert list(AuditEvent.objects.filter(action__in=("database.restore", "audit.restored")).values_list("action")) == [
        ("audit.restored",),
        ("database.restore",),
    ]


def test_readiness_says_why_no_page_can_be_served(monkeypatch):
    def closed() -> int:
        raise restored_copy.Unsettled

    monkeypatch.setattr(readiness, "import_string", lambda _: closed)
    known, is_ready = readiness.report()
    assert (known["database"], known["worker"], is_ready) == ("restored, not settled", "unknown", False)
