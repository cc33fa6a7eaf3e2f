"""Nurses and doctors in the staff area: find the request, act on it, one act after another."""

import random
import re
from collections import Counter
from typing import Any, Final

from tests.faults.browser import Answer, Browser, Surprised, alert_in
from tests.faults.clinic import PASSWORD
from tests.faults.ledger import Ledger
from tests.faults.patients import Person

BASE: Final = "/admin/consultations/consultationrequest/"
CASES: Final = "/admin/consultations/safetycase/"


class Colleague:
    """One signed-in browser. Every act is followed by a look at the page, as a person does."""

    def __init__(self, username: str, port: int, ledger: Ledger, *, seed: int, seen: Counter[str]) -> None:
        self.username, self.ledger, self.chance = username, ledger, random.Random(seed)
        self.browser = Browser(port, ledger, address=f"10.250.{seed % 250}.7", chance=self.chance, seen=seen)
        self.is_signed_in = False

    def sign_in(self) -> None:
        data = {"username": self.username, "password": PASSWORD, "next": "/admin/"}
        answer = self.browser.press("/admin/login/", data)
        if answer.status != 302:
            raise Surprised(f"{answer.status} at sign-in")
        self.is_signed_in = True

    def page_of(self, person: Person) -> int:
        """The number of the request, found as staff find it."""
        if not self.is_signed_in:
            self.sign_in()
        for _ in range(3):
            found = self.browser.press(f"{BASE}search/", {"q": person.reference})
            page = self.browser.get(found.location)
            numbers = set(re.findall(rf"{BASE}(\d+)/change/", page.body))
            if len(numbers) == 1:
                return int(numbers.pop())
        # Whoever sees the whole queue, since an older answer overtook what was searched for, searches again.
        raise Surprised(f"{len(numbers)} requests found by a reference, on a page of {page.status}")

    def act(self, pk: int, verb: str, *, as_verb: str = "", **data: Any) -> None:
        """One entry of the panel, through its preview where it has one. `as_verb` is its name in the audit trail."""
        page = self.browser.get(f"{BASE}{pk}/change/")
        form = self.browser.form(page, f"/{pk}/{verb}/")
        what, given = as_verb or verb, {**form.fields, **data}
        answer = self.browser.press(form.action, given, what=what, key=str(pk))
        if answer.status == 200 and f"/{pk}/preview/" in answer.body:
            confirm = self.browser.form(answer, f"/{pk}/preview/")
            answer = self.browser.press(confirm.action, confirm.fields, what=what, key=str(pk))
        self._acknowledge(answer, what, str(pk), verb)

    def take_case(self, person: Person) -> None:
        """Take on the safety case of somebody who was told to see a doctor today."""
        found = self.browser.press(f"{CASES}search/", {"q": person.reference})
        page = self.browser.get(found.location)
        numbers = sorted(set(re.findall(rf"{CASES}(\d+)/change/", page.body)))
        if len(numbers) != 1:
            raise Surprised(f"{len(numbers)} cases found by a reference, on a page of {page.status}")
        page = self.browser.get(f"{CASES}{numbers[0]}/change/")
        form = self.browser.form(page, f"/{numbers[0]}/acknowledge/")
        answer = self.browser.press(form.action, form.fields, what="acknowledge", key=numbers[0])
        self._acknowledge(answer, "acknowledge", numbers[0], "acknowledge")

    def _acknowledge(self, answer: Answer, what: str, key: str, verb: str) -> None:
        if answer.status != 302:
            raise Surprised(f"{answer.status} at {verb}: {alert_in(answer)}")
        page = self.browser.get(answer.location)
        if refusal := alert_in(page):
            raise Surprised(f"{verb} was refused: {refusal}")
        self.ledger.acknowledge(what, key, by=self.username)


def triage(nurse: Colleague, person: Person) -> None:
    """What a nurse does with a new request, until it is with the doctor or at the top of the list."""
    pk = nurse.page_of(person)
    if person.is_short:
        nurse.take_case(person)
    nurse.act(pk, "claim")
    if person.is_short and nurse.chance.random() < 0.3:
        nurse.act(pk, "escalate", note="She sounds worse than she writes.")
        return
    doctor = nurse.browser.form(nurse.browser.get(f"{BASE}{pk}/change/"), f"/{pk}/pass_to_doctor/")
    choices = [value for value in doctor.choices["doctor"] if value]
    nurse.act(pk, "pass_to_doctor", doctor=choices[0], note="Please read.")


def decide(doctor: Colleague, person: Person) -> None:
    """Offer a visit to whoever answered everything; advice, or the end, to whoever was sent to a doctor today."""
    pk = doctor.page_of(person)
    if person.is_short:
        if doctor.chance.random() < 0.5:
            doctor.act(pk, "cancel_request", note="Seen elsewhere.")
        else:
            doctor.act(
                pk, "decide", as_verb="decline", decision="not_suitable", patient_note="Keep walking.",
                reason="Seen elsewhere today.",
            )  # fmt: skip
        return
    form = doctor.browser.form(doctor.browser.get(f"{BASE}{pk}/change/"), f"/{pk}/decide/")
    doctor.act(
        pk, "decide", as_verb="offer", decision="offer", patient_note="Come and see us.", reason="As suggested.",
        appointment_type=form.choices["appointment_type"][0],
    )  # fmt: skip
