"""What a warm page is measured against: the same bytes from a bare WSGI application, and Django alone."""

import os
import pathlib
from typing import Any

BODY = b"".join(pathlib.Path(file).read_bytes() for file in [os.environ.get("BENCH_BODY", "")] if file)
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", str(len(BODY))),
    ("Content-Encoding", "gzip"),
    ("Cache-Control", "no-cache"),
    ("Vary", "Cookie, Accept-Encoding"),
    ("Content-Security-Policy", "default-src 'none'"),
]


def bare(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]


def django_alone(environ: dict[str, Any], start_response: Any) -> Any:
    from clinic.wsgi import application

    return application.application(environ, start_response)
