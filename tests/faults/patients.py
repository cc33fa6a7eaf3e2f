"""Patients: the safety check, the questions, sending; then the private page behind the link of the mail."""

import dataclasses
import datetime
import random
import re
import threading
from collections import Counter
from typing import Any, Final

from clinic.core import clock
from consultations.questionnaire.definition import CURRENT_VERSION
from tests.consultations.views.conftest import CONSENTS, CONTACT, ROUTINE, fields_of
from tests.faults.browser import Answer, Browser, Form, GaveUp, Surprised, forms_of
from tests.faults.ledger import Ledger
from tests.faults.sink import Sink

REFERENCE: Final = re.compile(r"\bLS-[0-9A-Z]{4}-[0-9A-Z]{2}\b")
SHORT_PATH: Final = {"rf_now": ["fever"]}
"""A sign for which a doctor is seen today: these answers are sent after the safety questions."""
SCREEN: Final = re.compile(r"/check/([0-9a-f]{8})/q/([a-z-]+)/")


@dataclasses.dataclass
class Person:
    """Somebody with a name, an address and answers of their own, so that no two can be taken for one."""

    number: int
    is_short: bool
    answers: dict[str, Any]
    born: datetime.date
    browser: Browser
    key: str
    reference: str = ""
    has_written: bool = False
    is_open: bool = False
    private: str = ""
    plans: list[str] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        letters = "".join(chr(ord("a") + int(digit)) for digit in f"{self.number:05d}")
        return f"Person {letters.capitalize()}"

    @property
    def email(self) -> str:
        return f"person{self.number}@example.com"

    @property
    def birth(self) -> dict[str, str]:
        born = self.born
        return {"birth_on_month": str(born.month), "birth_on_day": str(born.day), "birth_on_year": str(born.year)}

    @property
    def contact(self) -> dict[str, str]:
        return {**CONTACT, **self.birth, "name": self.name, "email": self.email}


