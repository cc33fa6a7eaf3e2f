"""The product as separate processes on the database of the test, so that they can be killed."""

import os
import socket
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.db import connection


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def database_url() -> str:
    """Where the test keeps its rows, as the product's own setting."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )


def start(*arguments: str, log: Any = subprocess.DEVNULL, **environment: str) -> subprocess.Popen[bytes]:
    """Python with these arguments, under the product's own settings, in a process group of its own."""
    surroundings = {
        **os.environ,
        "ENV_FILE": "",
        "DEBUG": "0",
        "UNSIGNED_RULES_ACCEPTED_BY": "Dr Rosa Alarcon",
        "DEMO": "0",
        "HTTPS": "0",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": settings.FIELD_KEYS,
        "ALLOWED_HOSTS": "testserver,127.0.0.1",
        "SITE_URL": "http://testserver",
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "DATABASE_URL": database_url(),
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=surroundings,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
