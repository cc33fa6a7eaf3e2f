"""Everything that happened to a request, newest first, with names; views are kept apart from what was done."""

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Q

from clinic.core import clock, outbox
from clinic.core.encrypted_rows import with_keys
from clinic.core.models import AuditEntry, AuditEvent, OutboxMessage, RecordRead
from consultations.actions.base import ConsultationAction
from consultations.candidacy.suggestion import departs
from consultations.enums import Actor, AssessmentOrigin, RequestStatus, ReviewDecision, TextKind, TriageAction
from consultations.models import Assessment, Call, ConsultationRequest, PatientText, PersonJoin, Settlement
from consultations.presenters.flags import how_words
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.missed import missed_of
from consultations.presenters.patient_texts import flags_of
from consultations.presenters.words import count, name_of
from consultations.services import asked_again
from consultations.services.transitions import WORKFLOW

NEWEST: Final = 200
BESIDES_ACTIONS: Final = {
    "request.send": "sent the request",
    "request.hand_over": "passed it on, because who had it is not there",
    "request.as_pressing": "made it as pressing as another request of this person",
    "response.read_text": "read what was written with the answers",
    "alarm.acknowledge": "acknowledged the alarm",
    "slot.hold": "is choosing a time",
    "request.asked_weekly": "asked by mail if anything has changed",
    "link.open": "opened the private link",
    "link.refused": "gave a wrong date of birth at the private link",
    "link.replace": "replaced the private link",
    "link.send_again": "asked for the private link again",
}
"""What is on record of a request and is no row of the transition table."""
VIEW: Final = "request.view"
WRITTEN: Final = {TriageAction.NOTE.value: "wrote a note"}
DAMAGED_STATE: Final = {"state": "Damaged", "state_kind": "danger", "when": "", "reason": ""}
ACTORS: Final = {Actor.PATIENT.value: "The patient", Actor.SYSTEM.value: "The system"}


