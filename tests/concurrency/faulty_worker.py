"""The worker with faults put into it: python -c COMMAND PLAN FIRED

PLAN is a JSON file, key of a mail -> fields of its Fault. What was raised is noted in FIRED, one line each.
"""

import dataclasses
import datetime
import json
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management import call_command

from clinic.core import channels, delivery, outbox
from clinic.core.models import OutboxMessage
from clinic.core.smtp import EmailBackend
from consultations.services import cases, clock_alarms, private_links
from education.actions import schedule
from tests.concurrency.faults import ERRORS, Fault

COMMAND = "import django; django.setup(); from tests.concurrency.faulty_worker import main; main()"
DUTIES = ((cases, "alert_again"), (clock_alarms, "look"), (private_links, "answer_asked"), (schedule, "publish_due"))


class Saboteur(threading.local):
    """The message that is being sent is another in each lane."""

    def __init__(self, faults: dict[str, Fault], fired: Path) -> None:
        self.faults, self.fired = faults, fired
        self.current = ""
        self.counts: Counter[str] = Counter()

    def strike(self, step: str, key: str = "") -> None:
        key = key or self.current
        fault = self.faults.get(key)
        if fault is None or fault.step != step or self.counts[key] >= fault.times:
            return
        self.counts[key] += 1
        with self.fired.open("a") as notes:
            notes.write(f"{key}\n")
        raise ERRORS[fault.error]()


def put_in(saboteur: Saboteur) -> None:
    prepare, record = outbox.prepare, delivery.record_sent

    def faulty_prepare(pk: int) -> Any:
        saboteur.current = OutboxMessage.objects.values_list("key", flat=True).get(pk=pk)
        saboteur.strike("compose")
        return prepare(pk)

    def faulty_record(pk: int) -> None:
        saboteur.strike("write")
        record(pk)

    class FaultyBackend(EmailBackend):
        def open(self) -> Any:
            saboteur.strike("connect")
            return super().open()

        def send_messages(self, mails: Any) -> int:
            saboteur.strike("send")
            taken = super().send_messages(mails)
            saboteur.strike("after")
            return taken

        def close(self) -> None:
            super().close()
            saboteur.strike("close")

    outbox.prepare = faulty_prepare
    delivery.record_sent = faulty_record
    channels.get_connection = lambda **kwargs: FaultyBackend(**kwargs)


def break_the_duties() -> None:
    """Each turn, every duty but the sending fails, each time in another way; and so does every fifth claim."""
    names, turns = sorted(ERRORS), Counter()

    def breaks(name: str) -> Any:
        def duty(**kwargs: Any) -> int:
            turns[name] += 1
            raise ERRORS[names[turns[name] % len(names)]]()

        return duty

    for module, name in DUTIES:
        setattr(module, name, breaks(name))
    claim = delivery._claim

    def faulty_claim(queue: Any) -> Any:
        turns["claim"] += 1
        if turns["claim"] % 5 == 0:
            raise ERRORS[names[turns["claim"] // 5 % len(names)]]()
        return claim(queue)

    delivery._claim = faulty_claim


def wait_for_nothing() -> None:
    """What was put off is due at once, and a lease ends as it begins: this is the only worker."""
    for lane, patience in delivery.PATIENCE.items():
        delivery.PATIENCE[lane] = dataclasses.replace(patience, minutes=(0,))
    delivery.LEASE = datetime.timedelta(0)


def main() -> None:
    wait_for_nothing()
    plan = {key: Fault(**fields) for key, fields in json.loads(Path(sys.argv[1]).read_text()).items()}
    put_in(Saboteur(plan, Path(sys.argv[2])))
    break_the_duties()
    call_command("worker", every=0.02)
