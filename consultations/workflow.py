"""The one transition table of a consultation request, as plain data: it knows neither Django nor the rest of us.

Owner: the clinic's medical director. A row says which action takes a request from which statuses to which status, who
may do it, in which words it is shown, and which message it sends. Its words are translated where they are shown.
What else belongs to an action stands in its module in `consultations/actions/`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

RECEIVED: Final = "received"
IN_TRIAGE: Final = "in_triage"
WITH_DOCTOR: Final = "with_doctor"
INFORMATION_ASKED: Final = "information_asked"
OFFERED: Final = "offered"
NOT_SUITABLE: Final = "not_suitable"
URGENT: Final = "urgent"
BOOKED: Final = "booked"
COMPLETED: Final = "completed"
NO_SHOW: Final = "no_show"
WITHDRAWN: Final = "withdrawn"
CANCELLED: Final = "cancelled"

OPEN: Final = (RECEIVED, IN_TRIAGE, WITH_DOCTOR, URGENT, INFORMATION_ASKED, OFFERED, BOOKED)
CLOSED: Final = (NOT_SUITABLE, COMPLETED, NO_SHOW, WITHDRAWN, CANCELLED)
ANY: Final = (*OPEN, *CLOSED)

PATIENT: Final = "patient"
TRIAGE: Final = "triage"
DOCTOR: Final = "doctor"
MANAGER: Final = "manager"

STAFF: Final = frozenset({TRIAGE, DOCTOR, MANAGER})
MANAGEMENT: Final = frozenset({DOCTOR, MANAGER})
CLINICAL: Final = frozenset({TRIAGE, DOCTOR})
DOCTORS: Final = frozenset({DOCTOR})
PATIENTS: Final = frozenset({PATIENT})


def N_(text: str) -> str:
    """Marks them for the catalogues, which look for this name; Django's own must not be imported here."""
    return text


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """`verb` takes a request from any of `sources` to `target`; `None` keeps the status it has, as do those in `kept`.

    `label` is what a page offers, `past` what the activity says of who did it, `message` the kind of message it sends.
    """

    verb: str
    sources: frozenset[str]
    target: str | None
    actors: frozenset[str]
    label: str
    past: str
    message: str | None
    unchanged_from: frozenset[str] = frozenset()

    def target_from(self, status: str) -> str:
        return status if self.target is None or status in self.unchanged_from else self.target

    def changes_status(self) -> bool:
        return self.target is not None


def _row(
    verb: str,
    sources: Iterable[str],
    target: str | None,
    actors: frozenset[str],
    label: str,
    past: str,
    message: str | None = None,
    unchanged_from: Iterable[str] = (),
) -> TransitionRow:
    return TransitionRow(verb, frozenset(sources), target, actors, label, past, message, frozenset(unchanged_from))


