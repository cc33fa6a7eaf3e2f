"""The outbox: rows written with the change that causes them. The worker sends them (`services/delivery.py`)."""

import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.encryption import fingerprint, new_token
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import Actor, Lane, MessageKind
from consultations.models import ConsultationRequest, OutboxMessage, Patient, PrivateLink, SafetyCase
from consultations.permissions import require

LINK_LIFE: Final = datetime.timedelta(days=90)


class NothingToSend(TransitionNotAllowed):
    """A parked mail whose content is gone cannot be tried again."""


def tell_patient(
    *,
    kind: MessageKind,
    request: ConsultationRequest,
    key: str,
    stale_at: datetime.datetime | None = None,
    price: str = "",
    directions: str = "",
) -> OutboxMessage | None:
    """Owe the patient, or who sent the request for them, a mail with a fresh private link; None without an address.

    Call inside a transaction, on a locked request: the address is read under that lock, so that no link is made for
    one that is being corrected (`services/contact_details.py`).
    """
    email: str = Patient.objects.only("email").get(pk=request.patient_id).email
    if not email or OutboxMessage.objects.filter(key=key).exists():
        return None
    payload = {
        "first_name": request.addressee,
        "helped": request.helped_name,
        "reference": request.reference,
        "link": _fresh_link(request),
        "price": price,
        "directions": directions,
    }
    payload = {name: value for name, value in payload.items() if value or name == "first_name"}
    return _enqueue(kind=kind, key=key, recipient=email, payload=payload, request=request, stale_at=stale_at)


def _fresh_link(request: ConsultationRequest) -> str:
    """A new private link; only the hash of its token is kept, the token itself lives in this one mail."""
    token, now = new_token(), clock.now()
    PrivateLink.objects.create(
        request=request, token_hash=fingerprint(token), created_at=now, expires_at=now + LINK_LIFE
    )
    return f"{settings.SITE_URL}{reverse('consultations:private_link', args=[token])}"


def alert_staff(*, user: User, key: str, path: str) -> OutboxMessage | None:
    """Owe a member of staff a mail that says only that something waits; None if said already or without address."""
    return alert_address(address=user.email, first_name=user.get_short_name(), key=key, path=path)


def alert_address(
    *, address: str, key: str, path: str, first_name: str = "", case: SafetyCase | None = None, count: int = 1
) -> OutboxMessage | None:
    """Owe an address the same mail; None if said already or without address. `count` says how much waits.

    With `case` the row belongs to that case, so that one can tell whether its alert went out.
    """
    if not address or OutboxMessage.objects.filter(key=key).exists():
        return None
    payload = {"first_name": first_name, "link": settings.SITE_URL.rstrip("/") + path}
    if count > 1:
        payload["count"] = str(count)
    message = _enqueue(kind=MessageKind.STAFF_ALERT, key=key, recipient=address, payload=payload)
    if case is not None:
        message.case = case
        message.save(update_fields=["case"])
    return message


def _enqueue(
    *,
    kind: MessageKind,
    key: str,
    recipient: str,
    payload: dict[str, str],
    request: ConsultationRequest | None = None,
    stale_at: datetime.datetime | None = None,
) -> OutboxMessage:
    now = clock.now()
    return OutboxMessage.objects.create(
        key=key,
        kind=kind,
        lane=Lane.ALERTS if kind == MessageKind.STAFF_ALERT else Lane.PATIENTS,
        request=request,
        recipient=recipient,
        payload=payload,
        created_at=now,
        due_at=now,
        stale_at=stale_at,
    )


@transaction.atomic
def retry(*, message: OutboxMessage, by: User) -> OutboxMessage:
    """Let the worker try a parked mail again; harmless on any other. Raises NotAllowed, NothingToSend."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = OutboxMessage.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if fresh.parked_at is None:
        return fresh
    if not fresh.payload:
        raise NothingToSend(
            "The content of this message was removed: it came too late to be of use, or the address was corrected "
            "since. Call the patient."
        )
    fresh.parked_at, fresh.staff_told_at, fresh.lease_until = None, None, None
    fresh.due_at, fresh.attempts, fresh.crashes = clock.now(), 0, 0
    fresh.save(update_fields=["parked_at", "staff_told_at", "lease_until", "due_at", "attempts", "crashes"])
    audit.record(action="message.retry", target=fresh, by=by)
    return fresh
