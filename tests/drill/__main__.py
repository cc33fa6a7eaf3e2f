"""`make drill`: the whole drill on made-up people, on both engines, with a table of what was found and how long.

It backs up, loses and restores: SQLite from its newest backup; PostgreSQL from its newest dump, and from a base backup
with the WAL archive after the server was killed while somebody wrote. Every refusal is provoked once.
"""

import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pyrage.x25519 import Identity

ROOT = Path(__file__).resolve().parent.parent.parent
REQUESTS = os.environ.get("REQUESTS", "300")
MANAGE = str(ROOT / "manage.py")


@dataclasses.dataclass
class Clinic:
    """The settings of a made-up clinic, its paper, and the table."""

    engine: str
    folder: Path
    environment: dict[str, str]
    table: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)

    @property
    def paper(self) -> str:
        return str(self.folder / "paper")

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def manage(self, *words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, MANAGE, *words], env={**self.environment, **changed}, capture_output=True, text=True
        )

    def must(self, *words: str, **changed: str) -> str:
        done = self.manage(*words, **changed)
        if done.returncode:
            raise SystemExit(f"{words[0]} failed on {self.engine}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def shell(self, code: str) -> str:
        return self.must("shell", "--no-imports", "-v", "0", "-c", code).strip()

    def note(self, what: str, found: str, is_good: bool = True) -> None:
        self.table.append((what, found, "ok" if is_good else "FAILED"))
        print(f"{self.engine:<11} {what:<34} {'ok' if is_good else 'FAILED':<7} {found}", flush=True)


def make(engine: str, folder: Path, address: str) -> Clinic:
    identity = Identity.generate()
    (folder / "paper").write_text(f"{identity}\n")
    (folder / "paper").chmod(0o644)
    (folder / "backups").mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DJANGO_"))}
    environment = {
        **kept, "ENV_FILE": "", "DEBUG": "1", "DEMO": "1", "SECRET_KEY": "for the drill alone", "DATABASE_URL": address,
        "BACKUP_KEY": str(identity.to_public()), "BACKUP_FOLDER": str(folder / "backups"),
    }  # fmt: skip
    clinic = Clinic(engine, folder, environment)
    clinic.must("migrate", "--verbosity", "0")
    clinic.must("load_education")
    clinic.must("demo")
    clinic.must("demo", "--requests", REQUESTS, "--seed", "1")
    clinic.shell(ERASABLE)
    return clinic


ERASABLE = """
from tests.personas import make_patient
make_patient("Zebedee Quillfeather")
"""
ERASE = """
from clinic.accounts.models import User
from consultations.models import Patient
from consultations.services import erasure
manager = User.objects.filter(groups__name="manager").first()
erasure.erase(patient=Patient.objects.get(name="Zebedee Quillfeather"), by=manager)
"""


def newest(clinic: Clinic, kind: str) -> Path:
    return max(clinic.backups.glob(f"*-{kind}.backup"))


def drill_the_newest(clinic: Clinic, kind: str) -> None:
    """Backup, erasure afterwards, restore on a fresh file or server."""
    begun = time.monotonic()
    clinic.must("backup")
    file = newest(clinic, kind)
    clinic.note("backup", f"{file.stat().st_size / 1e6:.1f} MB in {time.monotonic() - begun:.1f} s")
    clinic.shell(ERASE)
    begun = time.monotonic()
    done = clinic.manage("drill", "--identity", clinic.paper)
    clinic.note("drill of the newest", f"{time.monotonic() - begun:.1f} s", done.returncode == 0)
    for line in done.stdout.splitlines():
        print(f"            | {line}")
    if done.returncode:
        print(done.stderr)
    again = "1 patient rows erased again" in done.stdout
    clinic.note("erased since, erased again", "1 patient row", again)


def refusals(clinic: Clinic, kind: str) -> None:
    """Each kind of backup that must not be taken, and the sentence that says why."""
    file = newest(clinic, kind)
    spoiled = clinic.folder / "spoiled.backup"
    content = file.read_bytes()
    other = clinic.folder / "other-paper"
    other.write_text(str(Identity.generate()))
    into = f"sqlite:///{clinic.folder}/into.sqlite3" if kind == "sqlite" else clinic.environment["RESTORE_INTO"]
    own = clinic.environment["DATABASE_URL"]

    def asked(backup: Path, target: str = into, paper: str = clinic.paper, **changed: str) -> str:
        done = clinic.manage("restore", str(backup), "--into", target, "--identity", paper, **changed)
        return done.stderr.strip().splitlines()[-1] if done.returncode else "TAKEN"

    def spoil(new: bytes) -> Path:
        spoiled.write_bytes(new)
        return spoiled

    middle = len(content) // 2
    cases: list[tuple[str, str, Callable[[], str]]] = [
        ("absent", "There is no backup", lambda: asked(clinic.folder / "gone.backup")),
        ("truncated", "was cut off", lambda: asked(spoil(content[:-500]))),
        ("damaged", "is damaged", lambda: asked(spoil(content[:middle] + b"????" + content[middle + 4 :]))),
        ("no backup", "is not a backup", lambda: asked(spoil(b"SQLite format 3"))),
        ("other backup key", "encrypted for another backup key", lambda: asked(file, paper=str(other))),
        ("other field keys", "do not hold the field keys", lambda: asked(file, SECRET_KEY="of another clinic")),
        ("rows in the way", "holds rows already", lambda: asked(file, target=own)),
    ]  # fmt: skip
    for name, sentence, ask in cases:
        said = ask()
        clinic.note(f"refused: {name}", said.removeprefix("CommandError: ")[:110], sentence in said)


def on_sqlite(folder: Path) -> Clinic:
    clinic = make("SQLite", folder, f"sqlite:///{folder}/clinic.sqlite3")
    drill_the_newest(clinic, "sqlite")
    refusals(clinic, "sqlite")
    return clinic


def on_postgresql(folder: Path) -> Clinic:
    from clinic.management.scratch_cluster import Cluster, own
    from tests.drill import recovery

    wal = folder / "wal"
    wal.mkdir(mode=0o700)
    own(wal)
    folder.chmod(0o755)
    server = Cluster(folder / "server")
    server.folder.mkdir(mode=0o700)
    server.make()
    identity_file = folder / "paper"
    server.start({})
    server.create("drill")
    address = f"postgres:///drill?host={server.folder}&user=clinic"
    clinic = make("PostgreSQL", folder, address)
    identity = Identity.from_str(identity_file.read_text().strip())
    server.stop()
    server.start(recovery.archiving(wal, str(identity.to_public())))
    server.create("empty")
    clinic.environment["RESTORE_INTO"] = f"postgres:///empty?host={server.folder}&user=clinic"
    try:
        drill_the_newest(clinic, "dump")
        refusals(clinic, "dump")
    finally:
        recovery.to_the_last_minute(clinic, server, wal)
    return clinic


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    engines = {"sqlite": on_sqlite, "postgresql": on_postgresql}
    wanted = os.environ.get("ENGINES", "sqlite postgresql").split()
    failed = 0
    for name in wanted:
        folder = Path(tempfile.mkdtemp(prefix=f"clinic-drill-{name}-"))
        try:
            clinic = engines[name](folder)
            failed += sum(verdict != "ok" for *_, verdict in clinic.table)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{failed} failed." if failed else "All of it held.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
