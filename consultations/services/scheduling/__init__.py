"""Slots: which are free, holding one, booking it, giving it back.

`slots` finds them, `reservations` takes one, `visits` ends a booking. Beside them, `services.occupation` says who and
what is taken and locks it, and `services.slot_release` is the one way to free a time. Locks are taken in one order:
the request, the person, then the resources by their keys.
"""

from consultations.services.scheduling.reservations import (
    HOLD_TIME,
    AnotherTime,
    AskFirst,
    book,
    booking,
    held_slot,
    hold,
    live_hold,
    require_asked,
)
from consultations.services.scheduling.slots import (
    TIME_TO_CHOOSE,
    Slot,
    SlotTaken,
    find,
    free_slots,
    nearest,
    slot_of,
    start_of,
    your_doctor,
)
from consultations.services.scheduling.visits import (
    booked,
    cancel,
    finish,
    free_times_of,
    has_begun,
    refuse_before_begin,
    restore,
)

__all__ = [
    "HOLD_TIME",
    "TIME_TO_CHOOSE",
    "AnotherTime",
    "AskFirst",
    "Slot",
    "SlotTaken",
    "book",
    "booked",
    "booking",
    "cancel",
    "find",
    "finish",
    "free_slots",
    "free_times_of",
    "has_begun",
    "held_slot",
    "hold",
    "live_hold",
    "nearest",
    "refuse_before_begin",
    "require_asked",
    "restore",
    "slot_of",
    "start_of",
    "your_doctor",
]
