"""Whether a request has written anything: then nobody can say of what was sent that it was not saved.

A failure after the work was committed, in its last commit, or between two transactions of one request looks like any
other. So the error pages ask here before they promise anything.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest

WRITE: Final = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(?!core_ratebucket"|django_session")')
"""Limits are counted before the work is begun, and a session is not what somebody sent."""


@contextmanager
def watched(request: HttpRequest) -> Iterator[None]:
    """Note on the request that a statement wrote something, or may have."""

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        is_write = WRITE.match(sql) is not None
        # Outside a transaction a statement is its own commit, and may have been carried out before it failed.
        if is_write and not connection.in_atomic_block:
            vars(request)["has_written"] = True
        done = execute(sql, params, many, context)
        if is_write:
            vars(request)["has_written"] = True
        return done

    with connection.execute_wrapper(watch):
        yield


def has_written(request: HttpRequest) -> bool:
    return bool(getattr(request, "has_written", False))
