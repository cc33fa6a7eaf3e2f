"""What is on a clock, as plain data: no database and no time of day. Owner: the medical director.

A request is on exactly one clock for its next step. A danger comes before everything else, whoever the request waits
for; while a safety case is open, the danger is on the clock of the case alone.
"""

from typing import Final, NamedTuple

from consultations.enums import CLOSED_STATUSES, ClockKind, Outcome
from consultations.enums import RequestStatus as S

STATUS_CLOCKS: Final[dict[str, ClockKind]] = {
    S.RECEIVED: ClockKind.REPLY,
    S.IN_TRIAGE: ClockKind.REPLY,
    S.WITH_DOCTOR: ClockKind.REPLY,
    S.URGENT: ClockKind.REPLY,
    S.INFORMATION_ASKED: ClockKind.ANSWER,
    S.OFFERED: ClockKind.CHOICE,
    S.BOOKED: ClockKind.VISIT,
}
"""What an open request waits for while nothing about it is a danger."""


class Alarm(NamedTuple):
    """How a clock is told of. `warns`: the share of the target that is left when the holder is warned; 0 for never.

    `repeat`: minutes between two mails until somebody acknowledges the alarm. `is_pressing`: at any hour, by the rule
    of out of hours; what is not rests while the clinic is closed, after one mail.
    """

    warns: float
    repeat: int
    is_pressing: bool


ALARMS: Final[dict[str, Alarm]] = {
    Outcome.EMERGENCY: Alarm(1 / 3, 10, True),
    Outcome.SAME_DAY: Alarm(1 / 4, 10, True),
    Outcome.URGENT_REVIEW: Alarm(1 / 4, 60, False),
    Outcome.NOT_SUITABLE_NOW: Alarm(1 / 5, 240, False),
    Outcome.DEFER: Alarm(1 / 5, 240, False),
    Outcome.NEEDS_INFO: Alarm(1 / 4, 240, False),
    Outcome.LIKELY_SUITABLE: Alarm(1 / 4, 240, False),
    "MARKED_TEXT": Alarm(1 / 4, 10, True),
    "MESSAGE": Alarm(1 / 4, 240, False),
    ClockKind.ANSWER: Alarm(0, 240, False),
    ClockKind.CHOICE: Alarm(0, 240, False),
    ClockKind.VISIT: Alarm(0, 240, False),
}
"""Reply target, or wait -> how its clock is told of."""


def clock_of(status: str, *, is_danger: bool, has_open_case: bool) -> ClockKind | None:
    """The one clock that a request in this status is on; None only for what has ended and left no danger.

    A withdrawal, as any other end, settles nothing: a danger stays on its clock until a doctor settles it or the person
    was reached.
    """
    if has_open_case:
        return ClockKind.CASE
    if is_danger:
        return ClockKind.DANGER
    return None if status in CLOSED_STATUSES else STATUS_CLOCKS[status]


def target_of(kind: ClockKind, risk: int) -> str:
    """By which row of the table a clock is told of. `risk` is the rank of the outcome that it is about."""
    if kind in (ClockKind.ANSWER, ClockKind.CHOICE, ClockKind.VISIT):
        return kind.value
    outcome = list(Outcome)[risk]
    if kind == ClockKind.DANGER and not outcome_is_danger(outcome):
        return Outcome.URGENT_REVIEW.value
    return outcome.value


def outcome_is_danger(outcome: Outcome) -> bool:
    return outcome in (Outcome.EMERGENCY, Outcome.SAME_DAY, Outcome.URGENT_REVIEW)
