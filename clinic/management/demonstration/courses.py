"""The way of a request to each status of the workflow, by the services, at times in the past."""

import dataclasses
import datetime
import random
from collections.abc import Callable
from typing import Any, Final

from clinic.core import clock
from clinic.management.demonstration import acts, stories
from clinic.management.demonstration.acts import WITH_DOCTOR, Act
from clinic.management.demonstration.staff_and_diary import Cast
from clinic.management.demonstration.stories import ANSWERS
from consultations.enums import CLOSED_STATUSES, RequestStatus
from consultations.models import ConsultationRequest
from consultations.services import intake, scheduling
from consultations.services.scheduling import Slot

S = RequestStatus
OPEN_DAYS: Final = 10
"""How long ago a request was sent at most that somebody still works on."""
CLOSED_DAYS: Final = 80
"""Of one that has ended: its private link lives for ninety."""
VISIT_WITHIN: Final = datetime.timedelta(days=10)
"""Of a visit that is over: how long after it was booked."""
FARTHEST: Final = 60
"""Of a visit to come: in how many days the weeks begin, at most, in which its patient looks for a time."""
WEEKS_TO_CHOOSE: Final = datetime.timedelta(days=21)

MIX: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"im_mri": "never", "im_metal": "no", "in_features": ["none"], "hx_pregnant": "na"},
    {"dx_told": ["hnp"], "hx_gate": ["thinner"], "hx_thinner": "anticoag"},
    {"dx_told": ["lss"], "im_share": "later"},
    {"dx_told": ["facet"], "ex_note": "I want to walk my dog for an hour without stopping."},
    {"dx_told": ["lss"], "dx_detail": ["sev_sten"]},
    {"rf_now": ["fever"]},
    {"rf_weak": "not_sure", "ex_note": "My left foot feels numb since Sunday."},
    {"phq2_1": "3", "phq2_2": "2", "gad2_1": "3", "gad2_2": "3"},
)
"""What somebody answers differently from everybody: from a plain request to a danger on the same day."""


OFFERED: Final = (*WITH_DOCTOR, acts.settle_if_flagged, acts.offer)
BEFORE_THE_VISIT: Final[dict[RequestStatus, tuple[Act, ...]]] = {
    S.RECEIVED: (),
    S.IN_TRIAGE: (acts.claim, acts.note_a_call),
    S.WITH_DOCTOR: WITH_DOCTOR,
    S.INFORMATION_ASKED: (acts.claim, acts.ask),
    S.OFFERED: OFFERED,
    S.NOT_SUITABLE: (*WITH_DOCTOR, acts.decline),
    S.URGENT: (acts.claim, acts.escalate),
    S.BOOKED: OFFERED,
    S.COMPLETED: OFFERED,
    S.NO_SHOW: OFFERED,
    S.WITHDRAWN: (acts.claim, acts.withdraw),
    S.CANCELLED: (acts.claim, acts.close),
}
AFTER_THE_VISIT: Final[dict[RequestStatus, tuple[Act, ...]]] = {
    S.BOOKED: (),
    S.COMPLETED: (acts.complete,),
    S.NO_SHOW: (acts.miss,),
}
"""Those that have one. Its time is booked between the two."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What one person answers, when they send it, and the pauses before each act of the clinic."""

    status: RequestStatus
    answers: dict[str, Any]
    sent_at: datetime.datetime
    pauses: tuple[datetime.timedelta, ...]
    looks_from: datetime.date
    """Of a visit to come: the first day that suits the patient."""

    @property
    def age(self) -> int:
        return int(self.answers["ab_age"])

    @property
    def has_visit(self) -> bool:
        return self.status in AFTER_THE_VISIT


def draw_plan(status: RequestStatus, chance: random.Random) -> Plan:
    answers = {**ANSWERS, **chance.choice(MIX), "ab_age": chance.randint(24, 88)}
    answers.update({name: chance.randint(2, 10) for name in ("peg_p", "peg_e", "peg_g")})
    pauses = tuple(datetime.timedelta(seconds=chance.randint(300, 1500)) for _ in range(10))
    looks_from = clock.today() + datetime.timedelta(days=chance.randint(1, FARTHEST))
    return Plan(status, answers, _sent_at(status, chance), pauses, looks_from)


def _sent_at(status: RequestStatus, chance: random.Random) -> datetime.datetime:
    """In the morning of an opening day before today, so that all that follows on that day is over."""
    nearest, longest = (12, CLOSED_DAYS) if status in CLOSED_STATUSES else (1, OPEN_DAYS)
    while True:
        day = clock.today() - datetime.timedelta(days=chance.randint(nearest, longest))
        openings = clock.openings_on(day)
        if openings:
            seconds = chance.randint(60, 5400) + chance.randint(1, 999_999) / 1_000_000
            return openings[0][0] + datetime.timedelta(seconds=seconds)


@dataclasses.dataclass(slots=True)
class Followed:
    """A request that went its course. `choices` are the times that its patient could have booked as well."""

    consultation_request: ConsultationRequest
    choices: list[Slot]


def follow(plan: Plan, cast: Cast, contact: intake.Contact, *, send_owed: Callable[[], object]) -> Followed:
    """Do with the services what the plan says, each act at its time. Call inside a transaction.

    `send_owed` is called after each act, at its time, to send the mails that it caused.
    """
    moment, pauses = plan.sent_at, iter(plan.pauses)
    with clock.pretend(moment):
        consultation_request = stories.send(plan.answers, contact)
        send_owed()
    for act in BEFORE_THE_VISIT[plan.status]:
        moment += next(pauses)
        with clock.pretend(moment):
            act(cast, consultation_request)
            send_owed()
    if not plan.has_visit:
        return Followed(consultation_request, [])
    moment += next(pauses)
    with clock.pretend(moment):
        consultation_request.refresh_from_db()
        choices = _choices(plan, cast)
        last = choices.pop()
        acts.book(consultation_request, last)
        send_owed()
    for act in AFTER_THE_VISIT[plan.status]:
        with clock.pretend(last.ends_at + next(pauses)):
            act(cast, consultation_request)
            send_owed()
    return Followed(consultation_request, choices)


class NoTimeFree(Exception):
    """The diary is full where a visit was to be booked."""


def _choices(plan: Plan, cast: Cast) -> list[Slot]:
    """The free times to choose from; the last is booked first, so that whoever takes another is seen before.

    A visit that is over lies soon after it was booked, one that is to come after today. Raises NoTimeFree.
    """
    today = clock.today()
    if plan.status in CLOSED_STATUSES:
        since, until = today, today + VISIT_WITHIN
    else:
        since, until = plan.looks_from, plan.looks_from + WEEKS_TO_CHOOSE
    slots = scheduling.free_slots(appointment_type=cast.visit, since=since, until=until)
    if not slots:
        raise NoTimeFree
    return slots
