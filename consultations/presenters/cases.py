"""Safety cases in words: who was shown a danger page, whose it is, and how long there is left."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import OUTCOME_RISK, CaseStatus, Outcome
from consultations.models import SafetyCase
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.same_person import NOBODY_ELSE, Others, beside_in_list
from consultations.presenters.words import Chip, age_words, count, name_of, outcome_chip, time_left

PAGES: Final = {Outcome.EMERGENCY: "emergency", Outcome.SAME_DAY: "same-day", Outcome.URGENT_REVIEW: "urgent review"}


@dataclasses.dataclass(frozen=True, slots=True)
class CaseLine:
    """One safety case in a list. `who` says that it is anonymous when nobody left a name."""

    pk: int
    url: str
    who: str
    what: str
    level: Chip
    time: Chip
    owner: str
    close_url: str
    is_anonymous: bool
    is_acknowledged: bool
    is_closed: bool
    others: Others = NOBODY_ELSE


@dataclasses.dataclass(frozen=True, slots=True)
class OpenCases:
    """Those shown, how many there are in all, and how many more stand alone."""

    cases: tuple[CaseLine, ...]
    total: int
    anonymous: int
    more: int

    @property
    def words(self) -> str:
        named = self.total - self.anonymous
        parts = [count(named, "person", "people")] if named or not self.anonymous else []
        if self.anonymous:
            parts.append(f"{count(self.anonymous, 'visitor')} without a name")
        return " and ".join(parts) + (" was" if self.total == 1 else " were") + " sent to urgent care"


def case_query(viewer: User) -> QuerySet[SafetyCase]:
    """Who left a name first, then what nobody has taken on, emergencies, and the least time left."""
    return (
        SafetyCase.objects.visible_to(viewer)
        .select_related("patient", "owner", "acknowledged_by", "closed_by", "opened_by", "alarm_group")
        .order_by(_last(status=CaseStatus.ACKNOWLEDGED), "level", _last(patient=None), "due_at", "pk")
    )


def _last(**condition: Any) -> Case:
    """A sort key that puts after the others what meets the condition."""
    return Case(When(**condition, then=1), default=0, output_field=IntegerField())


def open_cases(*, viewer: User, now: datetime.datetime, limit: int) -> OpenCases:
    """The first few that stand alone; those of a group are one line among the groups."""
    waiting = SafetyCase.objects.visible_to(viewer).exclude(status=CaseStatus.CLOSED)
    rows = readable(case_query(viewer).exclude(status=CaseStatus.CLOSED).filter(alarm_group=None)[:limit])
    counts = waiting.aggregate(
        total=Count("pk"),
        anonymous=Count("pk", filter=Q(patient=None)),
        alone=Count("pk", filter=Q(alarm_group=None)),
    )
    lines = lines_of(rows, viewer=viewer, now=now)
    return OpenCases(lines, counts["total"], counts["anonymous"], counts["alone"] - len(lines))


def lines_of(rows: Iterable[SafetyCase | Unreadable], *, viewer: User, now: datetime.datetime) -> tuple[CaseLine, ...]:
    """A line each, with what else the clinic has of the same person."""
    found = list(rows)
    whole = [each for each in found if not isinstance(each, Unreadable)]
    others = beside_in_list({each.patient: OUTCOME_RISK[Outcome(each.level)] for each in whole if each.patient})
    beside = {each.pk: others[each.patient_id] for each in whole if each.patient_id in others}
    lines = (line_of(each, viewer=viewer, now=now) for each in found)
    return tuple(dataclasses.replace(line, others=beside.get(line.pk, NOBODY_ELSE)) for line in lines)


def line_of(case: SafetyCase | Unreadable, *, viewer: User, now: datetime.datetime) -> CaseLine:
    if isinstance(case, Unreadable):
        return unreadable_line(case.pk)
    return _line(case, viewer=viewer, now=now)


def url_of(pk: int) -> str:
    return reverse("admin:consultations_safetycase_change", args=[pk])


def unreadable_line(pk: int) -> CaseLine:
    return CaseLine(
        pk, url_of(pk), f"Case {pk} cannot be read", "Something in this record is damaged. Tell a manager.",
        Chip("Unknown", "danger"), Chip("Unknown", "danger"), "", "", False, False, False,
    )  # fmt: skip


def _line(case: SafetyCase, *, viewer: User, now: datetime.datetime) -> CaseLine:
    what = f"Saw the {PAGES[Outcome(case.level)]} page on {clock.moment(case.raised_at)}"
    if case.opened_by is not None:
        what = f"Told {name_of(case.opened_by)} by phone on {clock.moment(case.raised_at)}"
    if case.status == CaseStatus.CLOSED and case.closed_at is not None:
        time = Chip(f"{case.get_outcome_display()}, {clock.moment(case.closed_at)}")
    else:
        time = time_left(case.due_at, now=now)
        if case.level == Outcome.EMERGENCY:
            # Its hours are those of the clinic: two days are left on a Saturday, and nobody may be calm about it.
            time = Chip(time.text, "danger")
    return CaseLine(
        pk=case.pk,
        url=url_of(case.pk),
        who=who_of(case),
        what=what,
        level=outcome_chip(case.level),
        time=time,
        owner=owner_words(case, viewer=viewer),
        close_url=reverse("admin:consultations_safetycase_close", args=[case.pk]),
        is_anonymous=case.patient is None,
        is_acknowledged=case.status == CaseStatus.ACKNOWLEDGED,
        is_closed=case.status == CaseStatus.CLOSED,
    )


def who_of(case: SafetyCase) -> str:
    if case.patient is None:
        return "Visitor without a name"
    if case.patient.erased_at is not None:
        return case.patient.name
    return f"{case.patient.name}, {age_words(case.patient)}"


def owner_words(case: SafetyCase, *, viewer: User) -> str:
    if case.owner is None:
        return "Nobody yet"
    name = "You" if case.owner_id == viewer.pk else name_of(case.owner)
    return name if case.status != CaseStatus.OPEN else f"{name}, not acknowledged yet"
