"""A check that is carried on from another device: saved with an address and a word, opened by link and word, forgotten.

The date of birth that opens a request is not known yet, and who reads a mailbox at home knows it: behind this link
stand the answers. So the word is the person's own, and we keep only a slow hash of it.
"""

import unicodedata
from typing import Final

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from clinic.core import audit, clock
from clinic.core.encryption import fingerprint
from consultations.enums import Actor, ResponseStatus
from consultations.models import Assessment, QuestionnaireResponse, SafetyCase, SavedCheck
from consultations.services import intake, saved_links
from consultations.services.private_links import email_index

TRIES_A_LINK: Final = 5
"""After so many wrong words the link ends and a new one is mailed."""
TRIES: Final = 15
"""After so many in a row the word opens nothing any more, until the browser that has the check sets another."""


def folded(word: str) -> str:
    """As it is compared: a phone begins with a capital letter, and puts a space behind a word that it completes."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split())


@transaction.atomic
def save(
    *, response: QuestionnaireResponse, email: str, word: str, wants_reminder: bool = False, is_mailed: bool = True
) -> SavedCheck:
    """Keep where the link goes and what opens it, in place of what was kept before, and owe the mail.

    Links of before end at once. Not `is_mailed` where the mailbox had too many: then it can be asked for again later.
    Raises AlreadySent, Deleted.
    """
    fresh = intake.lock_open(response)
    now = clock.now()
    fresh.updated_at = now
    fresh.save(update_fields=["updated_at"])
    row = SavedCheck.objects.filter(response=fresh).first() or SavedCheck(response=fresh)
    row.response = fresh
    row.email, row.email_index, row.secret = email, email_index(email), make_password(folded(word))
    row.token_hash, row.wrong_words, row.locked_at = None, 0, None
    row.wants_reminder, row.saved_at = wants_reminder, now
    row.save()
    if is_mailed:
        saved_links.owe_link(row)
        if wants_reminder:
            saved_links.owe_reminder(row)
    details = {"mailed": is_mailed, "reminder": wants_reminder}
    audit.record(action="response.save_for_later", target=fresh, actor=Actor.PATIENT.value, details=details)
    return row


@transaction.atomic
def open_check(*, token: str, word: str) -> QuestionnaireResponse | None:
    """The check behind this link, sent or not, when the word is right; None when refused, whatever the reason.

    Returns instead of raising, so that the count of wrong words is committed. A link that nobody has takes as long.
    """
    row = _hold(token)
    if row is None:
        make_password(folded(word))
        return None
    response: QuestionnaireResponse = row.response
    if check_password(folded(word), row.secret):
        SavedCheck.objects.filter(pk=row.pk).update(wrong_words=0)
        audit.record(action="response.open_saved", target=response, actor=Actor.PATIENT.value)
        return response
    _count_wrong(row, is_sent=response.status == ResponseStatus.COMPLETED)
    return None


def _hold(token: str) -> SavedCheck | None:
    """The check first, as everywhere, then the row of its newest link."""
    named = SavedCheck.objects.filter(token_hash=fingerprint(token)).values_list("response", flat=True).first()
    responses = QuestionnaireResponse.objects.select_for_update(of=("self",), no_key=True)
    response = responses.filter(pk=named).first() if named is not None else None
    if response is None or saved_links.kept_until(response) <= clock.now():
        return None
    rows = SavedCheck.objects.select_for_update(of=("self",)).filter(response=response, locked_at=None)
    row = rows.filter(token_hash=fingerprint(token)).first()
    if row is not None:
        row.response = response
    return row


def _count_wrong(row: SavedCheck, *, is_sent: bool) -> None:
    row.wrong_words += 1
    if row.wrong_words >= TRIES:
        row.locked_at, row.token_hash = clock.now(), None
    elif row.wrong_words % TRIES_A_LINK == 0:
        row.token_hash = None
        if not is_sent:
            saved_links.owe_link(row)
    row.save(update_fields=["wrong_words", "locked_at", "token_hash"])
    details = {"wrong": row.wrong_words}
    audit.record(action="response.open_refused", target=row.response, actor=Actor.PATIENT.value, details=details)


@transaction.atomic
def forget(*, response: QuestionnaireResponse) -> bool:
    """Delete a check that is not sent at once, because its person says so: answers, contact details, address and link.

    False when a danger was shown: the answers stay with the safety case, which rests on them, and only the address and
    the link go. Raises AlreadySent, Deleted.
    """
    fresh = QuestionnaireResponse.objects.select_for_update(of=("self",)).filter(pk=response.pk).first()
    if fresh is None:
        raise intake.Deleted
    if fresh.status == ResponseStatus.COMPLETED:
        raise intake.AlreadySent
    gone = saved_links.forget([fresh.pk])
    if SafetyCase.objects.filter(response=fresh).exists():
        details = {"links": gone}
        audit.record(action="response.forget_link", target=fresh, actor=Actor.PATIENT.value, details=details)
        return False
    target = QuestionnaireResponse(pk=fresh.pk)
    Assessment.objects.filter(response=fresh).only("pk").delete()
    QuestionnaireResponse.objects.filter(pk=fresh.pk).only("pk").delete()
    audit.record(action="response.delete", target=target, actor=Actor.PATIENT.value, details={"asked": True})
    return True
