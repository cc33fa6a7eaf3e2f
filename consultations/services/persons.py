"""Who stands behind the patient rows: joining rows that are of one person, and taking them apart again.

Joins are by staff (here) or by an address that both rows proved (`services/verified_emails.py`), and by nothing else.
Locks are taken in one order: the requests by their keys, then the persons by their keys, the audit trail last.
Joining shows nothing to a patient: a private link opens the one request that it was mailed for.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import Actor
from consultations.models import Appointment, ConsultationRequest, Patient, Person, PersonJoin, SlotHold
from consultations.permissions import require
from consultations.services import dangers, occupation, pressing, slot_release
from consultations.services.races import LostRace, race

MAY_JOIN: Final = (Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
"""Everybody who may read both records: the nurse on the telephone hears first that two requests are of one caller, and
whoever sees a wrong join must be able to end it at once."""
TRIES: Final = 5
ERASED: Final = gettext_lazy("What one of them told us was erased, so nobody can tell who it was. Nothing was changed.")
BUSY: Final = gettext_lazy("Colleagues are joining these requests at this moment. Nothing was changed. Try again.")
UNOPENED: Final = ("email", "phone", "phone_as_typed")
"""What is encrypted in a patient row: nothing here needs it, and a damaged one must not stand in the way."""


class JoinRefused(TransitionNotAllowed):
    """Rows that cannot be joined, or not now. The text is fit to show to staff."""


class PersonChanged(JoinRefused):
    """Other rows stand behind the persons than the page showed."""


class VisitsOverlap(JoinRefused):
    """Nobody can be at two visits at once; `visits` holds the first two that overlap."""

    def __init__(self, earlier: SlotHold | Appointment, later: SlotHold | Appointment) -> None:
        self.visits = (earlier, later)
        super().__init__(
            _(
                "The visits of %(earlier)s and %(later)s overlap, and one person cannot be at both. If the "
                "requests are of one person, cancel one of these visits first. Nothing was changed."
            )
            % {"earlier": _named(earlier), "later": _named(later)}
        )

    @property
    def patients(self) -> set[int]:
        """The keys of the rows whose visits the text names."""
        return {visit.consultation_request.patient_id for visit in self.visits}


class _Moved(Exception):
    """A person was joined to another one, or taken apart, while we waited for the lock."""


def make() -> Person:
    """The person of a new patient row; the row points to it as its own and as its present one."""
    return Person.objects.create(created_at=clock.now())


@transaction.atomic
def join(*, patient: Patient, other: Patient, reason: str, by: User, seen: Collection[int] = ()) -> bool:
    """Say that two patient rows are of one person, and so are all rows that stand behind either.

    `seen` are the keys of the rows that the page named. Returns False when they are of one person already. Raises
    NotAllowed, JoinRefused for a row and itself and for one that was erased, PersonChanged, VisitsOverlap.
    """
    require(by, *MAY_JOIN)
    if patient.pk == other.pk:
        raise JoinRefused(_("That is the same request. Enter the reference of another one."))
    rows = hold_with_requests(patient, other)
    if any(row.erased_at is not None for row in rows):
        raise JoinRefused(ERASED)
    if _person_in(rows, patient) == _person_in(rows, other):
        return False
    _require_as_seen(rows, seen)
    refuse_overlap(rows)
    connect(patient, other, rows, by=by, reason=reason)
    weigh_together(rows, patient, by=by)
    return True


@transaction.atomic
def separate(*, patient: Patient, reason: str, by: User, seen: Collection[int] = ()) -> bool:
    """Take one row out: it has its own person again, and the others stay joined with each other.

    Returns False when it stands alone already. Raises NotAllowed, PersonChanged.
    """
    require(by, *MAY_JOIN)
    return take_out(patient=patient, reason=reason, by=by, seen=seen)


@transaction.atomic
def take_out(*, patient: Patient, reason: str, by: User | None, seen: Collection[int] = ()) -> bool:
    """The same, also for what the software does by itself: then `by` is empty. The caller asks whether it may."""
    rows = hold_with_requests(patient)
    if len(rows) == 1:
        return False
    _require_as_seen(rows, seen)
    now, ended = clock.now(), PersonJoin.objects.live().of(patient)
    neighbors = sorted({row for pair in _pairs(ended) for row in pair} - {patient.pk})
    for item in ended:
        _end(item, reason=reason, by=by)
    # Whoever hung on it alone hangs on the oldest of them from now on: the same rows, one join fewer.
    for key in neighbors[1:]:
        PersonJoin.objects.create(first_id=neighbors[0], second_id=key, joined_at=now, joined_by=by, reason=reason)
    settle(rows)
    refresh_flags(rows)
    details = {"rows": [row.pk for row in rows]}
    audit.record(action="person.separate", target=patient, by=by, actor="" if by else "system", details=details)
    return True


@transaction.atomic
def undo(*, join: PersonJoin, reason: str, by: User, seen: Collection[int] = ()) -> bool:
    """End one join: what it had brought together is apart again, and every other join holds.

    Returns False when it was ended already. Raises NotAllowed, PersonChanged.
    """
    require(by, *MAY_JOIN)
    first = Patient(pk=join.first_id)
    rows = hold_with_requests(first)
    live = PersonJoin.objects.live().filter(pk=join.pk).first()
    if live is None:
        return False
    _require_as_seen(rows, seen)
    _end(live, reason=reason, by=by)
    settle(rows)
    refresh_flags(rows)
    audit.record(action="person.undo", target=first, by=by, details={"rows": [join.first_id, join.second_id]})
    return True


def hold(*patients: Patient) -> list[Patient]:
    """All rows of the persons behind these, oldest first, held until the transaction ends.

    The persons are locked by their keys, in order. One that was joined or taken apart while we waited is looked up
    again, after everything is let go: going on with a lower key in hand would wait for each other without an end.
    """
    keys = [item.pk for item in patients]
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                before = _persons_of(keys)
                list(Person.objects.select_for_update(no_key=True).filter(pk__in=before).order_by("pk"))
                if _persons_of(keys) != before:
                    raise _Moved
                return list(Patient.objects.filter(person__in=before).defer(*UNOPENED).order_by("pk"))
        except _Moved:
            continue
    raise PersonChanged(BUSY)


def hold_with_requests(*patients: Patient) -> list[Patient]:
    """The same, with every request of these persons held before them. Nothing of theirs may be held already."""
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                locked = pressing.hold_requests(patients)
                rows = hold(*patients)
                require_held(rows, locked)
                return rows
        except PersonChanged:
            continue
    raise PersonChanged(BUSY)


def find(typed: str) -> Patient | None:
    """The patient row of a reference, with or without its dashes, or of the number of a safety case."""
    compact = re.sub(r"[^0-9A-Z]", "", typed.upper())
    if case := re.fullmatch(r"(?:SAFETY)?(?:CASE)?(\d{1,9})", compact):
        return Patient.objects.filter(safety_cases=int(case[1])).defer(*UNOPENED).first()
    if len(compact) < 5:
        return None
    # The letters of a reference are drawn; its dashes are where they always are.
    body, prefix = compact[-6:], compact[:-6]
    named = Patient.objects.filter(requests__reference=f"{prefix}-{body[:4]}-{body[4:]}")
    return named.defer(*UNOPENED).first()


def connect(patient: Patient, other: Patient, rows: Collection[Patient], *, by: User | None, reason: str = "") -> None:
    """Write the join of two rows of different persons, whose rows and requests are held. `by=None` is the software.

    Call `weigh_together` after it.

    Raises PersonChanged when a visit that nobody could see yet turns out to overlap: the database has the last word.
    """
    first, second = sorted((patient.pk, other.pk))
    slot_release.release_run_out(persons={row.person_id for row in rows})
    PersonJoin.objects.create(first_id=first, second_id=second, joined_at=clock.now(), joined_by=by, reason=reason)
    try:
        with race():
            settle(rows)
    except LostRace:
        raise PersonChanged(
            _(
                "A visit of one of them was booked at this moment, and overlaps with one of the other. "
                "Nothing was changed."
            )
        ) from None
    actor = "" if by else Actor.SYSTEM.value
    audit.record(action="person.join", target=patient, by=by, actor=actor, details={"rows": [first, second]})


def require_held(rows: Collection[Patient], locked: Collection[int]) -> None:
    """Raises PersonChanged when a request has come to these persons since their requests were locked."""
    if not pressing.requests_of(rows) <= set(locked):
        raise PersonChanged(BUSY)


def weigh_together(rows: Collection[Patient], patient: Patient, *, by: User | None) -> None:
    """What is one person's now is judged as one: newer requests are as pressing as older ones, red flags are shared."""
    person = _persons_of([patient.pk])
    joined = Patient.objects.filter(pk__in=[row.pk for row in rows], person__in=person).defer(*UNOPENED)
    pressing.inherit(list(joined), by=by)
    refresh_flags(rows)


