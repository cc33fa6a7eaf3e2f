"""One request over HTTP, within limits of time, size and redirects, to an address that was checked first."""

import contextlib
import dataclasses
import http.client
import socket
import ssl
import threading
import time
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from clinic.core.calendars.failures import CalendarUnread, Failure
from clinic.core.calendars.networks import Network, is_within, resolved

MOST_REDIRECTS: Final = 5
MOST_BYTES: Final = 10 * 1024 * 1024
"""Also of what is unpacked."""
CHUNK: Final = 64 * 1024
PORTS: Final = {"https": 443, "http": 80}
LOWEST_OTHER_PORT: Final = 1024
"""Below it stand the services of a machine: mail, file shares, remote sign-in."""
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
SIGN_IN: Final = frozenset({401, 403, 407})
GONE: Final = frozenset({404, 410})


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` for everything together, name look-up and redirects included."""

    allowed: tuple[Network, ...] = ()
    seconds: float = 30
    most_bytes: int = MOST_BYTES


@dataclasses.dataclass(frozen=True, slots=True)
class CalendarRequest:
    address: str
    method: str = "GET"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""
    user: str = ""
    password: str = dataclasses.field(default="", repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class CalendarAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def is_fetchable(address: str) -> bool:
    """Whether it is the address of something on the web: a scheme, a host and a port that we ask, and no password."""
    try:
        split(address)
    except CalendarUnread:
        return False
    return True


def split(address: str) -> SplitResult:
    """Raises CalendarUnread."""
    try:
        parts = urlsplit(address)
        port = parts.port
        is_written = address.isascii() and not any(sign <= " " or sign in "\\\x7f" for sign in address)
    except ValueError:
        raise CalendarUnread(Failure.REFUSED_ADDRESS) from None
    if not is_written or parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        raise CalendarUnread(Failure.REFUSED_ADDRESS)
    if port is not None and port not in PORTS.values() and port < LOWEST_OTHER_PORT:
        raise CalendarUnread(Failure.REFUSED_ADDRESS)
    return parts


def fetch(request: CalendarRequest, limits: Limits) -> CalendarAnswer:
    """The answer to a request, redirects followed. A password goes to the first server alone. Raises CalendarUnread."""
    until = time.monotonic() + limits.seconds
    first = place = split(request.address)
    for _redirect in range(MOST_REDIRECTS + 1):
        is_first = (place.scheme, place.netloc) == (first.scheme, first.netloc)
        answer = _ask(place, request, limits, until=until, signs_in=is_first)
        if answer.status not in REDIRECTS:
            _refuse_error(answer.status)
            return answer
        place = _next(place, answer.headers.get("location", ""))
    raise CalendarUnread(Failure.REDIRECTS)


def _next(place: SplitResult, location: str) -> SplitResult:
    """Where a redirect leads. Never from an encrypted connection to one that is not."""
    if not location:
        raise CalendarUnread(Failure.SERVER)
    try:
        target = split(urljoin(place.geturl(), location))
    except ValueError:
        raise CalendarUnread(Failure.REFUSED_ADDRESS) from None
    if place.scheme == "https" and target.scheme != "https":
        raise CalendarUnread(Failure.REFUSED_ADDRESS)
    return target


def _refuse_error(status: int) -> None:
    if status in SIGN_IN:
        raise CalendarUnread(Failure.SIGN_IN)
    if status in GONE:
        raise CalendarUnread(Failure.GONE)
    if status != 304 and not 200 <= status < 300:
        raise CalendarUnread(Failure.SERVER)


def _ask(
    place: SplitResult, request: CalendarRequest, limits: Limits, *, until: float, signs_in: bool
) -> CalendarAnswer:
    host, port = place.hostname or "", place.port or PORTS[place.scheme]
    reached = resolved(host, port, limits.allowed)
    headers = {"User-Agent": "clinic-calendar-reader", "Accept-Encoding": "gzip", **request.headers}
    if signs_in and (request.user or request.password):
        if place.scheme != "https" and not all(is_within(address, limits.allowed) for address, _family in reached):
            # A password in the clear goes nowhere but to a network of our own.
            raise CalendarUnread(Failure.REFUSED_ADDRESS)
        headers["Authorization"] = f"Basic {b64encode(f'{request.user}:{request.password}'.encode()).decode()}"
    target = (place.path or "/") + (f"?{place.query}" if place.query else "")
    try:
        with _connected(place.scheme, host, port, reached, until=until) as connection:
            connection.request(request.method, target, request.body or None, headers)
            response = connection.getresponse()
            body = _read(response, limits.most_bytes, until=until)
    except TimeoutError:
        raise CalendarUnread(Failure.TIMEOUT) from None
    except (OSError, http.client.HTTPException, ValueError):
        failure = Failure.TIMEOUT if time.monotonic() >= until else Failure.UNREACHABLE
        raise CalendarUnread(failure) from None
    return CalendarAnswer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


@contextlib.contextmanager
def _connected(
    scheme: str, host: str, port: int, reached: list[tuple[str, int]], *, until: float
) -> Iterator[http.client.HTTPConnection]:
    """A connection to one of the addresses that were checked, shut when time is up: a timeout of the socket begins anew
    with each byte that a slow server sends.
    """
    connection = http.client.HTTPConnection(host, port)
    connection.sock = _socket(reached, port, until=until)
    # Not by way of the connection: an answer that ends it takes the socket off it and is read on.
    in_use = [connection.sock]
    watch = threading.Timer(max(until - time.monotonic(), 0), _cut, [in_use])
    watch.daemon = True
    watch.start()
    try:
        if scheme == "https":
            connection.default_port = PORTS["https"]
            context = ssl.create_default_context()
            made = context.wrap_socket(connection.sock, server_hostname=host, do_handshake_on_connect=False)
            connection.sock = in_use[0] = made
            made.do_handshake()
        yield connection
    finally:
        watch.cancel()
        connection.close()


def _socket(reached: list[tuple[str, int]], port: int, *, until: float) -> socket.socket:
    """Connected to the first address that answers. Raises OSError."""
    problem: OSError = ConnectionError()
    for address, family in reached:
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            # Each is given its share, so that one that swallows packets leaves time for the next.
            made.settimeout(max((until - time.monotonic()) / 2, 0.01))
            made.connect((address, port))
            made.settimeout(max(until - time.monotonic(), 0.01))
            return made
        except OSError as error:
            made.close()
            problem = error
    raise problem


def _cut(in_use: list[socket.socket]) -> None:
    with contextlib.suppress(OSError):
        in_use[0].shutdown(socket.SHUT_RDWR)


def _read(response: http.client.HTTPResponse, most: int, *, until: float) -> bytes:
    """The body, unpacked. Raises CalendarUnread for too much of it, packed or not."""
    encoding = response.getheader("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise CalendarUnread(Failure.UNREADABLE)
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in encoding else None
    body, packed = bytearray(), 0
    while chunk := response.read1(CHUNK):
        if time.monotonic() >= until:
            raise TimeoutError
        packed += len(chunk)
        body += _unpacked(unpack, chunk, most + 1 - len(body)) if unpack else chunk
        if max(packed, len(body)) > most:
            raise CalendarUnread(Failure.TOO_BIG)
    if time.monotonic() >= until:
        raise TimeoutError
    if (response.length or 0) > 0 or (unpack is not None and packed and not unpack.eof):
        # The connection ended early: half a calendar must not pass for all of it.
        raise ConnectionError
    return bytes(body)


def _unpacked(unpack: "zlib._Decompress", chunk: bytes, most: int) -> bytes:
    try:
        return unpack.decompress(chunk, max(most, 1))
    except zlib.error:
        raise CalendarUnread(Failure.UNREADABLE) from None
