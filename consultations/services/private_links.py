"""Private links: made for a mail, opened with the date of birth, replaced on demand."""

import datetime
import logging
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from clinic.core import audit, clock
from clinic.core.addresses import address_key
from clinic.core.delivery import HOPELESS
from clinic.core.encrypted_rows import open_all
from clinic.core.encryption import KeysUnusable, blind_index, fingerprint, new_token
from clinic.core.failures import name_of
from consultations.enums import Actor, MessageKind
from consultations.models import ConsultationRequest, LinkAsked, Patient, PrivateLink
from consultations.services import asked_again, messaging, saved_links, verified_emails
from consultations.services.transitions import lock

logger = logging.getLogger(__name__)

LINK_LIFE: Final = datetime.timedelta(days=90)
WRONG_DATES_ALLOWED: Final = 5
EMAIL_INDEX: Final = "patient.email"
ASKED_LEASE: Final = datetime.timedelta(minutes=2)
"""How long an answer may take; after that, its worker died or it failed, and it is tried again."""
ASKED_ATTEMPTS: Final = 5
ASKED_KEPT: Final = datetime.timedelta(days=7)
"""How long an address that could not be answered is kept for staff to see that there is one."""


def mint(consultation_request: ConsultationRequest) -> str:
    """The address of a new private link; only the hash of its token is kept, the token itself lives in one mail.

    Call inside a transaction, on a locked request: whoever ends its links meanwhile ends this one too, or waits.
    """
    token = new_token()
    _keep(consultation_request, token)
    return f"{settings.SITE_URL}{reverse('consultations:private_link', args=[token])}"


def _keep(consultation_request: ConsultationRequest, token: str) -> PrivateLink:
    now = clock.now()
    return PrivateLink.objects.create(
        consultation_request=consultation_request,
        token_hash=fingerprint(token),
        created_at=now,
        expires_at=now + LINK_LIFE,
    )


@transaction.atomic
def open_link(*, token: str, birth_on: datetime.date) -> PrivateLink | None:
    """Check token and date of birth; return the link, which names the one request it opens, or None when refused.

    The fifth wrong date locks the link and mails a new one to the same address. It returns None instead of raising, so
    that the count of wrong dates is committed.

    A token that opens nothing costs as much as a wrong date on one that does: the same statements, one event and one
    commit. Otherwise the time of the answer would tell which tokens are alive.
    """
    live = PrivateLink.objects.live().select_related("consultation_request__patient")
    named = live.filter(token_hash=fingerprint(token)).first() or _nobodys(birth_on)
    # Requests first, as everywhere: a correction of the address that runs meanwhile ends this link, or waits.
    locked = verified_emails.hold_requests(named.consultation_request)
    link = live.select_for_update(of=("self",)).filter(pk=named.pk).first()
    if link is None or link.consultation_request.patient.birth_on != birth_on:
        _refuse(link)
        return None
    # Whoever's own record is damaged is told to call us, and not shown half of it.
    open_all(link.consultation_request.patient)
    asked_again.note_opened(link.consultation_request)
    verified_emails.verify(link.consultation_request, locked=locked)
    audit.record(action="link.open", target=link.consultation_request, actor=Actor.PATIENT.value)
    return link


def _nobodys(birth_on: datetime.date) -> PrivateLink:
    """Stands in for the link of an unknown token: it is in no table, and what is asked about it finds nothing."""
    patient = Patient(pk=0, email_index="0" * 64, birth_on=birth_on, person_id=0)
    return PrivateLink(pk=0, consultation_request=ConsultationRequest(pk=0, patient=patient))


def _refuse(link: PrivateLink | None) -> None:
    """Count a wrong date; of a token without a live link the same is done, to no row."""
    wrong = link.wrong_dates + 1 if link else 0
    is_last = wrong >= WRONG_DATES_ALLOWED
    counted = PrivateLink.objects.filter(pk=link.pk if link else 0)
    counted.update(wrong_dates=wrong, locked_at=clock.now() if is_last else None)
    if link is None:
        audit.record(action="link.none", actor=Actor.PATIENT.value)
        return
    if is_last:
        _mail_link(consultation_request=link.consultation_request, key=f"link-locked-{link.pk}")
    audit.record(
        action="link.refused", target=link.consultation_request, actor=Actor.PATIENT.value, details={"wrong": wrong}
    )


def helped_name_behind(token: str) -> str:
    """Whom the request behind a live link is about, when somebody sent it for them; the mail with the link says it too.

    "" for every other token, known or not.
    """
    link = (
        PrivateLink.objects.live().select_related("consultation_request").filter(token_hash=fingerprint(token)).first()
    )
    return link.consultation_request.helped_name if link and link.consultation_request.helper_name else ""


def request_behind(link: int) -> ConsultationRequest | None:
    """The request that an opened link stands for, as long as the link is live: whoever ends it ends what it opened."""
    opened = (
        PrivateLink.objects.live()
        .select_related(
            "consultation_request__patient",
            "consultation_request__appointment_type",
            "consultation_request__doctor__clinician",
        )
        .filter(pk=link)
        .first()
    )
    if opened is None:
        return None
    open_all(opened.consultation_request.patient)
    return opened.consultation_request


