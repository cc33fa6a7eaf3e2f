"""One storm: everybody at once, each until they have a time or nobody shows them a free one; then what the rows say."""

import dataclasses
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from django.db import connection

from consultations.enums import RequestStatus
from consultations.models import Appointment, ConsultationRequest
from consultations.services.scheduling import Slot
from tests.storms import bare
from tests.storms.browser import Browser, NoAnswer
from tests.storms.ground import Ground, Person, doubles
from tests.storms.paths import PATHS, Told, drawn_for

THREADS: Final = {"postgresql": 32, "sqlite": 8}
"""So many call a service at a time. SQLite lets one write after the other: 8 is what the shipped web server lets in.
Over HTTP all press at once.
"""
MOST: Final = 80
"""After so many times that were lost a person gives up; where services see nothing, after two."""


KEPT_SECONDS: Final = (0.3, 1.0, 2.0, 5.0)
"""For how long a time is kept for somebody: it ends in the middle of the storm."""
AGAIN: Final = 5
"""So many further times somebody names who is shown none."""


@dataclasses.dataclass
class Found:
    """What one storm came to. `late`: times that were sold only to whoever pressed again when all was quiet."""

    doubles: int = 0
    unsold: int = 0
    late: int = 0
    lost: int = 0
    """People who had a visit and have none."""
    untrue: int = 0
    """People who were told yes and have none of the times."""
    errors: list[str] = dataclasses.field(default_factory=list)
    slow: int = 0
    """Answers that came later than the proxy waits for them: the machine was too slow for so many at once."""
    presses: int = 0
    seconds: float = 0.0
    bare_seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        return not (self.doubles or self.unsold or self.lost or self.untrue or self.errors)


