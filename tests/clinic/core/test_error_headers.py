"""The headers of an error page are the same, whoever answers."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clinic.core.error_headers import of_errors

SNIPPET = Path(__file__).resolve().parents[3] / "deploy" / "clinic-headers.conf"
OF_NGINX_ALONE = {"X-Request-ID", "Strict-Transport-Security", "Retry-After"}


@pytest.fixture
def https(settings: Any) -> None:
    settings.HTTPS = True
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31536000


@pytest.mark.usefixtures("https")
def test_they_are_those_of_the_middleware() -> None:
    answer = Client().get("/%ff", secure=True)
    assert answer.status_code == 400
    given = dict(answer.headers)
    for name in ("Content-Type", "Content-Length", "X-Request-ID"):
        given.pop(name, None)
    assert of_errors() == given
    assert of_errors()["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_without_https_nothing_promises_it(settings: Any) -> None:
    settings.HTTPS = False
    assert "Strict-Transport-Security" not in of_errors()


@pytest.mark.usefixtures("https")
def test_nginx_has_the_same() -> None:
    lines = re.findall(r'^add_header (\S+) (?:"([^"]*)"|(\S+)) always;$', SNIPPET.read_text(), re.MULTILINE)
    written = {name: quoted or plain.strip("'") for name, quoted, plain in lines}
    assert {name: value for name, value in written.items() if name not in OF_NGINX_ALONE} == {
        name: value for name, value in of_errors().items() if name not in OF_NGINX_ALONE
    }
    assert set(written) - set(of_errors()) == {"X-Request-ID", "Retry-After"}
