"""Slots: which are free, holding one, booking it, giving it back.

`slots` finds them, `occupation` says who and what is taken and locks it, `booking` takes one, `release` is the one way
to free one, `visits` ends a booking. Locks are taken in one order: the request, the person, then the resources by id.
"""

from consultations.services.scheduling.booking import HOLD_TIME, AnotherTime, book, book_for_patient, hold
from consultations.services.scheduling.occupation import lock_resources, overlapping_visits, person_of
from consultations.services.scheduling.release import FreedTime, Reason, release_slot, time_freed
from consultations.services.scheduling.slots import (
    TIME_TO_CHOOSE,
    Slot,
    SlotTaken,
    free_slots,
    nearest,
    slot_of,
    start_of,
)
from consultations.services.scheduling.visits import (
    cancel,
    complete,
    free_times_of,
    has_begun,
    mark_no_show,
)

__all__ = [
    "HOLD_TIME",
    "TIME_TO_CHOOSE",
    "AnotherTime",
    "FreedTime",
    "Reason",
    "Slot",
    "SlotTaken",
    "book",
    "book_for_patient",
    "cancel",
    "complete",
    "free_slots",
    "free_times_of",
    "has_begun",
    "hold",
    "lock_resources",
    "mark_no_show",
    "nearest",
    "overlapping_visits",
    "person_of",
    "release_slot",
    "slot_of",
    "start_of",
    "time_freed",
]
