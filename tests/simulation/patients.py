"""What people tell the clinic in a day, by every channel there is: through the services that the pages call."""

import datetime
import itertools
from collections.abc import Callable
from typing import Any, Final

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import AssessmentOrigin, ContactPreference, Outcome
from consultations.forms.consent import wordings
from consultations.models import ConsultationRequest, PatientText, QuestionnaireResponse, SafetyCase
from consultations.services import call_scripts, callers, calls, carrying, dangers, intake, transitions
from tests.consultations.perform import perform, send_message
from tests.consultations.views.conftest import OUTCOMES, ROUTINE
from tests.simulation.ledger import Danger

NAMES: Final = ("Ada", "Ben", "Cleo", "Dov", "Esme", "Finn", "Gus", "Hana", "Ivo", "June", "Kit", "Lena", "Milo", "Nia")
ANSWERS: Final = {**ROUTINE, "ab_age": 56, "peg_p": 6, "peg_e": 5, "peg_g": 7}
"""As they are kept: the forms make numbers of what is typed."""
numbers = itertools.count(1)


def somebody() -> intake.Contact:
    """Nobody twice: no two people of the day can be taken for one."""
    number = next(numbers)
    return intake.Contact(
        name=f"{NAMES[number % len(NAMES)]} Person{number:04d}",
        birth_on=datetime.date(1950, 1, 1) + datetime.timedelta(days=7 * (number % 1500)),
        email=f"person{number}@example.com",
        phone=f"+1202555{number % 10000:04d}",
        contact_by=ContactPreference.EITHER,
    )


def answered(**changes: Any) -> QuestionnaireResponse:
    response = intake.start()
    intake.save_answers(response=response, answers={**ANSWERS, **changes})
    return response


def send_form(*, brought: str = "", **changes: Any) -> ConsultationRequest:
    """The check from the first answer to the request."""
    response = answered(**changes)
    if brought:
        carrying.bring(response=response, notes=brought)
    intake.save_contact(response=response, contact=somebody())
    response.refresh_from_db()
    return intake.send(response=response, wordings=wordings())


def tick(consultation_request: ConsultationRequest, *codes: str) -> dangers.Heard:
    """An answer to "since you sent this, has any of this started or got worse?"."""
    with transaction.atomic():
        locked = transitions.lock(consultation_request)
        return dangers.hear(
            response=locked.response, consultation_request=locked, origin=AssessmentOrigin.ASKED_AGAIN, ticks=codes
        )


class Tellers:
    """One way to tell us of a danger after another. Each returns how it stands in the ledger."""

    def __init__(self, pick: Callable[[], ConsultationRequest], colleague: Callable[[], User]) -> None:
        self.pick, self.colleague = pick, colleague
        self.told = itertools.count(1)
        self.ways: tuple[Callable[[], Danger], ...] = (
            self.form_that_stops, self.ticked_emergency, self.message, self.call_about_a_request, self.form_same_day,
            self.caller_without_request, self.self_harm, self.decision_aid, self.ticked_same_day, self.form_unnamed,
            self.escalation, self.form_urgent, self.ticked_feeling_unwell,
        )  # fmt: skip

    def _of_case(self, channel: str, response: int, **more: Any) -> Danger:
        due_at, level = SafetyCase.objects.values_list("due_at", "level").get(response=response)
        waits = level == Outcome.SAME_DAY and not clock.is_open(clock.now())
        return Danger(next(self.told), channel, clock.now(), due_at, response, waits_for_opening=waits, **more)

    def _of_text(self, channel: str, text: PatientText) -> Danger:
        assert text.is_marked, f"the words of {channel} were not heard"
        return Danger(next(self.told), channel, clock.now(), text.due_at, text.response_id, text=text.pk)

    def form_that_stops(self) -> Danger:
        response = answered(**OUTCOMES["EMERGENCY"])
        intake.ask_for_call_back(response=response, contact=somebody())
        return self._of_case("form, call asked for", response.pk)

    def form_unnamed(self) -> Danger:
        return self._of_case("form, nobody named", answered(**OUTCOMES["EMERGENCY"]).pk)

    def form_same_day(self) -> Danger:
        return self._of_case("form, same day", send_form(**OUTCOMES["SAME_DAY"]).response_id)

    def form_urgent(self) -> Danger:
        consultation_request = send_form(**OUTCOMES["URGENT_REVIEW"])
        due_at = consultation_request.danger_due_at
        return Danger(
            next(self.told),
            "form, urgent",
            clock.now(),
            due_at,
            consultation_request.response_id,
            consultation_request=consultation_request.pk,
        )

    def ticked_emergency(self) -> Danger:
        return self._of_case("asked again, chest", tick(self.pick(), "chest").assessment.response_id)

    def ticked_same_day(self) -> Danger:
        return self._of_case("asked again, fever", tick(self.pick(), "fever").assessment.response_id)

    def ticked_feeling_unwell(self) -> Danger:
        return self._of_case("asked again, unwell", tick(self.pick(), "unwell").assessment.response_id)

    def message(self) -> Danger:
        consultation_request = self.pick()
        text = send_message(
            consultation_request=consultation_request,
            text="Since Friday I cannot feel when my bladder is full.",
            key="a page",
        )
        return self._of_text("message", text)

    def self_harm(self) -> Danger:
        message = send_message(consultation_request=self.pick(), text="I want to die.", key="page")
        return self._of_text("message, despair", message)

    def decision_aid(self) -> Danger:
        consultation_request = send_form(
            brought="My question: why is my bottom numb and why can I not feel my bladder?"
        )
        return self._of_text(
            "decision aid", PatientText.objects.get(response=consultation_request.response_id, is_danger=True)
        )

    def call_about_a_request(self) -> Danger:
        """A nurse rings about something else, asks, and hears of it."""
        response = self.pick().response
        call = calls.begin(response=response, by=self.colleague())
        call_scripts.save(call=call, answers={"rf_now": ["chest"]}, by=call.made_by)
        call_scripts.finish(call=call, note="An ambulance is on its way.", by=call.made_by)
        return self._of_case("phone", response.pk)

    def caller_without_request(self) -> Danger:
        who = somebody()
        opened = callers.open_case(
            name=who.name, phone=who.phone, said="I cannot feel my legs.", level=Outcome.EMERGENCY, asks=False,
            by=self.colleague(),
        )  # fmt: skip
        return self._of_case("caller without a request", opened.case.response_id, is_heard_by_staff=True)

    def escalation(self) -> Danger:
        consultation_request = self.pick()
        perform("escalate", consultation_request, note="She sounds worse than she says.", by=self.colleague())
        consultation_request.refresh_from_db()
        due_at = consultation_request.danger_due_at
        return Danger(
            next(self.told),
            "escalated",
            clock.now(),
            due_at,
            consultation_request.response_id,
            consultation_request=consultation_request.pk,
        )
