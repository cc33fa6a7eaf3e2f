"""Who stands behind a request: the other rows of that person, possible matches, and what was joined by whom."""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any, Final

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.text_lists import and_list
from consultations.enums import FilledFor
from consultations.models import ConsultationRequest, Patient, PersonJoin, SafetyCase
from consultations.presenters.activity_entries import ActivityEntry
from consultations.presenters.cases import url_of
from consultations.presenters.formatting import age_words, day_of_birth, name_of, span
from consultations.presenters.isolation import Unreadable, readable
from consultations.services import persons, triage

MATCHES_SHOWN: Final = 20
JOINS_SHOWN: Final = 50
SOFTWARE: Final = gettext_lazy("The system, because both proved the same email address,")
CORRECTED: Final = gettext_lazy("The system, because an email address was corrected,")


@dataclasses.dataclass(frozen=True, slots=True)
class PersonRow:
    """One patient row as staff tell it from others. `agrees` and `was_apart` compare it with the row of the page."""

    pk: int
    label: str
    url: str
    name: str
    born: str
    age: str
    sent: str
    status: str
    is_this: bool = False
    agrees: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    was_apart: str = ""

    @property
    def sentence(self) -> str:
        """As a choice names it."""
        sentence = _("%(label)s: %(name)s, born %(born)s")
        if self.is_this:
            sentence = _("%(label)s (this request): %(name)s, born %(born)s")
        return sentence % {"label": self.label, "name": self.name, "born": self.born}


@dataclasses.dataclass(frozen=True, slots=True)
class PersonView:
    """All that the page shows. `matches` are of other persons; `more` says that there are more of them.

    `shown` are the keys of all rows that it names, also of those that were joined once.
    """

    rows: tuple[PersonRow, ...]
    matches: tuple[PersonRow, ...]
    more: bool
    joins: tuple[ActivityEntry, ...]
    choices: tuple[tuple[str, str], ...]
    shown: tuple[int, ...]

    @property
    def keys(self) -> list[int]:
        return [row.pk for row in self.rows]


def person_view(patient: Patient) -> PersonView:
    rows = rows_of(Q(person=patient.person_id), beside=patient)
    unjoined = alike(patient) & ~Q(person=patient.person_id)
    matches = rows_of(unjoined, beside=patient, newest=MATCHES_SHOWN + 1)
    joins = readable(_joins([row.pk for row in rows]))
    known = {row.pk: row.label for row in (*rows, *matches)}
    parted = rows_of(Q(pk__in=_keys_of(joins) - known.keys()), beside=patient)
    labels = known | {row.pk: row.label for row in parted}
    return PersonView(
        rows=tuple(rows),
        matches=tuple(matches[:MATCHES_SHOWN]),
        more=len(matches) > MATCHES_SHOWN,
        joins=tuple(line for join in joins for line in _lines(join, labels)),
        choices=tuple(_choices(rows)),
        shown=tuple(labels),
    )


def person_link(patient: Patient) -> str:
    """The words of the way from a request to its person: how many other requests there are, or may be."""
    is_joined = Q(person=patient.person_id)
    beside = Patient.objects.filter(is_joined | alike(patient)).exclude(pk=patient.pk)
    counts = beside.aggregate(others=Count("pk", filter=is_joined), possible=Count("pk", filter=~is_joined))
    if others := counts["others"]:
        return _("Other requests of this person (%(number)d)") % {"number": others}
    possible = counts["possible"]
    if not possible:
        return _("Join with another request")
    if possible > MATCHES_SHOWN:
        return _("Join with another request (more than %(number)d possible matches)") % {"number": MATCHES_SHOWN}
    label = ngettext(
        "Join with another request (%(number)d possible match)",
        "Join with another request (%(number)d possible matches)",
        possible,
    )
    return label % {"number": possible}


def preview_of(patient: Patient, other: Patient) -> dict[str, Any]:
    """What the preview of a join names: every row of both persons, compared with the request of the page."""
    here = rows_of(Q(person=patient.person_id), beside=patient)
    there = rows_of(Q(person=other.person_id), beside=patient)
    compared = next(row for row in there if row.pk == other.pk)
    return {"here": here, "there": there, "compared": compared, "seen": [row.pk for row in (*here, *there)]}


def alike(patient: Patient) -> Q:
    """Rows that may be of the same person: the same name and birth date, or the same address, or the same number."""
    condition = Q(pk__in=[])
    if patient.birth_on is not None:
        condition |= Q(name_key=patient.name_key, birth_on=patient.birth_on)
    if patient.email_index:
        condition |= Q(email_index=patient.email_index)
    if patient.phone_index:
        condition |= Q(phone_index=patient.phone_index)
    return condition


def rows_of(condition: Q, *, beside: Patient, newest: int = 0) -> list[PersonRow]:
    """The rows, each compared with `beside`: oldest first, or only so many of the newest, those first."""
    requests = ConsultationRequest.objects.only("reference", "status", "submitted_at", "filled_for", "patient_id")
    cases = SafetyCase.objects.only("status", "raised_at", "patient_id")
    beside_them: list[Any] = [Prefetch("requests", requests), Prefetch("safety_cases", cases)]
    patients = Patient.objects.filter(condition).defer(*persons.UNOPENED).prefetch_related(*beside_them)
    patients_shown = list(patients.order_by("-created_at", "-pk")[:newest] if newest else patients.order_by("pk"))
    apart = _taken_apart_from(beside, [row.pk for row in patients_shown])
    return [_row(row, beside, apart.get(row.pk, "")) for row in patients_shown]


