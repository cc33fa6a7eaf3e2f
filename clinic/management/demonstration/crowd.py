"""Many made-up requests: a specimen of each course by the services, and copies of it, a transaction at a time."""

import dataclasses
import datetime
import math
from collections import Counter
from collections.abc import Iterator
from typing import Final

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock
from clinic.management.demonstration import copies, specimens
from clinic.management.demonstration.copies import Copy
from clinic.management.demonstration.courses import AFTER_THE_VISIT, CLOSED_DAYS, NoTimeFree, draw_plan
from clinic.management.demonstration.invented import FAMILY, GIVEN, Inventor
from clinic.management.demonstration.specimens import Specimen
from clinic.management.demonstration.staff_and_diary import Cast, give_hours
from consultations.enums import AppointmentStatus, RequestStatus
from consultations.models import Appointment
from consultations.services.scheduling import Slot

MOST_SPECIMENS: Final = 72
MOST_DRAWS: Final = 50
VISITS_TO_COME: Final = 300
"""So many a doctor can have at most before the free times become few."""
VISITS_OVER: Final = 250


@dataclasses.dataclass(slots=True)
class Crowd:
    """So many requests still to be made of each status."""

    wanted: Counter[RequestStatus]
    cast: Cast
    inventor: Inventor

    def make(self) -> Iterator[list[Copy]]:
        """Make them, some at a time: what was yielded is in the database, whatever ends this."""
        _visiting_doctors(self.wanted)
        size = math.ceil(self.wanted.total() / MOST_SPECIMENS)
        while self.wanted.total():
            for status in [item for item in RequestStatus if self.wanted[item]]:
                made = self._some(status, min(size, self.wanted[status]))
                self.wanted[status] -= len(made)
                yield made

    @transaction.atomic
    def _some(self, status: RequestStatus, count: int) -> list[Copy]:
        specimen = self._specimen(status)
        slots = self._slots(specimen, count)
        day = clock.local(specimen.plan.sent_at).date()
        people = [(self.inventor.person(age=specimen.plan.age, on=day), slot) for slot in slots]
        return copies.write(specimen, people, self.inventor)

    def _specimen(self, status: RequestStatus) -> Specimen:
        for _ in range(MOST_DRAWS):
            try:
                return specimens.take(draw_plan(status, self.inventor.chance), self.cast)
            except NoTimeFree:
                continue
        raise NoTimeFree

    def _slots(self, specimen: Specimen, count: int) -> list[Slot | None]:
        """A time for each copy, the specimen's own first; fewer than asked where the diary is nearly full."""
        if specimen.slot is None:
            return [None] * count
        others = self.inventor.chance.sample(specimen.choices, min(count - 1, len(specimen.choices)))
        return _apart([specimen.slot, *others])


def _apart(slots: list[Slot]) -> list[Slot | None]:
    """Without those that overlap an earlier one of the same doctor."""
    chosen: list[Slot | None] = []
    taken: set[tuple[int, datetime.datetime]] = set()
    for slot in slots:
        if (slot.clinician_id, slot.starts_at) not in taken:
            taken.add((slot.clinician_id, slot.starts_at))
            chosen.append(slot)
    return chosen


def _visiting_doctors(wanted: Counter[RequestStatus]) -> None:
    """Enough doctors with hours in past and future for all the visits, those of earlier crowds included."""
    visits = Appointment.objects.exclude(status=AppointmentStatus.CANCELLED)
    to_come = visits.filter(starts_at__gt=clock.now()).count() + wanted[RequestStatus.BOOKED]
    over = visits.filter(starts_at__lte=clock.now()).count() + sum(
        wanted[status] for status in AFTER_THE_VISIT if status != RequestStatus.BOOKED
    )
    needed = max(math.ceil(to_come / VISITS_TO_COME), math.ceil(over / VISITS_OVER))
    for number in range(needed):
        _visiting_doctor(number)


def _visiting_doctor(number: int) -> None:
    """They do not sign in: their patients are looked after by the doctors of the demonstration."""
    name = f"{GIVEN[number * 7 % len(GIVEN)]} {FAMILY[number * 11 % len(FAMILY)]}"
    username = f"visiting{number + 1}"
    user, is_new = User.objects.get_or_create(
        username=username, defaults={"name": name, "email": f"{username}@staff.example"}
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    give_hours(user, starts_on=clock.today() - datetime.timedelta(days=CLOSED_DAYS + 20))
