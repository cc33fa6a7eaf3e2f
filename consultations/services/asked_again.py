"""Asking a person with an open request whether anything is new or worse: when we ask, and when they last told us."""

import dataclasses
import datetime
import logging
from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.db.models import Max, Min, Q

from clinic.core import clock
from clinic.core.encryption import DamagedRecord
from consultations.candidacy import asked_again as the_list
from consultations.enums import AssessmentOrigin, TextKind
from consultations.models import Assessment, Call, ConsultationRequest, PatientText
from consultations.models.stored import result_of

logger = logging.getLogger(__name__)

PROMPT_EVERY: Final = datetime.timedelta(hours=24)
STAYS: Final = datetime.timedelta(days=1)
"""How long somebody who wrote words about danger is asked once a member of staff has read them."""


def since(consultation_request: ConsultationRequest) -> datetime.datetime:
    """From when on we ask: the latest of sent, last answered here, and last answered in a call."""
    moments = (
        consultation_request.submitted_at,
        consultation_request.answered_again_at,
        _last_script(consultation_request),
    )
    return max(moment for moment in moments if moment is not None)


def _last_script(consultation_request: ConsultationRequest) -> datetime.datetime | None:
    calls = Call.objects.filter(response=consultation_request.response_id)
    last: datetime.datetime | None = calls.aggregate(last=Max("completed_at"))["last"]
    return last


def note_opened(consultation_request: ConsultationRequest) -> None:
    """The private page is opened: we ask now, unless we did in the last day. Call on a locked row.

    The page behind the weekly mail asks what the mail announced.
    """
    moments = (
        consultation_request.asked_again_at,
        consultation_request.answered_again_at,
        _last_script(consultation_request),
    )
    last = max((moment for moment in moments if moment is not None), default=None)
    now = clock.now()
    is_announced = (
        last is not None
        and consultation_request.weekly_asked_at is not None
        and consultation_request.weekly_asked_at > last
    )
    if consultation_request.is_closed or not (last is None or now - last >= PROMPT_EVERY or is_announced):
        return
    consultation_request.asked_again_at = now
    consultation_request.save(update_fields=["asked_again_at"])


def is_prompted(consultation_request: ConsultationRequest) -> bool:
    """Whether the page asks by itself now: since it was opened, or after a text with words about danger."""
    return not consultation_request.is_closed and (
        wrote_of_danger(consultation_request) or _is_asked_now(consultation_request)
    )


def _is_asked_now(consultation_request: ConsultationRequest) -> bool:
    asked, answered = consultation_request.asked_again_at, consultation_request.answered_again_at
    if asked is None or (answered is not None and answered >= asked):
        return False
    return clock.now() - asked < _sitting()


def _sitting() -> datetime.timedelta:
    """For how long a private page that was opened stays so."""
    return datetime.timedelta(minutes=settings.PRIVATE_LINK_MINUTES)


def wrote_of_danger(consultation_request: ConsultationRequest) -> bool:
    """Whether somebody wrote such words and has not been asked since."""
    texts = PatientText.objects.filter(response=consultation_request.response_id, is_danger=True)
    texts = texts.filter(Q(read_at=None) | Q(sent_at__gt=clock.now() - STAYS))
    if consultation_request.answered_again_at is not None:
        texts = texts.filter(sent_at__gte=consultation_request.answered_again_at)
    return texts.exists()


def is_owed_before_a_time(consultation_request: ConsultationRequest) -> bool:
    """Whether the person is asked before a time is booked: not yet in this sitting, or danger was written since."""
    answered = consultation_request.answered_again_at
    return answered is None or clock.now() - answered > _sitting() or wrote_of_danger(consultation_request)


@dataclasses.dataclass(frozen=True, slots=True)
class AskedAgainAnswer:
    """One answer: the codes that were ticked and the words they stood beside, since when, and by which rules."""

    ticks: tuple[str, ...]
    words: tuple[str, ...]
    since: str
    rules: frozenset[str]
    chosen: str = ""
    """When the visit would have begun that they had chosen and not booked."""


def shown(codes: Iterable[str], *, since: datetime.datetime, chosen: datetime.datetime | None = None) -> dict[str, Any]:
    """What the page showed, to be kept with the answer: since when it asked, the words of what was ticked, and the time
    that was chosen and not booked.
    """
    labels = {code: the_list.ticks()[code].words_in(settings.CLINIC_REGION) for code in codes}
    return {"since": since.isoformat(), "words": labels, **({"chosen": chosen.isoformat()} if chosen else {})}


def last_answer(consultation_request: ConsultationRequest) -> Assessment | None:
    """The last time that something was ticked."""
    answers = Assessment.objects.filter(response=consultation_request.response_id, origin=AssessmentOrigin.ASKED_AGAIN)
    return answers.order_by("-revision").first()


def told_in(answer: Assessment) -> AskedAgainAnswer | None:
    """What was ticked; None where that cannot be read: the headline beside it is plain."""
    try:
        record, result = answer.record, result_of(answer.result)
        labels = record["shown"]["words"]
        ticks = tuple(sorted(record["ticks"]))
        return AskedAgainAnswer(
            ticks=ticks,
            words=tuple(labels[code] for code in the_list.ticks() if code in labels),
            since=record["shown"]["since"],
            rules=frozenset(fired["id"] for fired in result["fired"]),
            chosen=record["shown"].get("chosen", ""),
        )
    except (DamagedRecord, KeyError, TypeError) as damage:
        logger.error("damaged record: assessment %s (%s)", answer.pk, type(damage).__name__)
        return None


def to_be_asked_by(consultation_request: ConsultationRequest) -> datetime.datetime | None:
    """By when a nurse asks about something that was ticked and is no danger; None when nothing waits."""
    waiting = PatientText.objects.waiting().filter(response=consultation_request.response_id, kind=TextKind.ASKED_AGAIN)
    due: datetime.datetime | None = waiting.aggregate(due=Min("due_at"))["due"]
    return due