@transaction.atomic
def replace(*, consultation_request: ConsultationRequest, link: int) -> PrivateLink | None:
    """End every link of this request and mail a new one. `link` is the one that the browser asking came in by.

    Returns what that browser goes on with, because the date of birth was given to it: a link whose token nobody has.
    The one that is mailed is made with its mail. None when there is no address to mail, or when `link` was ended
    already: a second press at the same moment must not end the link on its way.
    """
    lock(consultation_request)
    links = PrivateLink.objects.filter(consultation_request=consultation_request, replaced_at=None)
    ended = list(links.select_for_update().order_by("pk").values_list("pk", flat=True))
    if link not in ended:
        return None
    links.filter(pk__in=ended).update(replaced_at=clock.now())
    is_mailed = _mail_link(consultation_request=consultation_request, key=f"link-replaced-{link}")
    audit.record(
        action="link.replace", target=consultation_request, actor=Actor.PATIENT.value, details={"ended": len(ended)}
    )
    return _keep(consultation_request, new_token()) if is_mailed else None


@transaction.atomic
def ask(*, email: str) -> None:
    """Note that a link was asked for. The worker looks the address up: here, the time that takes would tell."""
    now = clock.now()
    LinkAsked.objects.create(email=email, asked_at=now, due_at=now)


def answer_asked(*, limit: int = 100) -> int:
    """Send the links that were asked for, oldest first. Returns how often one was asked for, known or not.

    Whatever is raised by one is counted on its row and keeps nobody behind it.
    """
    LinkAsked.objects.filter(parked_at__lt=clock.now() - ASKED_KEPT).delete()
    answered = 0
    for _ in range(limit):
        key = _claim_asked()
        if key is None:
            break
        try:
            answered += _answer(key)
        except KeysUnusable:
            # Nothing is wrong with this row, nor with any behind it: it waits as if nobody had claimed it.
            LinkAsked.objects.filter(pk=key).update(attempts=F("attempts") - 1, due_at=clock.now())
            raise
        except Exception as error:
            logger.error("link asked for in row %s not sent: %s", key, name_of(error))
            if isinstance(error, HOPELESS):
                # Trying again cannot help.
                LinkAsked.objects.filter(pk=key).update(parked_at=clock.now())
    return answered


@transaction.atomic
def _claim_asked() -> int | None:
    """Take the oldest that is due and count the attempt before it is made, so that a worker's death counts too."""
    now = clock.now()
    # What waits longer than any lease was asked for before the clock was put back.
    is_due = Q(due_at__lte=now) | Q(due_at__gt=now + (ASKED_ATTEMPTS + 1) * ASKED_LEASE)
    waiting = LinkAsked.objects.filter(is_due, parked_at=None)
    waiting.filter(attempts__gte=ASKED_ATTEMPTS).update(parked_at=now)
    row = waiting.select_for_update(skip_locked=True).order_by("due_at", "pk").values("pk", "attempts").first()
    if row is None:
        return None
    attempts = row["attempts"] + 1
    LinkAsked.objects.filter(pk=row["pk"]).update(attempts=attempts, due_at=now + attempts * ASKED_LEASE)
    return int(row["pk"])


@transaction.atomic
def _answer(key: int) -> bool:
    """The row goes with the mails that it causes, so a worker that dies neither loses it nor answers twice."""
    asked = LinkAsked.objects.select_for_update().filter(pk=key).first()
    if asked is None:
        return False
    send_again(email=asked.email)
    # After it, because whoever needs both holds requests before checks.
    saved_links.mail_again(email_index(asked.email))
    asked.delete()
    return True


@transaction.atomic
def send_again(*, email: str) -> None:
    """Mail a fresh link for each of the three newest requests of this address, ended ones too.

    Says nothing about whether there was one.
    """
    of_address = ConsultationRequest.objects.filter(patient__email_index=email_index(email))
    newest = list(of_address.order_by("-submitted_at").values_list("pk", flat=True)[:3])
    # All locked before anything is written, in one order. The mail goes to the address that stands then, which is
    # another one if it was corrected meanwhile.
    rows = ConsultationRequest.objects.filter(pk__in=newest).select_for_update(of=("self",)).select_related("patient")
    for consultation_request in sorted(rows.order_by("pk"), key=lambda row: newest.index(row.pk)):
        _mail_link(
            consultation_request=consultation_request,
            key=f"link-again-{consultation_request.pk}-{int(clock.now().timestamp()) // 60}",
        )
        audit.record(action="link.send_again", target=consultation_request, actor=Actor.PATIENT.value)


def email_index(email: str) -> str:
    """The digest a patient is found by. Two spellings of one address have the same."""
    return blind_index(address_key(email), purpose=EMAIL_INDEX)


def _mail_link(*, consultation_request: ConsultationRequest, key: str) -> bool:
    return (
        messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key=key)
        is not None
    )
