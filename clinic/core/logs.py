"""Log lines without health data: one JSON object each, with the request's id, tokens and queries masked."""

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from clinic.core.database_errors import reason_of

request_id: ContextVar[str] = ContextVar("request_id", default="")

TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")
QUERY = re.compile(r"\?[^\s\"']+")
SECURITY = "django.security."


def mask(text: str) -> str:
    """The text without query strings and without anything long enough to be a token or a session key."""
    return TOKEN.sub("[masked]", QUERY.sub("?[masked]", text))


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


class JSONFormatter(logging.Formatter):
    """Exceptions are logged as type and places only: their messages may quote what a patient wrote."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask(_message(record)),
            "request_id": request_id.get() or id_of(getattr(record, "request", None)),
        }
        if status := getattr(record, "status_code", None):
            line["status"] = status
        if cause := _cause(record):
            line["cause"] = cause
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["places"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(line, ensure_ascii=True)


def _message(record: logging.LogRecord) -> str:
    """Django's own words on a refusal for security quote the host or the origin that was sent."""
    if record.name.startswith(SECURITY):
        return f"Refused: {record.name.removeprefix(SECURITY)}"
    return record.getMessage()


def _cause(record: logging.LogRecord) -> str:
    request = getattr(record, "request", None)
    if noted := getattr(request, "log_cause", ""):
        return str(noted)
    if record.exc_info and record.exc_info[1]:
        return cause_of(record.exc_info[1])
    if record.name.startswith(SECURITY):
        return record.name.removeprefix(SECURITY)
    # Nothing was raised and nobody said why: the view itself chose this answer.
    match = getattr(request, "resolver_match", None)
    return f"view {match.view_name}" if match is not None and getattr(record, "status_code", 0) >= 400 else ""
