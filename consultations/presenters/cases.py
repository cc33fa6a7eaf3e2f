"""Safety cases in words: who was shown a danger page, whose it is, and how long there is left."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import OUTCOME_RISK, CaseStatus, Outcome
from consultations.models import SafetyCase
from consultations.presenters.formatting import Chip, age_words, name_of, outcome_chip, time_left
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.same_person import NOBODY_ELSE, Others, beside_in_list

SAW: Final = {
    Outcome.EMERGENCY: gettext_lazy("Saw the emergency page on %(moment)s"),
    Outcome.SAME_DAY: gettext_lazy("Saw the same-day page on %(moment)s"),
    Outcome.URGENT_REVIEW: gettext_lazy("Saw the urgent review page on %(moment)s"),
}


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
    is_mine: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class OpenCases:
    """Those shown, how many there are in all, and how many more stand alone."""

    cases: tuple[CaseLine, ...]
    total: int
    anonymous: int
    more: int

    @property
    def summary(self) -> str:
        named = self.total - self.anonymous
        if not self.anonymous:
            people = ngettext(
                "%(number)d person was sent to urgent care", "%(number)d people were sent to urgent care", named
            )
            return people % {"number": named}
        if not named:
            visitors = ngettext(
                "%(number)d visitor without a name was sent to urgent care",
                "%(number)d visitors without a name were sent to urgent care",
                self.anonymous,
            )
            return visitors % {"number": self.anonymous}
        people = ngettext("%(number)d person", "%(number)d people", named) % {"number": named}
        visitors = ngettext(
            "%(people)s and %(number)d visitor without a name were sent to urgent care",
            "%(people)s and %(number)d visitors without a name were sent to urgent care",
            self.anonymous,
        )
        return visitors % {"people": people, "number": self.anonymous}


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
    cases = list(rows)
    whole = [item for item in cases if not isinstance(item, Unreadable)]
    others = beside_in_list({item.patient: OUTCOME_RISK[Outcome(item.level)] for item in whole if item.patient})
    beside = {item.pk: others[item.patient_id] for item in whole if item.patient_id in others}
    lines = (line_of(item, viewer=viewer, now=now) for item in cases)
    return tuple(dataclasses.replace(line, others=beside.get(line.pk, NOBODY_ELSE)) for line in lines)


def line_of(case: SafetyCase | Unreadable, *, viewer: User, now: datetime.datetime) -> CaseLine:
    if isinstance(case, Unreadable):
        return unreadable_line(case.pk)
    return _line(case, viewer=viewer, now=now)


def url_of(pk: int) -> str:
    return reverse("admin:consultations_safetycase_change", args=[pk])


def unreadable_line(pk: int) -> CaseLine:
    return CaseLine(
        pk, url_of(pk), _("Case %(number)d cannot be read") % {"number": pk},
        _("Something in this record is damaged. Tell a manager."),
        Chip(_("Unknown"), "danger"), Chip(_("Unknown"), "danger"), "", "", False, False, False,
    )  # fmt: skip


def _line(case: SafetyCase, *, viewer: User, now: datetime.datetime) -> CaseLine:
    if case.status == CaseStatus.CLOSED and case.closed_at is not None:
        closed = {"outcome": case.get_outcome_display(), "moment": clock.moment(case.closed_at)}
        time = Chip(_("%(outcome)s, %(moment)s") % closed)
    else:
        time = time_left(case.due_at, now=now, target=case.level)
    return CaseLine(
        pk=case.pk,
        url=url_of(case.pk),
        who=who_of(case),
        what=_what(case),
        level=outcome_chip(case.level),
        time=time,
        owner=owner_words(case, viewer=viewer),
        close_url=reverse("admin:consultations_safetycase_close", args=[case.pk]),
        is_anonymous=case.patient is None,
        is_acknowledged=case.status == CaseStatus.ACKNOWLEDGED,
        is_closed=case.status == CaseStatus.CLOSED,
        is_mine=case.owner_id == viewer.pk,
    )


def _what(case: SafetyCase) -> str:
    raised = clock.moment(case.raised_at)
    if case.opened_by is not None:
        return _("Told %(name)s by phone on %(moment)s") % {"name": name_of(case.opened_by), "moment": raised}
    return SAW[Outcome(case.level)] % {"moment": raised}


def who_of(case: SafetyCase) -> str:
    if case.patient is None:
        return _("Visitor without a name")
    if case.patient.erased_at is not None:
        return case.patient.name
    return _("%(name)s, %(age)s") % {"name": case.patient.name, "age": age_words(case.patient)}


def owner_words(case: SafetyCase, *, viewer: User) -> str:
    if case.owner is None:
        return _("Nobody yet")
    is_open, is_viewer = case.status == CaseStatus.OPEN, case.owner_id == viewer.pk
    if is_viewer:
        return _("You, not acknowledged yet") if is_open else _("You")
    name = name_of(case.owner)
    return _("%(name)s, not acknowledged yet") % {"name": name} if is_open else name