def refresh_flags(rows: Collection[Patient]) -> None:
    """Set the red flags of every request of these held rows to those that stand over all that its person told us."""
    for person in sorted(_persons_of([row.pk for row in rows])):
        theirs = ConsultationRequest.objects.filter(patient__person=person).select_related("response", "patient")
        if consultation_request := theirs.order_by("pk").first():
            dangers.refresh(consultation_request)


def settle(rows: Collection[Patient]) -> None:
    """Point each of these held rows to the person that was made with the oldest row it hangs together with."""
    own = {row.pk: row.own_person_id for row in rows}
    for group in groups(own, _pairs(PersonJoin.objects.live().filter(first__in=own, second__in=own))):
        person = own[min(group)]
        Patient.objects.filter(pk__in=group).exclude(person=person).update(person=person)


def groups(keys: Iterable[int], pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    """The keys in groups that hang together by the pairs; each key is in one of them."""
    beside: defaultdict[int, set[int]] = defaultdict(set)
    for first, second in pairs:
        beside[first].add(second)
        beside[second].add(first)
    joined_groups: list[set[int]] = []
    left = set(keys)
    while left:
        group, reached = set(), {left.pop()}
        while reached:
            key = reached.pop()
            group.add(key)
            reached |= beside[key] - group
        joined_groups.append(group)
        left -= group
    return joined_groups


def refuse_overlap(rows: Collection[Patient]) -> None:
    """Raises VisitsOverlap when visits of these rows are at the same time: the database would refuse the join."""
    if overlap := overlap_of(rows):
        raise overlap


def overlap_of(rows: Collection[Patient]) -> VisitsOverlap | None:
    """What a join of these rows is refused for, if anything: also for a page, before anything is done."""
    pairs = occupation.overlapping_visits(rows)
    return VisitsOverlap(*pairs[0]) if pairs else None


def _end(join: PersonJoin, *, reason: str, by: User | None) -> None:
    join.ended_at, join.ended_by, join.ended_reason = clock.now(), by, reason
    join.save(update_fields=["ended_at", "ended_by", "ended_reason"])


def _named(visit: SlotHold | Appointment) -> str:
    return _("request %(reference)s (%(time)s)") % {
        "reference": visit.consultation_request.reference,
        "time": clock.moment(visit.starts_at, visit.time_zone if isinstance(visit, Appointment) else ""),
    }


def _pairs(joins: QuerySet[PersonJoin]) -> list[tuple[int, int]]:
    return list(joins.values_list("first_id", "second_id"))


def _persons_of(keys: Collection[int]) -> set[int]:
    return set(Patient.objects.filter(pk__in=keys).values_list("person_id", flat=True))


def _person_in(rows: Iterable[Patient], patient: Patient) -> int:
    return next(row.person_id for row in rows if row.pk == patient.pk)


def _require_as_seen(rows: Collection[Patient], seen: Collection[int]) -> None:
    if seen and set(seen) != {row.pk for row in rows}:
        raise PersonChanged(
            _(
                "A colleague has joined or taken apart requests of this person while your page was open. Nothing was "
                "changed. Look at the list as it stands now."
            )
        )
