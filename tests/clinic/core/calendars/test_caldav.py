"""CalDAV, against Radicale: a server that we did not write."""

import base64
import datetime
import http.client
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from radicale import Application, config

from clinic.core.calendars import caldav
from clinic.core.calendars.failures import CalendarUnread
from clinic.core.calendars.fetching import CalendarRequest, Limits
from clinic.core.calendars.networks import networks
from clinic.core.calendars.reading import Job, Reading
from tests.calendar_server import CalendarServer, calendar, entry
from tests.clinic.core.calendars.conftest import ReadCalendar

ALICE = base64.b64encode(b"alice:open sesame").decode()


class Radicale:
    """Alice's calendar on this machine, and an address book beside it."""

    def __init__(self, folder: Path) -> None:
        (folder / "users").write_text("alice:open sesame\n")
        settings = {
            "auth": {"type": "htpasswd", "htpasswd_filename": str(folder / "users"), "htpasswd_encryption": "plain",
                     "delay": "0"},
            "storage": {"filesystem_folder": str(folder / "rows"), "_filesystem_fsync": "False"},
            "logging": {"level": "critical"},
        }  # fmt: skip
        configuration = config.load()
        configuration.update(settings, "test", privileged=True)
        self.server = make_server("127.0.0.1", 0, Application(configuration), handler_class=_Silent)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.ask("MKCOL", "/alice/")
        self.ask("MKCALENDAR", "/alice/work/")
        self.ask("MKCALENDAR", "/alice/empty/")

    def address(self, path: str = "/alice/work/") -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def ask(self, method: str, path: str, body: bytes = b"") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        headers = {"Authorization": f"Basic {ALICE}", "Content-Type": "text/calendar; charset=utf-8"}
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def put(self, name: str, content: bytes) -> None:
        assert self.ask("PUT", f"/alice/work/{name}.ics", content) == 201

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class _Silent(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """It says nothing."""


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    made = Radicale(tmp_path_factory.mktemp("radicale"))
    made.put("one", calendar(entry("20261130T140000Z", "20261130T150000Z", uid="one")))
    made.put("free", calendar(entry("20261130T160000Z", "20261130T170000Z", "TRANSP:TRANSPARENT", uid="free")))
    made.put("weekly", calendar(entry("20200106T180000Z", "20200106T190000Z", "RRULE:FREQ=WEEKLY", uid="weekly")))
    made.put("over", calendar(entry("20200106T120000Z", "20200106T130000Z", uid="over")))
    yield made
    made.stop()


@pytest.fixture
def ask_radicale(radicale: Radicale, ask: ReadCalendar) -> ReadCalendar:
    def ask_radicale(path: str = "/alice/work/", **changes: Any) -> Reading:
        usual = {"is_caldav": True, "user": "alice", "password": "open sesame"}
        return ask(address=radicale.address(path), **{**usual, **changes})

    return ask_radicale


def days(reading: Reading) -> list[str]:
    return [f"{begins:%d %H}-{ends:%H}" for begins, ends in reading.spans or []]


def test_a_calendar_of_radicale_is_read(ask_radicale: ReadCalendar) -> None:
    reading = ask_radicale(until="2026-12-08T00:00:00+00:00")
    assert (reading.failure, reading.doubtful) == ("", 0)
    assert days(reading) == ["30 14-15", "30 18-19", "07 18-19"]


def test_it_is_not_read_again_while_its_tag_stands(radicale: Radicale, ask_radicale: ReadCalendar) -> None:
    first = ask_radicale()
    assert first.state
    assert ask_radicale(state=first.state) == Reading(None, 0, first.state, "", "")
    radicale.put("two", calendar(entry("20261210T140000Z", "20261210T150000Z", uid="two")))
    assert "10 14-15" in days(ask_radicale(state=first.state))


def test_nothing_is_written_to_it(radicale: Radicale, ask_radicale: ReadCalendar, monkeypatch: Any) -> None:
    verbs: list[str] = []
    fetch = caldav.fetch
    monkeypatch.setattr(caldav, "fetch", lambda request, limits: verbs.append(request.method) or fetch(request, limits))
    assert ask_radicale().failure == ""
    assert verbs == ["PROPFIND", "REPORT"]


def test_an_empty_calendar_is_free(ask_radicale: ReadCalendar) -> None:
    assert ask_radicale("/alice/empty/").spans == []


@pytest.mark.parametrize(
    ("path", "changes", "failure"),
    [
        ("/alice/work/", {"password": "wrong"}, "sign_in"),
        ("/alice/", {}, "no_collection"),
        ("/alice/nothing/", {}, "gone"),
        ("/bob/work/", {}, "sign_in"),
        ("/alice/work/", {"is_caldav": False, "user": "", "password": ""}, "sign_in"),
    ],
)
def test_what_cannot_be_read_is_never_taken_for_free(
    ask_radicale: ReadCalendar, path: str, changes: dict[str, Any], failure: str
) -> None:
    """The folder of all calendars, too, would answer a question for entries with none."""
    assert ask_radicale(path, **changes) == Reading(failure=failure)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>Sign in</html>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><d:multistatus xmlns:d='DAV:'>&b;</d:multistatus>",
        b"<d:multistatus xmlns:d='DAV:'>", b"BEGIN:VCALENDAR",
    ],
)  # fmt: skip
def test_an_answer_that_is_none(server: CalendarServer, job: Job, body: bytes) -> None:
    server.serve(body, status=207)
    asked, limits = CalendarRequest(server.address()), Limits(tuple(networks(job.allowed)), seconds=5)
    with pytest.raises(CalendarUnread, match=r"unreadable|no_collection"):
        caldav.state_of(asked, limits)
    since, until = (datetime.datetime(2026, 11, day, tzinfo=datetime.UTC) for day in (1, 2))
    with pytest.raises(CalendarUnread, match="unreadable"):
        caldav.content_of(asked, limits, since, until)
