"""What whoever goes writes for whoever comes: kept until somebody has read it, and its words no longer than needed."""

import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.encryption import fingerprint
from consultations.enums import Actor
from consultations.models import ConsultationRequest, HandOverNote
from consultations.permissions import require

KEPT: Final = datetime.timedelta(days=30)
"""After it was read, for a note about nobody whose record it would be erased with."""
BATCH: Final = 200
MAY: Final = (Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)


@transaction.atomic
def write(*, text: str, by: User, key: str, consultation_request: ConsultationRequest | None = None) -> HandOverNote:
    """Keep a note. `key` is that of the page it was written on: the same words from the same page are one note.

    With `request` it can be read no longer than that patient's record. Raises NotAllowed.
    """
    require(by, *MAY)
    sent_key = fingerprint(f"{by.pk}:{key}:{text}")
    if (known := HandOverNote.objects.filter(sent_key=sent_key).defer("text").first()) is not None:
        return known
    patient = consultation_request.patient if consultation_request is not None else None
    note = HandOverNote.objects.create(
        text=text,
        consultation_request=consultation_request,
        patient=patient,
        sent_key=sent_key,
        written_at=clock.now(),
        written_by=by,
    )
    if patient is not None:
        note.hand_key_to(patient)
    audit.record(action="hand_over.write", target=note, by=by)
    return note


@transaction.atomic
def acknowledge(*, note: HandOverNote, by: User) -> HandOverNote:
    """Say that it was read; of one's own, that it is not needed any more. Twice is harmless. Raises NotAllowed."""
    require(by, *MAY)
    fresh = HandOverNote.objects.select_for_update(of=("self",)).defer("text").get(pk=note.pk)
    if fresh.read_at is not None:
        return fresh
    fresh.read_at, fresh.read_by = clock.now(), by
    fresh.save(update_fields=["read_at", "read_by"])
    audit.record(action="hand_over.acknowledge", target=fresh, by=by, fields=["read_at"])
    return fresh


@transaction.atomic
def forget_read() -> int:
    """Destroy the keys of old notes that were read, without opening one. Returns how many."""
    now = clock.now()
    due = HandOverNote.objects.filter(Q(read_at__lt=now - KEPT), patient=None, deleted_at=None).order_by("pk")
    keys = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    if keys:
        HandOverNote.objects.filter(pk__in=keys).update(data_key="", deleted_at=now)
        audit.record(action="hand_over.forget", actor=Actor.SYSTEM.value, details={"notes": len(keys)})
    return len(keys)
