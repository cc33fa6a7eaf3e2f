"""One day of a clinic, minute by minute, with nothing remembered between minutes but the database and the mailboxes."""

import dataclasses
import datetime
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, Final
from unittest import mock

from django.core import mail

from clinic.core import channels, clock
from clinic.management.commands.worker import Command
from consultations.enums import OPEN_STATUSES, CallOutcome
from consultations.models import AppointmentType, ConsultationRequest
from consultations.services import call_scripts, calls, duty, messaging
from tests.consultations.candidacy.test_call_script import NOTHING
from tests.personas import make_user
from tests.simulation import patients
from tests.simulation.ledger import MINUTE, Ledger, Mail
from tests.simulation.staff import Colleague

MIDNIGHT: Final = datetime.datetime(2026, 11, 23, 5, 0, tzinfo=datetime.UTC)
"""Monday 23 November 2026, 00:00 at the clinic, which opens at 8:30 and closes at 17:30."""
ON_CALL: Final = "oncall@clinic.example"
DAY: Final = 24 * 60
"""In minutes, as the other two."""
OPENING: Final = 8 * 60 + 30
CLOSING: Final = 17 * 60 + 30


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """How much happens, and when. Minutes of the day."""

    requests: int
    calls: int
    asked_again: int
    dangers: int
    begins: int
    ends: int
    kills: tuple[int, int]
    night_step: int = 30
    wakes_until: int = 0
    """Also the next morning, until that minute of it; the night before it in steps of so many minutes."""
    seed: int = 11
    compares_every: int = 15


class Killed(BaseException):
    """The worker's process is gone: nothing catches it, as nothing catches a kill."""


