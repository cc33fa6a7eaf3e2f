"""Who read what: every page about patients that staff are shown is written down before it leaves.

No log, no page. A row is written at once, in a transaction of its own that takes no lock of the audit chain. The worker
puts the rows that wait into the chain (`reading_batches`).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db import DatabaseError, models, transaction

from clinic.core import clock
from clinic.core.logs import request_id
from clinic.core.models import PatientShown, RecordRead, UnchainedRead

AS: Final = "as"
"""Where a reading keeps the roles of its reader: roles change, and what they were then is what a patient is told."""


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
    roles: Iterable[str] = (),
) -> RecordRead:
    """Write down that this user is shown this page, and every patient on it. Raises ReadingNotLogged.

    `shown` names the rows on the page by their keys, those without a patient too; `roles` is as what the user works.
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
        shown={**{name: sorted(set(keys)) for name, keys in (shown or {}).items()}, AS: sorted(roles)},
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


def readings_of(patients: Collection[int], *, before: int | None = None, number: int) -> models.QuerySet[RecordRead]:
    """Who was shown any of these patients, on which pages: at most `number` readings, newest first.

    `before` goes on where a page ended, by the key of its last reading. Both steps go by an index alone, however many
    readings there are of others.
    """
    shown = PatientShown.objects.filter(patient_id__in=patients)
    if before is not None:
        shown = shown.filter(reading__lt=before)
    keys = list(shown.order_by("-reading").values_list("reading", flat=True).distinct()[:number])
    return RecordRead.objects.filter(pk__in=keys).select_related("actor_user").order_by("-pk")
