"""Killed in the middle: no page was shown without its reading, no batch is done half, none twice."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from clinic.accounts.models import User
from clinic.core import audit, reading_batches, reading_log
from clinic.core.models import AuditEvent, AuditLink, RecordRead, UnchainedEvent, UnchainedRead
from tests.concurrency.processes import start
from tests.concurrency.test_killed_server import DEADLINE, Server
from tests.personas import MakeRequest, make_user

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "/admin/consultations/consultationrequest/"
READERS = 4
ENOUGH = 40
DIE = """
import os, signal, django
django.setup()
from clinic.core import audit, reading_batches
from clinic.core.models import {model}

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

real = {model}.objects.filter
{model}.objects.filter = die
{chain}()
"""
"""The events and links are written; the process dies as it would take the rows off the list of those that wait."""


@pytest.fixture
def nurse() -> User:
    return make_user("nurse", "triage")


def killed(model: str, chain: str) -> int:
    process = start("-c", DIE.format(model=model, chain=chain))
    return process.wait(timeout=DEADLINE)


def test_a_batch_half_done_is_done_again_and_none_twice(nurse: User) -> None:
    rows = [reading_log.log(by=nurse, action="request.list", patients=[patient]) for patient in range(5)]

    assert killed("UnchainedRead", "reading_batches.chain") == -signal.SIGKILL

    assert not AuditEvent.objects.exists()
    assert UnchainedRead.objects.count() == 5
    assert reading_batches.verify() == audit.verify() == []
    assert [reading_batches.chain(), reading_batches.chain()] == [5, 0]
    (batch,) = AuditEvent.objects.all()
    assert batch.details["rows"] == f"{rows[0].pk}-{rows[-1].pk}"
    assert reading_batches.verify() == audit.verify() == []


def test_links_half_done_are_done_again_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "chain_after_commit", lambda: None)
    with transaction.atomic():
        for word in "abc":
            audit.record(action=f"test.{word}", actor="system")

    assert killed("UnchainedEvent", "audit.chain") == -signal.SIGKILL

    assert not AuditLink.objects.exists()
    assert UnchainedEvent.objects.count() == 3
    assert audit.verify() == []
    assert [audit.chain(), audit.chain()] == [3, 0]
    assert audit.verify() == []


@pytest.mark.postgres
class TestTheServer:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        running = Server(DEBUG="1")  # whole pages, without the list of collected files that a clinic's server has
        yield running
        running.kill()

    def test_every_page_that_was_shown_is_on_record(
        self, server: Server, make_request: MakeRequest, nurse: User
    ) -> None:
        consultation_request = make_request()
        browser = Client()
        browser.force_login(nurse)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        shown: list[str] = []
        wrong: list[int] = []
        enough = threading.Event()

        def read(number: int) -> None:
            turn = 0
            while True:
                turn += 1
                name = f"{number:04x}{turn:012x}"
                link = HTTPConnection("127.0.0.1", server.port, timeout=10)
                headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}", "X-Request-ID": name}
                try:
                    link.request("GET", QUEUE, headers=headers)
                    answer = link.getresponse()
                    page = answer.read().decode()
                except (OSError, HTTPException):
                    return  # killed: nothing was shown
                finally:
                    link.close()
                if answer.status == 200 and consultation_request.reference in page:
                    shown.append(answer.headers.get("X-Request-ID", ""))
                else:
                    wrong.append(answer.status)
                if len(shown) >= ENOUGH or wrong:
                    enough.set()

        readers = [threading.Thread(target=read, args=[number]) for number in range(READERS)]
        for reader in readers:
            reader.start()
        assert enough.wait(DEADLINE)
        server.kill()
        for reader in readers:
            reader.join(DEADLINE)

        assert wrong == []
        logged = RecordRead.objects.filter(patients_shown__patient_id=consultation_request.patient_id, actor_user=nurse)
        assert len(set(shown)) == len(shown) >= ENOUGH
        assert set(shown) <= set(logged.values_list("request_id", flat=True))
        assert reading_batches.verify() == audit.verify() == []

    def test_a_worker_that_is_killed_again_and_again_leaves_none_out(self, nurse: User) -> None:
        over = threading.Event()

        def read() -> None:
            patient = 0
            try:
                while not over.wait(0.01):
                    patient += 1
                    reading_log.log(by=nurse, action="request.list", patients=[patient])
            finally:
                connection.close()

        reader = threading.Thread(target=read)
        reader.start()
        for kills in range(3):
            worker = start("manage.py", "worker", "--every", "0.02")
            wait_for_batches(2 * kills + 2)
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(timeout=DEADLINE)
        over.set()
        reader.join(DEADLINE)

        while reading_batches.chain():
            pass
        batches = reading_batches._batches()
        numbers = [number for item in batches for number in reading_batches.numbers_in(item.details["rows"])]
        assert sorted(numbers) == list(RecordRead.objects.order_by("pk").values_list("pk", flat=True))
        while audit.chain():
            pass
        assert reading_batches.verify() == audit.verify() == []


def wait_for_batches(count: int) -> None:
    begun = time.monotonic()
    while AuditEvent.objects.filter(action=reading_batches.ACTION).count() < count:
        assert time.monotonic() - begun < DEADLINE, "the worker chained nothing"
        time.sleep(0.02)
