"""How fast it is, printed and never asserted: `make bench`. Not collected with the tests."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.core import page_cache
from education.content import shipped
from education.services import loading
from tests.personas import MakeRequest, make_user

DATA = Path(__file__).parent.parent / "consultations" / "data"
SETS = 5_000
ROUNDS = 15


def say(name: str, value: str) -> None:
    sys.stdout.write(f"{name:<52} {value}\n")


def measure(name: str, ask: Callable[[], Any], *, before: Callable[[], Any] = lambda: None) -> None:
    """Queries of one warm answer, and the median of its times; `before` is done each time and not counted."""
    ask()
    before()
    with CaptureQueriesContext(connection) as captured:
        ask()
    queries = len(captured)  # read now: the next request empties the log
    took = []
    for _ in range(ROUNDS):
        before()
        begin = time.perf_counter()
        ask()
        took.append((time.perf_counter() - begin) * 1000)
    say(name, f"{queries:>3} queries {statistics.median(took):>8.1f} ms")


def test_assess_command() -> None:
    vignettes = [entry["answers"] for entry in json.loads((DATA / "vignettes.json").read_text())]
    lines = "\n".join(json.dumps(vignettes[index % len(vignettes)]) for index in range(SETS))
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "manage.py", "assess"], input=lines, capture_output=True, text=True, check=True
    )
    took = time.perf_counter() - begin
    assert len(done.stdout.splitlines()) == SETS
    say("assess, start-up included", f"{SETS / took:>8.0f} answer sets a second")


@pytest.mark.django_db
def test_public_pages(client: Client, settings: Any) -> None:
    settings.PAGE_CACHE_SECONDS = 60
    loading.load(shipped=shipped.read(), publish=True)
    addresses = [page["path"] for page in shipped.read().pages] + ["/faq/", "/glossary/", "/sources/"]
    for address in sorted(addresses):
        measure(f"{address} made anew", lambda address=address: client.get(address), before=page_cache.PAGES.clear)
    measure("/stem-cells/ from memory", lambda: client.get("/stem-cells/"))
    measure("/check/", lambda: client.get("/check/"))


@pytest.mark.django_db
@pytest.mark.parametrize("length", [10, 200, 1000])
def test_queue(length: int, make_request: MakeRequest, client: Client) -> None:
    for _ in range(length):
        consultation_request = make_request()
    client.force_login(make_user("nurse", "triage"))
    queue = reverse("admin:consultations_consultationrequest_changelist")
    page = reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
    measure(f"queue of {length}", lambda: client.get(queue))
    measure(f"request page, {length} requests", lambda: client.get(page))
    measure(f"today, {length} requests", lambda: client.get(reverse("admin:index")))
