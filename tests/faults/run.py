"""One run: people at work in threads, faults among them, and at the end the comparison."""

import dataclasses
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.db import connection

from clinic.core.models import OutboxMessage
from tests.concurrency.processes import free_port
from tests.faults import comparison
from tests.faults.browser import GaveUp, Surprised
from tests.faults.cluster import Cluster
from tests.faults.comparison import Finding
from tests.faults.disk import SmallDisk
from tests.faults.ledger import Ledger
from tests.faults.patients import Patients, Person
from tests.faults.plan import Plan
from tests.faults.sink import Sink
from tests.faults.stack import Stack
from tests.faults.staff import Colleague, decide, triage

MAIL_SECONDS: Final = (4.0, 10.0)
"""How long the mail server misbehaves."""
DATABASE_SECONDS: Final = (0.2, 4.0)
"""How long the database is away."""


@dataclasses.dataclass
class Result:
    plan: Plan
    entries: list[Any]
    faults: Counter[str]
    answers: Counter[str]
    surprises: list[str]
    findings: list[Finding]
    mails: dict[str, int]
    seconds: float
    gave_up: int = 0

    @property
    def is_good(self) -> bool:
        return not self.findings and not self.surprises


class Run:
    def __init__(
        self, plan: Plan, folder: Path, *, cluster: Cluster | None = None, disk: SmallDisk | None = None,
        settings: str = "",
    ) -> None:  # fmt: skip
        self.plan, self.cluster, self.disk = plan, cluster, disk
        self.chance = random.Random(plan.seed)
        self.ledger = Ledger(folder / "ledger.jsonl")
        self.sink = Sink(free_port())

        environment = {"DJANGO_SETTINGS_MODULE": settings} if settings else {}
        self.stack = Stack(folder, mail_port=self.sink.port, web_processes=plan.web_processes, **environment)
        self.patients = Patients(self.stack.port, self.ledger, self.sink, seed=plan.seed)
        self.new: queue.Queue[Person] = queue.Queue()
        self.passed: queue.Queue[Person] = queue.Queue()
        self.followed: queue.Queue[Person] = queue.Queue()
        self.ends = threading.Event()
        self.faults: Counter[str] = Counter()
        self.surprises: list[str] = []
        self.gave_up = 0

    def go(self) -> Result:
        begun = time.monotonic()
        threads = [threading.Thread(target=self._until_the_end, args=[step]) for step in self._steps()]
        try:
            for thread in threads:
                thread.start()
            self._inject()
        except KeyboardInterrupt:
            # What was done until now counts, and is compared.
            self.surprises.append("the run was ended before its time")
        finally:
            self.ends.set()
            for thread in threads:
                thread.join()
            self.sink.mode = ""
            self.stack.stop()
            self.sink.stop()
        return self._result(time.monotonic() - begun)

    def _result(self, seconds: float) -> Result:
        connection.close()
        findings = comparison.compare(self.ledger.entries, arrived=self.sink.taken)
        owed = OutboxMessage.objects
        mails = {
            "owed": owed.count(),
            "sent": owed.filter(sent_at__isnull=False).count(),
            "waiting": owed.filter(sent_at=None, parked_at=None).count(),
            "parked for staff": owed.filter(parked_at__isnull=False, is_stopped=False).count(),
            "came more than once": sum(1 for copies in self.sink.taken.values() if copies > 1),
        }
        return Result(
            self.plan, self.ledger.entries, self.faults, self.patients.seen, self.surprises, findings, mails, seconds,
            self.gave_up,
        )  # fmt: skip

    # --- People -----------------------------------------------------------------------------------------------------

    def _steps(self) -> list[Callable[[], None]]:
        plan, seen = self.plan, self.patients.seen
        staff = [
            *((f"nurse{number}", triage, self.new, self.passed) for number in range(plan.nurses)),
            *((f"doctor{number}", decide, self.passed, None) for number in range(plan.doctors)),
        ]
        steps: list[Callable[[], None]] = [self._send] * plan.senders + [self._follow] * plan.followers
        for number, (username, act, source, onward) in enumerate(staff):
            colleague = Colleague(username, self.stack.port, self.ledger, seed=plan.seed * 100 + number, seen=seen)
            steps.append(self._desk(colleague, act, source, onward))
        return steps

    def _until_the_end(self, step: Callable[[], None]) -> None:
        """A person who meets a page that nobody expects gives up; the run says so at its end."""
        while not self.ends.is_set():
            try:
                step()
            except GaveUp:
                self.gave_up += 1
            except Surprised as surprise:
                self.surprises.append(str(surprise))
            except Exception as error:
                self.surprises.append(f"the run itself failed: {type(error).__name__}: {error}")
                self.ends.set()
                raise

    def _send(self) -> None:
        # Whoever comes faster than staff work would only fill the queue.
        if self.new.qsize() > 20:
            time.sleep(0.5)
            return
        person = self.patients.new_person()
        self.patients.send(person)
        self.new.put(person)
        self.followed.put(person)

    def _follow(self) -> None:
        try:
            person = self.followed.get(timeout=0.5)
        except queue.Empty:
            return
        if self.patients.follow_up(person):
            self.followed.put(person)
            time.sleep(0.1)

    def _desk(
        self, colleague: Colleague, act: Callable[[Colleague, Person], None], source: Any, onward: Any
    ) -> Callable[[], None]:
        def step() -> None:
            try:
                person = source.get(timeout=0.5)
            except queue.Empty:
                return
            act(colleague, person)
            if onward is not None:
                onward.put(person)

        return step

    # --- Faults -----------------------------------------------------------------------------------------------------

    def _inject(self) -> None:
        """The faults spread evenly over what is acknowledged, each at a moment that nobody chose."""
        plan, kinds = self.plan, self._drawn()
        for number, kind in enumerate(kinds, start=1):
            if not self._wait_for(plan.acknowledged * number // (len(kinds) + 1)):
                return
            time.sleep(self.chance.uniform(0, 1))
            self._meet(kind)
            self.faults[kind] += 1
        self._wait_for(plan.acknowledged)

    def _drawn(self) -> list[str]:
        """Each kind at least once where there are faults enough."""
        kinds = self.plan.kinds
        each = list(dict.fromkeys(kinds))
        drawn = each[: self.plan.faults] + self.chance.choices(kinds, k=max(0, self.plan.faults - len(each)))
        self.chance.shuffle(drawn)
        return drawn

    def _wait_for(self, acknowledged: int) -> bool:
        while self.ledger.acknowledged < acknowledged:
            if self.ends.is_set():
                return False
            if time.monotonic() - self.ledger.last > self.plan.stalled_after:
                self.surprises.append(f"nothing was acknowledged for {self.plan.stalled_after:.0f} seconds")
                return False
            time.sleep(0.05)
        return True

    def _meet(self, kind: str) -> None:
        if kind == "database" and self.cluster is not None:
            self.cluster.die()
            time.sleep(self.chance.uniform(*DATABASE_SECONDS))
            self.cluster.start()
        elif kind == "read-only" and self.cluster is not None:
            self.cluster.take_no_writes(on=True)
            time.sleep(self.chance.uniform(*MAIL_SECONDS))
            self.cluster.take_no_writes(on=False)
        elif kind == "disk full" and self.disk is not None:
            self.disk.fill()
            time.sleep(self.chance.uniform(*MAIL_SECONDS))
            self.disk.free()
            if self.cluster is not None and not self.cluster.is_running():
                self.cluster.start()
        elif kind == "web process":
            self.stack.web.kill_child(self.chance)
        elif kind == "web master":
            self.stack.web.kill()
        elif kind == "mail worker":
            self.stack.worker.kill()
        elif kind == "reload":
            self.stack.web.reload()
        elif kind.startswith("mail "):
            self.sink.mode = kind.removeprefix("mail ")
            time.sleep(self.chance.uniform(*MAIL_SECONDS))
            self.sink.mode = ""
