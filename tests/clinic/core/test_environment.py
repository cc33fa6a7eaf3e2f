"""What the environment says is read, or refused in a sentence with the name of the setting and an example."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic.core.environment import Environment

READERS: dict[str, dict[str, Any]] = {
    "is_on": {"default": True},
    "whole_number": {"default": 30},
    "networks": {"default": []},
    "json_object": {"example": '{"SAME_DAY": {"hours": 2}}'},
    "time_zone": {"default": "America/New_York"},
    "web_address": {"default": "http://127.0.0.1:8000"},
    "database": {"default": "sqlite:///clinic.sqlite3"},
    "mail_server": {"default": "dummymail://"},
}
REFUSED = {
    "is_on": ("perhaps", "", "2", "yess"),
    "whole_number": ("abc", "", "-1", "1.5", "1e3", "²", "9" * 10),
    "networks": ("10.1.2.3/24", "10.1.2", "everywhere", "10.0.0.0/99", "10.0.0.0/8;10.1.0.0/16"),
    "json_object": ("{bad", "", "[1]", "null", '"text"', "[" * 100_000),
    "time_zone": ("Mars/X", "", "America", "../zone", "/etc/passwd", "x" * 300),
    "web_address": ("http://[clinic", "https://clinic.example:port"),
    "database": ("", "clinic", "oracle://user:hush@db/clinic", "postgres://", "postgres://a:b@db:port/clinic"),
    "mail_server": ("", "mail.example", "pigeon://mail.example", "smtp://user:hush@mail.example:port"),
}
READ: tuple[tuple[str, str, Any], ...] = (
    ("is_on", " Yes ", True),
    ("is_on", "off", False),
    ("whole_number", " 12 ", 12),
    ("networks", "", []),
    ("networks", " 10.1.2.0/24,fd12::/16 ,192.168.0.7", ["10.1.2.0/24", "fd12::/16", "192.168.0.7/32"]),
    ("json_object", '{"A": 1}', {"A": 1}),
    ("time_zone", "Europe/London", "Europe/London"),
    ("web_address", "https://clinic.example:8443", "https://clinic.example:8443"),
)


def read(reader: str, monkeypatch: pytest.MonkeyPatch, value: str | None) -> Any:
    monkeypatch.setattr(Environment, "ENVIRON", {} if value is None else {"OF_THE_CLINIC": value})
    return getattr(Environment(), reader)("OF_THE_CLINIC", **READERS[reader])


@pytest.mark.parametrize(("reader", "value"), [(reader, value) for reader in REFUSED for value in REFUSED[reader]])
def test_what_cannot_be_read_is_refused_in_a_sentence(reader: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(reader, monkeypatch, value)
    sentence = str(refused.value)
    assert sentence.startswith("This site cannot start: OF_THE_CLINIC must be ")
    assert "write it as in OF_THE_CLINIC=" in sentence
    assert "hush" not in sentence


@pytest.mark.parametrize("reader", REFUSED)
def test_the_example_is_one_that_can_be_read(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(reader, monkeypatch, REFUSED[reader][0])
    assert read(reader, monkeypatch, str(refused.value).partition("write it as in OF_THE_CLINIC=")[2])


@pytest.mark.parametrize(("reader", "value", "result"), READ)
def test_what_can_be_read_is(reader: str, value: str, result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(reader, monkeypatch, value) == result


def test_databases_and_mail_servers_are_read_into_django_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read("database", monkeypatch, "sqlite://:memory:")["NAME"] == ":memory:"
    assert read("database", monkeypatch, "postgres://user:word@db:5432/clinic")["HOST"] == "db"
    assert read("mail_server", monkeypatch, "smtp+tls://user:word@mail.example:587")["EMAIL_USE_TLS"] is True


@pytest.mark.parametrize("reader", READERS)
def test_what_is_not_set_is_the_default(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    results, default = read(reader, monkeypatch, None), READERS[reader].get("default", {})
    assert results == default or results["NAME" if reader == "database" else "EMAIL_BACKEND"]
