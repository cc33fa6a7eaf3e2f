"""A delay that grows with each try in a row, in the database and shared by every process. Never a lock.

A row of RateBucket: `tokens` counts the tries, `at` is when the next one may be made.
"""

import dataclasses
import math
from datetime import datetime, timedelta

from django.db import transaction

from clinic.core import clock, encryption
from clinic.core.models import RateBucket

FORGOTTEN_AFTER = timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True)
class GrowingDelay:
    """So many tries are free; then the wait doubles from one second up to `longest` seconds."""

    free: int
    longest: int

    def wait_after(self, tries: int) -> int:
        return 0 if tries < self.free else min(self.longest, 2 ** min(tries - self.free, 30))


@dataclasses.dataclass(frozen=True, slots=True)
class CountedTry:
    """`wait`: seconds until the next try may be made, 0 when this one may. `tries`: how many there were in a row."""

    wait: int
    tries: int


@transaction.atomic
def claim(key: str, patience: GrowingDelay) -> CountedTry:
    """Count a try before it is made, under the lock of its row: of many at once, none slips past the count.

    A try that comes too early is not counted, so nobody makes another's wait longer by knocking.
    """
    bucket, now = _locked(key), clock.now()
    wait = math.ceil((bucket.at - now).total_seconds())
    # Longer than any wait of ours: it was noted before the clock was put back.
    if 0 < wait <= patience.longest:
        return CountedTry(wait, int(bucket.tokens))
    tries = 1 if _is_forgotten(bucket, now) else int(bucket.tokens) + 1
    bucket.tokens, bucket.at = tries, now + timedelta(seconds=patience.wait_after(tries))
    bucket.save(update_fields=["tokens", "at"])
    return CountedTry(0, tries)


@transaction.atomic
def forgive(key: str, *, all_of_them: bool = False) -> None:
    """The try that was counted was a right one. Those before it stay, unless they are forgiven too."""
    bucket = _locked(key)
    bucket.tokens, bucket.at = 0 if all_of_them else max(0, bucket.tokens - 1), clock.now()
    bucket.save(update_fields=["tokens", "at"])


def _locked(key: str) -> RateBucket:
    digest = encryption.blind_index_unguarded(key, purpose="delay")
    RateBucket.objects.bulk_create([RateBucket(key=digest, tokens=0, at=clock.now())], ignore_conflicts=True)
    return RateBucket.objects.select_for_update().get(key=digest)


def _is_forgotten(bucket: RateBucket, now: datetime) -> bool:
    return now - bucket.at > FORGOTTEN_AFTER