class Patients:
    """Makes people, and lets them do one thing after another. What they were told goes into the ledger."""

    def __init__(self, port: int, ledger: Ledger, sink: Sink, *, seed: int, full_share: float = 0.5) -> None:
        self.port, self.ledger, self.sink = port, ledger, sink
        self.chance, self.full_share = random.Random(seed), full_share
        self.seen: Counter[str] = Counter()
        self._made = 0
        self._lock = threading.Lock()

    def new_person(self) -> Person:
        with self._lock:
            self._made += 1
            number, chance = self._made, random.Random(self.chance.random())
        age = chance.randint(20, 85)
        today = clock.today()
        born = datetime.date(today.year - age, 1, 1) + datetime.timedelta(days=chance.randrange(28))
        is_short = chance.random() >= self.full_share
        changes: dict[str, Any] = SHORT_PATH if is_short else {"ex_note": f"Note of person {number}."}
        scores = {name: str(chance.randint(4, 9)) for name in ("peg_p", "peg_e", "peg_g")}
        # A network of their own, as people at home have: no limit of a network stands in their way.
        address = f"10.{number // 250}.{number % 250}.1"
        browser = Browser(self.port, self.ledger, address=address, chance=chance, seen=self.seen)
        plans = ["book", *chance.choice([["cancel"], ["cancel", "book"], []])]
        return Person(
            number, is_short, {**ROUTINE, **scores, **changes, "ab_age": str(age)}, born, browser,
            key=f"{chance.getrandbits(32):08x}", plans=plans,
        )  # fmt: skip

    def send(self, person: Person) -> None:
        """From the first page to the confirmation. Acknowledged once the page with the reference is there."""
        where = person.browser.press("/check/", {"key": person.key}).location
        for _ in range(40):
            found = SCREEN.search(where)
            if found is None:
                break
            fields = fields_of(found[2], person.answers, version=CURRENT_VERSION)
            answer = person.browser.press(where, fields, what="answers", key=person.email)
            where = self._on(answer, f"screen {found[2]}")
        # Either page, the result or the advice to see a doctor today, leads to the contact details.
        check = f"/check/{person.key}"
        contact = person.browser.press(f"{check}/contact/", person.contact)
        self._on(contact, "contact")
        sent = person.browser.press(f"{check}/answers/", CONSENTS, what="send", key=person.email)
        page = person.browser.get(self._on(sent, "answers"))
        reference = REFERENCE.search(page.body)
        if reference is None:
            raise Surprised(f"a confirmation of {page.status} without a reference")
        person.reference = reference[0]
        self.ledger.acknowledge(
            "send", person.email, reference=person.reference, name=person.name, is_short=person.is_short,
            answers=self._as_kept(person),
        )  # fmt: skip

    @staticmethod
    def _on(answer: Answer, where: str) -> str:
        if answer.status != 302:
            raise Surprised(f"{answer.status} at {where}")
        return answer.location

    @staticmethod
    def _as_kept(person: Person) -> dict[str, Any]:
        """A few answers as the database must hold them; of the short path those that were asked."""
        kept: dict[str, Any] = {"ab_age": int(person.answers["ab_age"]), "rf_now": person.answers["rf_now"]}
        if not person.is_short:
            kept |= {name: int(person.answers[name]) for name in ("peg_p", "peg_e", "peg_g")}
            kept["ex_note"] = person.answers["ex_note"]
        return kept

    def follow_up(self, person: Person) -> bool:
        """What can be done on the private page now. False when nothing is left to do."""
        link = self.sink.link_for(person.email)
        if not link:
            return True
        if not person.is_open:
            opened = person.browser.press(link, person.birth)
            person.private = self._on(opened, "private link")
            person.is_open = True
        if not person.has_written:
            self._write(person)
            return bool(person.plans) and not person.is_short
        page = person.browser.get(person.private)
        if person.plans and person.plans[0] == "book":
            if f"{person.private}times/" not in page.body:
                return True
            self._book(person)
        elif person.plans:
            self._cancel(person)
        return bool(person.plans)

    def _write(self, person: Person) -> None:
        page = person.browser.get(person.private)
        person.has_written = True
        if f"{person.private}message/" not in page.body:
            # Staff were quicker, and ended the request.
            person.plans.clear()
            return
        form = person.browser.form(page, "/message/")
        text = f"Message of person {person.number}."
        given = {**form.fields, "message": text}
        answer = person.browser.press(form.action, given, what="message", key=person.reference)
        self._on(answer, "message")
        self.ledger.acknowledge("message", person.reference, text=text)

    def _book(self, person: Person) -> None:
        times = f"{person.private}times/"
        for _ in range(6):
            page = person.browser.get(times)
            slots = [slot for form in _posting(page, times) for slot in form.choices.get("slot", [])]
            if not slots:
                continue
            held = person.browser.press(times, {"slot": person.browser.chance.choice(slots)})
            if held.status == 409:
                continue
            check = person.browser.get(self._on(held, "times"))
            form = person.browser.form(check, "/times/check/")
            slot = form.fields["slot"][0]
            given = {**form.fields, "ticks": "same"}
            booked = person.browser.press(form.action, given, what="book", key=person.reference)
            if booked.status == 409:
                continue
            page = person.browser.get(self._on(booked, "check time"))
            if "/cancel-time/" not in page.body:
                continue
            person.plans.pop(0)
            self.ledger.acknowledge("book", person.reference, slot=slot)
            return
        raise GaveUp("times")

    def _cancel(self, person: Person) -> None:
        form = person.browser.form(person.browser.get(f"{person.private}cancel-time/"), "/cancel-time/")
        given = {**form.fields, "reason": "Away that day."}
        answer = person.browser.press(form.action, given, what="cancel", key=person.reference)
        self._on(answer, "cancel time")
        person.plans.pop(0)
        self.ledger.acknowledge("cancel", person.reference, seen=form.fields["seen"][0])


def _posting(page: Answer, path: str) -> list[Form]:
    return [form for form in forms_of(page.body) if form.action.startswith(path)]
