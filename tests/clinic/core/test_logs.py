"""Log lines: one JSON object each, with no token, no query and no message of an exception."""

import json
import logging
import subprocess
import sys

from django.core.exceptions import ImproperlyConfigured

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


TALKS = """
import threading, warnings, logging
from clinic.core import logs
logs.configure({
    "version": 1, "disable_existing_loggers": False,
    "formatters": {"json": {"()": "clinic.core.logs.JSONFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"]},
})
class Fails:
    def __del__(self):
        raise KeyError("numb since Tuesday")
def fail():
    raise ValueError("numb since Tuesday")
warnings.warn("numb since Tuesday", UserWarning)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
Fails()
fail()
"""


def test_whatever_python_prints_by_itself_is_such_a_line():
    """A warning, and what nobody caught: in a thread, in a destructor, in the process."""
    answer = subprocess.run([sys.executable, "-c", TALKS], capture_output=True, text=True, check=False)
    lines = [json.loads(text) for text in answer.stderr.splitlines()]
    assert answer.returncode == 1
    assert [(found["logger"], found["level"], found.get("cause")) for found in lines] == [
        ("py.warnings", "WARNING", None),
        ("clinic.uncaught", "CRITICAL", "ValueError"),
        ("clinic.uncaught", "CRITICAL", "KeyError"),
        ("clinic.uncaught", "CRITICAL", "ValueError"),
    ]
    assert lines[0]["message"] == "UserWarning at <string>:15"
    assert "numb" not in answer.stderr
    assert answer.stdout == ""


def test_a_setting_that_cannot_be_read_is_said_in_its_own_words():
    try:
        raise ImproperlyConfigured("This site cannot start: HTTPS must be 1 or 0")
    except ImproperlyConfigured:
        result = line("the site cannot start", exc_info=sys.exc_info())
    assert result["cause"] == "ImproperlyConfigured: This site cannot start: HTTPS must be 1 or 0"


def test_a_token_is_masked_also_where_a_character_is_encoded():
    token = encryption.new_token()
    result = line("Not Found: %s", f"/request/link/{token[:20]}%5F{token[20:]}/")
    assert result["message"] == "Not Found: /request/link/[masked]/"
