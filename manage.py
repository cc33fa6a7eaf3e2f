#!/usr/bin/env python
"""Command line of the project. With nothing configured it runs the demonstration; the web server does not."""

import os
import sys
from pathlib import Path

DECIDED_BY = ("SECRET_KEY", "FIELD_KEYS", "DATABASE_URL", "ALLOWED_HOSTS", "DEBUG")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    env_file = Path(os.environ.get("ENV_FILE") or Path(__file__).with_name(".env"))
    if not env_file.is_file() and not any(name in os.environ for name in DECIDED_BY):
        os.environ["DEBUG"] = "1"
    if "runserver" not in sys.argv[1:2]:
        os.environ.setdefault("STATEMENT_TIMEOUT_MS", "0")
    try:
        from clinic.command_line import execute_from_command_line
    except ImportError as problem:
        raise SystemExit(
            "Django is not installed in this Python. Run `make run`, or: "
            "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"
        ) from problem
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
