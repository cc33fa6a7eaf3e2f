"""One thread for each queue of the outbox, and for whatever else asks servers of others, so that one that hangs holds
up nothing but its own lane.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from django.db import connection

from clinic.core import delivery, key_fingerprints
from clinic.core.failures import name_of

logger = logging.getLogger(__name__)

HANGS_AFTER: Final = 120
"""Seconds. A step ends by itself long before; one that does not is named by the worker's sign of life."""
Perform = Callable[[str, Callable[[], object]], object]
"""Does one duty by its name, whatever is raised in it."""
Act = Callable[[], object]
"""One step of a lane; whether another may be due at once."""


class LaneThread(threading.Thread):
    """Does its steps until told to stop; the one that it began is ended first."""

    def __init__(self, name: str, act: Act, *, perform: Perform, stop: threading.Event, every: float) -> None:
        super().__init__(name=name)
        self.act, self.perform, self.stop, self.every = act, perform, stop, every
        self.looked_at = time.monotonic()

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                if not self.perform(self.name, self._step):
                    self.stop.wait(self.every)
        except BaseException as error:
            # Nothing above this frame would say so; the worker's next turn starts another.
            logger.error("%s ended: %s", self.name, name_of(error))
        finally:
            connection.close()

    def _step(self) -> object:
        """With the wrong keys nothing can be read: the rows wait as they are."""
        self.looked_at = time.monotonic()
        return self.act() if key_fingerprints.are_usable(writing=True) else 0

    @property
    def hangs(self) -> bool:
        return time.monotonic() - self.looked_at > HANGS_AFTER + self.every


class Lanes:
    """All of them, kept alive by whoever looks after them from turn to turn. `others`: name -> the step of a lane that
    sends nothing.
    """

    def __init__(
        self, *, perform: Perform, stop: threading.Event, every: float, others: Mapping[str, Act] | None = None
    ) -> None:
        self._perform, self._stop, self._every = perform, stop, every
        self._others = dict(others or {})
        self._lanes: dict[str, LaneThread] = {}

    def look_after(self) -> list[str]:
        """Start every lane that does not run, also one that ended by an accident. Returns the names of those that
        hang.
        """
        for name, act in self._acts().items():
            lane = self._lanes.get(name)
            if lane is None or not lane.is_alive():
                self._lanes[name] = LaneThread(name, act, perform=self._perform, stop=self._stop, every=self._every)
                self._lanes[name].start()
        return [lane.name for lane in self._lanes.values() if lane.hangs]

    def _acts(self) -> dict[str, Act]:
        until = self._stop.is_set
        senders = {
            f"deliver {queue}": partial(delivery.deliver_due, queue=queue, until=until) for queue in delivery.queues()
        }
        return {**senders, **self._others}

    def join(self) -> None:
        for lane in self._lanes.values():
            lane.join()
