"""Sends what the outbox owes, repeats alerts, publishes what is due and forgets what ran out, until told to stop."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from clinic import key_fingerprints
from clinic.crypto import KeysUnusable
from clinic.housekeeping import tidy_daily
from clinic.models import Heartbeat
from consultations.services import alarm_groups, cases, messaging, private_links, triage
from education import services as content

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send waiting mail, repeat alerts and publish what is due. Run one or more of these beside the web server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is due now and stop.")
        parser.add_argument("--every", type=float, default=2.0, help="Seconds between two looks (default 2).")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if not options["once"]:
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            self._turn(stop)
            if options["once"]:
                return
            stop.wait(options["every"])

    def _turn(self, stop: threading.Event) -> None:
        try:
            # With the wrong keys nothing can be read or owed; the rows wait as they are, and the log names the key.
            if key_fingerprints.are_usable(writing=True):
                self._tell_people(stop)
            content.publish_due()
            if tidy_daily():
                content.reopen_due()
                alarm_groups.forget_networks()
            Heartbeat.beat("worker")
        except KeysUnusable:
            pass  # found out in the middle of a turn, and named in the log
        except DatabaseError as error:
            # The database may be restarting: what is owed stays in the outbox, so wait and look again.
            logger.warning("worker: database error, will try again (%s)", type(error).__name__)
            close_old_connections()

    def _tell_people(self, stop: threading.Event) -> None:
        """Alerts first: whatever else goes wrong, what is pressing is in the outbox."""
        cases.alert_again()
        triage.alert_overdue()
        private_links.answer_asked()
        while messaging.deliver_due(limit=5) and not stop.is_set():
            pass
