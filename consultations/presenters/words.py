"""Small pieces of text that several staff pages share."""

import dataclasses
import datetime
from typing import Final

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import CLOSED_STATUSES, WAITING_FOR_PATIENT, Outcome, RequestStatus
from consultations.models import ConsultationRequest, Patient

PRESSING: Final = datetime.timedelta(hours=2)
SOON: Final = datetime.timedelta(hours=8)
OUTCOME_KINDS: Final = {
    Outcome.EMERGENCY: "danger",
    Outcome.SAME_DAY: "danger",
    Outcome.URGENT_REVIEW: "warn",
    Outcome.LIKELY_SUITABLE: "ok",
}

NOT_DONE: Final = {
    RequestStatus.INFORMATION_ASKED: "No answer",
    RequestStatus.OFFERED: "No time chosen",
    RequestStatus.BOOKED: "Visit not recorded",
}
"""What has not happened when the time of a request ran out that waited for something else than us."""

LOW_MOOD: Final = "Call: low mood"
"""The mark of a request of somebody who told us that things feel very hard right now."""


@dataclasses.dataclass(frozen=True, slots=True)
class Chip:
    """A short label; `kind` ("", ok, warn, danger) only adds colour to what the words say."""

    text: str
    kind: str = ""


def name_of(user: User | None) -> str:
    if user is None:
        return ""
    return user.display_name


def count(number: int, one: str, many: str = "") -> str:
    """ "1 request", "3 requests"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def span(length: datetime.timedelta) -> str:
    """ "35 minutes", "1 hour 18 minutes", "2 days": rounded down, but no minute is lost within a day; at least one."""
    minutes = max(1, int(length.total_seconds() // 60))
    if minutes >= 24 * 60:
        return count(minutes // (24 * 60), "day")
    parts = [count(minutes // 60, "hour")] if minutes >= 60 else []
    parts += [count(minutes % 60, "minute")] if minutes % 60 else []
    return " ".join(parts)


def time_left(due_at: datetime.datetime, *, now: datetime.datetime) -> Chip:
    left = due_at - now
    if left < datetime.timedelta():
        return Chip(f"{span(-left)} overdue", "danger")
    return Chip(f"{span(left)} left", "danger" if left <= PRESSING else "warn" if left <= SOON else "")


def outcome_chip(outcome: str) -> Chip:
    return Chip(Outcome(outcome).label, OUTCOME_KINDS.get(Outcome(outcome), ""))


def level_chip(consultation_request: ConsultationRequest) -> Chip:
    """How pressing it is now: the worst red flag that stands, whatever the answers of the form alone came to."""
    return outcome_chip(consultation_request.flag_level or consultation_request.outcome)


def age_words(patient: Patient) -> str:
    age = patient.age_on(clock.today())
    return "age not given" if age is None else str(age)


def day_of_birth(patient: Patient) -> str:
    """Without the weekday, and always with the year: it is how two people of one name are told apart."""
    if patient.birth_on is None:
        return "not given"
    return clock.full_date(patient.birth_on)


def holder_words(consultation_request: ConsultationRequest, *, viewer: User | None = None) -> str:
    """The status, and in whose hands the request is."""
    holder = {
        RequestStatus.IN_TRIAGE: consultation_request.claimed_by,
        RequestStatus.WITH_DOCTOR: consultation_request.doctor,
    }.get(RequestStatus(consultation_request.status))
    label = consultation_request.get_status_display()
    if holder is None:
        return label
    return f"{label}: {'you' if viewer is not None and holder.pk == viewer.pk else name_of(holder)}"


def clock_chip(
    consultation_request: ConsultationRequest,
    *,
    now: datetime.datetime,
    next_visit: datetime.datetime | None = None,
    case_due_at: datetime.datetime | None = None,
) -> Chip:
    """What time means for this request: left for us, passed for the patient, or the day of the visit.

    A danger, and a text that nobody has read, show their own time whatever the status. `case_due_at` is the clock of an
    open safety case: the request is on no other.
    """
    if (
        consultation_request.texts_due_at is not None
        or case_due_at is not None
        or consultation_request.danger_due_at is not None
    ):
        due_at = due_of(consultation_request, case_due_at=case_due_at)
        if due_at is not None:
            return time_left(due_at, now=now)
    if consultation_request.status in CLOSED_STATUSES:
        return Chip(f"Closed {clock.day(consultation_request.status_changed_at)}")
    is_late = consultation_request.due_at < now
    if is_late and consultation_request.status in NOT_DONE:
        left = time_left(consultation_request.due_at, now=now).text
        return Chip(f"{NOT_DONE[RequestStatus(consultation_request.status)]}, {left}", "danger")
    if consultation_request.status in WAITING_FOR_PATIENT:
        return Chip(f"Waiting {span(now - consultation_request.status_changed_at)}")
    if consultation_request.status == RequestStatus.BOOKED:
        return Chip(clock.moment(next_visit) if next_visit else "Booked")
    return time_left(consultation_request.due_at, now=now)


def due_of(
    consultation_request: ConsultationRequest, *, case_due_at: datetime.datetime | None
) -> datetime.datetime | None:
    """When somebody must act next, with the clock of an open safety case in the place of the request's own."""
    if case_due_at is None:
        return consultation_request.next_due_at
    return min(filter(None, [case_due_at, consultation_request.texts_due_at]))
