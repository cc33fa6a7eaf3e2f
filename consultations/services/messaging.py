"""The outbox: rows written with the change that causes them, sent by the worker at least once."""

import datetime
import smtplib
from typing import Any, Final

from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from clinic import audit, clock
from clinic.accounts.models import User
from clinic.crypto import DamagedRecord, fingerprint, new_token
from consultations import emails
from consultations.enums import Actor, MessageKind
from consultations.models import ConsultationRequest, OutboxMessage, PrivateLink, SafetyCase
from consultations.permissions import require
from consultations.workflow import MoveRefused

LINK_LIFE: Final = datetime.timedelta(days=90)
LEASE: Final = datetime.timedelta(minutes=2)
BACK_OFF_MINUTES: Final = (1, 2, 5, 15, 60)
MAX_ATTEMPTS: Final = 24
UNREADABLE: Final = (DamagedRecord, ValueError, KeyError, TypeError, AttributeError)
"""What a damaged seal or a payload of the wrong shape raises while a mail is made of it."""


class NothingToSend(MoveRefused):
    """A parked mail whose content is gone cannot be tried again."""


def tell_patient(
    *, kind: MessageKind, request: ConsultationRequest, key: str, stale_at: datetime.datetime | None = None
) -> OutboxMessage | None:
    """Owe the patient a mail with a fresh private link; None without an address. Call inside a transaction."""
    if not request.patient.email or OutboxMessage.objects.filter(key=key).exists():
        return None
    payload = {
        "first_name": request.patient.first_name,
        "reference": request.reference,
        "link": _fresh_link(request),
    }
    return _enqueue(
        kind=kind, key=key, recipient=request.patient.email, payload=payload, request=request, stale_at=stale_at
    )


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
        raise NothingToSend("This message came too late to be of use, so its content was removed. Ring the patient.")
    fresh.parked_at, fresh.due_at, fresh.attempts, fresh.lease_until = None, clock.now(), 0, None
    fresh.save(update_fields=["parked_at", "due_at", "attempts", "lease_until"])
    audit.record(action="message.retry", target=fresh, by=by)
    return fresh


def deliver_due(*, limit: int = 20) -> int:
    """Claim what is due one by one, send it outside any transaction, record how it went. Returns how many were sent.

    One by one, because a slow mail server must not outlast the lease of what waits behind.
    """
    connection = get_connection(timeout=10)
    sent = 0
    for _ in range(limit):
        key = _claim()
        if key is None:
            break
        sent += _deliver(key, connection)
    return sent


@transaction.atomic
def _claim() -> int | None:
    """Lease one row so that no second worker takes it; a worker that dies costs one lease, never a mail.

    Only its key is read: a row whose seal is broken must not keep the others from going out.
    """
    now = clock.now()
    waiting = OutboxMessage.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now), sent_at=None, parked_at=None, due_at__lte=now
    )
    stale = waiting.filter(stale_at__lt=now)
    stale.update(parked_at=now, last_error="Too late to be of use: not sent.", payload={})
    key: int | None = (
        waiting.select_for_update(skip_locked=True).order_by("due_at", "pk").values_list("pk", flat=True).first()
    )
    if key is not None:
        OutboxMessage.objects.filter(pk=key).update(lease_until=now + LEASE)
    return key


def _deliver(key: int, connection: Any) -> bool:
    try:
        message = OutboxMessage.objects.get(pk=key)
        mail = emails.compose(message)
    except UNREADABLE as error:
        # Trying again cannot help: somebody must look, and ring.
        OutboxMessage.objects.filter(pk=key).update(
            lease_until=None, parked_at=clock.now(), last_error=f"Cannot be read: {type(error).__name__}"
        )
        return False
    try:
        connection.send_messages([mail])
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, OSError) as error:
        _postpone(message, error)
        return False
    # The mail is out: were this write lost, the lease would end and the same Message-ID would go a second time.
    changes: dict[str, object] = {"sent_at": clock.now(), "lease_until": None, "last_error": ""}
    if not settings.DEMO:
        changes["payload"] = {}
    OutboxMessage.objects.filter(pk=message.pk).update(attempts=message.attempts + 1, **changes)
    return True


def _postpone(message: OutboxMessage, error: Exception) -> None:
    """4xx, refused connections and timeouts are tried again later; a 5xx is parked at once for a person to phone."""
    attempts, now = message.attempts + 1, clock.now()
    is_final = _is_permanent(error) or attempts >= MAX_ATTEMPTS
    wait = BACK_OFF_MINUTES[min(attempts, len(BACK_OFF_MINUTES)) - 1]
    OutboxMessage.objects.filter(pk=message.pk).update(
        attempts=attempts,
        lease_until=None,
        last_error=_reason(error),
        due_at=now + datetime.timedelta(minutes=wait),
        parked_at=now if is_final else None,
    )


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def _reason(error: Exception) -> str:
    """The kind of failure and its code: a server's own text may repeat the address, so it is left out."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
