"""Gunicorn behind nginx: `gunicorn -c deploy/gunicorn.conf.py clinic.wsgi`.

It is read anew at each reload. Nothing of the product and nothing of Django may be imported here: the master would keep
the version it started with and hand it on to workers of the next one.
"""

import json
import runpy
import subprocess
import sys
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
