"""Log lines without health data: one JSON object each, with the request's id, tokens and queries masked."""

import logging
import logging.config
import re
import sys
import threading
import warnings
from contextvars import ContextVar
from typing import Any, Final, TextIO

from django.http import HttpRequest

from clinic.core.database_errors import reason_of
from clinic.core.log_lines import SAFE_WORDS, LineFormatter, mask

request_id: ContextVar[str] = ContextVar("request_id", default="")

TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")
SECURITY = "django.security."
UNCAUGHT: Final = logging.getLogger("clinic.uncaught")
WARNINGS: Final = logging.getLogger("py.warnings")


def note_cause(request: HttpRequest | None, cause: str) -> None:
    """Say which rule refused this request, or what failed, for the line that tells of its answer. Never what was sent.

    Django logs an answer when every middleware is done with it: only the request itself is still there then.
    """
    if request is not None:
        vars(request)["log_cause"] = cause


def cause_of(error: BaseException) -> str:
    """The type; of a database error also its code and constraint. Its message may quote a value."""
    return " ".join(filter(None, [type(error).__name__, reason_of(error)]))


def id_of(request: object) -> str:
    """The id that was given to a request; empty for anything else."""
    return str(getattr(request, "request_id", ""))


class MaskFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask(record.getMessage())
        record.args = ()
        return True


class JSONFormatter(LineFormatter):
    """The same line with what Django and this product know: the request, and why it was answered so."""

    def words(self, record: logging.LogRecord) -> str:
        """Django's own words on a refusal for security quote the host or the origin that was sent."""
        if record.name.startswith(SECURITY):
            return f"Refused: {record.name.removeprefix(SECURITY)}"
        return super().words(record)

    def request_id(self, record: logging.LogRecord) -> str:
        return request_id.get() or id_of(getattr(record, "request", None)) or super().request_id(record)

    def cause(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request", None)
        if noted := getattr(request, "log_cause", ""):
            return str(noted)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and type(error).__name__ not in SAFE_WORDS:
            return cause_of(error)
        if record.name.startswith(SECURITY):
            return record.name.removeprefix(SECURITY)
        # Nothing was raised and nobody said why: the view itself chose this answer.
        match = getattr(request, "resolver_match", None)
        if match is not None and getattr(record, "status_code", 0) >= 400:
            return f"view {match.view_name}"
        return super().cause(record)


def configure(config: dict[str, Any]) -> None:
    """LOGGING_CONFIG: the handlers, and everything that Python would otherwise print past them."""
    logging.config.dictConfig(config)
    sys.excepthook = log_uncaught
    threading.excepthook = lambda found: log_uncaught(found.exc_type, found.exc_value, found.exc_traceback)
    sys.unraisablehook = lambda found: log_uncaught(found.exc_type, found.exc_value, found.exc_traceback)
    warnings.showwarning = log_warning


def log_uncaught(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    """An exception that nobody caught: by type and places, as every other."""
    if issubclass(kind, KeyboardInterrupt):
        return
    UNCAUGHT.critical("uncaught exception", exc_info=(kind, error or kind(), trace))


def log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Kind and place: its words may quote a value, as "received a naive datetime" does."""
    WARNINGS.warning("%s at %s:%s", category.__name__, filename, lineno)
