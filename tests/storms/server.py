"""The web server as it is deployed, on the database of the moment."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.concurrency.processes import free_port, start

DEADLINE: Final = 60


@contextmanager
def serving(*, log: Any, processes: int = 2, is_blind: bool = False) -> Iterator[int]:
    """Its port; `is_blind`: with services that look at nothing and wait for nobody."""
    port = free_port()
    application = "tests.storms.blind_wsgi" if is_blind else "clinic.wsgi"
    process = start(
        "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", application, log=log, BIND=f"127.0.0.1:{port}",
        WEB_CONCURRENCY=str(processes), PROXY_COUNT="1", DJANGO_SETTINGS_MODULE="tests.storms.settings",
        EMAIL_URL="dummymail://",
    )  # fmt: skip
    try:
        _wait(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=DEADLINE)


def _wait(port: int) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < DEADLINE:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the web server did not start")
