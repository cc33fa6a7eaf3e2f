"""Reads settings from the environment. One that cannot be read stops the start with a sentence: nothing is guessed."""

import ipaddress
import json
import warnings
import zoneinfo
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES: Final = frozenset({"1", "true", "yes", "on", "y", "ok"})
NO: Final = frozenset({"0", "false", "no", "off", "n"})
MAX_DIGITS: Final = 9
"""So many minutes from now is still a date, and so many milliseconds a time limit of PostgreSQL."""
ENGINES: Final = ("django.db.backends.postgresql", "django.db.backends.sqlite3")


def refusal(name: str, wanted: str, example: str, given: str | None = None) -> ImproperlyConfigured:
    """Leave `given` out where the value may hold a password: this sentence ends up in logs."""
    but_given = "" if given is None else f", but it is {given!r}"
    return ImproperlyConfigured(
        f"This site cannot start: {name} must be {wanted}{but_given}; write it as in {name}={example}"
    )


class Environment(environ.Env):
    """Takes the default for what is not set. Raises ImproperlyConfigured for what cannot be read, as an empty value."""

    def read_settings_file(self, named: str | None, *, default: Path) -> None:
        """Take in the file that ENV_FILE names, or else .env where there is one. ENV_FILE= (empty) means no file.

        A named file that cannot be read stops the start: the demonstration must never take its place.
        """
        if named == "" or (named is None and not default.exists()):
            return
        file = Path(named) if named else default
        try:
            with file.open(encoding="utf-8") as lines:
                self.read_env(lines)
        except (OSError, UnicodeDecodeError) as problem:
            why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
            raise ImproperlyConfigured(
                f"This site cannot start: the settings file {file} cannot be read ({why}). "
                "Name the right one, as in ENV_FILE=/etc/clinic/env, and let the user who runs this read it."
            ) from None

    def is_on(self, name: str, *, default: bool) -> bool:
        if name not in self.ENVIRON:
            return default
        given = self.str(name)
        word = given.strip().lower()
        if word in YES or word in NO:
            return word in YES
        raise refusal(name, "1 (yes) or 0 (no)", "1", given)

    def whole_number(self, name: str, *, default: int) -> int:
        if name not in self.ENVIRON:
            return default
        given = self.str(name)
        digits = given.strip()
        if digits.isdecimal() and len(digits) <= MAX_DIGITS:
            return int(digits)
        raise refusal(name, "a whole number from 0 to 999999999", str(default), given)

    def day_numbers(self, name: str, *, default: list[int]) -> list[int]:
        """So many days, the most first, each once; an empty value is none."""
        if name not in self.ENVIRON:
            return default
        given = self.str(name)
        parts = [part.strip() for part in given.split(",") if part.strip()]
        if all(part.isdecimal() and len(part) <= MAX_DIGITS for part in parts):
            return sorted({int(part) for part in parts}, reverse=True)
        example = ",".join(map(str, default))
        raise refusal(name, "numbers of days with commas between, or empty for none", example, given)

    def networks(self, name: str, *, default: list[str]) -> list[str]:
        """Each as it is written in full; an empty value is none."""
        if name not in self.ENVIRON:
            return default
        given = self.str(name)
        try:
            return [str(ipaddress.ip_network(part.strip())) for part in given.split(",") if part.strip()]
        except ValueError:
            raise refusal(name, "networks with commas between, or empty for none", "10.1.2.0/24", given) from None

    def json_object(self, name: str, *, example: str) -> dict[str, Any]:
        """Empty where it is not set."""
        given = self.str(name, default="{}")
        try:
            value = json.loads(given)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise refusal(name, "an object in JSON", example, given)
        return value

    def time_zone(self, name: str, *, default: str) -> str:
        given: str = self.str(name, default=default)
        try:
            zoneinfo.ZoneInfo(given)
        except (KeyError, ValueError, OSError):  # not found, no name at all, or a folder of zones
            raise refusal(name, "the name of a time zone", "Europe/London", given) from None
        return given

    def web_address(self, name: str, *, default: str) -> str:
        given: str = self.str(name, default=default)
        try:
            urlsplit(given).port  # noqa: B018  (raises for what is no number)
        except ValueError:
            raise refusal(name, "a web address", "https://clinic.example", given) from None
        return given

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        """Django's DATABASES entry: SQLite or PostgreSQL, because the last word on the diary is theirs."""
        configuration: dict[str, Any] = {}
        try:
            # What it warns of is refused below; the warning would show the password.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                configuration = self.db_url(name, default=default)
        except (ValueError, KeyError):
            pass
        if configuration.get("ENGINE") not in ENGINES or not configuration["NAME"]:
            example = "postgres://user:password@db.example:5432/clinic"
            raise refusal(name, "the address of a PostgreSQL or SQLite database", example)
        return configuration

    def mail_server(self, name: str, *, default: str) -> dict[str, Any]:
        """Django's EMAIL_* settings."""
        try:
            configuration: dict[str, Any] = self.email_url(name, default=default)
        except (ValueError, KeyError, ImproperlyConfigured):
            example = "smtp+tls://user:password@mail.example:587"
            raise refusal(name, "the address of a mail server", example) from None
        if configuration["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
            configuration["EMAIL_BACKEND"] = "clinic.core.smtp.EmailBackend"
        return configuration
