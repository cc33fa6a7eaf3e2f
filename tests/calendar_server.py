"""A calendar server that fails on demand, on loopback: slow, huge, wrong, gone, redirecting to where it must not."""

import contextlib
import dataclasses
import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CALENDAR = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Somebody else//EN\r
{entries}END:VCALENDAR\r
"""


def calendar(*entries: str) -> bytes:
    """A calendar file of these entries, each the lines of one."""
    return CALENDAR.format(entries="".join(entries)).encode()


def entry(begins: str, ends: str = "", *more: str, uid: str = "one@elsewhere") -> str:
    """`begins` and `ends` as in "20261130T090000Z", or with a parameter as in ";VALUE=DATE:20261130"."""
    parts = [f"DTSTART{begins if begins[0] == ';' else ':' + begins}"]
    if ends:
        parts.append(f"DTEND{ends if ends[0] == ';' else ':' + ends}")
    lines = ["BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Colonoscopy of Mrs Privately", *parts, *more, "END:VEVENT"]
    return "".join(f"{line}\r\n" for line in lines)


@dataclasses.dataclass(slots=True)
class Answer:
    """`drip`: seconds before each byte. `length` is what it says of its length, where that is not the truth."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    drip: float = 0
    length: int | None = None


class CalendarServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def address(self, path: str = "/private-4f1c/basic.ics") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def serve(self, body: bytes = b"", *, path: str = "/private-4f1c/basic.ics", **more: Any) -> str:
        """What is answered at a path from now on; its address."""
        self.answers[path] = Answer(body, **more)
        return self.address(path)

    def serve_packed(self, body: bytes) -> str:
        return self.serve(gzip.compress(body), headers={"Content-Encoding": "gzip"})

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up on it meant to."""


class _Handler(BaseHTTPRequestHandler):
    server: CalendarServer

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path, dict(self.headers.items())))
        answer = self.server.answers.get(self.path, Answer(status=404))
        etag = answer.headers.get("ETag")
        if etag and self.headers.get("If-None-Match") == etag:
            answer = Answer(status=304)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
        self.end_headers()
        if not answer.drip:
            self.wfile.write(answer.body)
            return
        for index in range(len(answer.body)):
            self.wfile.write(answer.body[index : index + 1])
            time.sleep(answer.drip)

    do_PROPFIND = do_REPORT = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """It says nothing."""


@contextlib.contextmanager
def running() -> Iterator[CalendarServer]:
    server = CalendarServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
