"""The web server is killed under load: whatever it had said yes to is in the database, whole."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from clinic.core import audit
from clinic.core.models import AuditEvent
from consultations.models import QuestionnaireResponse
from tests.concurrency.processes import free_port, start

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WALKERS = 6
ENOUGH = 40
DEADLINE = 60
TOKEN = "t" * 32
KEY = "0a1b2c3d"


class Server:
    def __init__(self, **environment: str) -> None:
        self.port = free_port()
        self.environment = {"PROXY_COUNT": "1", "DJANGO_SETTINGS_MODULE": "tests.faults.settings", **environment}
        self.process = self.boot()

    def boot(self) -> subprocess.Popen[bytes]:
        # Every walker comes from an address of its own, so that no limit stands in the way.
        bind = f"127.0.0.1:{self.port}"
        process = start("-m", "gunicorn", "--workers", "2", "--bind", bind, "clinic.wsgi", **self.environment)
        begun = time.monotonic()
        while time.monotonic() - begun < DEADLINE:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=DEADLINE)

    def post(self, path: str, data: dict[str, str], *, address: str, session: str = "") -> tuple[int, str]:
        """Post a form; the status, and the session that the answer sets or the one there was."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        cookies = f"{settings.CSRF_COOKIE_NAME}={TOKEN}; {settings.SESSION_COOKIE_NAME}={session}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookies,
            "X-Forwarded-For": address,
        }
        try:
            connection.request("POST", path, urlencode({**data, "csrfmiddlewaretoken": TOKEN}), headers)
            answer = connection.getresponse()
            answer.read()
            cookie = SimpleCookie(answer.headers.get("Set-Cookie", "")).get(settings.SESSION_COOKIE_NAME)
            return answer.status, cookie.value if cookie else session
        finally:
            connection.close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.kill()


def test_killed_under_load_it_loses_nothing_it_acknowledged(server: Server) -> None:
    stored: dict[str, int] = {}
    broken: list[int] = []
    enough = threading.Event()

    def walk(number: int) -> None:
        turn = 0
        while True:
            turn += 1
            address = f"10.{number}.{turn % 250}.1"
            age = 30 + turn % 50
            try:
                status, session = server.post("/check/", {"key": KEY}, address=address)
                if status == 302:
                    answers = {"ab_age": str(age), "rf_now": "none"}
                    status, _ = server.post(f"/check/{KEY}/q/now/", answers, address=address, session=session)
            except (OSError, HTTPException):
                return  # it was killed: nothing was said, so nothing need be kept
            if status == 302:
                stored[session] = age
            else:
                broken.append(status)
            if len(stored) >= ENOUGH or broken:
                enough.set()

    walkers = [threading.Thread(target=walk, args=[number]) for number in range(WALKERS)]
    for walker in walkers:
        walker.start()
    assert enough.wait(DEADLINE)
    server.kill()
    for walker in walkers:
        walker.join(DEADLINE)

    assert broken == []
    for session, age in stored.items():
        token = Session.objects.get(session_key=session).get_decoded()["checks"][KEY]
        response = QuestionnaireResponse.objects.get(token=token)
        assert response.answers == {"ab_age": age, "rf_now": ["none"]}
        events = AuditEvent.objects.about(response).values_list("action", flat=True)
        assert list(events) == ["response.start", "response.save"]
    assert audit.verify() == []

    server.process = server.boot()
    session = next(iter(stored))
    status, _ = server.post(f"/check/{KEY}/q/nerves/", {"rf_ce": "none"}, address="10.99.0.1", session=session)
    assert status == 302
