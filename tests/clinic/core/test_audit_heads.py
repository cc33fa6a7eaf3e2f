"""The head of the audit trail is kept outside, and the loss of the trail's end is noticed."""

import re
import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from clinic.core import audit, audit_heads, delivery
from clinic.core.audit_heads import NotedHead, Seen
from clinic.core.failures import SomeFailed
from clinic.core.models import AuditEvent, AuditHead, AuditLink, Heartbeat, OutboxMessage
from tests.personas import MONDAY_MORNING

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.AUDIT_HEAD_FILE = str(tmp_path / "heads")
    return tmp_path / "heads"


def happen(times: int = 1) -> None:
    """So many events with their links."""
    for _ in range(times):
        with transaction.atomic():
            audit.record(action="staff.sign_in", actor="tests")
    audit.chain()


def cut_off(position: int) -> None:
    """What whoever owns the database can do so that the chain looks whole: its end is gone, and its head put back."""
    gone = AuditLink.objects.filter(position__gt=position)
    events = list(gone.values_list("event", flat=True))
    with connection.cursor() as cursor:
        for model, column, keys in (
            (AuditLink, "position", list(gone.values_list("position", flat=True))),
            (AuditEvent, "sequence", events),
        ):
            table, key = model._meta.db_table, ", ".join(map(str, keys))
            switched_off(cursor, table)
            cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({key})")
    last = AuditLink.objects.get(position=position)
    AuditHead.objects.update(position=last.position, digest=last.digest)
    assert audit.verify() == [], "by itself the chain looks whole"


def switched_off(cursor: Any, table: str) -> None:
    """The triggers that keep rows, as their owner would drop them; the test's transaction is rolled back."""
    if connection.vendor == "postgresql":
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        return
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER "{name}"')


class TestNoting:
    def test_the_file_gets_a_line_and_keeps_those_before(self, file: Path) -> None:
        happen()
        assert audit_heads.write()
        first = file.read_text()
        happen()
        assert audit_heads.write()
        assert file.read_text().startswith(first)
        lines = file.read_text().splitlines()
        assert [re.sub(r"[0-9a-f]{64}", "DIGEST", line.partition(" ")[2]) for line in lines] == ["1:DIGEST", "2:DIGEST"]
        assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 ", line) for line in lines)
        assert not file.stat().st_mode & stat.S_IROTH

    def test_it_is_mailed_whether_it_moved_or_not(self, settings: Any, mailoutbox: Any, time_machine: Any) -> None:
        settings.AUDIT_HEAD_EMAIL = "records@elsewhere.example"
        time_machine.move_to(MONDAY_MORNING, tick=False)
        happen()
        assert audit_heads.mail_daily()
        assert not audit_heads.mail_daily()
        time_machine.shift(timedelta(days=1, seconds=1))
        assert audit_heads.mail_daily()
        delivery.deliver_due()
        assert [mail.to for mail in mailoutbox] == [["records@elsewhere.example"]] * 2
        assert audit.head_words() in mailoutbox[0].body
        assert "patients" in mailoutbox[0].body

    def test_nothing_is_noted_of_an_empty_chain_and_the_day_not_used_up(self, file: Path) -> None:
        assert not audit_heads.write_daily()
        assert not file.exists()
        happen()
        assert audit_heads.write_daily()

    def test_a_place_that_is_named_later_on_the_day_gets_its_line_at_once(self, tmp_path: Path, settings: Any) -> None:
        happen()
        assert not audit_heads.write_daily()
        assert not audit_heads.mail_daily()
        settings.AUDIT_HEAD_FILE, settings.AUDIT_HEAD_EMAIL = str(tmp_path / "heads"), "records@elsewhere.example"
        assert audit_heads.write_daily()
        assert audit_heads.mail_daily()

    def test_without_a_place_nothing_is_noted(self) -> None:
        happen()
        assert not audit_heads.write()
        assert not audit_heads.mail()
        assert not OutboxMessage.objects.filter(kind="audit_head").exists()


