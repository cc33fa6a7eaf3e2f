"""The waiting list: a time that came free is offered to one person at a time, in fair order.

`order` says who comes first and for how long a time is kept, `waiters` who waits and whether a time would do for them.
`listing` puts people on the list, and answers for the pages what stands. The worker's part: `offering` asks the next
one, `ending` ends what ran out. To take an offered time is to book or to move, as with any other (`scheduling`).
"""

from consultations.services.waiting.ending import end_due, forget_settled
from consultations.services.waiting.listing import (
    OfferGone,
    Wishes,
    decline_offer,
    entry_of,
    has_declined,
    has_left,
    join,
    last_offer,
    leave,
    live_offer,
    offer_seen,
    wishes_of,
)
from consultations.services.waiting.offering import offer_due

__all__ = [
    "OfferGone",
    "Wishes",
    "decline_offer",
    "end_due",
    "entry_of",
    "forget_settled",
    "has_declined",
    "has_left",
    "join",
    "last_offer",
    "leave",
    "live_offer",
    "offer_due",
    "offer_seen",
    "wishes_of",
]
