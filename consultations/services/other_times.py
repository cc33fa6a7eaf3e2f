"""The nearest times for several patients whose visits were called off: the same kind of visit, and no time twice."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.conf import settings

from clinic.core import clock
from consultations.enums import VisitNeed
from consultations.models import Appointment, AppointmentType, ConsultationRequest, Occupation
from consultations.services import visit_needs
from consultations.services.occupation import Span
from consultations.services.scheduling import Slot, SlotTaken, free_slots, offered_type, start_of
from consultations.services.scheduling.supply import DAY
from consultations.services.visit_needs import Needs

PROPOSED: Final = 3
LOOKED_AHEAD: Final = 45 * DAY
SHORTEST_NOTICE: Final = datetime.timedelta(hours=1)
"""Staff call these patients, so that times count which are too near to be offered on a page."""


def propose(visits: Sequence[Appointment], *, needs: Mapping[int, Needs]) -> dict[int, list[Slot]]:
    """Request -> up to PROPOSED free times nearest to the visit that was called off, soonest first.

    Who is more pressing has the first choice, then who waits longer; nobody is shown a time that another one is shown.
    The visits come with request, patient and type; `needs` by person. Two queries for each kind of visit.
    """
    kinds = {visit.pk: _kind_of(visit, needs) for visit in visits}
    free = _free_by_kind(kinds.values())
    elsewhere = _elsewhere(visits)
    given: dict[int, list[Span]] = defaultdict(list)
    proposed: dict[int, list[Slot]] = {}
    for visit in sorted(visits, key=_turn):
        kind, person = kinds[visit.pk], visit.consultation_request.patient.person_id
        invited = [slot for slot in free[kind.pk, kind.minutes] if _is_invited_to(slot, visit.consultation_request)]
        near = sorted(invited, key=lambda slot: (abs(slot.starts_at - visit.starts_at), slot))
        chosen: list[Slot] = []
        for slot in near:
            span = slot.occupied(kind)
            if len(chosen) == PROPOSED:
                break
            if _touches(span, given[slot.clinician_id]) or _touches(slot.visit, elsewhere.get(person, ())):
                continue
            chosen.append(slot)
            given[slot.clinician_id].append(span)
        proposed[visit.consultation_request_id] = sorted(chosen)
    return proposed


def find(consultation_request: ConsultationRequest, slot_key: str) -> tuple[Slot, bool]:
    """The time that a key names, and whether it is too near to be offered on a page. Raises SlotTaken."""
    kind, start = offered_type(consultation_request), start_of(slot_key)
    if start is None:
        raise SlotTaken
    day = clock.local(start).date()
    notice = min(SHORTEST_NOTICE, kind.notice)
    slots = free_slots(appointment_type=kind, since=day, until=day + DAY, ignoring=consultation_request, notice=notice)
    for slot in slots:
        if slot.key == slot_key:
            return slot, slot.starts_at < clock.now() + kind.notice
    raise SlotTaken


def _is_invited_to(slot: Slot, about: ConsultationRequest) -> bool:
    """Whether the invitation to a follow-up leaves it in: here times are looked for once for all patients."""
    is_with = about.follow_up_clinician_id in (None, slot.clinician_id)
    return is_with and (about.follow_up_from is None or clock.local(slot.starts_at).date() >= about.follow_up_from)


def _turn(visit: Appointment) -> tuple[int, datetime.datetime, int]:
    """Never by name, language, payment or channel."""
    about = visit.consultation_request
    return about.risk, about.submitted_at, about.pk


def _kind_of(visit: Appointment, needs: Mapping[int, Needs]) -> AppointmentType:
    """As long as this person needs it to be. Never to be saved."""
    kind = visit.consultation_request.appointment_type or visit.appointment_type
    if not needs.get(visit.consultation_request.patient.person_id, Needs()).has(VisitNeed.LONGER):
        return kind
    return visit_needs.lengthened(kind, by=settings.LONGER_VISIT_MINUTES)


def _free_by_kind(kinds: Iterable[AppointmentType]) -> dict[tuple[int, int], list[Slot]]:
    today = clock.today()
    by_length = {(kind.pk, kind.minutes): kind for kind in kinds}
    return {
        key: free_slots(
            appointment_type=kind,
            since=today,
            until=today + LOOKED_AHEAD,
            notice=min(SHORTEST_NOTICE, kind.notice),
        )
        for key, kind in by_length.items()
    }


def _elsewhere(visits: Iterable[Appointment]) -> dict[int, list[Span]]:
    """Person -> when they have another visit with us."""
    persons = {visit.consultation_request.patient.person_id for visit in visits}
    rows = Occupation.objects.standing(now=clock.now()).filter(person__in=persons, ends_at__gt=clock.now())
    found: dict[int, list[Span]] = defaultdict(list)
    for person, begins, ends in rows.values_list("person", "starts_at", "ends_at"):
        found[person].append((begins, ends))
    return found


def _touches(span: Span, others: Iterable[Span]) -> bool:
    return any(begins < span[1] and span[0] < ends for begins, ends in others)
