"""Private links: made for a mail, opened with the date of birth, replaced on demand."""

import datetime
from typing import Final

from django.db import transaction

from clinic import audit, clock
from clinic.crypto import blind_index, fingerprint
from consultations.enums import Actor, MessageKind
from consultations.models import ConsultationRequest, Patient, PrivateLink
from consultations.services import messaging

WRONG_DATES_ALLOWED: Final = 5
EMAIL_INDEX: Final = "patient.email"


@transaction.atomic
def open_link(*, token: str, birth_on: datetime.date) -> ConsultationRequest | None:
    """Check token and date of birth; return the request the grant is for, or None when it is refused.

    The fifth wrong date locks the link and mails a new one to the same address. It returns None instead of raising, so
    that the count of wrong dates is committed.
    """
    now = clock.now()
    link = (
        PrivateLink.objects.select_for_update(of=("self",))
        .select_related("request__patient")
        .filter(token_hash=fingerprint(token), locked_at=None, replaced_at=None, expires_at__gt=now)
        .first()
    )
    if link is None:
        return None
    if link.request.patient.birth_on == birth_on:
        audit.record(action="link.open", target=link.request, actor=Actor.PATIENT.value)
        return link.request
    link.wrong_dates += 1
    if link.wrong_dates >= WRONG_DATES_ALLOWED:
        link.locked_at = now
        _mail_link(request=link.request, key=f"link-locked-{link.pk}")
    link.save(update_fields=["wrong_dates", "locked_at"])
    audit.record(
        action="link.refused", target=link.request, actor=Actor.PATIENT.value, details={"wrong": link.wrong_dates}
    )
    return None


@transaction.atomic
def replace(*, request: ConsultationRequest) -> None:
    """End every link of this request and mail a new one."""
    now = clock.now()
    ended = PrivateLink.objects.filter(request=request, replaced_at=None).update(replaced_at=now)
    _mail_link(request=request, key=f"link-replaced-{request.pk}-{int(now.timestamp())}")
    audit.record(action="link.replace", target=request, actor=Actor.PATIENT.value, details={"ended": ended})


@transaction.atomic
def send_again(*, email: str) -> None:
    """Mail a fresh link for each of the three newest requests of this address, ended ones too.

    Says nothing about whether there was one.
    """
    patients = Patient.objects.filter(email_index=email_index(email)).only("pk")
    requests = ConsultationRequest.objects.filter(patient__in=patients).order_by("-submitted_at")[:3]
    for request in requests:
        _mail_link(request=request, key=f"link-again-{request.pk}-{int(clock.now().timestamp()) // 60}")
        audit.record(action="link.send_again", target=request, actor=Actor.PATIENT.value)


def email_index(email: str) -> str:
    return blind_index(email.strip().casefold(), purpose=EMAIL_INDEX)


def _mail_link(*, request: ConsultationRequest, key: str) -> None:
    messaging.tell_patient(kind=MessageKind.PRIVATE_LINK, request=request, key=key)
