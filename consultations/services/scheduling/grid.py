"""Which starts of an opening are free, found for a whole opening at once.

The starts of an opening are a grid, one step apart. What is taken is a number whose bits are the starts that it rules
out, so that to combine the clinician, the person and the rooms is arithmetic, and a stretch that is taken costs the
same however many starts lie in it.
"""

import datetime
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter

from consultations.models import AppointmentType
from consultations.services.occupation import PERSON, Span
from consultations.services.scheduling.supply import Opening


class Stretches:
    """What is taken of one resource, as stretches in order that do not touch."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.begins: list[datetime.datetime] = []
        self.ends: list[datetime.datetime] = []
        for begins, ends in sorted(spans, key=itemgetter(0)):
            if self.ends and begins <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], ends)
            else:
                self.begins.append(begins)
                self.ends.append(ends)

    def rules_out(
        self, zero: datetime.datetime, *, length: datetime.timedelta, step: datetime.timedelta, count: int
    ) -> int:
        """The bits of the starts at `zero` and each step after it whose `length` touches a stretch; half open."""
        bits, over = 0, zero + (count - 1) * step + length
        for index in range(bisect_right(self.ends, zero), len(self.ends)):
            begins = self.begins[index]
            if begins >= over:
                break
            low = max((begins - length - zero) // step + 1, 0)
            high = min(-((zero - self.ends[index]) // step), count)
            if low < high:
                bits |= (1 << high) - (1 << low)
        return bits


class Grids:
    """The free starts of openings, for one appointment type and what is taken in the whole search."""

    def __init__(
        self,
        appointment_type: AppointmentType,
        first: datetime.datetime,
        last: datetime.datetime,
        busy: Mapping[int, Iterable[Span]],
        rooms: Mapping[int, list[int]] | None,
    ) -> None:
        """Starts from `first` to before `last` count; `rooms` is location -> rooms, None where none is needed."""
        self.before, self.length = appointment_type.buffer_before, appointment_type.length
        self.occupied = self.before + self.length + appointment_type.buffer_after
        self.step, self.first, self.last, self.rooms = appointment_type.step, first, last, rooms
        self.taken = {resource: Stretches(spans) for resource, spans in busy.items()}
        self.without_room: dict[tuple[int, datetime.datetime, int], int] = {}

    def free_starts(self, opening: Opening) -> Iterator[datetime.datetime]:
        """When a visit may begin in an opening, soonest first."""
        zero = opening.begins + self.before
        count = (opening.ends - opening.begins - self.occupied) // self.step + 1
        low = max(-((zero - self.first) // self.step), 0)
        high = min(-((zero - self.last) // self.step), count)
        if low >= high:
            return
        free = (1 << high) - (1 << low)
        free &= ~self._ruled_out(opening.clinician_id, opening.begins, self.occupied, count)
        free &= ~self._ruled_out(PERSON, zero, self.length, count)
        if free and self.rooms is not None:
            free &= ~self._without_room(opening, count)
        while free:
            lowest = free & -free
            yield zero + (lowest.bit_length() - 1) * self.step
            free ^= lowest

    def _ruled_out(self, resource: int, zero: datetime.datetime, length: datetime.timedelta, count: int) -> int:
        taken = self.taken.get(resource)
        return taken.rules_out(zero, length=length, step=self.step, count=count) if taken else 0

    def _without_room(self, opening: Opening, count: int) -> int:
        """The starts for which every room that will do is taken; all of them where there is none."""
        key = opening.location_id, opening.begins, count
        if key not in self.without_room:
            bits = (1 << count) - 1
            for room in (self.rooms or {}).get(opening.location_id, ()):
                bits &= self._ruled_out(room, opening.begins, self.occupied, count)
            self.without_room[key] = bits
        return self.without_room[key]
