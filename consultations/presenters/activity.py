"""Everything that happened to a request, newest first, with names; views are kept apart from what was done."""

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.core import clock, outbox
from clinic.core.encrypted_rows import with_keys
from clinic.core.models import AuditEntry, AuditEvent, OutboxMessage, RecordRead
from clinic.core.text_lists import paragraph
from consultations.actions.base import ConsultationAction
from consultations.candidacy.suggestion import departs
from consultations.enums import (
    URGENT_OUTCOMES,
    Actor,
    AssessmentOrigin,
    RequestStatus,
    ReviewDecision,
    TextKind,
    TriageAction,
)
from consultations.models import Assessment, Call, ConsultationRequest, PatientText, PersonJoin, Settlement
from consultations.presenters.activity_entries import ActivityEntry
from consultations.presenters.flags import how_words
from consultations.presenters.formatting import name_of
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.missed import missed_of
from consultations.presenters.patient_texts import flags_of
from consultations.services import asked_again
from consultations.services.transitions import WORKFLOW

NEWEST: Final = 200
BESIDES_ACTIONS: Final = {
    "request.send": gettext_lazy("sent the request"),
    "request.hand_over": gettext_lazy("passed it on, because who had it is not there"),
    "request.as_pressing": gettext_lazy("made it as pressing as another request of this person"),
    "response.read_text": gettext_lazy("read what was written with the answers"),
    "alarm.acknowledge": gettext_lazy("acknowledged the alarm"),
    "slot.hold": gettext_lazy("is choosing a time"),
    "request.asked_weekly": gettext_lazy("asked by mail if anything has changed"),
    "request.time_offered": gettext_lazy("kept a time from the waiting list for the patient"),
    "request.time_offer_ended": gettext_lazy("no longer kept the time from the waiting list"),
    "request.waiting_ended": gettext_lazy("took it off the waiting list: it is over"),
    "link.open": gettext_lazy("opened the private link"),
    "link.refused": gettext_lazy("gave a wrong date of birth at the private link"),
    "link.replace": gettext_lazy("replaced the private link"),
    "link.send_again": gettext_lazy("asked for the private link again"),
}
"""What is on record of a request and is no row of the transition table."""
DAMAGED_STATE: Final = {"state": gettext_lazy("Damaged"), "state_kind": "danger", "when": "", "reason": ""}
ACTORS: Final = {Actor.PATIENT.value: gettext_lazy("The patient"), Actor.SYSTEM.value: gettext_lazy("The system")}


@dataclasses.dataclass(frozen=True, slots=True)
class Escalation:
    """Who last found a request more pressing, and when, in one sentence; `text` is why."""

    at: datetime.datetime
    sentence: str
    text: str = ""


def who_of(event: AuditEvent | RecordRead | AuditEntry) -> str:
    if event.actor_user is not None:
        return name_of(event.actor_user)
    return str(ACTORS.get(event.actor, event.actor))


def event_words() -> dict[str, str]:
    """Audit code -> what somebody did to a request: of every action, and of what is none."""
    return {**WORKFLOW.activity_words(), **{code: str(text) for code, text in BESIDES_ACTIONS.items()}}


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
    return sorted(entries, key=lambda entry: entry.at or consultation_request.submitted_at, reverse=True)[:NEWEST]


def escalation(consultation_request: ConsultationRequest) -> Escalation | None:
    """Who last found the request more pressing than its answers did, when, and why."""
    by_triage = consultation_request.triage_decisions.filter(action=TriageAction.ESCALATE)
    by_doctor = consultation_request.reviews.filter(decision=ReviewDecision.URGENT)
    told = []
    for rows, field in ((by_triage, "note"), (by_doctor, "reason")):
        for item in readable(rows.select_related("decided_by").order_by("-decided_at", "-pk")[:1]):
            if isinstance(item, Unreadable):
                at = consultation_request.status_changed_at
                damaged = _("The record holds a damaged reason that cannot be read on %(moment)s.")
                told.append(Escalation(at, damaged % {"moment": clock.moment(at)}))
            else:
                told.append(_escalation(item.decided_at, name_of(item.decided_by), getattr(item, field)))
    return max(told, key=lambda escalation: escalation.at, default=None)


def _escalation(at: datetime.datetime, who: str, text: str) -> Escalation:
    text_of = _("%(who)s escalated it on %(moment)s.")
    if text:
        text_of = _("%(who)s escalated it on %(moment)s, and wrote:")
    return Escalation(at, text_of % {"who": who, "moment": clock.moment(at)}, text)


def _newest(consultation_request: ConsultationRequest) -> Any:
    return AuditEvent.objects.about(consultation_request).select_related("actor_user").order_by("-sequence")


