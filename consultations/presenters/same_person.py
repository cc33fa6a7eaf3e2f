"""What else the clinic has of one person, beside a request or a case: a few queries for a whole page of them.

Two kinds are told apart. Joined rows are of one person because somebody, or a proved address, said so. Rows that look
alike are shown as what they are, with what agrees, and are never called the same person.
"""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.text_lists import and_list
from consultations.enums import (
    CLOSED_STATUSES,
    LIVE_APPOINTMENTS,
    OUTCOME_RISK,
    URGENT_OUTCOMES,
    CaseStatus,
    Outcome,
    RequestStatus,
)
from consultations.models import Appointment, ConsultationRequest, Patient, PersonJoin, SafetyCase
from consultations.presenters.formatting import Chip, outcome_chip
from consultations.presenters.isolation import Unreadable, readable
from consultations.services import alerts, triage
from consultations.services.pressing import BY_RISK

NEWEST: Final = 500
IN_A_LIST: Final = 2
ON_A_PAGE: Final = 20
LEAST_RISK: Final = max(OUTCOME_RISK.values()) + 1
KNOWN_BY: Final = ("pk", "person_id", "name_key", "birth_on", "email_index", "phone_index")


@dataclasses.dataclass(frozen=True, slots=True)
class Other:
    """One other request or case. `agrees` is empty for what is joined; `patient` is the key of its row."""

    patient: int
    label: str
    url: str
    status: str
    urgency: Chip | None
    is_worse: bool
    is_open: bool
    is_joined: bool
    risk: int
    agrees: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        return _("same %(what)s") % {"what": and_list(self.agrees)}


@dataclasses.dataclass(frozen=True, slots=True)
class Others:
    """Those shown, the most pressing first, and how many more there are."""

    joined: tuple[Other, ...] = ()
    alike: tuple[Other, ...] = ()
    more: int = 0

    @property
    def is_worse(self) -> bool:
        return any(item.is_worse for item in self.joined)

    @property
    def patients(self) -> set[int]:
        """Whose rows are named, for the reading log."""
        return {item.patient for item in (*self.joined, *self.alike)}


NOBODY_ELSE: Final = Others()


def beside_in_list(risks: Mapping[Patient, int]) -> dict[int, Others]:
    """Key of each patient row -> what else is open. `risks` says how pressing the line of the row is itself."""
    return _beside(risks, shown=IN_A_LIST, closed_too=False)


def beside_on_page(patient: Patient | None, *, risk: int = LEAST_RISK) -> Others:
    """The same for one record, with what has ended."""
    if patient is None:
        return NOBODY_ELSE
    return _beside({patient: risk}, shown=ON_A_PAGE, closed_too=True).get(patient.pk, NOBODY_ELSE)


def _beside(risks: Mapping[Patient, int], *, shown: int, closed_too: bool) -> dict[int, Others]:
    patients = [item for item in risks if item.erased_at is None]
    rows = _candidates(patients)
    if not rows:
        return {}
    lines = _requests(rows, closed_too=closed_too) + _cases(rows, closed_too=closed_too)
    whose: defaultdict[int, list[Other]] = defaultdict(list)
    for item in lines:
        whose[item.patient].append(item)
    apart = _taken_apart(patients, rows) if whose else set()
    return {
        patient.pk: others
        for patient in patients
        if (others := _others_of(patient, rows, whose, apart, risk=risks[patient], shown=shown)) != NOBODY_ELSE
    }


def _candidates(patients: Iterable[Patient]) -> list[Patient]:
    """Every row that is joined with one of these, or looks like it; these themselves among them."""
    people = list(patients)
    if not people:
        return []
    condition = Q(person__in={item.person_id for item in people})
    if born := {item.birth_on for item in people if item.birth_on is not None}:
        condition |= Q(birth_on__in=born, name_key__in={item.name_key for item in people})
    for field in ("email_index", "phone_index"):
        if known := {value for item in people if (value := getattr(item, field))}:
            condition |= Q(**{f"{field}__in": known})
    candidates = Patient.objects.filter(condition, erased_at=None).only(*KNOWN_BY).order_by("-pk")
    return _whole(candidates[:NEWEST])


def _requests(rows: Iterable[Patient], *, closed_too: bool) -> list[Other]:
    visit = Appointment.objects.filter(consultation_request=OuterRef("pk"), status__in=LIVE_APPOINTMENTS).order_by(
        "starts_at"
    )
    query = ConsultationRequest.objects.filter(patient__in=rows).only(
        "reference", "status", "risk", "flag_level", "patient_id"
    )
    query = query if closed_too else query.exclude(status__in=CLOSED_STATUSES)
    requests = query.annotate(
        visit=Subquery(visit.values("starts_at")[:1]), visit_zone=Subquery(visit.values("time_zone")[:1])
    ).order_by("risk", "-submitted_at")
    return [_of_request(item, item.visit, item.visit_zone) for item in _whole(requests)]