class Storm:
    """`port`: of a web server to press at; None calls the services in threads."""

    def __init__(
        self, ground: Ground, names: Sequence[str], *, times: int, seed: int, port: int | None = None, most: int = MOST
    ) -> None:
        self.ground, self.names, self.port, self.most = ground, names, port, most
        self.chance = random.Random(seed)
        self.found = Found()
        self.slots = {slot.key: slot for slot in ground.open(times)}
        self.drawn = list(drawn_for(ground, names))
        self.firsts = self._prepare()
        self.told_yes: list[Person] = []

    def _prepare(self) -> dict[int, Slot]:
        """What each of them has before, and the time that each wants first."""
        slots, ground = list(self.slots.values()), self.ground
        movers = [person for person, name in self.drawn if PATHS[name].had == RequestStatus.BOOKED]
        ground.book_elsewhere(movers)
        owners = [(person, keeps) for person, name in self.drawn if (keeps := PATHS[name].keeps)]
        firsts = {person.pk: self.chance.choice(slots) for person, _name in self.drawn}
        for (owner, keeps), slot in zip(owners, self.chance.sample(slots, len(owners)), strict=True):
            firsts[owner.pk] = slot
            keeps(ground, owner, slot, self.chance.choice(KEPT_SECONDS))
        self.had = {person.pk for person in movers}
        return firsts

    def run(self) -> Found:
        begun = time.monotonic()
        self._all_at_once(self._until_they_have_one)
        self.found.seconds = time.monotonic() - begun
        self._once_more()
        self._judge()
        self.found.bare_seconds = self._bare()
        return self.found

    def _all_at_once(self, one: Callable[[int], None]) -> None:
        count = len(self.drawn)
        together = threading.Barrier(count) if self.port else None

        def go(number: int) -> None:
            try:
                if together:
                    together.wait(60)
                one(number)
            except NoAnswer as error:
                self.found.errors.append(f"no answer: {error}")
            except Exception as error:
                self.found.errors.append(f"{type(error).__name__}: {error}")
            finally:
                connection.close()

        with ThreadPoolExecutor(count if self.port else THREADS[connection.vendor]) as pool:
            list(pool.map(go, range(count)))

    def _until_they_have_one(self, number: int) -> None:
        person, name = self.drawn[number]
        slot, tried, browser = self.firsts[person.pk], set[str](), self._browser(number)
        chance = random.Random(number)
        for _ in range(self.most):
            self.found.presses += 1
            told = self._take(number, person, name, slot, browser)
            tried.add(slot.key)
            if told.is_yes:
                self.told_yes.append(person)
            if told.is_yes or PATHS[name].keeps:
                break
            offered = [key for key in told.near if key in self.slots] or self._untried(name, tried)
            if not offered:
                break
            slot = self.slots[chance.choice(offered)]
        if browser:
            self.found.slow += browser.slow
            self.found.errors += [f"HTTP {status}" for status in browser.statuses if status not in (200, 302, 409)]

    def _untried(self, name: str, tried: set[str]) -> list[str]:
        """Whoever names a time of their own is shown none, and tries a few more."""
        if name != "override" or len(tried) > AGAIN:
            return []
        return [key for key in self.slots if key not in tried]

    def _browser(self, number: int) -> Browser | None:
        return Browser(self.port, number) if self.port else None

    def _take(self, number: int, person: Person, name: str, slot: Slot, browser: Browser | None) -> Told:
        place = number % len(self.ground.nurses)
        if browser:
            return PATHS[name].press(browser, person, slot, self.ground.desks[place])
        return PATHS[name].call(person, slot, self.ground.nurses[place])

    # --- Afterwards -------------------------------------------------------------------------------------------------

    def _sold(self) -> set[tuple[int, Any]]:
        live = Appointment.objects.live().values_list("clinician_id", "starts_at")
        return set(live) & {(slot.clinician_id, slot.starts_at) for slot in self.slots.values()}

    def _booked(self) -> set[int]:
        return set(ConsultationRequest.objects.filter(status=RequestStatus.BOOKED).values_list("pk", flat=True))

    def _once_more(self) -> None:
        """In a storm somebody may be told that a time is held which its holder then gives up: when it is quiet, each
        that has none presses again. What is free after that, nobody can have.
        """
        unsold = len(self.slots) - len(self._sold())
        if unsold and any(PATHS[name].keeps for name in self.names):
            time.sleep(max(0.0, max(KEPT_SECONDS) - self.found.seconds))
        sold, booked = self._sold(), self._booked()
        waiting = [
            (number, person, name)
            for number, (person, name) in enumerate(self.drawn)
            if not PATHS[name].keeps and (person.pk in self.had or person.pk not in booked)
        ]
        for slot in self.slots.values():
            if (slot.clinician_id, slot.starts_at) in sold:
                continue
            for number, person, name in waiting:
                if self._take(number, person, name, slot, self._browser(number)).is_yes:
                    self.told_yes.append(person)
                    break
        self.found.unsold = len(self.slots) - len(self._sold())
        self.found.late = unsold - self.found.unsold

    def _judge(self) -> None:
        found = self.found
        found.doubles = doubles()
        visits = list(Appointment.objects.live().values_list("consultation_request", flat=True))
        found.lost = len(self.had - set(visits)) + len(self._booked() ^ set(visits)) + len(visits) - len(set(visits))
        keys = {(slot.clinician_id, slot.starts_at) for slot in self.slots.values()}
        winners = {
            pk
            for pk, *when in Appointment.objects.live().values_list("consultation_request", "clinician", "starts_at")
            if tuple(when) in keys
        }
        found.untrue = len({person.pk for person in self.told_yes} - winners)

    def _bare(self) -> float:
        """As many at once, each with one insert under the bare rule, over the same channel."""
        bare.empty()
        times = len(self.slots)

        def one(number: int) -> None:
            wanted = number % times
            if self.port:
                session = self.ground.people[number].session
                Browser(self.port, number).post("/bare/", {"number": str(wanted)}, session=session)
            else:
                bare.insert(wanted)

        begun = time.monotonic()
        self._all_at_once(one)
        return time.monotonic() - begun
