"""A log line as one JSON object, by the standard library alone.

gunicorn's master loads this file by its path and imports nothing of ours: what it had imported, a reload would hand on
to the new workers in its old version.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

SECRET = re.compile(r"[A-Za-z0-9_%-]{32,}")
"""A token or a session key; with the percent sign, as each of its characters may come encoded."""
QUERY = re.compile(r"\?[^\s\"']+")
SAFE_WORDS = ("ImproperlyConfigured",)
"""Failures whose own words are for the operator and hold no secret (`clinic/core/environment.py`)."""
PLACES = 8


def mask(text: str) -> str:
    """The text without query strings and without anything long enough to be a token or a session key."""
    return SECRET.sub("[masked]", QUERY.sub("?[masked]", text))


def places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-PLACES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


class LineFormatter(logging.Formatter):
    """Exceptions are logged as type and places only: their messages may quote what a patient wrote."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.line(record), ensure_ascii=True)

    def line(self, record: logging.LogRecord) -> dict[str, Any]:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask(self.words(record)),
            "request_id": self.request_id(record),
        }
        if status := getattr(record, "status_code", None):
            line["status"] = status
        if cause := self.cause(record):
            line["cause"] = cause
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["places"] = places(record.exc_info[2])
        return line

    def words(self, record: logging.LogRecord) -> str:
        return record.getMessage()

    def request_id(self, record: logging.LogRecord) -> str:
        return str(getattr(record, "request_id", ""))

    def cause(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return str(getattr(record, "cause", ""))
        kind = type(error).__name__
        return f"{kind}: {error}" if kind in SAFE_WORDS else kind