class Worker:
    """The worker's process. Killed, it is started again, and knows only what stands in the database."""

    def __init__(self) -> None:
        self.kills = 0
        self.command = Command()
        self.armed: list[str] = []

    def minute(self) -> None:
        for _ in range(60):
            try:
                with self._fuse():
                    if not self.command._turn():
                        return
            except Killed:
                self.kills += 1
                self.command = Command()
        raise AssertionError("The worker never came to an end.")

    def arm(self, where: str) -> None:
        self.armed.append(where)

    def _fuse(self) -> ExitStack:
        """ "queue": in the transaction that tells of an alarm. "send": when the mail is out and nothing says so yet."""
        stack = ExitStack()
        places = (("queue", messaging, "alert_address"), ("send", type(channels.EMAIL_CHANNEL), "send"))
        for where, owner, name in places:
            if where in self.armed:
                stack.enter_context(mock.patch.object(owner, name, self._dying(where, getattr(owner, name))))
        return stack

    def _dying(self, where: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            done = real(*args, **kwargs)
            if where not in self.armed:
                return done
            self.armed.remove(where)
            raise Killed

        return act


class Day:
    def __init__(self, plan: Plan, time_machine: Any) -> None:
        self.plan, self.time, self.random = plan, time_machine, random.Random(plan.seed)
        self.ledger, self.worker = Ledger(ON_CALL), Worker()
        self.to(plan.begins - 1)
        self.visit = AppointmentType.objects.create(name="First consultation", minutes=40)
        self.staff = list(self._staff())
        self.tellers = patients.Tellers(self._pick, self._anybody)
        self.told: set[int] = set()
        """Requests about which something frightening was told already: the next danger is somebody else's."""

    def _staff(self) -> Iterator[Colleague]:
        """Three nurses and two doctors. One nurse and one doctor leave without saying so."""
        begins, ends = self.plan.begins, min(self.plan.ends, CLOSING)
        third = (ends - begins) // 3
        for name, group, comes, goes, forgets in (
            ("nora", "triage", begins, begins + 2 * third, True),
            ("olu", "triage", begins + third // 2, ends, False),
            ("pia", "triage", begins + third, ends, False),
            ("ines", "doctor", begins, ends, False),
            ("sam", "doctor", begins + third, begins + 2 * third, True),
        ):
            user = make_user(name, group, name=name.title())
            morning = () if forgets else ((DAY + OPENING, DAY + CLOSING),)
            yield Colleague(user, random.Random(f"{self.plan.seed}{name}"), ((comes, goes), *morning), forgets)

    def to(self, minute: int) -> None:
        self.time.move_to(MIDNIGHT + minute * MINUTE, tick=False)

    def run(self, until: str = "") -> list[str]:
        """Live through the day, or until a fault of one kind stood at two comparisons. What went wrong, in words."""
        events, stood = self._events(), set[str]()
        for minute in self._minutes():
            self.to(minute)
            self._change_shifts(minute)
            for act in events.get(minute, ()):
                act()
            for item in self.staff:
                if item.is_here(minute):
                    item.work()
            if minute in self.plan.kills:
                self.worker.arm("queue" if minute == self.plan.kills[0] else "send")
            self.worker.minute()
            self._collect(minute)
            if minute % self.plan.compares_every == 0:
                self.ledger.compare_clocks()
                found = self._faults_of(until)
                if stood & found:
                    break
                stood = found
        self.ledger.compare_clocks()
        return self.ledger.faults(clock.now())

    def _faults_of(self, kind: str) -> set[str]:
        return {fault for fault in self.ledger.faults(clock.now()) if fault.startswith(f"{kind}:")} if kind else set()

    def _minutes(self) -> Iterator[int]:
        yield from range(self.plan.begins, self.plan.ends)
        if self.plan.wakes_until:
            yield from range(self.plan.ends, DAY + OPENING, self.plan.night_step)
            yield from range(DAY + OPENING, DAY + self.plan.wakes_until)

    def _change_shifts(self, minute: int) -> None:
        pressed = [item for item in self.staff if item.turn_up(minute)]
        if pressed or not self.ledger.duty:
            there = frozenset(item.email for item in duty.on_duty())
            self.ledger.duty.append((clock.now(), there))

    def _collect(self, minute: int) -> None:
        """What the mail server took in this minute lies in the mailboxes now."""
        new = []
        for sent in mail.outbox:
            link = next((line for line in sent.body.splitlines() if line.startswith("http")), "")
            new += [Mail(clock.now(), to, link.removeprefix("http://testserver")) for to in sent.to]
        mail.outbox.clear()
        self.ledger.mails += new
        for item in self.staff:
            if item.is_here(minute):
                item.read(new)

    # --- What happens -----------------------------------------------------------------------------------------------

    def _events(self) -> dict[int, list[Callable[[], Any]]]:
        plan, events = self.plan, dict[int, list[Callable[[], Any]]]()
        span = (plan.begins + 3, plan.ends - 1)
        later = (plan.begins + (plan.ends - plan.begins) // 8, plan.ends - 1)
        kinds = ({}, {"im_mri": "never"}, {"pn_duration": "lt6w"}, {"hx_gate": ["bleed"]})

        def put(minute: int, act: Callable[[], Any]) -> None:
            events.setdefault(minute, []).append(act)

        for number in range(plan.requests):
            first = plan.begins + 1 if number < plan.requests // 3 else self.random.randint(*span)
            put(first, partial(patients.send_form, **kinds[number % len(kinds)]))
        for _ in range(plan.calls):
            put(self.random.randint(*later), self._ring)
        for _ in range(plan.asked_again):
            put(self.random.randint(*later), lambda: patients.tick(self._pick(), "same"))
        for _ in range(plan.requests // 2):
            put(self.random.randint(*later), self._routine)
        for number in range(plan.dangers):
            way = self.tellers.ways[number % len(self.tellers.ways)]
            minute = later[0] + number * (later[1] - later[0]) // plan.dangers
            put(minute, partial(self._tell, way))
        return events

    def _tell(self, way: Callable[[], Any]) -> None:
        danger = way()
        self.told.add(danger.response)
        self.ledger.dangers.append(danger)

    def _pick(self) -> ConsultationRequest:
        """An open request of somebody who told of nothing frightening yet."""
        quiet = ConsultationRequest.objects.filter(status__in=OPEN_STATUSES, flag_level="", escalated_at=None)
        keys = list(quiet.exclude(response__in=self.told).order_by("pk").values_list("pk", flat=True))
        return ConsultationRequest.objects.select_related("response", "patient").get(pk=self.random.choice(keys))

    def _present(self) -> list[Colleague]:
        minute = int((clock.now() - MIDNIGHT).total_seconds() // 60)
        return [item for item in self.staff if item.is_here(minute)] or self.staff[:1]

    def _anybody(self) -> Any:
        return self.random.choice([item for item in self._present() if not item.is_doctor] or self._present()).user

    def _ring(self) -> None:
        """A call about an ordinary request: not reached, about something else, or the questions without a danger."""
        response, by = self._pick().response, self._anybody()
        kind = self.random.choice(["not_reached", "reached_other", "script"])
        if kind == "script":
            call = calls.begin(response=response, by=by)
            call_scripts.save(call=call, answers=NOTHING, by=by)
            call_scripts.finish(call=call, note="", by=by)
        else:
            calls.log(response=response, outcome=CallOutcome(kind), note="", by=by)

    def _routine(self) -> None:
        self.random.choice(self._present()).routine(self._pick(), self.visit)
