"""Asking a person with an open request whether anything is new or worse: when we ask, and when they last told us."""

import dataclasses
import datetime
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.db.models import Max, Min, Q

from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.encryption import DamagedRecord
from consultations.candidacy import asked_again as the_list
from consultations.candidacy import call_script
from consultations.candidacy import safety_section as the_section
from consultations.enums import AssessmentOrigin, TextKind
from consultations.models import Assessment, Call, ConsultationRequest, PatientText
from consultations.models.stored import result_of
from consultations.questionnaire import flow

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


def owes_section(consultation_request: ConsultationRequest) -> bool:
    """Whether the whole safety section is asked before a time is booked: of a follow-up, once since its invitation, by
    its page or in a call that left out no question.
    """
    since = consultation_request.follow_up_at
    if since is None:
        return False
    answered = consultation_request.section_answered_at
    if answered is not None and answered >= since:
        return False
    scripts = Call.objects.filter(response=consultation_request.response_id, completed_at__gte=since)
    return not any(_asked_everything(call) for call in with_keys(scripts.select_related("response")))


def _asked_everything(call: Call) -> bool:
    try:
        return not call_script.not_asked(call.answers, version=call.response.questionnaire_version)
    except DamagedRecord:
        return False


@dataclasses.dataclass(frozen=True, slots=True)
class AskedAgainAnswer:
    """One answer: the codes that were ticked and the words they stood beside, since when, and by which rules. `said`:
    the answers to the safety section, where that was asked in place of the list.
    """

    ticks: tuple[str, ...]
    words: tuple[str, ...]
    since: str
    rules: frozenset[str]
    chosen: str = ""
    """When the visit would have begun that they had chosen and not booked."""
    said: Mapping[str, Any] | None = None


def shown(codes: Iterable[str], *, since: datetime.datetime, chosen: datetime.datetime | None = None) -> dict[str, Any]:
    """What the page showed, to be kept with the answer: since when it asked, the words of what was ticked, and the time
    that was chosen and not booked.
    """
    labels = {code: the_list.ticks()[code].words_in(settings.CLINIC_REGION) for code in codes}
    return {"since": since.isoformat(), "words": labels, **({"chosen": chosen.isoformat()} if chosen else {})}


def section_shown(
    answers: Mapping[str, Any], *, version: str, since: datetime.datetime, chosen: datetime.datetime | None
) -> dict[str, Any]:
    """The same of the safety section: every question in the words it was asked, with its options and the answer; and
    the words of each sign of danger in it.
    """
    asked = [
        entry
        for entry in flow.as_asked(answers, version=version, region=settings.CLINIC_REGION)
        if entry["id"] in the_section.question_ids(version)
    ]
    words = the_section.sign_words(answers, version=version, region=settings.CLINIC_REGION)
    return {**shown((), since=since, chosen=chosen), "words": words, "asked": asked}


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
            words=tuple(labels[code] for code in _in_order(labels)),
            since=record["shown"]["since"],
            said=record["said"] if "asked" in record["shown"] else None,
            rules=frozenset(fired["id"] for fired in result["fired"]),
            chosen=record["shown"].get("chosen", ""),
        )
    except (DamagedRecord, KeyError, TypeError) as damage:
        logger.error("damaged record: assessment %s (%s)", answer.pk, type(damage).__name__)
        return None


def _in_order(labels: Mapping[str, str]) -> list[str]:
    """As the page had them: those of the list, then those of questions."""
    listed = [code for code in the_list.ticks() if code in labels]
    return [*listed, *(code for code in labels if code not in listed)]


def to_be_asked_by(consultation_request: ConsultationRequest) -> datetime.datetime | None:
    """By when a nurse asks about something that was ticked and is no danger; None when nothing waits."""
    waiting = PatientText.objects.waiting().filter(response=consultation_request.response_id, kind=TextKind.ASKED_AGAIN)
    due: datetime.datetime | None = waiting.aggregate(due=Min("due_at"))["due"]
    return due
