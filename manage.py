#!/usr/bin/env python
"""Command line of the project. With nothing configured it runs the demonstration; the web server does not."""

import os
import sys
from pathlib import Path

DECIDED_BY = ("SECRET_KEY", "FIELD_KEYS", "DATABASE_URL", "ALLOWED_HOSTS", "DEBUG")


def is_nothing_configured() -> bool:
    """A file that was named counts, even where it cannot be read: settings.py then says so."""
    named = os.environ.get("ENV_FILE")
    has_file = bool(named) if named is not None else Path(__file__).with_name(".env").exists()
    return not has_file and not any(name in os.environ for name in DECIDED_BY)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    if is_nothing_configured():
        os.environ["DEBUG"] = "1"
    if "runserver" not in sys.argv[1:2]:
        os.environ.setdefault("STATEMENT_TIMEOUT_MS", "0")
    try:
        from clinic.core.command_line import execute_from_command_line
    except ImportError as problem:
        raise SystemExit(
            "Django is not installed in this Python. Run `make run`, or: "
            "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"
        ) from problem
    from django.core.exceptions import ImproperlyConfigured

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        if "--traceback" in sys.argv:
            raise
        raise SystemExit(str(problem)) from None


if __name__ == "__main__":
    main()