def _events(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    phrases = event_words()
    bare = _newest(consultation_request).exclude(action__in=_codes_with_own_entry())
    for event in readable(bare[:NEWEST]):
        if isinstance(event, Unreadable):
            yield _damaged(consultation_request, _("event"), event.pk)
            continue
        values = {"who": who_of(event), "action": phrases.get(event.action, event.action)}
        # Translators: who did what, as in "Nora Adeyemi started triage".
        yield ActivityEntry(event.at, _("%(who)s %(action)s"), values, extra=_status_words(event) or _moved_from(event))


def _status_words(event: AuditEvent) -> str:
    before, after = event.details.get("from"), event.details.get("to")
    if before == after or after not in RequestStatus.values:
        return ""
    return _("now “%(status)s”") % {"status": RequestStatus(after).label}


def _moved_from(event: AuditEvent) -> str:
    was = event.details.get("was")
    if not was:
        return ""
    return _("it was %(moment)s") % {"moment": clock.moment(datetime.datetime.fromisoformat(str(was)))}


def _decisions(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    rows = consultation_request.triage_decisions.select_related("decided_by").order_by("-decided_at", "-pk")
    for item in readable(rows):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, _("note"), item.pk)
        elif item.note or item.action == TriageAction.NOTE:
            values = {"who": name_of(item.decided_by), "action": item.get_action_display()}
            is_bare = item.action == TriageAction.NOTE
            message = _("%(who)s wrote a note") if is_bare else _("%(who)s noted: %(action)s")
            yield ActivityEntry(item.decided_at, message, values, item.note)


def _calls(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    """That there was a call: what was said in it stands in the history of calls."""
    rows = Call.objects.filter(response=consultation_request.response_id).select_related("made_by")
    for item in readable(rows.defer("note", "answers").order_by("-made_at", "-pk")):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, _("call"), item.pk)
        else:
            values = {"who": name_of(item.made_by), "outcome": item.get_outcome_display().lower()}
            yield ActivityEntry(item.made_at, _("%(who)s called: %(outcome)s"), values)


def _settlements(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    rows = with_keys(Settlement.objects.filter(response=consultation_request.response_id))
    for item in readable(rows.select_related("settled_by", "entered_by", "call__made_by").order_by("-settled_at")):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, _("settlement"), item.pk)
            continue
        number = len(item.signs)
        message = ngettext(
            "%(who)s settled %(number)d sign of danger: %(how)s",
            "%(who)s settled %(number)d signs of danger: %(how)s",
            number,
        )
        values = {"who": name_of(item.settled_by), "number": number, "how": how_words(item)}
        yield ActivityEntry(item.settled_at, message, values, item.words)


def _reviews(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    rows = consultation_request.reviews.select_related("decided_by").order_by("-decided_at", "-pk")
    for item in readable(rows):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, _("decision"), item.pk)
            continue
        values = {"who": name_of(item.decided_by), "decision": item.get_decision_display()}
        extra = ""
        if departs(item.decision, item.suggestion):
            extra = _("otherwise than suggested (“%(suggestion)s”)") % {"suggestion": item.get_suggestion_display()}
        if item.patient_note and item.decision != ReviewDecision.ASK:
            message = _("%(who)s decided: %(decision)s. Note to the patient")
            yield ActivityEntry(item.decided_at, message, values, item.patient_note, extra)
        else:
            yield ActivityEntry(item.decided_at, _("%(who)s decided: %(decision)s"), values, "", extra)
        if item.reason:
            yield ActivityEntry(item.decided_at, _("%(who)s wrote for staff"), values, item.reason)


def _questions(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    rows = consultation_request.information_requests.select_related("asked_by").order_by("-asked_at", "-pk")
    for item in readable(rows):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, _("question"), item.pk)
            continue
        values = {"who": name_of(item.asked_by)}
        yield ActivityEntry(item.asked_at, _("%(who)s asked the patient"), values, item.question)
        if item.answered_at is not None:
            yield ActivityEntry(item.answered_at, _("%(who)s answered"), {"who": _("The patient")}, item.answer)


def _cancellations(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    for appointment in readable(consultation_request.appointments.filter(cancelled_at__isnull=False).order_by("pk")):
        if isinstance(appointment, Unreadable):
            yield _damaged(consultation_request, _("cancelled time"), appointment.pk)
        elif appointment.cancel_reason:
            values = {
                "who": ACTORS.get(appointment.cancelled_by or "") or _("The clinic"),
                "moment": clock.moment(appointment.starts_at, appointment.time_zone),
            }
            message = _("%(who)s wrote why the time on %(moment)s was cancelled")
            yield ActivityEntry(appointment.cancelled_at, message, values, appointment.cancel_reason)


def _messages(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    texts = PatientText.objects.filter(response=consultation_request.response_id, kind=TextKind.MESSAGE)
    rows = with_keys(texts.select_related("read_by"))
    for item in readable(rows):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, _("message"), item.pk)
            continue
        read = _("not read yet")
        if item.read_at:
            seen = {"name": name_of(item.read_by), "moment": clock.moment(item.read_at)}
            read = _("read by %(name)s on %(moment)s") % seen
        marks = paragraph(f"({chip.text.lower()})" for chip in flags_of(item))
        message = _("%(who)s sent a message %(marks)s") if marks else _("%(who)s sent a message")
        yield ActivityEntry(item.sent_at, message, {"who": _("The patient"), "marks": marks}, item.text, read)


def _asked_again(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    answers = Assessment.objects.filter(response=consultation_request.response_id, origin=AssessmentOrigin.ASKED_AGAIN)
    for with_key in readable(with_keys(answers)):
        told = None if isinstance(with_key, Unreadable) else asked_again.told_in(with_key)
        if told is None:
            yield _damaged(consultation_request, _("answer"), with_key.pk)
            continue
        values = {"who": _("The patient"), "moment": clock.moment(datetime.datetime.fromisoformat(told.since))}
        message = _("%(who)s ticked as new or worse since %(moment)s")
        if told.said is not None:
            message = _("%(who)s answered the danger questions before a follow-up")
        chosen = ""
        if told.chosen and with_key.outcome in URGENT_OUTCOMES:
            starts_at = datetime.datetime.fromisoformat(told.chosen)
            chosen = _("had chosen %(moment)s, which is not booked") % {"moment": clock.moment(starts_at)}
        yield ActivityEntry(with_key.assessed_at, message, values, "\n".join(told.words), chosen)


def _joins(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    """With which request stands on the page of the person: this one names no other patient."""
    joins = with_keys(PersonJoin.objects.of(consultation_request.patient))
    for item in readable(joins.select_related("joined_by", "ended_by").order_by("pk")):
        if isinstance(item, Unreadable):
            yield _damaged(consultation_request, _("join"), item.pk)
            continue
        system = ACTORS[Actor.SYSTEM.value]
        values = {"who": name_of(item.joined_by) or system}
        yield ActivityEntry(item.joined_at, _("%(who)s joined it with another request"), values, item.reason)
        if item.ended_at is not None:
            values = {"who": name_of(item.ended_by) or system}
            yield ActivityEntry(
                item.ended_at, _("%(who)s took it and another request apart"), values, item.ended_reason
            )


def _missed(consultation_request: ConsultationRequest) -> Iterator[ActivityEntry]:
    """What staff said that the software missed, on any record that leads to this request."""
    yield from missed_of(Q(consultation_request=consultation_request))


def _damaged(consultation_request: ConsultationRequest, what: str, number: int) -> ActivityEntry:
    message = _("%(who)s holds a damaged %(what)s %(number)d that cannot be read")
    values = {"who": _("The record"), "what": what, "number": number}
    return ActivityEntry(consultation_request.status_changed_at, message, values)


def messages_of(consultation_request: ConsultationRequest) -> list[dict[str, Any]]:
    """The mails of this request, newest first, without what they say."""
    messages = OutboxMessage.objects.filter(subject__consultation_request=consultation_request)
    rows = messages.defer("recipient", "payload", "content").order_by("-created_at", "-pk")
    return [
        {"kind": _("Message %(number)d cannot be read") % {"number": item.pk}, **DAMAGED_STATE, "pk": item.pk}
        if isinstance(item, Unreadable)
        else {"kind": outbox.label_of(item), **message_state(item), "pk": item.pk}
        for item in readable(rows[:50])
    ]


def message_state(message: OutboxMessage) -> dict[str, str]:
    """`state` and its colour, `when`, and why a message is not out."""
    if message.sent_at is not None:
        return {"state": _("Sent"), "state_kind": "ok", "when": clock.moment(message.sent_at), "reason": ""}
    if message.parked_at is not None:
        return {
            "state": _("Stopped") if message.is_stopped else _("Not delivered"),
            "state_kind": "" if message.is_stopped else "danger",
            "when": clock.moment(message.parked_at),
            "reason": message.last_error,
        }
    tried = ngettext("tried %(number)d time: %(error)s", "tried %(number)d times: %(error)s", message.attempts)
    return {
        "state": _("Waiting"),
        "state_kind": "warn" if message.attempts else "",
        "when": clock.moment(message.created_at),
        "reason": tried % {"number": message.attempts, "error": message.last_error} if message.last_error else "",
    }
