"""What goes to another machine goes encrypted, or the check before a deployment says so."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinic.core.transport_checks import check_transport

NGINX = Path(__file__).resolve().parents[3] / "deploy" / "nginx.conf"
POSTGRES = "django.db.backends.postgresql"
SMTP = "clinic.core.smtp.EmailBackend"


@pytest.fixture
def found(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The ids of what is found with these connections."""

    def check(*, host: str = "", mail: str = "", tls: bool = False, sslmode: str = "") -> list[str]:
        options = {"sslmode": sslmode} if sslmode else {}
        monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": POSTGRES, "HOST": host, "OPTIONS": options})
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_USE_TLS = SMTP, mail, tls
        return [message.id for message in check_transport()]

    return check


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "::1", "/run/postgresql", "database"])
def test_on_this_machine_nothing_has_to_be_encrypted(found: Any, host: str) -> None:
    assert found(host=host, mail=host) == []


@pytest.mark.parametrize("host", ["db.clinic.example", "10.0.0.7", "2001:db8::7"])
@pytest.mark.parametrize("sslmode", ["", "prefer", "allow", "disable"])
def test_a_database_elsewhere_needs_it(found: Any, host: str, sslmode: str) -> None:
    assert found(host=host, sslmode=sslmode) == ["clinic.W080"]


@pytest.mark.parametrize("sslmode", ["require", "verify-ca", "verify-full"])
def test_and_is_fine_with_it(found: Any, sslmode: str) -> None:
    assert found(host="db.clinic.example", sslmode=sslmode) == []


def test_so_does_a_mail_server(found: Any, settings: Any) -> None:
    assert found(mail="mailhost") == []
    assert found(mail="mail.provider.example") == ["clinic.W081"]
    assert found(mail="mail.provider.example", tls=True) == []
    settings.DEBUG = True
    assert check_transport() == []


def test_nginx_speaks_tls_1_2_and_1_3_alone() -> None:
    servers = NGINX.read_text().split("\nserver {")[1:]
    secure = [server for server in servers if "listen 443" in server]
    assert len(secure) == 2
    assert {found for server in secure for found in re.findall(r"ssl_protocols\s+(.*);", server)} == {"TLSv1.2 TLSv1.3"}
    assert all("ssl_protocols" in server for server in secure)