TRANSITIONS: Final[dict[str, TransitionRow]] = {
    row.verb: row
    for row in (
        _row("claim", (RECEIVED, URGENT), IN_TRIAGE, STAFF, N_("Start triage"), N_("started triage")),
        _row("release", (IN_TRIAGE,), RECEIVED, STAFF, N_("Release"), N_("released it")),
        _row("note", ANY, None, STAFF, N_("Add a note"), N_("wrote a note")),
        _row(
            "correct_email", OPEN, None, PATIENTS | STAFF,
            N_("Correct the email address"), N_("corrected the email address"), message="private_link",
        ),
        _row(
            "escalate", OPEN, URGENT, STAFF,
            N_("Escalate"), N_("escalated it"), unchanged_from=(OFFERED, BOOKED),
        ),
        _row(
            "take_back_escalation", OPEN, None, STAFF,
            N_("Take my escalation back"), N_("took the escalation back"),
        ),
        _row(
            "settle_escalation", ANY, WITH_DOCTOR, DOCTORS,
            N_("Settle the escalation"), N_("settled the escalation"),
            unchanged_from=tuple(item for item in ANY if item != URGENT),
        ),
        _row("settle", ANY, None, DOCTORS, N_("Settle red flags"), N_("settled red flags")),
        _row(
            "order_booking", (WITH_DOCTOR, URGENT, OFFERED), OFFERED, DOCTORS,
            N_("Order a visit while a red flag stands"), N_("ordered a visit while a red flag stands"),
        ),
        _row(
            "set_own_urgency", OPEN, None, CLINICAL,
            N_("Set back to its own urgency"), N_("set it back to its own urgency"),
        ),
        _row(
            "pass_to_doctor", (RECEIVED, IN_TRIAGE, URGENT), WITH_DOCTOR, STAFF,
            N_("Pass to a doctor"), N_("passed it to a doctor"),
        ),
        _row(
            "ask", (RECEIVED, IN_TRIAGE, WITH_DOCTOR, URGENT), INFORMATION_ASKED, STAFF,
            N_("Ask for more information"), N_("asked the patient"), message="question_asked",
        ),
        _row(
            "answer", (INFORMATION_ASKED,), IN_TRIAGE, PATIENTS,
            N_("Answer the nurse's question"), N_("answered the question"),
        ),
        _row(
            "answer_doctor", (INFORMATION_ASKED,), WITH_DOCTOR, PATIENTS,
            N_("Answer the doctor's question"), N_("answered the question"),
        ),
        _row(
            "offer", (WITH_DOCTOR, URGENT), OFFERED, DOCTORS,
            N_("Offer a consultation"), N_("offered a consultation"), message="consultation_offered",
        ),
        _row(
            "decline", (WITH_DOCTOR, URGENT), NOT_SUITABLE, DOCTORS,
            N_("Not suitable, with advice"), N_("answered: not suitable, with advice"), message="request_closed",
        ),
        _row("mark_urgent", (WITH_DOCTOR,), URGENT, DOCTORS, N_("Urgent: call today"), N_("marked it urgent")),
        _row(
            "book", (OFFERED,), BOOKED, PATIENTS | STAFF,
            N_("Book a time"), N_("booked a time"), message="appointment_booked",
        ),
        _row(
            "move", (BOOKED,), None, PATIENTS | STAFF,
            N_("Move to another time"), N_("moved the time"), message="appointment_moved",
        ),
        _row(
            "cancel_booking", (BOOKED,), OFFERED, PATIENTS | STAFF,
            N_("Cancel the time"), N_("cancelled the time"), message="appointment_cancelled",
        ),
        _row(
            "undo_cancel", (OFFERED,), BOOKED, PATIENTS,
            N_("Take the cancellation back"), N_("took the cancellation back"),
        ),
        _row(
            "call_off", (BOOKED,), OFFERED, STAFF,
            N_("Call the visit off"), N_("called the visit off: the clinic cancelled it"), message="visit_called_off",
        ),
        _row(
            "undo_call_off", (OFFERED,), BOOKED, STAFF,
            N_("Undo: the visit takes place"), N_("took back that the visit was called off"),
        ),
        _row(
            "complete", (BOOKED,), COMPLETED, MANAGEMENT,
            N_("Consultation took place"), N_("recorded that the consultation took place"), message="after_visit",
        ),
        _row(
            "mark_no_show", (BOOKED,), NO_SHOW, STAFF,
            N_("Patient did not attend"), N_("recorded that the patient did not attend"), message="missed_visit",
        ),
        _row(
            "undo_complete", (COMPLETED,), BOOKED, MANAGEMENT,
            N_("Undo: it did not take place"), N_("took back that the consultation took place"),
        ),
        _row(
            "undo_no_show", (NO_SHOW,), BOOKED, STAFF,
            N_("Undo: not a missed visit"), N_("took back that the patient did not attend"),
        ),
        _row(
            "withdraw", OPEN, WITHDRAWN, PATIENTS,
            N_("Withdraw the request"), N_("withdrew the request"), message="request_closed",
        ),
        _row("message", OPEN, None, PATIENTS, N_("Write to the clinic"), N_("wrote a message")),
        _row(
            "answer_again", ANY, None, PATIENTS,
            N_("Say what is new or worse"), N_("answered whether anything is new or worse"),
        ),
        _row(
            "ask_weekly", OPEN, None, PATIENTS | STAFF,
            N_("Switch the weekly question off or on"), N_("changed the weekly question"),
        ),
        _row(
            "expire_offer", (OFFERED,), RECEIVED, STAFF,
            N_("End the wait for a time"), N_("ended the wait for a time"), message="offer_expired",
        ),
        _row(
            "offer_again", (RECEIVED, IN_TRIAGE, WITH_DOCTOR, NO_SHOW), OFFERED, STAFF,
            N_("Offer a time again"), N_("offered a time again"), message="offered_again",
        ),
        _row(
            "invite_follow_up", (COMPLETED,), OFFERED, CLINICAL,
            N_("Invite to a follow-up"), N_("invited the patient to a follow-up"), message="follow_up_invited",
        ),
        _row(
            "invite_after_advice", (NOT_SUITABLE,), OFFERED, DOCTORS,
            N_("Invite to a visit after all"), N_("invited the patient to a visit after all"),
            message="follow_up_invited",
        ),
        _row(
            "confirm_visit", (BOOKED,), None, PATIENTS | STAFF,
            N_("The patient will come"), N_("confirmed that the patient will come"),
        ),
        _row(
            "set_video_link", (BOOKED,), None, STAFF,
            N_("Link of the video visit"), N_("set the link of the video visit"),
        ),
        _row(
            "tell_needs", OPEN, None, PATIENTS | STAFF,
            N_("What the patient needs for a visit"), N_("wrote down what the patient needs for a visit"),
        ),
        _row(
            "choose_reminders", OPEN, None, PATIENTS | STAFF,
            N_("Choose what reminders say"), N_("chose what reminders say"),
        ),
        _row(
            "wait_for_earlier", (OFFERED, BOOKED), None, PATIENTS | STAFF,
            N_("Ask for an earlier time"), N_("asked for an earlier time"),
        ),
        _row(
            "leave_waiting_list", OPEN, None, PATIENTS | STAFF,
            N_("Leave the waiting list"), N_("left the waiting list"),
        ),
        _row(
            "decline_offered_time", (OFFERED, BOOKED), None, PATIENTS | STAFF,
            N_("Decline the time that is kept"), N_("declined a time from the waiting list"),
        ),
        _row("read_text", ANY, None, STAFF, N_("Mark as read"), N_("read what the patient wrote")),
        _row(
            "cancel_request", OPEN, CANCELLED, MANAGEMENT,
            N_("Close the request"), N_("closed the request"), message="request_closed",
        ),
    )
}  # fmt: skip
BY_THE_WORKER: Final = frozenset({"expire_offer"})
"""What the worker does by itself too, by the same row of the table."""
