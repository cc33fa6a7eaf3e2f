"""Gunicorn behind nginx: `gunicorn -c deploy/gunicorn.conf.py clinic.wsgi`.

It is read anew at each reload. Nothing of the product and nothing of Django may be imported here: the master would keep
the version it started with and hand it on to workers of the next one.
"""

import itertools
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gunicorn.workers.gthread import ThreadWorker

ROOT = Path(__file__).resolve().parent.parent
LINES = runpy.run_path(str(ROOT / "clinic" / "core" / "log_lines.py"))


def settings():
    """BIND, WEB_CONCURRENCY and FORWARDED_ALLOW_IPS, from the environment and the settings file."""
    asked = [sys.executable, "-m", "clinic.core.web_settings"]
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  (its own words)
    if answer.returncode:
        sys.exit(answer.stderr.strip())
    return json.loads(answer.stdout)


class Worker(ThreadWorker):
    """Answers what never reaches the application as the application would, and starts or says why not, in one line."""

    def load_wsgi(self):
        try:
            super().load_wsgi()
        except Exception:
            self.log.exception("the site cannot start")
            raise SystemExit(3) from None  # to the master: do not start another worker, stop

    def handle_error(self, req, client, addr, exc):
        from clinic.core.server_errors import answer

        answer(client, exc)


def on_starting(server):
    """A folder for the figures of each process (`clinic/core/request_metrics.py`), in memory: a full disk must not stop
    whoever counts.
    """
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  (a folder of its own in it)
    for folder in Path(memory or tempfile.gettempdir()).glob("clinic-metrics-*-*"):
        # Of a master that was killed.
        if not Path("/proc", folder.name.split("-")[2]).exists():
            shutil.rmtree(folder, ignore_errors=True)
    prefix = f"clinic-metrics-{os.getpid()}-"
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=prefix, dir=memory)


def on_exit(server):
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def pre_fork(server, worker):
    """The lowest place that is free; during a reload the old processes still have theirs."""
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = next(number for number in itertools.count(1) if number not in taken)


def post_fork(server, worker):
    os.environ["METRICS_PLACE"] = str(worker.place)


vars().update(settings())
worker_class = Worker
threads = 4
timeout = 30
graceful_timeout = 30
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
limit_request_line = 8190
limit_request_fields = 60
# It would be made in a home that the service does not have, and nothing here talks to it.
control_socket_disable = True
# nginx writes the access log, with tokens masked; a second one here would not have them masked.
accesslog = None
errorlog = "-"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": LINES["LineFormatter"]}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["console"], "propagate": False}},
}
