"""Slots: which are free, holding one, booking it, giving it back.

`slots` finds them, `booking` takes one, `visits` ends a booking. Beside them, `services.occupation` says who and what
is taken and locks it, and `services.slot_release` is the one way to free a time. Locks are taken in one order: the
request, the person, then the resources by their keys.
"""

from consultations.services.scheduling.booking import HOLD_TIME, AnotherTime, book, book_for_patient, hold
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
    "mark_no_show",
    "nearest",
    "slot_of",
    "start_of",
]
