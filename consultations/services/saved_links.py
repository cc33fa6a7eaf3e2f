"""The mailed link to a check that is not sent: owed, written, wanted or not, and gone with the check."""

import datetime
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_noop

from clinic.core import clock, outbox
from clinic.core.channels import MessageDraft
from clinic.core.encryption import fingerprint, new_token
from clinic.core.models import OutboxMessage
from clinic.core.outbox import NotWanted, NotYet
from consultations import emails
from consultations.enums import MessageKind, ResponseStatus
from consultations.models import QuestionnaireResponse, SavedCheck

NEWEST: Final = 3
"""So many checks of one address get a link when one is asked for, as with requests."""
REMIND_BEFORE: Final = datetime.timedelta(days=7)
OVER: Final = gettext_noop("Not sent: the check was sent, deleted or saved again since.")
NOT_ASKED: Final = gettext_noop("Not sent: the reminder is not wanted any more.")


def kept_for() -> datetime.timedelta:
    return datetime.timedelta(days=settings.KEEP_UNSENT_DAYS)


def kept_until(response: QuestionnaireResponse) -> datetime.datetime:
    """When the worker deletes a check that is not sent, if no page of it is saved again."""
    return response.updated_at + kept_for()


def remind_at(response: QuestionnaireResponse) -> datetime.datetime:
    """A week before that, or at half of a time that is shorter than two."""
    return kept_until(response) - min(REMIND_BEFORE, kept_for() / 2)


def owe_link(row: SavedCheck) -> OutboxMessage | None:
    """Mail a fresh link; what is still to be sent with an older one is not wanted any more. On a locked check."""
    row.asked += 1
    row.save(update_fields=["asked"])
    return outbox.enqueue(
        kind=MessageKind.SAVED_CHECK,
        key=_key(row),
        recipient=row.email,
        payload={"saved_check": row.pk, "asked": row.asked},
    )


def owe_reminder(row: SavedCheck) -> None:
    """One in the life of a check, which asks when it is due whether it is wanted."""
    outbox.enqueue(
        kind=MessageKind.SAVED_CHECK_REMINDER,
        key=f"saved-check-{row.pk}-reminder",
        recipient=row.email,
        payload={"saved_check": row.pk},
        send_at=remind_at(row.response),
    )


def is_undelivered(row: SavedCheck) -> bool:
    """Whether the newest mail was given up."""
    return OutboxMessage.objects.filter(key=_key(row), parked_at__isnull=False).exists()


def mail_again(email_index: str) -> None:
    """A fresh link for each of the newest checks of an address that can still be opened by one."""
    since = clock.now() - kept_for()
    rows = SavedCheck.objects.filter(email_index=email_index, locked_at=None)
    open_now = rows.filter(response__status=ResponseStatus.IN_PROGRESS, response__updated_at__gte=since)
    newest = sorted(open_now.order_by("-response__updated_at").values_list("response", flat=True)[:NEWEST])
    for pk in newest:
        if (row := _hold(response=pk)) is not None and row.email_index == email_index:
            owe_link(row)


def ensure_wanted(message: OutboxMessage) -> None:
    """Holds the check, as everybody does who sends, deletes or saves it."""
    row = _row_of(message)
    if row is None or row.asked != message.payload.get("asked"):
        raise NotWanted(OVER)


def ensure_reminder_wanted(message: OutboxMessage) -> None:
    row = _row_of(message)
    if row is None:
        raise NotWanted(OVER)
    if not row.wants_reminder:
        raise NotWanted(NOT_ASKED)
    if clock.now() < remind_at(row.response):
        raise NotYet(remind_at(row.response))


def compose(message: OutboxMessage) -> MessageDraft:
    """With a link made now, which ends every older one."""
    row = _row_of(message)
    if row is None:
        raise NotWanted(OVER)
    token = new_token()
    row.token_hash = fingerprint(token)
    row.save(update_fields=["token_hash"])
    return emails.draft(
        MessageKind(message.kind),
        to=row.email,
        first_name="",
        link=f"{settings.SITE_URL}{reverse('consultations:open_saved', args=[token])}",
        kept_until=clock.full_date(clock.local(kept_until(row.response)).date()),
    )


def settle(response: QuestionnaireResponse) -> None:
    """The check was sent: its address goes. Link and word stay until they would have ended, to say that it was."""
    row = SavedCheck.objects.filter(response=response).first()
    if row is not None:
        _stop_mails([row.pk])
        row.email, row.email_index, row.wants_reminder = "", "", False
        row.save(update_fields=["email", "email_index", "wants_reminder"])


def forget(responses: list[int]) -> int:
    """Delete addresses, links and words of these checks, and every mail that is still to go. Returns how many."""
    keys = list(SavedCheck.objects.filter(response__in=responses).values_list("pk", flat=True))
    _stop_mails(keys)
    SavedCheck.objects.filter(pk__in=keys).only("pk").delete()
    return len(keys)


def over(limit: int) -> list[int]:
    """The checks whose links have ended: not saved for as long as they are kept, or gone."""
    since = clock.now() - kept_for()
    kept = QuestionnaireResponse.objects.filter(pk=OuterRef("response"), updated_at__gte=since)
    rows = SavedCheck.objects.filter(~Exists(kept)).order_by("pk")
    return list(rows.values_list("response_id", flat=True)[:limit])


def _stop_mails(keys: list[int]) -> None:
    for key in keys:
        outbox.stop(OutboxMessage.objects.filter(key__startswith=f"saved-check-{key}-"), reason=OVER)


def _key(row: SavedCheck) -> str:
    return f"saved-check-{row.pk}-{row.asked}"


def _row_of(message: OutboxMessage) -> SavedCheck | None:
    response = SavedCheck.objects.filter(pk=message.payload.get("saved_check")).values_list("response", flat=True)
    return _hold(response=response.first())


def _hold(*, response: int | None) -> SavedCheck | None:
    """The row of a check that is not sent and still kept, held until the transaction ends: the check first."""
    if response is None:
        return None
    responses = QuestionnaireResponse.objects.select_for_update(of=("self",), no_key=True)
    fresh = responses.filter(pk=response, status=ResponseStatus.IN_PROGRESS).first()
    if fresh is None or kept_until(fresh) <= clock.now():
        return None
    row = SavedCheck.objects.select_for_update(of=("self",)).filter(response=fresh, locked_at=None).first()
    if row is not None:
        row.response = fresh
    return row
