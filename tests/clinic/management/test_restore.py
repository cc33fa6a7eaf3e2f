"""A backup that was restored: the copy is what was backed up, and what must not come back does not."""

import contextlib
import io
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pyrage.x25519 import Identity

from clinic.core import audit, clock, outbox
from clinic.core.backups import examining, postgres, targets
from clinic.core.models import AuditEvent, Lane, OutboxMessage
from clinic.management import restoring
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest, Patient
from consultations.services import erasure
from tests.conftest import on_postgresql
from tests.personas import make_patient

pytestmark = pytest.mark.django_db(transaction=True)
IDENTITY = Identity.generate()


@pytest.fixture
def place(tmp_path: Path, settings: Any, monkeypatch: Any) -> Path:
    """Settings and the paper of a clinic that makes backups, and whose audit chain has begun."""
    with transaction.atomic():
        audit.record(action="staff.sign_in", actor="system")
    settings.BACKUP_KEY = str(IDENTITY.to_public())
    settings.BACKUP_FOLDER = str(tmp_path / "backups")
    (tmp_path / "backups").mkdir(mode=0o700)
    (tmp_path / "paper").write_text(f"# fingerprint and so on\n{IDENTITY}\n")
    monkeypatch.setenv("PGPASSWORD", connection.settings_dict["PASSWORD"])
    return tmp_path


@pytest.fixture
def empty(place: Path) -> Iterator[str]:
    """The address of a database that holds nothing."""
    if not on_postgresql():
        yield f"sqlite:///{place}/restored.sqlite3"
        return
    given = connection.settings_dict
    name = f"{given['NAME']}_restored"
    with postgres.connected(given) as opened:
        opened.autocommit = True
        cursor = opened.cursor()
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
        yield f"postgres://{given['USER']}@{given['HOST']}:{given['PORT']}/{name}"
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def facts(monkeypatch: Any) -> list[dict[str, Any]]:
    """What would be settled in the copy, for tests of everything before that: it is a process of its own."""
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(restoring, "_settle", lambda _, facts, done: given.append(facts))
    return given


def backup(place: Path, **options: Any) -> Path:
    call_command("backup", stdout=io.StringIO(), stderr=io.StringIO(), **options)
    return max((place / "backups").glob("*.backup"))


