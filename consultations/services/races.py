"""The one insert of a booking that two people can race for, told apart from everything else that a database refuses."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import IntegrityError, transaction

from clinic.core.database_errors import constraint_of, is_lost_race, reason_of

logger = logging.getLogger(__name__)

MEANS_TAKEN: Final = frozenset(
    {
        "no_overlapping_use_of_a_resource",
        "no_overlapping_visits_of_a_person",
        "one_live_appointment_per_start",
        "one_hold_per_start",
        "one_live_offer_of_a_time",
        "one_live_time_offer_per_entry",
    }
)
"""The constraints by which the database says that somebody was quicker. Any other that refuses a row is a fault."""


class LostRace(Exception):
    """Somebody else's row was there first."""


@contextmanager
def race() -> Iterator[None]:
    """Around that insert, in a savepoint of its own. Raises LostRace; any other refusal is raised as it is."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = constraint_of(error)
        if name not in MEANS_TAKEN:
            raise
        logger.info("somebody was quicker (%s)", name)
        raise LostRace(name) from None


def gave_way(error: Exception) -> bool:
    """Whether the whole transaction was ended in favor of another one (deadlock, serialization, lock timeout)."""
    if not is_lost_race(error):
        return False
    logger.warning("a booking gave way to another transaction (%s)", reason_of(error))
    return True
