"""Who read what: every page about patients that staff are shown is written down before it leaves.

No log, no page. A row is written at once, in a transaction of its own that takes no lock of the audit chain. The worker
puts the rows that wait into the chain (`reading_batches`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import DatabaseError, models, transaction

from clinic.core import clock
from clinic.core.logs import request_id
from clinic.core.models import PatientShown, RecordRead, UnchainedRead


class ReadingNotLogged(Exception):
    """The page must not be shown, because it could not be written down who read it."""


def log(
    *,
    by: Any,
    action: str,
    page: str = "",
    target: models.Model | None = None,
    patients: Iterable[int] = (),
    shown: Mapping[str, Iterable[Any]] | None = None,
) -> RecordRead:
    """Write down that this user is shown this page, and every patient on it. Raises ReadingNotLogged.

    `shown` names the rows on the page by their keys, those without a patient too.
    """
    reading = RecordRead(
        at=clock.now(),
        action=action,
        page=page,
        actor_user_id=by.pk,
        actor=by.get_username()[:80],
        target_type=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        request_id=request_id.get(),
        shown={name: sorted(set(keys)) for name, keys in (shown or {}).items()},
    )
    try:
        with transaction.atomic():
            reading.save(force_insert=True)
            patients_shown = [PatientShown(reading=reading, patient_id=pk) for pk in sorted(set(patients))]
            PatientShown.objects.bulk_create(patients_shown)
            UnchainedRead.objects.bulk_create([UnchainedRead(reading=reading)])
    except DatabaseError as problem:
        raise ReadingNotLogged(action) from problem
    return reading


def readings_of(patient_id: int) -> models.QuerySet[RecordRead]:
    """Who has seen this patient's record, on which pages, newest first."""
    return RecordRead.objects.filter(patients_shown__patient_id=patient_id).order_by("-pk")
