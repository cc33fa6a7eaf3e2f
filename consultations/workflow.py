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
    kept: frozenset[str] = frozenset()

    def target_from(self, status: str) -> str:
        return status if self.target is None or status in self.kept else self.target

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
    kept: Iterable[str] = (),
) -> TransitionRow:
    return TransitionRow(verb, frozenset(sources), target, actors, label, past, message, frozenset(kept))


TRANSITIONS: Final[dict[str, TransitionRow]] = {
    row.verb: row
    for row in (
        _row("claim", (RECEIVED, URGENT), IN_TRIAGE, STAFF, "Start triage", "started triage"),
        _row("release", (IN_TRIAGE,), RECEIVED, STAFF, "Put back in the queue", "put it back in the queue"),
        _row("note", ANY, None, STAFF, "Add a note", "wrote a note"),
        _row(
            "correct_email", OPEN, None, PATIENTS | STAFF,
            "Correct the email address", "corrected the email address", message="private_link",
        ),
        _row(
            "escalate", OPEN, URGENT, STAFF,
            "Escalate", "escalated it", kept=(OFFERED, BOOKED),
        ),
        _row(
            "take_back_escalation", OPEN, None, STAFF,
            "Take my escalation back", "took the escalation back",
        ),
        _row(
            "settle_escalation", ANY, WITH_DOCTOR, DOCTORS,
            "Settle the escalation", "settled the escalation", kept=tuple(item for item in ANY if item != URGENT),
        ),
        _row("settle", ANY, None, DOCTORS, "Settle red flags", "settled red flags"),
        _row(
            "order_booking", (WITH_DOCTOR, URGENT, OFFERED), OFFERED, DOCTORS,
            "Order a visit while a red flag stands", "ordered a visit while a red flag stands",
        ),
        _row(
            "set_own_urgency", OPEN, None, CLINICAL,
            "Set back to its own urgency", "set it back to its own urgency",
        ),
        _row(
            "pass_to_doctor", (RECEIVED, IN_TRIAGE, URGENT), WITH_DOCTOR, STAFF,
            "Pass to a doctor", "passed it to a doctor",
        ),
        _row(
            "ask", (RECEIVED, IN_TRIAGE, WITH_DOCTOR, URGENT), INFORMATION_ASKED, STAFF,
            "Ask for more information", "asked the patient", message="question_asked",
        ),
        _row(
            "answer", (INFORMATION_ASKED,), IN_TRIAGE, PATIENTS,
            "Answer the nurse's question", "answered the question",
        ),
        _row(
            "answer_doctor", (INFORMATION_ASKED,), WITH_DOCTOR, PATIENTS,
            "Answer the doctor's question", "answered the question",
        ),
        _row(
            "offer", (WITH_DOCTOR, URGENT), OFFERED, DOCTORS,
            "Offer a consultation", "offered a consultation", message="consultation_offered",
        ),
        _row(
            "decline", (WITH_DOCTOR, URGENT), NOT_SUITABLE, DOCTORS,
            "Not suitable, with advice", "answered: not suitable, with advice", message="request_closed",
        ),
        _row("mark_urgent", (WITH_DOCTOR,), URGENT, DOCTORS, "Urgent: call today", "marked it urgent"),
        _row(
            "book", (OFFERED,), BOOKED, PATIENTS | STAFF,
            "Book a time", "booked a time", message="appointment_booked",
        ),
        _row(
            "cancel_booking", (BOOKED,), OFFERED, PATIENTS | STAFF,
            "Cancel the time", "cancelled the time", message="appointment_cancelled",
        ),
        _row(
            "complete", (BOOKED,), COMPLETED, MANAGEMENT,
            "Consultation took place", "recorded that the consultation took place",
        ),
        _row(
            "mark_no_show", (BOOKED,), NO_SHOW, STAFF,
            "Patient did not attend", "recorded that the patient did not attend",
        ),
        _row(
            "undo_complete", (COMPLETED,), BOOKED, MANAGEMENT,
            "Undo: it did not take place", "took back that the consultation took place",
        ),
        _row(
            "undo_no_show", (NO_SHOW,), BOOKED, STAFF,
            "Undo: not a missed visit", "took back that the patient did not attend",
        ),
        _row(
            "withdraw", OPEN, WITHDRAWN, PATIENTS,
            "Withdraw the request", "withdrew the request", message="request_closed",
        ),
        _row("message", OPEN, None, PATIENTS, "Write to the clinic", "wrote a message"),
        _row(
            "answer_again", ANY, None, PATIENTS,
            "Say what is new or worse", "answered whether anything is new or worse",
        ),
        _row(
            "ask_weekly", OPEN, None, PATIENTS | STAFF,
            "Switch the weekly question off or on", "changed the weekly question",
        ),
        _row("read_text", ANY, None, STAFF, "Mark as read", "read what the patient wrote"),
        _row(
            "cancel_request", OPEN, CANCELLED, MANAGEMENT,
            "Close the request", "closed the request", message="request_closed",
        ),
    )
}  # fmt: skip
