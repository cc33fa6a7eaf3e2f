"""Nurses and doctors who come, read their mail, take things on, call, close, forget, and go."""

import dataclasses
import datetime
import random
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from clinic.accounts.models import User
from clinic.core import clock
from consultations.actions.read_text import mark_read
from consultations.enums import CallOutcome, CaseOutcome, CaseProof, CaseStatus, RequestStatus
from consultations.models import AppointmentType, ClockAlarm, ConsultationRequest, PatientText, SafetyCase
from consultations.services import call_scripts, calls, case_closing, case_proofs, cases, clock_alarms, handover
from consultations.services.case_proofs import OutcomeClaim
from tests.consultations.candidacy.test_call_script import NOTHING
from tests.consultations.perform import perform
from tests.simulation.ledger import MINUTE, Mail

FORGETS: Final = 0.3
"""How often a colleague reads a mail, means to act and does not."""


@dataclasses.dataclass
class Colleague:
    """`shifts` are when they come and go; who `forgets_to_go` leaves without saying so."""

    user: User
    random: random.Random
    shifts: tuple[tuple[int, int], ...]
    forgets_to_go: bool = False
    tasks: list[tuple[datetime.datetime, Callable[[], None]]] = dataclasses.field(default_factory=list)

    @property
    def is_doctor(self) -> bool:
        return self.user.groups.filter(name="doctor").exists()

    def is_here(self, minute: int) -> bool:
        return any(comes <= minute < goes for comes, goes in self.shifts)

    def turn_up(self, minute: int) -> bool:
        """Come or go; whether that was pressed."""
        is_coming = any(minute == comes for comes, _ in self.shifts)
        is_going = any(minute == goes for _, goes in self.shifts) and not self.forgets_to_go
        if is_coming or is_going:
            handover.switch_duty(is_on_duty=is_coming, by=self.user)
        return is_coming or is_going

    def read(self, mails: list[Mail]) -> None:
        for mail in mails:
            if mail.to == self.user.email and self.random.random() >= FORGETS:
                self.plan(self.random.randint(2, 18), partial(self.follow, mail.path))

    def plan(self, minutes: int, act: Callable[[], None]) -> None:
        self.tasks.append((clock.now() + minutes * MINUTE, act))

    def work(self) -> None:
        now = clock.now()
        due = [act for at, act in self.tasks if at <= now]
        self.tasks = [(at, act) for at, act in self.tasks if at > now]
        for act in due:
            act()

    # --- What they do -----------------------------------------------------------------------------------------------

    def follow(self, path: str) -> None:
        """The link of a mail: a case, a request, or the list of what waits."""
        match = re.search(r"/(safetycase|consultationrequest)/(\d+)/", path)
        if match is None:
            waiting = SafetyCase.objects.filter(status=CaseStatus.OPEN).order_by("due_at").first()
            if waiting is not None:
                self.take(waiting.pk)
        elif match[1] == "safetycase":
            self.take(int(match[2]))
        else:
            response = ConsultationRequest.objects.get(pk=int(match[2])).response_id
            self.read_texts(response)
            for alarm in ClockAlarm.objects.sounding().filter(response=response):
                clock_alarms.acknowledge(alarm=alarm, by=self.user)
            if self.is_doctor:
                self.settle(int(match[2]))

    def take(self, pk: int) -> None:
        case = SafetyCase.objects.get(pk=pk)
        self.read_texts(case.response_id)
        if case.status == CaseStatus.OPEN:
            cases.acknowledge(case=case, by=self.user)
        if case.status != CaseStatus.CLOSED:
            self.plan(self.random.randint(3, 15), partial(self.call, pk))

    def read_texts(self, response: int) -> None:
        for text in PatientText.objects.filter(response=response, read_at=None):
            mark_read(text=text, by=self.user)

    def settle(self, pk: int) -> None:
        consultation_request = ConsultationRequest.objects.get(pk=pk)
        if consultation_request.is_escalated and not consultation_request.is_closed:
            perform("settle_escalation", consultation_request, note="Spoke to her: no danger.", by=self.user)

    def call(self, pk: int) -> None:
        """Reach the person and ask, or try again after more than an hour, or leave it."""
        case = SafetyCase.objects.get(pk=pk)
        if case.status == CaseStatus.CLOSED:
            return
        if case.patient_id is None:
            self.close(case, OutcomeClaim(CaseOutcome.NO_WAY_TO_REACH, CaseProof.NO_NAME))
        elif (luck := self.random.random()) < 0.6:
            self.ask(case)
        elif luck < 0.9:
            calls.log(response=case.response, outcome=CallOutcome.NOT_REACHED, note="", by=self.user)
            if case_proofs.evidence_of(case).missing(CaseProof.TRIES):
                self.plan(self.random.randint(61, 75), partial(self.call, pk))
            else:
                self.close(case, OutcomeClaim(CaseOutcome.NOT_REACHED, CaseProof.TRIES))

    def ask(self, case: SafetyCase) -> None:
        call = calls.begin(response=case.response, by=self.user)
        call_scripts.save(call=call, answers=NOTHING, by=self.user)
        finished = call_scripts.finish(call=call, note="Seen at the hospital.", by=self.user).call
        if calls.asked_everything(finished):
            self.close(case, OutcomeClaim(CaseOutcome.WENT_FOR_CARE, CaseProof.CALL, named=finished.pk))

    def close(self, case: SafetyCase, claim: OutcomeClaim) -> None:
        case_closing.close(case=case, claim=claim, by=self.user)

    def routine(self, consultation_request: ConsultationRequest, visit: AppointmentType) -> None:
        """One next step of an ordinary request, whoever takes it."""
        data: dict[str, dict[str, Any]] = {
            "claim": {},
            "ask": {"question": "Which scan did you have?"},
            "pass_to_doctor": {"doctor": self.user, "note": "For me."},
            "offer": {"appointment_type": visit, "patient_note": "Come and see us.", "reason": "We can help."},
        }
        of_status = {
            RequestStatus.RECEIVED: "claim",
            RequestStatus.IN_TRIAGE: "pass_to_doctor" if self.is_doctor else "ask",
            RequestStatus.WITH_DOCTOR: "offer" if self.is_doctor else "",
        }
        if verb := of_status.get(RequestStatus(consultation_request.status)):
            perform(verb, consultation_request, by=self.user, **data[verb])
