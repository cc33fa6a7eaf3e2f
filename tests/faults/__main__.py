"""`make faults`: a cluster or a file of its own, the product beside it, and the table at the end."""

import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults.plan import CannotRun, Plan, from_environment

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

    cluster = Cluster(folder / "cluster") if plan.engine == "postgresql" else None
    try:
        url = cluster.url if cluster else f"sqlite:///{folder}/clinic.sqlite3"
        os.environ.update({**ENVIRONMENT, "DATABASE_URL": url})
        import django

        django.setup()
        from django.core.management import call_command

        from tests.faults import clinic
        from tests.faults.report import table
        from tests.faults.run import Run

        call_command("migrate", verbosity=0)
        clinic.make(plan)
        result = Run(plan, folder, cluster=cluster, settings=SETTINGS).go()
        print(table(result))
        if not result.is_good:
            _keep(folder)
        return 0 if result.is_good else 1
    finally:
        if cluster:
            cluster.remove()


def _keep(folder: Path) -> None:
    """What somebody needs who looks for the cause."""
    kept = Path("var") / "faults"
    kept.mkdir(parents=True, exist_ok=True)
    for name in ("ledger.jsonl", "web.log", "worker.log"):
        shutil.copy(folder / name, kept / name)
    print(f"The ledger and the logs are kept in {kept}.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
