"""Which clocks run: the one truth that the queue, the pages, the alarms and the end of the day ask.

`services/clock_table.py` says which clock a request is on. What starts and ends clocks is here too, so that no action
works out a time of its own.
"""

import dataclasses
import datetime
from collections.abc import Collection, Iterator
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery

from clinic.core import clock
from consultations.enums import OPEN_STATUSES, OUTCOME_RISK, STAFF_QUEUE, CaseStatus, ClockKind, Outcome, RequestStatus
from consultations.models import Call, ConsultationRequest, PatientText, SafetyCase
from consultations.services import clock_table
from consultations.services.targets import due_after

OPEN_CASE: Final = SafetyCase.objects.filter(response=OuterRef("response")).exclude(status=CaseStatus.CLOSED).order_by()
IS_CASE_OPEN: Final = Exists(OPEN_CASE)
IS_OPEN: Final = Q(status__in=OPEN_STATUSES)
HAS_STATUS_CLOCK: Final = Q(status__in=STAFF_QUEUE) | (IS_OPEN & Q(danger_due_at__isnull=True))
"""Our own next step is owed beside a danger; what a patient is waited for is not."""
CASE_DUE_AT: Final = Subquery(OPEN_CASE.values("due_at")[:1])
"""Of a request: the clock of its open safety case."""


@dataclasses.dataclass(frozen=True, slots=True)
class Clock:
    """One running clock. Of a request and the case of its response there is one, besides that of unread texts."""

    response_id: int
    kind: ClockKind
    target: str
    due_at: datetime.datetime


# --- Which clocks run -----------------------------------------------------------------------------------------------


def running(*, until: datetime.datetime | None = None, responses: Collection[int] | None = None) -> list[Clock]:
    """Every clock that runs, or those that are due by then, or those of these responses."""
    return [*_of_cases(until, responses), *_of_requests(until, responses), *_of_texts(until, responses)]


def overdue(*, now: datetime.datetime) -> list[Clock]:
    return [item for item in running(until=now) if item.due_at < now]


def clock_of(consultation_request: ConsultationRequest) -> ClockKind | None:
    """Which clock one request is on now."""
    has_open_case = (
        SafetyCase.objects.filter(response=consultation_request.response_id).exclude(status=CaseStatus.CLOSED).exists()
    )
    return clock_table.clock_of(
        consultation_request.status,
        is_danger=consultation_request.danger_due_at is not None,
        has_open_case=has_open_case,
    )


def case_due_of(consultation_request: ConsultationRequest) -> datetime.datetime | None:
    """When the open safety case of its response is due; None without one."""
    cases = SafetyCase.objects.filter(response=consultation_request.response_id).exclude(status=CaseStatus.CLOSED)
    return cases.values_list("due_at", flat=True).first()


def is_overdue(now: datetime.datetime) -> Q:
    """Requests whose own clock ran out, or with a text that was not read in time."""
    return ((HAS_STATUS_CLOCK & Q(due_at__lt=now)) | Q(danger_due_at__lt=now)) & ~Q(IS_CASE_OPEN) | Q(
        texts_due_at__lt=now
    )


def _of_cases(until: datetime.datetime | None, responses: Collection[int] | None) -> Iterator[Clock]:
    rows = SafetyCase.objects.exclude(status=CaseStatus.CLOSED)
    if until is not None:
        rows = rows.filter(due_at__lte=until)
    for response, level, due_at in _chosen(rows, responses).values_list("response_id", "level", "due_at"):
        yield Clock(response, ClockKind.CASE, level, due_at)


def _of_requests(until: datetime.datetime | None, responses: Collection[int] | None) -> Iterator[Clock]:
    rows = ConsultationRequest.objects.filter(IS_OPEN | Q(danger_due_at__isnull=False)).filter(~Q(IS_CASE_OPEN))
    if until is not None:
        rows = rows.filter((HAS_STATUS_CLOCK & Q(due_at__lte=until)) | Q(danger_due_at__lte=until))
    fields = ("response_id", "status", "risk", "due_at", "danger_due_at")
    for response, status, risk, due_at, danger_due_at in _chosen(rows, responses).values_list(*fields):
        kind = clock_table.clock_of(status, is_danger=danger_due_at is not None, has_open_case=False)
        if kind is not None:
            is_owed = kind != ClockKind.DANGER or status in STAFF_QUEUE
            due = min(filter(None, (due_at if is_owed else None, danger_due_at)))
            yield Clock(response, kind, clock_table.target_of(kind, risk), due)


def _of_texts(until: datetime.datetime | None, responses: Collection[int] | None) -> Iterator[Clock]:
    rows = PatientText.objects.waiting().order_by()
    if until is not None:
        rows = rows.filter(due_at__lte=until)
    is_marked = Count("pk", filter=Q(is_self_harm=True) | Q(is_danger=True))
    sums = _chosen(rows, responses).values("response_id").annotate(due=Min("due_at"), marked=is_marked)
    for response, due, marked in sums.values_list("response_id", "due", "marked"):
        yield Clock(response, ClockKind.TEXT, "MARKED_TEXT" if marked else "MESSAGE", due)


