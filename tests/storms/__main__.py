"""`make storms`: the long form on both engines, PostgreSQL as a cluster of its own, and the lines as one table."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.cluster import Cluster
from tests.faults.plan import CannotRun
from tests.storms.table import head

TESTS = ("-m", "pytest", "-q", "-s", "-n", "0", "-p", "no:randomly", "tests/storms")
DEFAULTS = {"PEOPLE": "200", "MANY": "50", "STORMS": "20"}


def sweep(engine: str, url: str) -> int:
    """The lines of one engine as they come; 0 where all of it held."""
    environment = {**DEFAULTS, **os.environ, "DEEP": "1", **({"DATABASE_URL": url} if url else {})}
    chosen = ["-k", os.environ["ONLY"]] if os.environ.get("ONLY") else []
    command = [sys.executable, *TESTS, *chosen]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    for text in running.stdout or ():
        if re.match(rf"{engine} |    \d+ x |FAILED|ERROR|\d+ (passed|failed)", text):
            print(text.rstrip(), flush=True)
    return running.wait()


def main() -> int:
    engines, failed = os.environ.get("ENGINES", "sqlite postgresql").split(), 0
    print(head(), flush=True)
    for engine in engines:
        if engine == "sqlite":
            failed += sweep(engine, "")
            continue
        with tempfile.TemporaryDirectory(prefix="clinic-storms-") as name:
            Path(name).chmod(0o755)
            # Storms are about who wins, not about loss of power.
            cluster = Cluster(Path(name) / "cluster", "fsync=off", "full_page_writes=off")
            try:
                failed += sweep(engine, cluster.url)
            finally:
                cluster.remove()
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CannotRun as problem:
        sys.exit(str(problem))
