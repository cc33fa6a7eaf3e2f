"""What may be said of a failure: its kind and its place, never its words, which can hold what a patient wrote."""

import traceback
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import close_old_connections, connection

Key = TypeVar("Key")


class SomeFailed(Exception):
    """Everything was tried and some of it failed. The text names rows and kinds of failure, nothing else."""


def name_of(error: BaseException) -> str:
    """The kind of failure and where it arose: "UnicodeError at idna.py:163"."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    raised_at = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + raised_at


def drop_lost_connections() -> None:
    """Let go of a connection that the database has ended, so that the next question makes a new one.

    Not within a transaction: that is for whoever opened it to end.
    """
    if not connection.in_atomic_block:
        close_old_connections()


def one_by_one(keys: Iterable[Key], act: Callable[[Key], bool | int], *, what: str) -> int:
    """Do something for each row and add up what it answers; a row that fails keeps no other from its turn.

    `act` opens its own transaction. Raises SomeFailed at the end when any failed.
    """
    done, failed = 0, []
    for key in keys:
        try:
            done += act(key)
        except Exception as error:
            failed.append(f"{what} {key}: {error if isinstance(error, SomeFailed) else name_of(error)}")
    if failed:
        more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
        raise SomeFailed("; ".join(failed[:5]) + more)
    return done