def _chosen(rows: QuerySet[Any], responses: Collection[int] | None) -> QuerySet[Any]:
    return rows if responses is None else rows.filter(response__in=responses)


# --- What starts and ends them --------------------------------------------------------------------------------------


def status_due(status: str, *, now: datetime.datetime) -> datetime.datetime | None:
    """When a request that begins to wait for its patient comes back; None for any other status.

    A question after working days, an offer after days of the calendar, at the next opening.
    """
    if status == RequestStatus.INFORMATION_ASKED:
        return clock.add_working_days(now, settings.PATIENT_WAITS["ANSWER"]["days"])
    if status == RequestStatus.OFFERED:
        local = clock.local(now)
        day = local.date() + datetime.timedelta(days=settings.PATIENT_WAITS["CHOICE"]["days"])
        return clock.next_opening(clock.instant(day, local.time(), fold=0))
    return None


def visit_due(ends_at: datetime.datetime) -> datetime.datetime:
    """By when somebody records what became of a visit: the end of the opening day it ends on, or of the next one."""
    return clock.add_working_days(ends_at, 0)


def danger_due(
    consultation_request: ConsultationRequest, level: Outcome, *, now: datetime.datetime
) -> datetime.datetime:
    """The clock of a danger that is heard now: never later than the one that runs already."""
    due = due_after(level, since=now)
    return due if consultation_request.danger_due_at is None else min(consultation_request.danger_due_at, due)


def contact_logged(
    *, consultation_request: ConsultationRequest | None, case: SafetyCase | None, now: datetime.datetime
) -> None:
    """Somebody reached the person, which is what the target asked for. On locked rows; saves them.

    The danger is off its clock; what comes next has the time of an urgent review. A case stays on a clock until it is
    closed, and a request that waits for its patient waits anew.
    """
    following = due_after(Outcome.URGENT_REVIEW, since=now)
    if case is not None and case.status != CaseStatus.CLOSED:
        case.due_at = max(case.due_at, following)
        case.save(update_fields=["due_at"])
    if consultation_request is not None:
        consultation_request.danger_due_at = None
        if consultation_request.status in STAFF_QUEUE:
            consultation_request.due_at = max(consultation_request.due_at, following)
        elif (waits_until := status_due(consultation_request.status, now=now)) is not None:
            consultation_request.due_at = max(consultation_request.due_at, waits_until)
        consultation_request.save(update_fields=["danger_due_at", "due_at"])


def script_finished(*, call: Call, consultation_request: ConsultationRequest | None, now: datetime.datetime) -> None:
    """The danger questions were asked to the end, which is the contact that a danger's target asks for.

    Unless an alarm began in this very call: what was new in it has its own time from then on. A call about something
    else ends no clock. Locks the case, after the request.
    """
    case = SafetyCase.objects.select_for_update(of=("self",)).filter(response=call.response_id).first()
    if case is None or case.status == CaseStatus.CLOSED or case.alarmed_at < call.made_at:
        contact_logged(consultation_request=consultation_request, case=case, now=now)


def danger_settled(consultation_request: ConsultationRequest) -> list[str]:
    """A doctor settled something: the clock of the danger ends once no red flag and no escalation stands any more.

    On a locked row whose `flag_level` is what stands now; returns the fields to save.
    """
    if not consultation_request.is_blocked_by_flags:
        consultation_request.danger_due_at = None
    return ["danger_due_at"]


def case_closed(*, consultation_request: ConsultationRequest | None, now: datetime.datetime) -> None:
    """The case is off its clock; a danger that nobody has settled goes on with the request. On a locked row; saves it.

    A closed case says what became of the person, so a doctor has the time of an urgent review to settle the danger.
    """
    if consultation_request is None:
        return
    following = due_after(Outcome.URGENT_REVIEW, since=now)
    if consultation_request.danger_due_at is not None:
        consultation_request.danger_due_at = max(consultation_request.danger_due_at, following)
    if consultation_request.status in STAFF_QUEUE:
        consultation_request.due_at = max(consultation_request.due_at, following)
    consultation_request.save(update_fields=["danger_due_at", "due_at"])


def missed(consultation_request: ConsultationRequest, *, now: datetime.datetime) -> datetime.datetime | None:
    """The instant by which the patient was promised to hear from us, where it has gone by and nobody was in touch.

    A request that waits for its patient has heard from us; then only the call is missing that a danger was promised. A
    colleague's escalation promised the patient nothing.
    """
    promised = [consultation_request.due_at] if consultation_request.status in STAFF_QUEUE else []
    is_call = consultation_request.risk <= OUTCOME_RISK[Outcome.SAME_DAY] and not consultation_request.is_escalated
    if not consultation_request.is_closed and consultation_request.danger_due_at is not None and (promised or is_call):
        promised.append(consultation_request.danger_due_at)
    return min((item for item in promised if item < now), default=None)