def restore(place: Path, file: Path, into: str, **options: Any) -> str:
    out = io.StringIO()
    options = {"identity": str(place / "paper"), **options}
    call_command("restore", str(file), into=into, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def rows(address: str, query: str) -> list[Any]:
    given = targets.parse(address)
    if on_postgresql():
        with postgres.connected(given) as opened, opened.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()
    with contextlib.closing(sqlite3.connect(given["NAME"])) as opened:
        return opened.execute(query).fetchall()


def signed_in(user: Any) -> str:
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store.create()
    return str(store.session_key)


def queue(key: str, *, lane: Lane = Lane.PATIENTS, later: timedelta = timedelta()) -> None:
    now = clock.now()
    OutboxMessage.objects.create(
        key=key, kind="request_received", channel="email", lane=lane, recipient="alice@example.com",
        created_at=now, send_at=now + later, due_at=now + later,
    )  # fmt: skip


def test_the_copy_is_what_was_backed_up_and_nothing_comes_back(place, empty, manager, nurse):
    make_patient("Alice Winther")
    zebedee = make_patient("Zebedee Quillfeather")
    signed_in(nurse)
    walking = SessionStore()
    walking["check"] = "begun"
    walking.create()
    queue("due")
    queue("alert", lane=Lane.ALERTS)
    queue("tomorrow", later=timedelta(days=1))
    erased_before = make_patient("Yolanda Pell")
    erasure.erase(patient=erased_before, by=manager)
    head = audit.head_words()
    file = backup(place)

    make_patient("Too late for the backup")
    erasure.erase(patient=zebedee, by=manager)
    said = restore(place, file, empty)

    names = {name for (name,) in rows(empty, "SELECT name FROM consultations_patient")}
    assert "Zebedee Quillfeather" not in names
    assert {"Alice Winther"} == names - {Patient.objects.get(pk=zebedee.pk).name}
    keys = rows(empty, f"SELECT data_key FROM consultations_patient WHERE id = {zebedee.pk}")
    assert keys == [("",)]
    assert f"Audit chain whole up to {head}." in said
    assert "as many as were backed up" in said
    assert "1 patient rows erased again, 1 sessions of staff ended, 1 messages parked" in said
    assert "Erasures are known from the living database." in said
    assert rows(empty, "SELECT session_key FROM django_session") == [(walking.session_key,)]
    waiting = rows(empty, "SELECT key FROM core_outboxmessage WHERE parked_at IS NULL ORDER BY key")
    assert waiting == [("alert",), ("tomorrow",)]
    parked = rows(empty, "SELECT key, is_stopped, last_error FROM core_outboxmessage WHERE parked_at IS NOT NULL")
    assert [(key, bool(is_stopped), error) for key, is_stopped, error in parked] == [("due", False, outbox.DOUBTFUL)]
    acts = rows(empty, "SELECT action, actor FROM core_auditevent ORDER BY sequence DESC LIMIT 2")
    assert acts == [("database.restore", "system"), ("patient.erase", "system")]
    # The living database was only read.
    assert not AuditEvent.objects.filter(action="database.restore").exists()
    assert OutboxMessage.objects.filter(parked_at=None).count() == 3


def test_a_person_who_still_needs_somebody_in_the_copy_is_named(place, empty, manager, make_request):
    request = make_request()
    file = backup(place)
    ConsultationRequest.objects.filter(pk=request.pk).update(
        status=RequestStatus.CANCELLED, danger_due_at=None, texts_due_at=None
    )
    erasure.erase(patient=request.patient, by=manager)
    out = io.StringIO()
    with pytest.raises(CommandError, match="Restored, and not finished"):
        call_command("restore", str(file), into=empty, identity=str(place / "paper"), stdout=out, stderr=io.StringIO())
    assert f"Patient row {request.patient_id} was erased since" in out.getvalue()
    assert f"Request {request.reference} is not closed" in out.getvalue()


def test_rows_are_never_written_over_and_put_aside_only_by_name(place, empty, facts):
    make_patient("Alice Winther")
    file = backup(place)
    restore(place, file, empty)
    name = Path(targets.parse(empty)["NAME"]).name
    for wrong in ("", "another"):
        with pytest.raises(CommandError, match=rf"holds rows already.*Nothing was written.*--replace {name}"):
            restore(place, file, empty, replace=wrong)
    said = restore(place, file, empty, replace=name)
    assert rows(empty, "SELECT name FROM consultations_patient") == [("Alice Winther",)]
    if on_postgresql():
        kept = said.split("kept as schema ")[1].split()[0]
        assert rows(empty, f"SELECT name FROM {kept}.consultations_patient") == [("Alice Winther",)]
    else:
        kept = said.split("kept as ")[1].split()[0].rstrip(".")
        assert rows(f"sqlite:///{kept}", "SELECT name FROM consultations_patient") == [("Alice Winther",)]


def test_the_living_database_is_not_replaced_while_it_is_in_use(place, facts):
    make_patient("Alice Winther")
    file = backup(place)
    given = connection.settings_dict
    name = Path(given["NAME"]).name
    with pytest.raises(CommandError, match="Stop clinic-web and clinic-worker first; nothing was changed"):
        restore(place, file, targets.address_of(given), replace=name)
    assert Patient.objects.get().name == "Alice Winther"


def test_a_backup_that_is_not_ours_leaves_the_target_as_it_was(place, empty, settings):
    make_patient("Alice Winther")
    file = backup(place)
    other = place / "other-paper"
    other.write_text(str(Identity.generate()))
    with pytest.raises(CommandError, match=r"is encrypted for another backup key: it names .*fingerprint"):
        restore(place, file, empty, identity=str(other))
    other.write_text("AGE-SECRET-KEY-1MISTYPED")
    with pytest.raises(CommandError, match="This is not the secret half of a backup key"):
        restore(place, file, empty, identity=str(other))
    with pytest.raises(CommandError, match="cannot be read from"):
        restore(place, file, empty, identity=str(place / "gone"))
    damaged = place / "damaged.backup"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(CommandError, match="is damaged: its checksum does not fit"):
        restore(place, damaged, empty)
    damaged.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(CommandError, match="was cut off"):
        restore(place, damaged, empty)
    with pytest.raises(CommandError, match="There is no backup"):
        restore(place, place / "gone.backup", empty)
    settings.FIELD_KEYS = "k1:" + "A" * 43 + "="
    with pytest.raises(CommandError, match=r"do not hold the field keys of .*Key k1 is wrong"):
        restore(place, file, empty)
    settings.FIELD_KEYS = "k9:" + "A" * 43 + "="
    with pytest.raises(CommandError, match="Key k1 is missing"):
        restore(place, file, empty)
    assert targets.require_empty(targets.parse(empty), replace="") is False


def test_one_of_another_installation_is_taken_only_when_it_is_meant(place, empty, facts, monkeypatch):
    make_patient("Alice Winther")
    file = backup(place)
    monkeypatch.setattr(examining, "living_installation", lambda: "0" * 64)
    with pytest.raises(CommandError, match=r"is of another installation .*--other-installation"):
        restore(place, file, empty)
    said = restore(place, file, empty, other_installation=True)
    assert "Erase again by hand whoever was erased after that was made." in said


def test_when_the_living_database_is_lost_the_newest_backup_knows_who_was_erased(
    place, empty, manager, facts, monkeypatch
):
    zebedee = make_patient("Zebedee Quillfeather")
    old = backup(place)
    old = old.rename(old.with_name("clinic-20200101T000000Z-" + old.name.rpartition("-")[2]))
    erasure.erase(patient=zebedee, by=manager)
    newest = backup(place)
    monkeypatch.setattr(examining, "living_installation", lambda: "")
    said = restore(place, old, empty)
    assert f"Erasures are known from {newest.name}." in said
    assert [given["erased"] for given in facts] == [[str(zebedee.pk)]]


@pytest.mark.parametrize(
    ("into", "said"),
    [
        ("postgres://clinic:secret@127.0.0.1/x", "password must not stand on a command line"),
        ("mysql://127.0.0.1/x", "--into must be the address of a database"),
        ("nonsense", "--into must be the address of a database"),
        ("sqlite://:memory:", "--into must be the address of a database"),
    ],
)
def test_where_to_is_said_so_that_it_can_be_done(place, into, said):
    file = backup(place)
    with pytest.raises(CommandError, match=said) as refused:
        restore(place, file, into)
    assert "secret" not in str(refused.value)


def test_the_other_engine_is_refused(place, tmp_path):
    file = backup(place)
    other = f"sqlite:///{tmp_path}/x.sqlite3" if on_postgresql() else "postgres://clinic@127.0.0.1:1/x"
    with pytest.raises(CommandError, match=r"This is a backup of .*and --into names one of"):
        restore(place, file, other)


def test_a_drill_says_how_old_the_newest_is(place, empty):
    make_patient("Alice Winther")
    file = backup(place)
    out = io.StringIO()
    call_command("drill", identity=str(place / "paper"), stdout=out, stderr=io.StringIO(), into=empty)
    said = out.getvalue()
    assert file.name in said
    assert "(RPO 5 minutes): kept" in said
    assert "(RTO 15 minutes): kept" in said
    assert "Audit chain whole" in said


def test_a_drill_of_an_old_backup_fails(place, empty, facts, monkeypatch):
    make_patient("Alice Winther")
    file = backup(place)
    aged = io.StringIO()
    later = clock.now() + timedelta(minutes=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(CommandError, match="in the last 30 minutes would be lost"):
        call_command("drill", identity=str(place / "paper"), stdout=aged, stderr=io.StringIO(), into=empty)
    assert "MISSED" in aged.getvalue()
    assert file.exists()


def test_a_drill_that_cannot_look_into_the_archive_says_so_at_once(place):
    """It belongs to the user of the server, and taken for an empty one it would be years old."""
    with pytest.raises(CommandError, match=r"The WAL archive .* cannot be read by this user"):
        call_command(
            "drill", identity=str(place / "paper"), wal=str(place / "gone"), stdout=io.StringIO(), stderr=io.StringIO()
        )


def test_a_drill_without_any_backup_says_so(place):
    with pytest.raises(CommandError, match="There is no backup in"):
        call_command("drill", identity=str(place / "paper"), stdout=io.StringIO(), stderr=io.StringIO())
