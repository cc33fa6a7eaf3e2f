"""What patients write to us. Each text is read for words about danger when it is sent, and waits until somebody says
that they have read it. No rule reads any of it: the outcome stays.
"""

import datetime
from typing import Any, Final

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
from consultations.services.moves import apply_move, lock
from consultations.services.targets import due_after
from consultations.workflow import move_for

RISK_OF_SELF_HARM: Final = OUTCOME_RISK[Outcome.EMERGENCY]
RISK_OF_DANGER: Final = OUTCOME_RISK[Outcome.SAME_DAY]


def keep(*, response_id: int, kind: TextKind, text: str, sent_key: str = "") -> PatientText | None:
    """Read a text that is sent now and put it in the queue; None for an empty one. Call inside a transaction, on a
    locked request or safety case; `settle` the request after it. The answers of the response are not opened for it.
    """
    if not text.strip():
        return None
    found, now = dangers_in(text), clock.now()
    row = PatientText(
        response_id=response_id,
        kind=kind,
        text=text,
        sent_at=now,
        sent_key=sent_key,
        is_self_harm=Danger.SELF_HARM in found,
        is_danger=Danger.SIGN in found,
    )
    row.due_at = _due_at(row)
    row.save()
    if row.is_self_harm:
        text_alarms.sound(row)
    return row


def keep_about(*, request: ConsultationRequest, kind: TextKind, text: str) -> None:
    """The same for a text about a request, which is put where it belongs in the queue. On a locked row."""
    keep(response_id=request.response_id, kind=kind, text=text)
    settle(request)


def keep_if_marked(*, response_id: int, kind: TextKind, text: str) -> PatientText | None:
    """The same for a field that hardly ever holds more than what it asks for, such as a phone number."""
    return keep(response_id=response_id, kind=kind, text=text) if dangers_in(text) else None


def _due_at(row: PatientText) -> datetime.datetime | None:
    if row.is_marked:
        return due_after("MARKED_TEXT", since=row.sent_at)
    return due_after("MESSAGE", since=row.sent_at) if row.kind == TextKind.MESSAGE else None


def settle(request: ConsultationRequest) -> None:
    """Set what the queue sorts by to the texts that wait now. Call inside a transaction, on a locked row."""
    standing = _standing(request)
    for name, value in standing.items():
        setattr(request, name, value)
    request.save(update_fields=list(standing))


def _standing(request: ConsultationRequest) -> dict[str, Any]:
    """The earliest time and the most pressing rank of the texts that nobody has read."""
    found = PatientText.objects.waiting().filter(response=request.response_id)
    sums = found.aggregate(
        due=Min("due_at"),
        self_harm=Count("pk", filter=Q(is_self_harm=True)),
        danger=Count("pk", filter=Q(is_danger=True)),
    )
    risk = RISK_OF_SELF_HARM if sums["self_harm"] else RISK_OF_DANGER if sums["danger"] else None
    return {"texts_due_at": sums["due"], "texts_risk": risk}


@transaction.atomic
def send_message(*, request: ConsultationRequest, text: str, key: str = "") -> PatientText:
    """Keep a message of the patient about an open request, with a clock of its own.

    `key` is the one that the page with the box was made with: the same text sent again from it is the same message,
    another text is another one. Raises WrongStatus when the request has ended.
    """
    fresh = lock(request)
    sent_key = fingerprint(f"{key}:{text}") if key else ""
    same = PatientText.objects.filter(response=fresh.response_id, sent_key=sent_key).exclude(sent_key="")
    if (sent := same.defer("text").first()) is not None:
        return sent
    move_for("message", status=fresh.status, actor=Actor.PATIENT)
    row = keep(response_id=fresh.response_id, kind=TextKind.MESSAGE, text=text, sent_key=sent_key)
    if row is None:
        raise ValueError("A message without a word is refused by the form.")
    apply_move(request=fresh, verb="message", details={"text": row.pk}, **_standing(fresh))
    return row


@transaction.atomic
def mark_read(*, text: PatientText, by: User) -> PatientText:
    """Say that a person has read it: its clock and its alarm end. The first to say so stays. Raises NotAllowed."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    request = _lock_request_of(text)
    row = PatientText.objects.select_for_update(of=("self",)).defer("text").get(pk=text.pk)
    if row.read_at is not None:
        return row
    row.read_at, row.read_by = clock.now(), by
    row.save(update_fields=["read_at", "read_by"])
    details: dict[str, str | int] = {"text": row.pk, "kind": row.kind}
    if request is not None:
        apply_move(request=request, verb="read_text", by=by, details=details, **_standing(request))
    else:
        audit.record(
            action="response.read_text",
            target=QuestionnaireResponse(pk=row.response_id),
            by=by,
            fields=["read_at"],
            details=details,
        )
    return row


def _lock_request_of(text: PatientText) -> ConsultationRequest | None:
    """The request that a text is about, locked. While there is none, its response is: whoever sends it waits, and
    counts the texts that nobody has read after this.
    """
    about = ConsultationRequest.objects.filter(response=text.response_id)
    request = about.first()
    if request is None:
        held = QuestionnaireResponse.objects.select_for_update(of=("self",), no_key=True)
        held.only("pk").get(pk=text.response_id)
        request = about.first()
    return None if request is None else lock(request)
