"""Slots: which are free, holding one, booking it, moving to another, giving it back.

`slots` finds them, `reservations` takes one, `changing` says until when a booked one may be changed, `visits`
ends a booking.
Beside them, `services.occupation` says who and what is taken and locks it, and `services.slot_release` is the one way
to free a time. Locks are taken in one order: the request, the person, then the resources by their keys.
"""

from consultations.services.scheduling.changing import (
    TIME_TO_UNDO,
    cancellable_until,
    is_late_to_cancel,
    may_cancel,
    may_move,
    movable_until,
    require_movable,
)
from consultations.services.scheduling.outside import slot_outside
from consultations.services.scheduling.reservations import (
    HOLD_TIME,
    AnotherTime,
    AskFirst,
    book,
    booking,
    chosen,
    held_slot,
    hold,
    keep_for,
    move,
    require_asked,
    require_section,
)
from consultations.services.scheduling.slots import (
    TIME_TO_CHOOSE,
    Slot,
    SlotTaken,
    find,
    free_slots,
    nearest,
    offered_slots,
    offered_type,
    slot_of,
    start_of,
    your_doctor,
)
from consultations.services.scheduling.visits import (
    booked,
    call_off_visit,
    cancel,
    finish,
    free_times_of,
    has_begun,
    refuse_before_begin,
    restore,
    restore_called_off,
    to_take_back,
    undo_cancel,
)

__all__ = [
    "HOLD_TIME",
    "TIME_TO_CHOOSE",
    "TIME_TO_UNDO",
    "AnotherTime",
    "AskFirst",
    "Slot",
    "SlotTaken",
    "book",
    "booked",
    "booking",
    "call_off_visit",
    "cancel",
    "cancellable_until",
    "chosen",
    "find",
    "finish",
    "free_slots",
    "free_times_of",
    "has_begun",
    "held_slot",
    "hold",
    "is_late_to_cancel",
    "keep_for",
    "may_cancel",
    "may_move",
    "movable_until",
    "move",
    "nearest",
    "offered_slots",
    "offered_type",
    "refuse_before_begin",
    "require_asked",
    "require_movable",
    "require_section",
    "restore",
    "restore_called_off",
    "slot_of",
    "slot_outside",
    "start_of",
    "to_take_back",
    "undo_cancel",
    "your_doctor",
]
