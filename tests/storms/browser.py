"""A browser that presses once and takes the answer as it is: an error is counted, never tried again."""

import dataclasses
import time
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlencode

from django.conf import settings

from tests.faults.browser import forms_of

PATIENCE: Final = 40.0
"""nginx waits as long for an answer; one that comes later is counted as slow."""
TIMEOUT: Final = 300.0
TOKEN: Final = "t" * 32


class NoAnswer(Exception):
    """The connection broke, or nothing came in time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    status: int
    location: str
    body: str

    def choices(self, name: str, *, within: str = "") -> tuple[str, ...]:
        """The values that a form of the page offers under this name; of the part with the id `within` alone."""
        body = self.body.partition(f'id="{within}"')[2].partition("</form>")[0] if within else self.body
        forms = forms_of(f"<form>{body}</form>" if within else body)
        return tuple(value for form in forms for value in form.choices.get(name, ()) if value)


class Browser:
    """One person's, from an address of their own, so that no limit of a network stands in the way."""

    def __init__(self, port: int, number: int) -> None:
        self.port, self.address = port, f"10.{number // 250 % 250}.{number % 250}.1"
        self.statuses: list[int] = []
        self.slow = 0

    def post(self, path: str, data: dict[str, str], *, session: str) -> Page:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
            "X-Forwarded-For": self.address,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        begun = time.monotonic()
        try:
            connection.request("POST", path, urlencode({**data, "csrfmiddlewaretoken": TOKEN}), headers)
            response = connection.getresponse()
            page = Page(response.status, response.headers.get("Location", ""), response.read().decode())
        except (TimeoutError, OSError, HTTPException) as error:
            raise NoAnswer(type(error).__name__) from None
        finally:
            self.slow += time.monotonic() - begun > PATIENCE
            connection.close()
        self.statuses.append(page.status)
        return page
