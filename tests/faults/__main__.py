"""`make faults`: a cluster or a file of its own, the product beside it, and the table at the end."""

import base64
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.faults.plan import CannotRun, Plan, from_environment

SMALL_WAL = ("max_wal_size=64MB", "min_wal_size=32MB")
SETTINGS = "tests.faults.settings"
ENVIRONMENT = {
    "ENV_FILE": "",
    "DEBUG": "0",
    "DEMO": "0",
    "HTTPS": "0",
    "UNSIGNED_RULES_ACCEPTED_BY": "make faults",
    "SECRET_KEY": "a-secret-key-for-faults-only-that-is-long-enough-to-pass-the-checks",
    "FIELD_KEYS": "k1:" + base64.b64encode(b"a field key for faults, 32 bytes").decode(),
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "SITE_URL": "http://testserver",
    "DJANGO_SETTINGS_MODULE": SETTINGS,
}


def main() -> int:
    # Asked to end, it stops what it started and compares what was done until then.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    try:
        plan = from_environment()
        with tempfile.TemporaryDirectory(prefix="clinic-faults-") as name:
            folder = Path(name)
            folder.chmod(0o755)
            return _run(plan, folder)
    except CannotRun as problem:
        print(problem, file=sys.stderr)
        return 2


def _run(plan: Plan, folder: Path) -> int:
    from tests.faults.cluster import Cluster
    from tests.faults.disk import SmallDisk

    with contextlib.ExitStack() as ends:
        disk = SmallDisk(folder / "disk", megabytes=plan.disk_mb) if plan.disk_mb else None
        if disk:
            ends.callback(disk.remove)
        place = folder / "disk" if disk else folder
        cluster = Cluster(place / "cluster", *(SMALL_WAL if disk else ())) if plan.engine == "postgresql" else None
        if cluster:
            ends.callback(cluster.remove)
        url = cluster.url if cluster else f"sqlite:///{place}/clinic.sqlite3"
        os.environ.update({**ENVIRONMENT, "DATABASE_URL": url})
        return _judge(plan, folder, cluster=cluster, disk=disk)


def _judge(plan: Plan, folder: Path, **engine: Any) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.faults import clinic
    from tests.faults.report import table
    from tests.faults.run import Run

    call_command("migrate", verbosity=0)
    clinic.make(plan)
    result = Run(plan, folder, settings=SETTINGS, **engine).go()
    print(table(result))
    if not result.is_good:
        _keep(folder)
    return 0 if result.is_good else 1


def _keep(folder: Path) -> None:
    """What somebody needs who looks for the cause."""
    kept = Path("var") / "faults"
    kept.mkdir(parents=True, exist_ok=True)
    for name in ("ledger.jsonl", "web.log", "worker.log"):
        shutil.copy(folder / name, kept / name)
    print(f"The ledger and the logs are kept in {kept}.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
