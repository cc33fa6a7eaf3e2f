"""Sends what the outbox owes, repeats alerts, publishes what is due, chains the audit trail, forgets what ran out."""

import logging
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from clinic.core import audit, audit_heads, delivery, housekeeping, key_fingerprints, outbox, reading_batches
from clinic.core.failures import SomeFailed, drop_lost_connections, name_of
from clinic.core.lanes import Lanes
from clinic.core.models import Heartbeat
from consultations.actions import expire_offer
from consultations.services import (
    alarm_groups,
    calendar_readings,
    cases,
    clock_alarms,
    day_end,
    deaths,
    hand_over_notes,
    leaving,
    offers,
    private_links,
    reminders,
    retention,
    slot_release,
    undelivered,
    waiting,
    weekly_question,
)
from education.actions import reopen, schedule

logger = logging.getLogger(__name__)

READ_CALENDARS: Final = "read calendars"
SAY_AGAIN_AFTER: Final = 150
"""Turns in which a duty that fails in the same way is logged once: five minutes, at the usual two seconds a turn."""


DAILY: Final[dict[str, Callable[[], object]]] = {
    "forget sign-ins": lambda: housekeeping.forget_what_ran_out(),
    "reopen content": lambda: reopen.reopen_due(),
    "forget networks": lambda: alarm_groups.forget_networks(),
    "restart mails": lambda: deaths.restart_mails(),
}
"""Each by itself, so that one that fails keeps no other from its day."""


DAILY_IN_BATCHES: Final[dict[str, Callable[[], int]]] = {
    "delete unsent": lambda: retention.delete_unsent(),
    "delete saved links": lambda: retention.delete_saved_links(),
    "delete sent": lambda: outbox.forget_sent(),
    "delete hand-over notes": lambda: hand_over_notes.forget_read(),
    "delete freed times": lambda: waiting.forget_settled(),
}


class Command(BaseCommand):
    help = "Send what waits, repeat alerts and publish what is due. Run one or more of these beside the web server."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stop = threading.Event()
        self.failures: dict[str, tuple[str, int]] = {}
        """Duty -> how it fails and for how many turns."""
        self.seen = audit_heads.Seen()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is due now and stop.")
        parser.add_argument("--every", type=float, default=2.0, help="Seconds between two looks (default 2).")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            while self._turn():
                pass
            return
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: self.stop.set())
        others = {READ_CALENDARS: lambda: calendar_readings.read_next()}
        lanes = Lanes(perform=self._perform, stop=self.stop, every=options["every"], others=others)
        try:
            while not self.stop.is_set():
                self._turn(lanes)
                self.stop.wait(options["every"])
        finally:
            self.stop.set()
            lanes.join()

    def _duties(self, *, delivers: bool = True) -> dict[str, Callable[[], object]]:
        """In the order of how much somebody may be harmed by their delay. `delivers`: what asks other servers is among
        them, sending and reading calendars, since no threads of their own do it.

        With the wrong keys nothing can be read or owed: the rows wait as they are, and the log names the key.
        """
        to_people: dict[str, Callable[[], object]] = {
            "repeat alerts": cases.alert_again,
            "pass on requests": leaving.pass_on_left,
            "watch clocks": lambda: clock_alarms.look(),
            "announce undelivered": undelivered.alert_undelivered,
            "answer asked links": private_links.answer_asked,
            "free cancelled times": slot_release.release_set_aside,
            "end offered times": lambda: waiting.end_due(),
            "offer freed times": lambda: waiting.offer_due(),
            "end the day": day_end.make_due,
            "ask weekly": weekly_question.ask_weekly,
            "remind": lambda: reminders.remind(),
            "nudge": lambda: offers.nudge(),
            "end offers": lambda: expire_offer.expire_ended(),
            "tell of unread calendars": lambda: calendar_readings.tell_of_stale(),
            "mail audit head": lambda: audit_heads.mail_daily(),
        }
        if delivers:
            to_people["deliver"] = lambda: delivery.deliver_due(until=self.stop.is_set)
            to_people[READ_CALENDARS] = lambda: calendar_readings.read_due(until=self.stop.is_set)
        return {
            **(to_people if key_fingerprints.are_usable(writing=True) else {}),
            **self._for_nobody(),
        }

    def _for_nobody(self) -> dict[str, Callable[[], object]]:
        """What needs no key: nothing in it is sealed."""
        once_a_day = {name: partial(housekeeping.daily, name, act) for name, act in DAILY.items()}
        in_batches = {
            name: partial(housekeeping.daily_in_batches, name, batch) for name, batch in DAILY_IN_BATCHES.items()
        }
        chain: dict[str, Callable[[], object]] = {
            "chain readings": partial(housekeeping.in_batches, reading_batches.chain),
            "chain events": partial(housekeeping.in_batches, audit.chain),
            "compare audit head": lambda: audit_heads.look(seen=self.seen),
            "write audit head": lambda: audit_heads.write_daily(),
        }
        return {"publish": schedule.publish_due, **chain, **once_a_day, **in_batches}

    def _turn(self, lanes: Lanes | None = None) -> bool:
        """Every duty once, whatever becomes of the others. Without lanes the worker sends and reads what is due by its
        own hand. Whether it sent anything, so that more may be waiting.
        """
        known: Any = self._perform("compare keys", lambda: self._duties(delivers=lanes is None))
        duties: dict[str, Callable[[], object]] = known or self._for_nobody()
        # The lanes first: they begin while the other duties are done.
        hanging = lanes.look_after() if lanes else []
        done = {name: self._perform(name, duty) for name, duty in duties.items()}
        named = [*duties, *(f"deliver {queue}" for queue in delivery.queues())]
        if READ_CALENDARS not in named:
            named.append(READ_CALENDARS)
        failing = [*(name for name in named if name in self.failures), *(f"{name} hangs" for name in hanging)]
        self._perform("heartbeat", lambda: Heartbeat.beat("worker", failing=failing))
        return bool(done.get("deliver"))

    def _perform(self, name: str, duty: Callable[[], object]) -> object:
        try:
            result = duty()
        except Exception as error:
            self._note(name, str(error) if isinstance(error, SomeFailed) else name_of(error))
            # The database may be restarting: what is owed stays in the outbox, so let go and look again.
            drop_lost_connections()
            return None
        if self.failures.pop(name, None):
            logger.info("worker: %s works again", name)
        return result

    def _note(self, name: str, failure: str) -> None:
        """Log a failure when it is new, and again every few minutes while it lasts."""
        known, turns = self.failures.get(name, ("", 0))
        turns = turns + 1 if failure == known else 0
        self.failures[name] = (failure, turns)
        if turns % SAY_AGAIN_AFTER == 0:
            logger.error("worker: %s failed, will try again: %s", name, failure)
