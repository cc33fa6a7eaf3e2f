"""A whole PostgreSQL server from its base backup, ready to go on from its WAL archive to the last minute."""

import contextlib
import dataclasses
import json
import shlex
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from pyrage.x25519 import Identity

from clinic.core import restored_copy
from clinic.core.backups import examining
from clinic.core.backups.refusals import BackupRefused
from clinic.core.management.clinic_command import typed

FACTS = "clinic-restore.json"


@dataclasses.dataclass(frozen=True, slots=True)
class RecoveryPlan:
    folder: Path
    wal: str
    identity_file: str
    until: str = ""


def unpack_base(path: Path, plan: RecoveryPlan, *, identity: Identity, other_installation: bool) -> list[str]:
    """Fill an empty folder, and tell the server in it where its WAL is. Returns what to do next.

    Raises BackupRefused.
    """
    folder = plan.folder.absolute()
    _require_plan(plan)
    header = examining.examine(path, identity=identity, other_installation=other_installation)
    with examining.unpacked(path, header, identity=identity, scratch=Path(tempfile.gettempdir())) as held:
        erased, _source = examining.erased_since(held, identity=identity, scratch=Path(tempfile.gettempdir()))
        done = subprocess.run(
            ["tar", "--extract", "--file", str(held.payload), "--directory", str(folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BackupRefused(f"The files could not be unpacked: {done.stderr.strip()[:300]}")
    facts = {"made_at": header["made_at"], "erased": erased}
    (folder / FACTS).write_text(json.dumps(facts))
    (folder / "recovery.signal").touch(mode=0o600)
    with (folder / "postgresql.auto.conf").open("a") as conf:
        conf.write("".join(f"{name} = {_quoted(value)}\n" for name, value in _recovery(plan).items()))
    folder.chmod(0o700)
    return [
        f"The server of {header['made_at']} is in {folder}. Give it to postgres, and start it; it goes on "
        f"from {plan.wal} by itself and takes writes when it is done.",
        f"Then, before anybody works with it: {typed('after_restore')} --facts - < {folder / FACTS}",
    ]


def _require_plan(plan: RecoveryPlan) -> None:
    if not plan.folder.is_dir():
        raise BackupRefused(f"There is no folder {plan.folder}. Make an empty one, for its owner alone (chmod 700).")
    if any(plan.folder.iterdir()):
        raise BackupRefused(f"The folder {plan.folder} is not empty. Nothing was written.")
    if not plan.wal or not Path(plan.wal).is_dir():
        raise BackupRefused("Name the folder of the WAL archive, as in --wal /var/backups/clinic-wal.")
    if not plan.identity_file or plan.identity_file == "-":
        raise BackupRefused(
            "The server reads the key itself: put the secret half into a file, and name it: --identity FILE."
        )
    if plan.until:
        with contextlib.suppress(ValueError):
            if datetime.fromisoformat(plan.until).tzinfo is not None:
                return
        raise BackupRefused("--until must be a moment with its zone, as in --until 2026-11-28T09:30:00+00:00.")


def _recovery(plan: RecoveryPlan) -> dict[str, Any]:
    script = settings.BASE_DIR / "deploy" / "archive_wal.py"
    words = [sys.executable, str(script), "get", "--from", str(Path(plan.wal).absolute())]
    words += ["--identity", str(Path(plan.identity_file).absolute())]
    recovery = {"restore_command": f"{shlex.join(words)} %f %p", "recovery_target_timeline": "latest"}
    # A copy must not archive over the archive that it is made from.
    recovery |= {"archive_mode": "off", restored_copy.SERVER_SETTING: restored_copy.new_mark()}
    if plan.until:
        recovery |= {"recovery_target_time": plan.until, "recovery_target_action": "promote"}
    return recovery


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
