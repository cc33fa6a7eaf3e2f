"""A warm public page beside the same bytes from a bare WSGI application, both under two gunicorn workers: `make bench`.

Five rounds of each, one after the other. The processor time is that of the server's processes alone, so that whoever
asks may be slow.
"""

import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.benchmarks.bench_speed import say
from tests.concurrency.processes import free_port, start

PAGE = "/stem-cells/"
REQUESTS = 1_600
CONNECTIONS = 8
ROUNDS = 5
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("site")
    variables = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings", "ENV_FILE": "", "DEBUG": "1", "DEMO": "1",
        "DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3",
    }  # fmt: skip
    for command in ("migrate", "load_education"):
        subprocess.run([sys.executable, "manage.py", command, "-v0"], env=variables, check=True, capture_output=True)
    return {"DATABASE_URL": variables["DATABASE_URL"], "DJANGO_SETTINGS_MODULE": "tests.deploy.settings"}


@contextlib.contextmanager
def served(application: str, variables: dict[str, str], log: Path) -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    port = free_port()
    own = {**variables, "BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2"}
    with log.open("wb") as lines:
        server = start("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", application, log=lines, **own)
    try:
        until = time.monotonic() + 60
        while not _answers(port) and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(3)  # the second worker
        yield port, server.pid
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def cpu_of(master: int) -> float:
    """Seconds that the server's workers have worked."""
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12]) if int(fields[1]) == master else 0
    return spent / TICKS


def ask(port: int, number: int) -> bytes:
    """The last answer of so many over one connection."""
    question = f"GET {PAGE} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rb")
        for _ in range(number):
            connection.sendall(question)
            length = 0
            while (line := stream.readline().strip()) != b"":
                name, _, value = line.partition(b": ")
                length = int(value) if name.lower() == b"content-length" else length
            body = stream.read(length)
    return body


def round_of(port: int, master: int) -> tuple[float, float]:
    """Answers a second, and microseconds of the server's processor for one."""
    before, begun = cpu_of(master), time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda _: ask(port, REQUESTS // CONNECTIONS), range(CONNECTIONS)))
    took = time.perf_counter() - begun
    return REQUESTS / took, (cpu_of(master) - before) / REQUESTS * 1e6


def test_a_warm_page_beside_bare_bytes(site: dict[str, str], tmp_path: Path) -> None:
    with served("clinic.wsgi", site, tmp_path / "first.log") as (port, _):
        body = ask(port, 1)
    assert body[:2] == b"\x1f\x8b", "a page under gzip"
    (tmp_path / "body").write_bytes(body)
    variables = {**site, "BENCH_BODY": str(tmp_path / "body")}
    names = {
        "bare": "tests.benchmarks.wsgi_apps:bare",
        "warm": "clinic.wsgi",
        "django": "tests.benchmarks.wsgi_apps:django_alone",
    }
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(served(app, variables, tmp_path / name)) for name, app in names.items()}
        for port, master in running.values():
            round_of(port, master)
        rounds = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name, (port, master) in running.items():
                rounds[name].append(round_of(port, master))
    for name in ("warm", "django"):
        speed = [mine[0] / bare[0] for mine, bare in zip(rounds[name], rounds["bare"], strict=True)]
        cost = [mine[1] / bare[1] for mine, bare in zip(rounds[name], rounds["bare"], strict=True)]
        a_second = statistics.median(speed for speed, _ in rounds[name])
        say(
            f"{PAGE} {'from memory' if name == 'warm' else 'from memory, by Django'}, bare WSGI = 1",
            f"{statistics.median(speed):.2f} ({min(speed):.2f}-{max(speed):.2f}), "
            f"processor {statistics.median(cost):.2f} ({min(cost):.2f}-{max(cost):.2f}), "
            f"{a_second:.0f} answers a second, {len(body)} bytes",
        )
