"""Log lines without health data: one JSON object each, with the request's id, tokens and queries masked."""

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")

TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")
QUERY = re.compile(r"\?[^\s\"']+")


def mask(text: str) -> str:
    """The text without query strings and without anything long enough to be a token or a session key."""
    return TOKEN.sub("[masked]", QUERY.sub("?[masked]", text))


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
            "message": mask(record.getMessage()),
            "request_id": request_id.get(),
        }
        if status := getattr(record, "status_code", None):
            line["status"] = status
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["places"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(line, ensure_ascii=True)
