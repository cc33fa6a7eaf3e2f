"""What `/readyz` says: whether pages can be served at all, and what else whoever runs the site should know."""

import logging

from django.conf import settings
from django.db import Error
from django.http import HttpRequest
from django.utils.module_loading import import_string

from clinic.core import key_fingerprints
from clinic.core.encryption import KeysUnusable
from clinic.core.housekeeping import worker_state
from clinic.core.logs import cause_of, note_cause

logger = logging.getLogger(__name__)


def report(request: HttpRequest) -> tuple[dict[str, str], bool]:
    """A word for each thing, and whether pages can be served: only the database decides that.

    It is asked for the revision of the pages that everybody may read. When it does not answer, or has no tables,
    nothing is left but what this process still holds in memory. Whatever else is wrong is named and stops no page.
    """
    statuses = {"database": _database(request)}
    is_ready = statuses["database"] == "ok"
    for path in settings.READINESS:
        name, word = _probe(path) if is_ready else (path.rpartition(".")[2], "unknown")
        statuses[name] = word
    return statuses, is_ready


def _database(request: HttpRequest) -> str:
    try:
        import_string(settings.PAGE_CACHE_REVISION)()
    except Error as problem:
        note_cause(request, cause_of(problem))
        return "down"
    return "ok"


def _probe(path: str) -> tuple[str, str]:
    """A probe that fails is itself something to know, and keeps the others from nothing."""
    try:
        name, word = import_string(path)()
    except Exception:
        logger.exception("readyz: the probe %s failed", path)
        return path.rpartition(".")[2], "unknown"
    return name, word


def worker() -> tuple[str, str]:
    return worker_state()


def keys() -> tuple[str, str]:
    """Compared afresh each time; `k1 wrong, k2 missing` where they do not fit."""
    try:
        key_fingerprints.look_again()
    except KeysUnusable as problem:
        return "keys", problem.short
    return "keys", "ok"
