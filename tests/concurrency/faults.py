"""A plan of faults, alike for the worker that meets them and the test that judges what became of each mail."""

import dataclasses
import random
import smtplib
import ssl
from typing import Any, Final

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError

from clinic.core.addresses import AddressRefused
from clinic.core.encryption import DamagedRecord, DecryptionError, Undecodable


class Unspeakable(Exception):
    """Even its words fail."""

    def __str__(self) -> str:
        raise RuntimeError


HOPELESS: Final[dict[str, Any]] = {
    "DamagedRecord": lambda: DamagedRecord("typed"),
    "DecryptionError": lambda: DecryptionError("typed"),
    "Undecodable": lambda: Undecodable("typed"),
    "AddressRefused": AddressRefused,
}
"""While a mail is made, these say that its row stays as it is."""

PASSING: Final[dict[str, Any]] = {
    "ValueError": ValueError,
    "UnicodeError": UnicodeError,
    "UnicodeEncodeError": lambda: UnicodeEncodeError("idna", "typed", 0, 1, "label too long"),
    "KeyError": KeyError,
    "TypeError": TypeError,
    "AttributeError": AttributeError,
    "RecursionError": RecursionError,
    "MemoryError": MemoryError,
    "ZeroDivisionError": ZeroDivisionError,
    "AssertionError": AssertionError,
    "NotImplementedError": NotImplementedError,
    "RuntimeError": RuntimeError,
    "StopIteration": StopIteration,
    "ImportError": ImportError,
    "EOFError": EOFError,
    "BufferError": BufferError,
    "OverflowError": OverflowError,
    "UserWarning": UserWarning,
    "ExceptionGroup": lambda: ExceptionGroup("several", [ValueError("typed")]),
    "Unspeakable": Unspeakable,
    "OSError": OSError,
    "TimeoutError": TimeoutError,
    "ConnectionResetError": ConnectionResetError,
    "SSLError": ssl.SSLError,
    "SMTPServerDisconnected": lambda: smtplib.SMTPServerDisconnected("gone"),
    "DatabaseError": DatabaseError,
    "OperationalError": OperationalError,
    "InterfaceError": InterfaceError,
    "IntegrityError": IntegrityError,
    "DataError": DataError,
}
REFUSALS: Final[dict[str, Any]] = {
    "SMTPDataError": lambda: smtplib.SMTPDataError(554, b"typed"),
    "SMTPRecipientsRefused": lambda: smtplib.SMTPRecipientsRefused({"typed": (550, b"typed")}),
}
"""A server's last word on one message."""
ERRORS: Final = {**HOPELESS, **PASSING, **REFUSALS}
FOR_EVER: Final = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """One error at one step of one mail, in its first `times` attempts; `is_parked` and `copies` must follow."""

    step: str
    error: str
    times: int
    is_parked: bool
    copies: int


def _fault(chance: random.Random) -> Fault:
    passing = chance.choice(sorted(PASSING))
    anything = chance.choice([passing, chance.choice(sorted(HOPELESS))])
    return chance.choice(
        [
            Fault("compose", passing, chance.choice([1, 2]), False, 1),
            Fault("compose", chance.choice(sorted(HOPELESS)), 1, True, 0),
            Fault("connect", anything, chance.choice([1, 3]), False, 1),
            Fault("send", anything, 1, False, 1),
            Fault("send", chance.choice(sorted(REFUSALS)), 1, True, 0),
            Fault("send", passing, FOR_EVER, True, 0),
            Fault("close", anything, 1, False, 1),
            # The result is written at the second try.
            Fault("write", anything, 1, False, 1),
            # The documented repeats: the server took the mail, and nobody could note it.
            Fault("after", anything, 1, False, 2),
            Fault("write", anything, 2, False, 2),
        ]
    )


def plan(keys: list[str], *, count: int, seed: int) -> dict[str, Fault]:
    """Key of a mail -> the fault it meets, for `count` of the mails."""
    chance = random.Random(seed)
    return {key: _fault(chance) for key in chance.sample(keys, count)}