def _of_request(consultation_request: ConsultationRequest, visit: datetime.datetime | None, visit_zone: str) -> Other:
    status = consultation_request.get_status_display()
    if consultation_request.status == RequestStatus.BOOKED and visit is not None:
        status = _("%(status)s: %(moment)s") % {"status": status, "moment": clock.moment(visit, visit_zone)}
    if consultation_request.flag_level and not consultation_request.is_closed:
        status = _("%(status)s; red flag not settled") % {"status": status}
    risk, is_open = risk_of(consultation_request), not consultation_request.is_closed
    level = BY_RISK[risk]
    return Other(
        patient=consultation_request.patient_id,
        label=consultation_request.reference,
        url=triage.page_of(consultation_request),
        status=status,
        urgency=outcome_chip(level) if is_open and level in URGENT_OUTCOMES else None,
        is_worse=False,
        is_open=is_open,
        is_joined=False,
        risk=risk if is_open else LEAST_RISK,
    )


def risk_of(consultation_request: ConsultationRequest) -> int:
    """How pressing a request is: its own risk, or the red flag that stands over it."""
    return min(
        consultation_request.risk,
        OUTCOME_RISK[Outcome(consultation_request.flag_level)] if consultation_request.flag_level else LEAST_RISK,
    )


def _cases(rows: Iterable[Patient], *, closed_too: bool) -> list[Other]:
    query = SafetyCase.objects.filter(patient__in=rows).only("status", "level", "patient_id")
    query = query if closed_too else query.exclude(status=CaseStatus.CLOSED)
    return [_of_case(item) for item in _whole(query.order_by("level", "-raised_at"))]


def _whole(rows: QuerySet[Any]) -> list[Any]:
    """Those that can be read; a damaged one has a line of its own in its list, and is counted there."""
    return [item for item in readable(rows, opens=False) if not isinstance(item, Unreadable)]


def _of_case(case: SafetyCase) -> Other:
    is_open = case.status != CaseStatus.CLOSED
    return Other(
        patient=case.patient_id or 0,
        label=_("Safety case %(number)d") % {"number": case.pk},
        url=alerts.page_of(case),
        status=case.get_status_display(),
        urgency=outcome_chip(case.level) if is_open else None,
        is_worse=False,
        is_open=is_open,
        is_joined=False,
        risk=OUTCOME_RISK[Outcome(case.level)] if is_open else LEAST_RISK,
    )


def _taken_apart(patients: Iterable[Patient], rows: Iterable[Patient]) -> set[frozenset[int]]:
    """Pairs of which staff have said that they are of different people."""
    keys, near = [item.pk for item in patients], [item.pk for item in rows]
    ended = PersonJoin.objects.filter(ended_by__isnull=False)
    touching = ended.filter(Q(first__in=keys, second__in=near) | Q(first__in=near, second__in=keys))
    return {frozenset(pair) for pair in touching.values_list("first", "second")}


def _others_of(
    patient: Patient,
    rows: Iterable[Patient],
    whose: Mapping[int, list[Other]],
    apart: set[frozenset[int]],
    *,
    risk: int,
    shown: int,
) -> Others:
    joined: list[Other] = []
    alike: list[Other] = []
    for row in rows:
        if row.pk == patient.pk or row.pk not in whose:
            continue
        if row.person_id == patient.person_id:
            joined += [dataclasses.replace(item, is_joined=True, is_worse=item.risk < risk) for item in whose[row.pk]]
        elif frozenset((row.pk, patient.pk)) not in apart and (agrees := _agrees(row, patient)):
            alike += [dataclasses.replace(item, agrees=agrees, is_worse=item.risk < risk) for item in whose[row.pk]]
    for others in (joined, alike):
        others.sort(key=lambda other: (not other.is_open, other.risk))
    named = joined[:shown]
    maybe = alike[: max(0, shown - len(named))]
    return Others(tuple(named), tuple(maybe), len(joined) + len(alike) - len(named) - len(maybe))


def _agrees(row: Patient, patient: Patient) -> tuple[str, ...]:
    agreeing = []
    if row.birth_on is not None and (row.name_key, row.birth_on) == (patient.name_key, patient.birth_on):
        agreeing.append(_("name and date of birth"))
    if row.email_index and row.email_index == patient.email_index:
        agreeing.append(_("email"))
    if row.phone_index and row.phone_index == patient.phone_index:
        agreeing.append(_("phone"))
    return tuple(agreeing)
