"""Log lines: one JSON object each, with no token, no query and no message of an exception."""

import json
import logging
import sys

from clinic.core import encryption, logs


def line(message: str, *arguments: object, **more: object) -> dict:
    record = logging.LogRecord("clinic", logging.INFO, __file__, 1, message, arguments, more.pop("exc_info", None))
    record.__dict__.update(more)
    logs.MaskFilter().filter(record)
    return json.loads(logs.JSONFormatter().format(record))


def test_a_line_has_its_request_and_its_status():
    token = logs.request_id.set("request-0001")
    try:
        result = line("Not Found: %s", "/nowhere/", status_code=404)
    finally:
        logs.request_id.reset(token)
    assert result["message"] == "Not Found: /nowhere/"
    assert (result["request_id"], result["status"], result["level"]) == ("request-0001", 404, "INFO")


def test_tokens_and_queries_are_masked():
    token = encryption.new_token()
    result = line('"GET %s HTTP/1.1"', f"/request/link/{token}/?q=back+pain")
    assert result["message"] == '"GET /request/link/[masked]/?[masked] HTTP/1.1"'


def test_a_message_cannot_forge_a_line():
    record = line("first\n{}second")
    assert record["message"] == "first\n{}second"


def test_an_exception_is_named_by_type_and_place_only():
    try:
        raise ValueError("numb since Tuesday")
    except ValueError:
        result = line("failed", exc_info=sys.exc_info())
    assert result["exception"] == "ValueError"
    assert result["places"][0].endswith("test_an_exception_is_named_by_type_and_place_only")
    assert "numb" not in json.dumps(result)
