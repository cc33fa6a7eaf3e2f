"""Which network addresses a calendar may be fetched from: public ones, and those that the settings allow."""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Final

from clinic.core.calendars.failures import CalendarUnread, Failure

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a gateway turns into the IPv4 address in their last 32 bits."""
OF_A_HOSTING_PLATFORM: Final = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Public by number, and answered by the platform to its own machines."""


def networks(texts: Iterable[str]) -> list[Network]:
    """Raises ValueError for what is no network."""
    return [ipaddress.ip_network(text.strip()) for text in texts if text.strip()]


def is_within(address: str, allowed: Iterable[Network]) -> bool:
    return any(ipaddress.ip_address(address) in network for network in allowed)


def is_allowed(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether to connect to it. An address that carries another one is judged as both."""
    if any(address in network for network in allowed):
        return True
    inner = _carried(address)
    if inner is not None:
        return is_allowed(inner, allowed) and (_is_mapped(address) or _is_public(address))
    return _is_public(address)


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and address not in OF_A_HOSTING_PLATFORM


def _is_mapped(address: Address) -> bool:
    return isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped is not None or address in TRANSLATED)


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside one of IPv6: mapped, translated, 6to4 or Teredo."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def resolved(host: str, port: int, allowed: Iterable[Network]) -> list[tuple[str, int]]:
    """The addresses behind a name, each of them allowed: one that is not refuses them all. Asked once, and the caller
    connects to these, so that a name that answers otherwise a moment later gains nothing.

    Raises CalendarUnread.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CalendarUnread(Failure.UNREACHABLE) from None
    allowed = list(allowed)
    found: dict[str, int] = {}
    for family, _kind, _protocol, _name, place in answers:
        # An IPv6 address of a link names the card that it is reached by: fe80::1%eth0.
        text = str(place[0]).partition("%")[0]
        if not is_allowed(ipaddress.ip_address(text), allowed):
            raise CalendarUnread(Failure.REFUSED_ADDRESS)
        found.setdefault(text, int(family))
    return list(found.items())
