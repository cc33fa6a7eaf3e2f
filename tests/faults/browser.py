"""A person at a browser: keeps cookies, fills in the forms of the page before them, presses again after an error."""

import contextlib
import dataclasses
import random
import re
import time
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from tests.faults.ledger import TOLD_ERROR, TOLD_NO, TOLD_PERHAPS, UNANSWERED, Ledger

TIMEOUT: Final = 40.0
"""nginx waits as long for an answer."""
TRIES: Final = 25
SAYS_NO: Final = "We could not save what you sent just now."
SAYS_PERHAPS: Final = "What you sent just now may not have been saved."
LOOKED: Final = "error page at a look"
PASSING: Final = frozenset({500, 502, 503, 504})
"""After these a person waits a moment and presses again."""


class GaveUp(Exception):
    """Pressed again and again, and never had an answer."""


class Surprised(Exception):
    """The page was another one than anybody would expect here. The text says which, without what was typed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str
    body: str

    @property
    def error(self) -> str:
        """Said in place of a yes, as the person reads it; "" for any page that is no error."""
        if self.status not in PASSING:
            return ""
        if SAYS_NO in self.body:
            return TOLD_NO
        return TOLD_PERHAPS if SAYS_PERHAPS in self.body else f"{TOLD_ERROR} {self.status}"


@dataclasses.dataclass
class Form:
    """A form of a page: where it goes, and what stands in it before anybody types."""

    action: str
    fields: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    choices: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    """What may be chosen: radio buttons, and the options of a list."""


class _Forms(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.list_name = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif self.forms and tag in ("input", "button"):
            self._input(self.forms[-1], given)
        elif self.forms and tag in ("select", "textarea"):
            self.list_name = given.get("name", "")
        elif self.forms and tag == "option" and given.get("value"):
            self.forms[-1].choices.setdefault(self.list_name, []).append(given["value"])

    def _input(self, form: Form, given: dict[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if not name:
            return
        if given.get("type") == "radio":
            form.choices.setdefault(name, []).append(value)
        if given.get("type") in ("hidden", "submit") or "checked" in given:
            form.fields.setdefault(name, []).append(value)


def forms_of(html: str) -> list[Form]:
    return _Forms(html).forms


class Browser:
    """One person's. `what` and `key` name in the ledger what they are about to do."""

    def __init__(self, port: int, ledger: Ledger, *, address: str, chance: random.Random, seen: Counter[str]) -> None:
        self.port, self.ledger, self.address, self.chance, self.seen = port, ledger, address, chance, seen
        self.cookies: dict[str, str] = {"csrf": "t" * 32}
        self.patience = 0.6
        """Seconds before the first press again; each further one waits longer, up to four times that."""

    def get(self, path: str) -> Answer:
        """A page, followed where it leads."""
        answer = self._until_answered("GET", path, None)
        for _ in range(5):
            if answer.status not in (301, 302):
                return answer
            answer = self._until_answered("GET", answer.location, None)
        raise Surprised(f"{kind_of(path)} leads round and round")

    def press(self, path: str, data: dict[str, Any], *, what: str = "", key: str = "") -> Answer:
        """Send a form until it is answered, as often as a person would. Not followed."""
        return self._until_answered("POST", path, data, what=what, key=key)

    def form(self, page: Answer, ending: str) -> Form:
        """The form of the page whose address ends so."""
        for form in forms_of(page.body):
            if urlsplit(form.action).path.endswith(ending):
                return form
        raise Surprised(f"no form {kind_of(ending)} on a page of {page.status}")

    def _until_answered(
        self, method: str, path: str, data: dict[str, Any] | None, *, what: str = "", key: str = ""
    ) -> Answer:
        for turn in range(TRIES):
            pressed = time.time()
            answer = self._once(method, path, data)
            if answer is not None and not answer.error:
                return answer
            told = answer.error if answer is not None else UNANSWERED
            self.seen[told if data is not None or told == UNANSWERED else LOOKED] += 1
            if what:
                self.ledger.failed(what, key, told, pressed=pressed)
            time.sleep(self.patience * min(turn + 1, 4) * self.chance.uniform(0.7, 1.3))
        raise GaveUp(kind_of(path))

    def _once(self, method: str, path: str, data: dict[str, Any] | None) -> Answer | None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Forwarded-For": self.address,
            "Sec-Fetch-Site": "same-origin",
        }
        body = None
        if data is not None:
            body = urlencode({**data, "csrfmiddlewaretoken": self.cookies["csrf"]}, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
            self._keep_cookies(response.headers.get_all("Set-Cookie") or [])
            return Answer(response.status, response.headers.get("Location", ""), text)
        except (OSError, HTTPException):
            return None
        finally:
            with contextlib.suppress(OSError):
                connection.close()

    def _keep_cookies(self, lines: list[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value


def kind_of(path: str) -> str:
    """An address without whose it is."""
    return re.sub(r"[0-9a-f]{8}(?=/)|\d+|open/[^/]+|/LS[^/]+", "0", path.partition("?")[0])


def alert_in(page: Answer) -> str:
    """What a page refuses in its first line, "" where it refuses nothing."""
    found = re.search(r'role="alert">(.*?)</div>', page.body, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""