@dataclasses.dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One thing that happened; `text` is what somebody wrote, exactly."""

    at: datetime.datetime
    who: str
    what: str
    text: str = ""
    extra: str = ""

    @property
    def when(self) -> str:
        return clock.moment(self.at)


def who_of(event: AuditEvent | RecordRead | AuditEntry) -> str:
    if event.actor_user is not None:
        return name_of(event.actor_user)
    return ACTORS.get(event.actor, event.actor)


def event_words() -> dict[str, str]:
    """Audit code -> what somebody did to a request: of every action, and of what is none."""
    return {**WORKFLOW.activity_words(), **BESIDES_ACTIONS}


def _codes_with_own_entry() -> list[str]:
    """Of actions that leave a row with words of its own: that row is shown, the bare event is not."""
    return [
        WORKFLOW.code(action.verb)
        for action in WORKFLOW.actions.values()
        if isinstance(action, ConsultationAction) and action.has_own_entry
    ]


def activity(consultation_request: ConsultationRequest) -> list[ActivityEntry]:
    """Events, notes, decisions, questions, messages and reasons for cancelling, newest first."""
    about = (_events, _decisions, _settlements, _calls, _reviews, _questions, _cancellations)
    told = (*about, _messages, _asked_again, _joins, _missed)
    entries = [entry for kind in told for entry in kind(consultation_request)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:NEWEST]


def escalation(consultation_request: ConsultationRequest) -> ActivityEntry | None:
    """Who last found the request more pressing than its answers did, when, and why."""
    by_triage = consultation_request.triage_decisions.filter(action=TriageAction.ESCALATE)
    by_doctor = consultation_request.reviews.filter(decision=ReviewDecision.URGENT)
    told = []
    for rows, words in ((by_triage, "note"), (by_doctor, "reason")):
        for item in readable(rows.select_related("decided_by").order_by("-decided_at", "-pk")[:1]):
            if isinstance(item, Unreadable):
                told.append(_damaged(consultation_request, "reason"))
            else:
                told.append(
                    ActivityEntry(item.decided_at, name_of(item.decided_by), "escalated it", getattr(item, words))
                )
    return max(told, key=lambda entry: entry.at, default=None)


def views(consultation_request: ConsultationRequest) -> list[ActivityEntry]:
    """Who looked at this page; the same person looking again within the hour is one line."""
    seen: list[ActivityEntry] = []
    rows = RecordRead.objects.about(consultation_request).filter(action=VIEW).select_related("actor_user")
    for event in readable(rows.order_by("-pk")):
        if isinstance(event, Unreadable):
            seen.append(_damaged(consultation_request, f"view {event.pk}"))
            continue
        who = who_of(event)
        if seen and seen[-1].who == who and seen[-1].at - event.at < datetime.timedelta(hours=1):
            continue
        seen.append(ActivityEntry(event.at, who, "looked at this page"))
    return seen[:50]


def _newest(consultation_request: ConsultationRequest) -> Any:
    return AuditEvent.objects.about(consultation_request).select_related("actor_user").order_by("-sequence")


def _events(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    words = event_words()
    bare = _newest(consultation_request).exclude(action__in=_codes_with_own_entry())
    for event in readable(bare[:NEWEST]):
        if isinstance(event, Unreadable):
            yield _damaged(consultation_request, f"event {event.pk}")
            continue
        what = words.get(event.action, event.action)
        yield ActivityEntry(event.at, who_of(event), what, extra=_status_words(event))


def _status_words(event: AuditEvent) -> str:
    before, after = event.details.get("from"), event.details.get("to")
    if before == after or after not in RequestStatus.values:
        return ""
    return f"now “{RequestStatus(after).label}”"


def _decisions(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    rows = consultation_request.triage_decisions.select_related("decided_by").order_by("-decided_at", "-pk")
    for item in readable(rows):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, f"note {item.pk}")
        elif item.note or item.action in WRITTEN:
            what = WRITTEN.get(item.action, f"noted: {item.get_action_display()}")
            yield ActivityEntry(item.decided_at, name_of(item.decided_by), what, item.note)


def _calls(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    """That there was a call: what was said in it stands in the history of calls."""
    rows = Call.objects.filter(response=consultation_request.response_id).select_related("made_by")
    for item in readable(rows.defer("note", "answers").order_by("-made_at", "-pk")):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, f"call {item.pk}")
        else:
            yield ActivityEntry(item.made_at, name_of(item.made_by), f"called: {item.get_outcome_display().lower()}")


def _settlements(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    rows = with_keys(Settlement.objects.filter(response=consultation_request.response_id))
    for item in readable(rows.select_related("settled_by", "entered_by", "call__made_by").order_by("-settled_at")):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, f"settlement {item.pk}")
            continue
        what = f"settled {count(len(item.signs), 'sign')} of danger: {how_words(item)}"
        yield ActivityEntry(item.settled_at, name_of(item.settled_by), what, item.words)


def _reviews(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    rows = consultation_request.reviews.select_related("decided_by").order_by("-decided_at", "-pk")
    for item in readable(rows):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, f"decision {item.pk}")
            continue
        who, what = name_of(item.decided_by), f"decided: {item.get_decision_display()}"
        extra = ""
        if departs(item.decision, item.suggestion):
            extra = f"otherwise than suggested (“{item.get_suggestion_display()}”)"
        if item.patient_note and item.decision != ReviewDecision.ASK:
            yield ActivityEntry(item.decided_at, who, f"{what}. Note to the patient", item.patient_note, extra)
        else:
            yield ActivityEntry(item.decided_at, who, what, "", extra)
        if item.reason:
            yield ActivityEntry(item.decided_at, who, "wrote for staff", item.reason)


def _questions(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    rows = consultation_request.information_requests.select_related("asked_by").order_by("-asked_at", "-pk")
    for item in readable(rows):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, f"question {item.pk}")
            continue
        yield ActivityEntry(item.asked_at, name_of(item.asked_by), "asked the patient", item.question)
        if item.answered_at is not None:
            yield ActivityEntry(item.answered_at, "The patient", "answered", item.answer)


def _cancellations(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    for appointment in readable(consultation_request.appointments.filter(cancelled_at__isnull=False).order_by("pk")):
        if isinstance(appointment, Unreadable):
            yield _damaged(consultation_request, f"cancelled time {appointment.pk}")
        elif appointment.cancel_reason:
            who = ACTORS.get(appointment.cancelled_by or "", "The clinic")
            what = f"wrote why the time on {clock.moment(appointment.starts_at)} was cancelled"
            yield ActivityEntry(appointment.cancelled_at, who, what, appointment.cancel_reason)


def _messages(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    texts = PatientText.objects.filter(response=consultation_request.response_id, kind=TextKind.MESSAGE)
    rows = with_keys(texts.select_related("read_by"))
    for item in readable(rows):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, f"message {item.pk}")
            continue
        read = f"read by {name_of(item.read_by)} on {clock.moment(item.read_at)}" if item.read_at else "not read yet"
        marks = "".join(f" ({chip.text})" for chip in flags_of(item)).lower()
        yield ActivityEntry(item.sent_at, "The patient", f"sent a message{marks}", item.text, read)


def _asked_again(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    answers = Assessment.objects.filter(response=consultation_request.response_id, origin=AssessmentOrigin.ASKED_AGAIN)
    for with_key in readable(with_keys(answers)):
        told = None if isinstance(with_key, Unreadable) else asked_again.told_in(with_key)
        if told is None:
            yield _damaged(consultation_request, f"answer {with_key.pk}")
            continue
        since = clock.moment(datetime.datetime.fromisoformat(told.since))
        yield ActivityEntry(
            with_key.assessed_at, "The patient", f"ticked as new or worse since {since}", "\n".join(told.words)
        )


def _joins(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    """With which request stands on the page of the person: this one names no other patient."""
    joins = with_keys(PersonJoin.objects.of(consultation_request.patient))
    for item in readable(joins.select_related("joined_by", "ended_by").order_by("pk")):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, f"join {item.pk}")
            continue
        system = ACTORS[Actor.SYSTEM.value]
        yield ActivityEntry(
            item.joined_at, name_of(item.joined_by) or system, "joined it with another request", item.reason
        )
        if item.ended_at is not None:
            who = name_of(item.ended_by) or system
            yield ActivityEntry(item.ended_at, who, "took it and another request apart", item.ended_reason)


def _missed(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    """What staff said that the software missed, on any record that leads to this request."""
    for item in missed_of(Q(consultation_request=consultation_request)):
        yield ActivityEntry(item.at, item.who, item.what, item.text, item.extra)


def _damaged(consultation_request: ConsultationRequest, what: str) -> ActivityEntry:
    return ActivityEntry(
        consultation_request.status_changed_at, "The record", f"holds a damaged {what} that cannot be read"
    )


def messages_of(consultation_request: ConsultationRequest) -> list[dict[str, Any]]:
    """The mails of this request, newest first, without what they say."""
    messages = OutboxMessage.objects.filter(subject__consultation_request=consultation_request)
    rows = messages.defer("recipient", "payload", "content").order_by("-created_at", "-pk")
    return [
        {"kind": f"Message {item.pk} cannot be read", **DAMAGED_STATE, "pk": item.pk}
        if isinstance(item, Unreadable)
        else {"kind": outbox.label_of(item), **message_state(item), "pk": item.pk}
        for item in readable(rows[:50])
    ]


def message_state(message: OutboxMessage) -> dict[str, str]:
    """`state` and its colour, `when`, and why a message is not out."""
    if message.sent_at is not None:
        return {"state": "Sent", "state_kind": "ok", "when": clock.moment(message.sent_at), "reason": ""}
    if message.parked_at is not None:
        return {
            "state": "Stopped" if message.is_stopped else "Not delivered",
            "state_kind": "" if message.is_stopped else "danger",
            "when": clock.moment(message.parked_at),
            "reason": message.last_error,
        }
    return {
        "state": "Waiting",
        "state_kind": "warn" if message.attempts else "",
        "when": clock.moment(message.created_at),
        "reason": f"tried {message.attempts} times: {message.last_error}" if message.last_error else "",
    }