def _row(row: Patient, beside: Patient, was_apart: str) -> PersonRow:
    consultation_request, case = next(iter(row.requests.all()), None), next(iter(row.safety_cases.all()), None)
    stands = consultation_request or case
    agrees, differs = _compared(row, beside)
    sent = {"day": clock.day(row.created_at), "time": span(clock.now() - row.created_at)}
    return PersonRow(
        pk=row.pk,
        label=_label(row, consultation_request, case),
        url=triage.page_of(consultation_request) if consultation_request else url_of(case.pk) if case else "",
        name=row.name,
        born=day_of_birth(row),
        age=age_words(row),
        sent=_("%(day)s (%(time)s ago)") % sent,
        status=stands.get_status_display() if stands else "",
        is_this=row.pk == beside.pk,
        agrees=agrees,
        differs=differs,
        was_apart=was_apart,
    )


def _label(row: Patient, consultation_request: ConsultationRequest | None, case: SafetyCase | None) -> str:
    if consultation_request is not None:
        return consultation_request.reference
    if case is not None:
        return _("Safety case %(number)d") % {"number": case.pk}
    return _("Record %(number)d") % {"number": row.pk}


def _compared(row: Patient, beside: Patient) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is the same in both, and what is known of both and differs; nothing of a row and itself."""
    if row.pk == beside.pk:
        return (), ()
    is_helped = any(item.filled_for == FilledFor.OTHER for item in row.requests.all())
    pairs: dict[str, tuple[Any, Any]] = {
        _("name"): (row.name_key, beside.name_key),
        _("date of birth"): (row.birth_on, beside.birth_on),
        _("email, of a helper") if is_helped else _("email"): (row.email_index, beside.email_index),
        _("phone"): (row.phone_index, beside.phone_index),
    }
    known = {label: one == two for label, (one, two) in pairs.items() if one and two}
    return (
        tuple(label for label, is_same in known.items() if is_same),
        tuple(label for label, is_same in known.items() if not is_same),
    )


def _joins(keys: Collection[int]) -> QuerySet[PersonJoin]:
    touching = with_keys(PersonJoin.objects.filter(Q(first__in=keys) | Q(second__in=keys)))
    return touching.select_related("joined_by", "ended_by").order_by("-joined_at", "-pk")[:JOINS_SHOWN]


def _keys_of(joins: Sequence[PersonJoin | Unreadable]) -> set[int]:
    return {key for join in joins if isinstance(join, PersonJoin) for key in (join.first_id, join.second_id)}


def _taken_apart_from(beside: Patient, keys: Collection[int]) -> dict[int, str]:
    """Key of a row -> who took it apart from `beside`, and when."""
    ended = PersonJoin.objects.of(beside).filter(ended_by__isnull=False).filter(Q(first__in=keys) | Q(second__in=keys))
    labels = {}
    for join in ended.select_related("ended_by").defer("reason", "ended_reason").order_by("ended_at", "pk"):
        other = join.second_id if join.first_id == beside.pk else join.first_id
        ended_on = clock.day(join.ended_at) if join.ended_at else ""
        labels[other] = _("Taken apart by %(name)s on %(day)s") % {"name": name_of(join.ended_by), "day": ended_on}
    return labels


def _lines(join: PersonJoin | Unreadable, labels: dict[int, str]) -> list[ActivityEntry]:
    """That the rows were taken apart, if they were, and that they were joined; the newer first."""
    if isinstance(join, Unreadable):
        message = _("%(who)s of join %(number)d is damaged and cannot be read")
        return [ActivityEntry(None, message, {"who": _("The record"), "number": join.pk})]
    pair = {"first": labels[join.first_id], "second": labels[join.second_id]}
    values = {**pair, "who": name_of(join.joined_by) if join.joined_by else SOFTWARE}
    lines = [ActivityEntry(join.joined_at, _("%(who)s joined %(first)s with %(second)s"), values, join.reason)]
    if join.ended_at is not None:
        values = {**pair, "who": name_of(join.ended_by) if join.ended_by else CORRECTED}
        message = _("%(who)s took %(first)s and %(second)s apart")
        lines.insert(0, ActivityEntry(join.ended_at, message, values, join.ended_reason))
    return lines


def _choices(rows: Sequence[PersonRow]) -> list[tuple[str, str]]:
    """What can be taken apart: each row alone and, where both sides of a join are more than one row, the sides."""
    if len(rows) < 2:
        return []
    if len(rows) == 2:
        pair = {"first": rows[0].label, "second": rows[1].label}
        return [(f"row-{rows[0].pk}", _("%(first)s and %(second)s: each stands alone again") % pair)]
    choices = [(f"row-{row.pk}", _("%(request)s. The others stay joined") % {"request": row.sentence}) for row in rows]
    labels = {row.pk: row.label for row in rows}
    live = PersonJoin.objects.live().filter(first__in=labels, second__in=labels).defer("reason", "ended_reason")
    pairs = {join.pk: (join.first_id, join.second_id) for join in live.order_by("pk")}
    for key in pairs:
        parts = persons.groups(labels, [pair for other, pair in pairs.items() if other != key])
        if min(map(len, parts)) > 1:
            first, second = (and_list(labels[row] for row in sorted(part)) for part in sorted(parts, key=min))
            choices.append((f"join-{key}", _("%(first)s from %(second)s") % {"first": first, "second": second}))
    return choices
