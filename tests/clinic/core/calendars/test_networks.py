"""Which addresses may be asked, and that a name is looked up once."""

import ipaddress
import socket
from typing import Any

import pytest

from clinic.core.calendars.failures import CalendarUnread
from clinic.core.calendars.networks import is_allowed, networks, resolved
from clinic.core.calendars.reading import Reading
from tests.calendar_server import CalendarServer, calendar
from tests.clinic.core.calendars.conftest import ReadCalendar

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "169.254.169.254", "169.254.1.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "64:ff9b::7f00:1",
    "2002:a00:1::1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_allowed(ipaddress.ip_address(address), [])


@pytest.mark.parametrize("address", ["8.8.8.8", "142.250.72.206", "2a00:1450:4001:82a::200e", "::ffff:8.8.8.8"])
def test_what_is_public_may_be_asked(address: str) -> None:
    assert is_allowed(ipaddress.ip_address(address), [])


def test_a_network_that_the_settings_allow_and_no_other() -> None:
    ours = networks(["10.1.2.0/24", " fd12::/16 "])
    asked = ["10.1.2.9", "10.1.3.9", "::ffff:10.1.2.9", "fd12::5", "fd13::5"]
    assert [is_allowed(ipaddress.ip_address(item), ours) for item in asked] == [True, False, True, True, False]


def test_one_address_of_several_that_is_not_allowed_refuses_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, 1, 6, "", (address, 443)) for address in ("142.250.72.206", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: answers)
    with pytest.raises(CalendarUnread, match="refused_address"):
        resolved("calendar.example", 443, [])


def test_a_name_that_answers_otherwise_a_moment_later_gains_nothing(
    server: CalendarServer, ask: ReadCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once for each request, and what was checked is what is connected to."""
    server.serve(calendar())
    names: list[str] = []

    def answers(host: str, port: int, **more: Any) -> list[Any]:
        names.append(host)
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1" if len(names) == 1 else "10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    address = server.address().replace("127.0.0.1", "rebinding.example")
    assert ask(address=address).spans == []
    assert (names, server.asked[0][2]["Host"]) == (["rebinding.example"], f"rebinding.example:{server.server_port}")
    assert ask(address=address) == Reading(failure="refused_address")


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch, ask: ReadCalendar) -> None:
    def fails(*args: Any, **more: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    assert ask(address="https://nowhere.example/a.ics") == Reading(failure="unreachable")


def test_this_machine_is_not_asked_unless_it_is_allowed(server: CalendarServer, ask: ReadCalendar) -> None:
    server.serve(calendar())
    assert ask(allowed=()) == Reading(failure="refused_address")
    assert server.asked == []


def test_a_password_in_the_clear_goes_to_a_network_of_our_own_alone(
    server: CalendarServer, ask: ReadCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [(socket.AF_INET, 1, 6, "", ("142.250.72.206", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: answers)
    assert ask(address="http://calendar.example/", user="a", password="b") == Reading(failure="refused_address")
