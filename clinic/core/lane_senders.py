"""One thread for each queue of the outbox, so that a destination that hangs holds up nothing but its own queue."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from django.db import connection

from clinic.core import delivery, key_fingerprints
from clinic.core.delivery import Queue
from clinic.core.failures import name_of

logger = logging.getLogger(__name__)

HANGS_AFTER: Final = 120
"""Seconds. A send ends by itself long before; one that does not is named by the worker's sign of life."""
Perform = Callable[[str, Callable[[], object]], object]
"""Does one duty by its name, whatever is raised in it."""


class LaneSender(threading.Thread):
    """Sends what one queue owes until told to stop; the message it began is ended first."""

    def __init__(self, queue: Queue, *, perform: Perform, stop: threading.Event, every: float) -> None:
        super().__init__(name=f"deliver {queue}")
        self.queue, self.perform, self.stop, self.every = queue, perform, stop, every
        self.looked_at = time.monotonic()

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                if not self.perform(self.name, self._deliver):
                    self.stop.wait(self.every)
        except BaseException as error:
            # Nothing above this frame would say so; the worker's next turn starts another.
            logger.error("%s ended: %s", self.name, name_of(error))
        finally:
            connection.close()

    def _deliver(self) -> int:
        """With the wrong keys nothing can be read: the rows wait as they are."""
        self.looked_at = time.monotonic()
        if not key_fingerprints.are_usable(writing=True):
            return 0
        return delivery.deliver_due(queue=self.queue, until=self.stop.is_set)

    @property
    def hangs(self) -> bool:
        return time.monotonic() - self.looked_at > HANGS_AFTER + self.every


class LaneSenders:
    """All of them, kept alive by whoever looks after them from turn to turn."""

    def __init__(self, *, perform: Perform, stop: threading.Event, every: float) -> None:
        self._perform, self._stop, self._every = perform, stop, every
        self._senders: dict[Queue, LaneSender] = {}

    def look_after(self) -> list[str]:
        """Start every sender that does not run, also one that ended by an accident. Returns the names of those that
        hang.
        """
        for queue in delivery.queues():
            sender = self._senders.get(queue)
            if sender is None or not sender.is_alive():
                self._senders[queue] = LaneSender(queue, perform=self._perform, stop=self._stop, every=self._every)
                self._senders[queue].start()
        return [sender.name for sender in self._senders.values() if sender.hangs]

    def join(self) -> None:
        for sender in self._senders.values():
            sender.join()
