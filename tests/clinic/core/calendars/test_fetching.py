"""Whatever a server does, a calendar is fetched within limits or not at all, and from nowhere that was not allowed."""

import gzip
import socket
import time
from typing import Any

import pytest

from clinic.core.calendars import fetching
from clinic.core.calendars.fetching import is_fetchable
from clinic.core.calendars.reading import Reading
from tests.calendar_server import CalendarServer, calendar, entry
from tests.clinic.core.calendars.conftest import ReadCalendar

VISIT = calendar(entry("20261130T140000Z", "20261130T150000Z"))


def test_a_calendar_is_read(server: CalendarServer, ask: ReadCalendar) -> None:
    server.serve(VISIT)
    reading = ask()
    assert [[f"{one:%d %H}" for one in span] for span in reading.spans or []] == [["30 14", "30 15"]]
    assert reading.failure == ""


def test_packed_too(server: CalendarServer, ask: ReadCalendar) -> None:
    server.serve_packed(VISIT)
    assert len(ask().spans or []) == 1


def test_what_did_not_change_is_not_read_again(server: CalendarServer, ask: ReadCalendar) -> None:
    server.serve(VISIT, headers={"ETag": '"v1"', "Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT"})
    first = ask()
    assert (first.state, first.changed) == ('"v1"', "Sat, 28 Nov 2026 10:00:00 GMT")
    again = ask(state=first.state, changed=first.changed)
    assert again == Reading(None, 0, '"v1"', "Sat, 28 Nov 2026 10:00:00 GMT", "")
    assert server.asked[-1][2]["If-Modified-Since"] == "Sat, 28 Nov 2026 10:00:00 GMT"
    server.serve(VISIT, headers={"ETag": '"v2"'})
    assert len(ask(state=first.state).spans or []) == 1


@pytest.mark.parametrize(
    ("status", "failure"),
    [(401, "sign_in"), (403, "sign_in"), (404, "gone"), (410, "gone"), (500, "server"), (503, "server"),
     (304, "server"), (302, "server")],
)  # fmt: skip
def test_an_answer_that_is_no_calendar(server: CalendarServer, ask: ReadCalendar, status: int, failure: str) -> None:
    """A 304 that nobody asked for, and a redirect to nowhere, are errors of the server."""
    server.serve(VISIT, status=status)
    assert ask() == Reading(failure=failure)


@pytest.mark.parametrize("body", [b"", b"<html>Please sign in</html>", b"\x00\xff" * 500, VISIT[:-20]])
def test_garbage(server: CalendarServer, ask: ReadCalendar, body: bytes) -> None:
    server.serve(body)
    assert ask() == Reading(failure="unreadable")


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_what_cannot_be_unpacked(server: CalendarServer, ask: ReadCalendar, encoding: str) -> None:
    server.serve(VISIT, headers={"Content-Encoding": encoding})
    assert ask() == Reading(failure="unreadable")


def test_half_an_answer_is_none(server: CalendarServer, ask: ReadCalendar) -> None:
    server.serve(VISIT, length=len(VISIT) + 100)
    assert ask() == Reading(failure="unreachable")
    packed = gzip.compress(VISIT)
    server.serve(packed[:-20], headers={"Content-Encoding": "gzip"})
    assert ask() == Reading(failure="unreachable")


def test_more_than_the_limit_is_not_read_packed_or_not(server: CalendarServer, ask: ReadCalendar) -> None:
    server.serve(VISIT)
    assert ask(most_bytes=len(VISIT)).failure == ""
    assert ask(most_bytes=len(VISIT) - 1) == Reading(failure="too_big")
    server.serve_packed(b"\0" * 50_000_000)
    before = time.process_time()
    assert ask(most_bytes=100_000) == Reading(failure="too_big")
    assert time.process_time() - before < 1


@pytest.mark.parametrize("body", [VISIT, b""])
def test_time_is_up_however_slowly_something_comes(server: CalendarServer, ask: ReadCalendar, body: bytes) -> None:
    """Byte by byte; and headers that promise something that never comes."""
    server.serve(body or b"x", drip=0.02 if body else 0, length=len(VISIT) * 10)
    begun = time.monotonic()
    failure = ask(seconds=0.3).failure
    assert failure == ("timeout" if body else "unreachable")
    assert time.monotonic() - begun < 5


def test_a_server_that_says_nothing(ask: ReadCalendar) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/a.ics"
        assert ask(address=address, seconds=0.2) == Reading(failure="timeout")


def test_a_server_that_is_not_there(ask: ReadCalendar) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert ask(address=f"http://127.0.0.1:{port}/a.ics") == Reading(failure="unreachable")


def test_no_encryption_where_https_is_asked(server: CalendarServer, ask: ReadCalendar) -> None:
    assert ask(address=server.address().replace("http:", "https:")) == Reading(failure="unreachable")


class TestRedirects:
    def test_are_followed(self, server: CalendarServer, ask: ReadCalendar) -> None:
        server.serve(VISIT, path="/there")
        server.serve(status=302, headers={"Location": "/there"})
        assert len(ask().spans or []) == 1

    def test_not_for_ever(self, server: CalendarServer, ask: ReadCalendar) -> None:
        server.serve(status=301, headers={"Location": server.address()})
        assert ask() == Reading(failure="redirects")
        assert len(server.asked) == 6

    @pytest.mark.parametrize(
        "location",
        ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[::1]:8080/", "http://[::ffff:10.0.0.1]/",
         "file:///etc/passwd", "http://127.0.0.2:25/", "http://a:b@127.0.0.1/", "//192.168.1.1/x", "gopher://127.0.0.1/",
         "http://[::1/"],
    )  # fmt: skip
    def test_not_to_where_nothing_may_be_asked(self, server: CalendarServer, ask: ReadCalendar, location: str) -> None:
        server.serve(status=307, headers={"Location": location})
        assert ask(allowed=("127.0.0.1/32",)) == Reading(failure="refused_address")

    def test_a_password_goes_to_the_first_server_alone(self, server: CalendarServer, ask: ReadCalendar) -> None:
        server.serve(VISIT, path="/there")
        for location, is_sent in (
            ("/there", True),
            (server.address("/there").replace("127.0.0.1", "127.0.0.2"), False),
        ):
            server.asked.clear()
            server.serve(status=302, headers={"Location": location})
            with pytest.MonkeyPatch.context() as patch:
                # A second name for the same server.
                patch.setattr(fetching, "_socket", _always(server.server_port))
                assert len(ask(user="alice", password="open sesame").spans or []) == 1
            assert ["Authorization" in headers for _verb, _path, headers in server.asked] == [True, is_sent]


def _always(port: int) -> Any:
    return lambda reached, _port, *, until: socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("https://calendar.example/a.ics?key=1", True), ("http://calendar.example:8443/", True),
        ("https://calendar.example:443/", True), ("ftp://calendar.example/a.ics", False), ("calendar.example", False),
        ("https://", False), ("https://a:b@calendar.example/", False), ("https://calendar.example:22/", False),
        ("https://calendar.example:99999/", False), ("https://calendar.example/a b", False),
        ("https://calendar.example/a\r\nHost: x", False), ("https://calendar.example\\@10.0.0.1/", False),
        ("https://[::1", False), ("https://cálendar.example/", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_an_address_to_fetch(address: str, is_one: bool) -> None:
    assert is_fetchable(address) is is_one
