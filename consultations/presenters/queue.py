"""The list of requests: tabs, filters, search, and one row a request."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Count, ExpressionWrapper, F, Min, OuterRef, Q, QuerySet, Subquery, TextField
from django.urls import reverse

from clinic.accounts.models import User
from consultations.enums import (
    CLOSED_STATUSES,
    LIVE_APPOINTMENTS,
    OPEN_STATUSES,
    TO_TRIAGE,
    WAITING_FOR_PATIENT,
    Outcome,
    RequestStatus,
)
from consultations.models import Appointment, ConsultationRequest, QuestionnaireResponse
from consultations.presenters.isolation import BROKEN, Unreadable, opened, readable
from consultations.presenters.words import Chip, age_words, clock_chip, holder_words, outcome_chip

PAGE_SIZE: Final = 50
TABS: Final[dict[str, tuple[str, tuple[RequestStatus, ...]]]] = {
    "all": ("All open", OPEN_STATUSES),
    "triage": ("To triage", TO_TRIAGE),
    "doctor": ("With a doctor", (RequestStatus.WITH_DOCTOR,)),
    "waiting": ("Waiting for patient", WAITING_FOR_PATIENT),
    "booked": ("Booked", (RequestStatus.BOOKED,)),
    "closed": ("Closed", CLOSED_STATUSES),
}
AGES: Final = {"day": ("Sent in the last day", 1), "week": ("Sent in the last week", 7)}
OLDER: Final = ("older", "Sent more than a week ago")
SEALED: Final = (
    "patient__email",
    "patient__phone",
    "patient__phone_as_typed",
)

WHERE: Final = {
    "low_back": "low back",
    "mid_back": "upper back",
    "neck": "neck",
    "buttock": "buttock",
    "leg_above": "thigh",
    "leg_below": "lower leg",
}
WORSE: Final = {"back": "back worse than leg", "leg": "leg worse than back", "same": "back and leg alike"}
DURATION: Final = {
    "lt6w": "under 6 weeks",
    "w6_m3": "6 weeks to 3 months",
    "m3_6": "3 to 6 months",
    "m6_12": "6 to 12 months",
    "y1_5": "1 to 5 years",
    "gt5y": "over 5 years",
}
LOOK_OUT: Final = (
    ("rf_weak", ("worse", "drop"), "Weak leg, new or worse"),
    ("rf_cancer", ("current", "within5", "over5"), "Cancer, now or before"),
    ("rf_risk", ("immune", "steroids", "ivdu", "dialysis", "tb"), "Infection risk"),
    ("hx_gate", ("thinner",), "Blood thinner"),
    ("hx_gate", ("bleed",), "Bleeding problem"),
    ("hx_gate", ("allergy",), "Bad reaction before"),
    ("hx_pregnant", ("pregnant",), "May be pregnant"),
    ("tx_tried", ("surgery",), "Spine operation before"),
)
"""Question, answer codes, and what a nurse should look out for; at most three are shown in the list."""


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to. The default hides nothing that is open."""

    tab: str = "all"
    outcome: str = ""
    priority: str = ""
    age: str = ""
    mine: bool = False

    @property
    def is_narrowed(self) -> bool:
        return bool(self.outcome or self.priority or self.age or self.mine)