class TestLoss:
    def test_a_chain_that_only_grew_is_fine(self, file: Path) -> None:
        happen(2)
        audit_heads.write()
        seen = Seen()
        assert audit_heads.look(seen=seen)
        happen(3)
        assert audit_heads.look(seen=seen)
        assert audit_heads.alarms() == []
        assert audit_heads.compare_all() == []

    @pytest.mark.parametrize("where", ["file", "mail", "worker"])
    def test_a_lost_end_is_noticed_at_the_next_turn(self, where: str, tmp_path: Path, settings: Any) -> None:
        if where == "file":
            settings.AUDIT_HEAD_FILE = str(tmp_path / "heads")
        if where == "mail":
            settings.AUDIT_HEAD_EMAIL = "records@elsewhere.example"
        happen(5)
        audit_heads.write()
        audit_heads.mail()
        watching = Seen()
        audit_heads.look(seen=watching)
        cut_off(3)
        with pytest.raises(SomeFailed, match=r"^The chain lost its end: it stands at 3, and stood at 5:"):
            audit_heads.look(seen=watching if where == "worker" else Seen())
        assert audit_heads.state().startswith("The chain lost its end: it stands at 3")
        assert audit_heads.alarms() == [
            "The audit trail is not what it was: entries at its end are missing. Tell whoever runs the server at once, "
            "and change nothing that can wait."
        ]

    def test_an_end_that_was_written_anew_is_noticed(self, file: Path) -> None:
        happen(4)
        audit_heads.write()
        cut_off(2)
        happen(9)
        with pytest.raises(SomeFailed, match=r"^Link 4 is not 4:"):
            audit_heads.look(seen=Seen())

    def test_the_alarm_lasts_and_ends_with_its_cause(self, file: Path) -> None:
        happen(2)
        seen = Seen()
        audit_heads.look(seen=seen)
        digest = "0" * 64
        file.write_text(f"2026-11-02T08:00:00+00:00 90:{digest}\n")
        for _ in range(2):
            with pytest.raises(SomeFailed):
                audit_heads.look(seen=seen)
        file.write_text("")
        assert audit_heads.look(seen=seen)
        assert audit_heads.alarms() == []

    def test_a_file_that_is_gone_is_named(self, file: Path) -> None:
        happen()
        audit_heads.write_daily()
        seen = Seen()
        audit_heads.look(seen=seen)
        file.unlink()
        with pytest.raises(SomeFailed, match=r"heads is gone$"):
            audit_heads.look(seen=seen)
        assert audit_heads.compare_all() == [f"{file} is missing."]


class TestVerifyAudit:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("verify_audit", *arguments, stdout=out, stderr=StringIO())
        return out.getvalue()

    def test_it_compares_with_every_head_that_was_noted(self, file: Path) -> None:
        happen(3)
        audit_heads.write()
        happen(3)
        audit_heads.write()
        assert self.run().startswith("6 audit events")
        cut_off(2)
        with pytest.raises(CommandError) as found:
            self.run()
        lines = str(found.value).splitlines()
        assert [re.sub(r":\w{64}.*", "", line) for line in lines] == [
            "The chain lost its end: it stands at 2, and stood at 3",
            "The chain lost its end: it stands at 2, and stood at 6",
        ]

    def test_a_line_that_cannot_be_read_is_a_problem(self, file: Path) -> None:
        happen()
        file.write_text("somebody was here\n")
        with pytest.raises(CommandError, match=r"^Line 1 of .*heads cannot be read\.$"):
            self.run()

    def test_a_database_that_was_put_back_is_put_on_record_and_compared_from_there(
        self, file: Path, settings: Any
    ) -> None:
        settings.AUDIT_HEAD_EMAIL = "records@elsewhere.example"
        happen(5)
        audit_heads.write()
        audit_heads.mail()
        cut_off(3)
        assert self.run("--restored", "disk failure, backup of 3 May").startswith("4 audit events")
        event = AuditEvent.objects.get(action="audit.restored")
        assert event.details == {"reason": "disk failure, backup of 3 May"}
        assert audit_heads.look(seen=Seen())
        happen(2)
        audit_heads.write()
        assert self.run().startswith("6 audit events")
        cut_off(4)
        with pytest.raises(CommandError, match="stands at 4, and stood at 6"):
            self.run()

    def test_a_chain_that_is_wrong_in_itself_was_not_put_back(self, file: Path) -> None:
        happen(3)
        AuditHead.objects.update(digest="f" * 64)
        with pytest.raises(CommandError, match="Not put on record: the chain is wrong in itself"):
            self.run("--restored", "a try")
        assert not AuditEvent.objects.filter(action="audit.restored").exists()

    def test_without_a_reason_nothing_is_put_on_record(self) -> None:
        happen()
        with pytest.raises(CommandError, match="Say why the database was put back"):
            self.run("--restored", " ")


class TestState:
    def test_the_word_of_each_case(self, settings: Any, time_machine: Any) -> None:
        time_machine.move_to(MONDAY_MORNING, tick=False)
        assert audit_heads.state() == "never compared"
        happen()
        audit_heads.look(seen=Seen())
        assert audit_heads.state() == "kept nowhere else"
        settings.AUDIT_HEAD_EMAIL = "records@elsewhere.example"
        assert audit_heads.state() == "not done for two days: mail audit head"
        audit_heads.mail_daily()
        assert audit_heads.state() == "ok"
        time_machine.shift(timedelta(days=2, seconds=1))
        assert audit_heads.state() == "not done for two days: mail audit head"

    def test_staff_see_it_on_today(self, client: Any, django_user_model: Any) -> None:
        Heartbeat.beat("audit head", failing=["The chain lost its end"])
        user = django_user_model.objects.create_user("edith", "edith@clinic.example", is_staff=True)
        client.force_login(user)
        assert "entries at its end are missing" in client.get("/admin/").content.decode()


def test_what_was_noted_after_a_database_was_put_back_stands() -> None:
    noted = [NotedHead("1", 3, "a"), NotedHead("2", 5, "b"), NotedHead("3", 4, "c", True), NotedHead("4", 6, "d")]
    assert [head.position for head in audit_heads.standing(noted)] == [3, 4, 6]
