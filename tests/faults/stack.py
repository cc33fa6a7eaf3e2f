"""The product as it is deployed: gunicorn with the shipped file, and the worker, each started again as by systemd."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Final

from tests.concurrency.processes import free_port, start

RESTART_SECONDS: Final = 2.0
"""`RestartSec` of both units."""
DEADLINE: Final = 120


class Unit:
    """One service: `Restart=always`, and what is left of its group is ended before it starts again."""

    def __init__(self, *arguments: str, log: Path, **environment: str) -> None:
        self.arguments, self.environment = arguments, environment
        self.log = log.open("ab")
        self.is_wanted = True
        self.process = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> subprocess.Popen[bytes]:
        return start(*self.arguments, log=self.log, **self.environment)

    def _keep(self) -> None:
        while True:
            process = self.process
            process.wait()
            if not self.is_wanted:
                return
            self._end_group(process.pid)
            time.sleep(RESTART_SECONDS)
            if not self.is_wanted:
                return
            self.process = self._start()

    @staticmethod
    def _end_group(group: int) -> None:
        """SIGTERM for what is left, SIGKILL for what is still there: `KillMode=control-group`."""
        for name, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 1.0)):
            ends = time.monotonic() + seconds
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, name)
                while time.monotonic() < ends:
                    os.killpg(group, 0)
                    time.sleep(0.05)

    def kill(self) -> None:
        """The main process alone, as the kernel's out-of-memory killer does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)

    def reload(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGHUP)

    def children(self) -> list[int]:
        with contextlib.suppress(OSError):
            listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
            return [int(number) for number in listed.split()]
        return []

    def kill_child(self, chance: random.Random) -> None:
        if found := self.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(found), signal.SIGKILL)

    def stop(self) -> None:
        self.is_wanted = False
        self._end_group(self.process.pid)
        self.process.wait(timeout=DEADLINE)
        self._keeper.join(timeout=DEADLINE)
        self.log.close()


class Stack:
    """Both units on one database."""

    def __init__(self, folder: Path, *, mail_port: int, web_processes: int, **environment: str) -> None:
        self.port = free_port()
        common = {"PROXY_COUNT": "1", "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}", **environment}
        self.web = Unit(
            "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "clinic.wsgi", log=folder / "web.log",
            BIND=f"127.0.0.1:{self.port}", WEB_CONCURRENCY=str(web_processes), **common,
        )  # fmt: skip
        self.worker = Unit("manage.py", "worker", "--every", "0.5", log=folder / "worker.log", **common)
        self.wait()

    def wait(self) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < DEADLINE:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the web server did not start")

    def stop(self) -> None:
        self.web.stop()
        self.worker.stop()