@dataclasses.dataclass(frozen=True, slots=True)
class Tab:
    label: str
    query: str
    count: int
    is_current: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. A row that cannot be read has no url and says so in `name`."""

    pk: int
    url: str
    name: str
    age: str = ""
    reference: str = ""
    line: str = ""
    time: Chip | None = None
    flags: tuple[Chip, ...] = ()
    status: str = ""
    is_readable: bool = True


def tab_counts(narrowed: Q | None = None, **extra: Any) -> dict[str, Any]:
    """How many requests each tab holds, and how many the filters leave, in one query."""
    counts = {f"in_{name}": Count("pk", filter=Q(status__in=statuses)) for name, (_, statuses) in TABS.items()}
    if narrowed is not None:
        counts["narrowed"] = Count("pk", filter=narrowed)
    return ConsultationRequest.objects.aggregate(**counts, **extra)


def oldest_by_tab() -> dict[str, datetime.datetime | None]:
    return {
        f"oldest_{name}": Min("submitted_at", filter=Q(status__in=statuses)) for name, (_, statuses) in TABS.items()
    }


def condition_of(filters: Filters, *, viewer: User, now: datetime.datetime) -> Q:
    condition = Q(status__in=TABS[filters.tab][1])
    if filters.outcome:
        condition &= Q(outcome=filters.outcome) | Q(highest_outcome=filters.outcome)
    if filters.priority:
        condition &= Q(priority=filters.priority)
    if filters.age in AGES:
        condition &= Q(submitted_at__gte=now - datetime.timedelta(days=AGES[filters.age][1]))
    elif filters.age == OLDER[0]:
        condition &= Q(submitted_at__lt=now - datetime.timedelta(days=7))
    if filters.mine:
        condition &= Q(claimed_by=viewer.pk) | Q(doctor=viewer.pk)
    return condition


def rows_query(condition: Q) -> QuerySet[ConsultationRequest]:
    """Everything a row needs in one query; sealed answers come as they are stored, to be opened row by row."""
    next_visit = Appointment.objects.filter(request=OuterRef("pk"), status__in=LIVE_APPOINTMENTS).order_by("starts_at")
    return (
        ConsultationRequest.objects.filter(condition)
        .select_related("patient", "claimed_by", "doctor")
        .defer(*SEALED)
        .annotate(
            sealed_answers=ExpressionWrapper(F("response__answers"), output_field=TextField()),
            next_visit=Subquery(next_visit.values("starts_at")[:1]),
        )
        .most_pressing_first()
    )


def rows_of(condition: Q, *, page: int, viewer: User, now: datetime.datetime) -> list[Row]:
    start = (page - 1) * PAGE_SIZE
    return [
        _row_or_mark(each, viewer=viewer, now=now)
        for each in readable(rows_query(condition)[start : start + PAGE_SIZE])
    ]


def _row_or_mark(each: ConsultationRequest | Unreadable, *, viewer: User, now: datetime.datetime) -> Row:
    if isinstance(each, Unreadable):
        return unreadable_row(each.pk)
    try:
        return _row(each, viewer=viewer, now=now)
    except BROKEN:
        return unreadable_row(each.pk)


def unreadable_row(pk: int) -> Row:
    return Row(
        pk=pk,
        url=reverse("admin:consultations_consultationrequest_change", args=[pk]),
        name=f"Record {pk} cannot be read",
        line="Something in this record is damaged. Tell a manager its number: nothing was lost from the list.",
        time=Chip("Unknown", "danger"),
        flags=(Chip("Needs a manager", "danger"),),
        is_readable=False,
    )


def _row(request: ConsultationRequest, *, viewer: User, now: datetime.datetime) -> Row:
    answers, is_broken = opened(lambda: answers_from(request.sealed_answers), {})
    line = "The answers of this record cannot be opened. Tell a manager." if is_broken else one_line(answers)
    return Row(
        pk=request.pk,
        url=reverse("admin:consultations_consultationrequest_change", args=[request.pk]),
        name=request.patient.name,
        age=age_words(request.patient),
        reference=request.reference,
        line=line,
        time=clock_chip(request, now=now, next_visit=request.next_visit),
        flags=flags_of(request, answers, is_broken=is_broken),
        status=holder_words(request, viewer=viewer),
    )


def answers_from(sealed: str | None) -> dict[str, Any]:
    """Open one sealed set of answers. Raises SealBroken, or TypeError when it is not a set of answers."""
    answers = QuestionnaireResponse._meta.get_field("answers").from_db_value(sealed, None, None)
    if not isinstance(answers, dict):
        raise TypeError("Answers are a mapping.")
    return answers


def one_line(answers: Mapping[str, Any]) -> str:
    """Where it hurts, which is worse, how long, how bad: enough to tell one request from the next."""
    where = [WHERE[code] for code in chosen(answers, "pn_where") if code in WHERE]
    parts = [", ".join(where).capitalize() + " pain"] if where else []
    parts += [
        words[code]
        for key, words in (("pn_main", WORSE), ("pn_duration", DURATION))
        for code in chosen(answers, key)
        if code in words
    ]
    peg = [answers.get(key) for key in ("peg_p", "peg_e", "peg_g")]
    if all(isinstance(each, int) and 0 <= each <= 10 for each in peg):
        parts.append(f"PEG {sum(peg) / 3:.1f} of 10")
    return "; ".join(parts) or "No answer about the pain yet"


def chosen(answers: Mapping[str, Any], question: str) -> list[str]:
    """The codes given to a question, whatever shape the raw answer has."""
    given = answers.get(question)
    if isinstance(given, str):
        return [given]
    return [code for code in given if isinstance(code, str)] if isinstance(given, list) else []


def flags_of(request: ConsultationRequest, answers: Mapping[str, Any], *, is_broken: bool) -> tuple[Chip, ...]:
    flags = [Chip("Escalated", "danger")] if request.is_escalated else []
    flags.append(outcome_chip(request.outcome))
    if request.highest_outcome != request.outcome:
        flags.append(Chip(f"Earlier: {Outcome(request.highest_outcome).label}", "danger"))
    if request.is_blocked_by_flags and request.status in OPEN_STATUSES:
        flags.append(Chip("Flags not cleared", "warn"))
    if request.has_note:
        flags.append(Chip("Left a note"))
    if is_broken:
        flags.append(Chip("Answers damaged", "danger"))
    found = [text for key, codes, text in LOOK_OUT if set(chosen(answers, key)) & set(codes)]
    return (*flags, *(Chip(text, "warn") for text in found[:3]))
