"""What patients write to us. Each text is read for words about danger when it is sent, and waits until somebody says
that they have read it. No rule reads any of it: the outcome stays.
"""

import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Min, Q

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.danger_words import Danger, dangers_in
from clinic.core.encryption import fingerprint
from consultations.enums import OUTCOME_RISK, Actor, Outcome, TextKind
from consultations.models import ConsultationRequest, PatientText, QuestionnaireResponse
from consultations.permissions import require
from consultations.services import text_alarms
from consultations.services.targets import due_after
from consultations.services.transitions import lock

RISK_OF_SELF_HARM: Final = OUTCOME_RISK[Outcome.EMERGENCY]
WAITS_UNMARKED: Final = (TextKind.MESSAGE, TextKind.NEXT_DAY, TextKind.ASKED_AGAIN)
"""Texts that somebody reads in time whatever they say."""
RISK_OF_DANGER: Final = OUTCOME_RISK[Outcome.SAME_DAY]


def keep(*, response_id: int, kind: TextKind, text: str, sent_key: str = "") -> PatientText | None:
    """Read a text that is sent now and put it in the queue; None for an empty one. Call inside a transaction, on a
    locked request or safety case; `settle` the request after it. The answers of the response are not opened for it.
    """
    if not text.strip():
        return None
    dangers, now = dangers_in(text), clock.now()
    row = PatientText(
        response_id=response_id,
        kind=kind,
        text=text,
        sent_at=now,
        sent_key=sent_key,
        is_self_harm=Danger.SELF_HARM in dangers,
        is_danger=Danger.SIGN in dangers,
    )
    row.due_at = _due_at(row)
    row.save()
    if row.is_self_harm:
        text_alarms.sound(row)
    return row


def keep_about(*, consultation_request: ConsultationRequest, kind: TextKind, text: str) -> None:
    """The same for a text about a request, which is put where it belongs in the queue. On a locked row."""
    keep(response_id=consultation_request.response_id, kind=kind, text=text)
    settle(consultation_request)


def keep_if_marked(*, response_id: int, kind: TextKind, text: str) -> PatientText | None:
    """The same for a field that hardly ever holds more than what it asks for, such as a phone number."""
    return keep(response_id=response_id, kind=kind, text=text) if dangers_in(text) else None


def _due_at(row: PatientText) -> datetime.datetime | None:
    if row.is_marked:
        return due_after("MARKED_TEXT", since=row.sent_at)
    return due_after("MESSAGE", since=row.sent_at) if row.kind in WAITS_UNMARKED else None


def settle(consultation_request: ConsultationRequest) -> list[str]:
    """Set what the queue sorts by to the texts that wait now: the earliest time and the most pressing rank of those
    that nobody has read. Call inside a transaction, on a locked row. Returns the fields that it saved.
    """
    waiting = PatientText.objects.waiting().filter(response=consultation_request.response_id)
    sums = waiting.aggregate(
        due=Min("due_at"),
        self_harm=Count("pk", filter=Q(is_self_harm=True)),
        danger=Count("pk", filter=Q(is_danger=True)),
    )
    consultation_request.texts_due_at = sums["due"]
    consultation_request.texts_risk = (
        RISK_OF_SELF_HARM if sums["self_harm"] else RISK_OF_DANGER if sums["danger"] else None
    )
    fields = ["texts_due_at", "texts_risk"]
    consultation_request.save(update_fields=fields)
    return fields


def sent_before(*, response_id: int, text: str, key: str) -> PatientText | None:
    """The same text from the same page: `key` is the one that the page with the box was made with."""
    same = PatientText.objects.filter(response=response_id, sent_key=sent_key(key, text)).exclude(sent_key="")
    return same.defer("text").first()


def sent_key(key: str, text: str) -> str:
    return fingerprint(f"{key}:{text}") if key else ""


@transaction.atomic
def mark_read_before_request(*, text: PatientText, by: User) -> PatientText:
    """The same for answers that never became a request; `lock_request_of` locks the response."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    row = locked(text)
    if row.read_at is not None:
        return row
    set_read(row, by=by)
    audit.record(
        action="response.read_text",
        target=QuestionnaireResponse(pk=row.response_id),
        by=by,
        fields=["read_at"],
        details={"text": row.pk, "kind": row.kind},
    )
    return row


def locked(text: PatientText) -> PatientText:
    return PatientText.objects.select_for_update(of=("self",)).defer("text").get(pk=text.pk)


def set_read(row: PatientText, *, by: User) -> None:
    """Its clock and its alarm end. Call on a locked row that nobody has read."""
    row.read_at, row.read_by = clock.now(), by
    row.save(update_fields=["read_at", "read_by"])


def lock_request_of(text: PatientText) -> ConsultationRequest | None:
    """The request that a text is about, locked. While there is none, its response is: whoever sends it waits, and
    counts the texts that nobody has read after this.
    """
    about = ConsultationRequest.objects.filter(response=text.response_id)
    consultation_request = about.first()
    if consultation_request is None:
        responses = QuestionnaireResponse.objects.select_for_update(of=("self",), no_key=True)
        responses.only("pk").get(pk=text.response_id)
        consultation_request = about.first()
    return None if consultation_request is None else lock(consultation_request)
