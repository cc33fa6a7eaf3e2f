"""Who waits, in order, and whether a time would do for them. Read without a lock, and once more under it."""

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from typing import Final

from django.db.models import Q

from clinic.core import clock
from consultations.enums import RequestStatus, SafeToContact
from consultations.models import (
    Appointment,
    AppointmentType,
    ConsultationRequest,
    ReleasedTime,
    SlotHold,
    TimeOffer,
    WaitingEntry,
)
from consultations.services import asked_again, deaths, scheduling, to_phone, visit_needs
from consultations.services.scheduling import Slot
from consultations.services.waiting.order import KEPT_SOON, in_order, kept_until
from consultations.waiting_enums import PartOfDay, PassedOver

TO_CALL_BEFORE: Final = datetime.timedelta(hours=1)
"""So long before the visit at least somebody who has to be called must have been."""
FOR_NOW: Final = frozenset({PassedOver.HAS_OFFER, PassedOver.CHOOSING})
"""What is over in a while: the time is looked at again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Waiter:
    """One entry of the list as it stands. `obstacle`: why no time at all can be offered to them now."""

    entry: WaitingEntry
    kind: AppointmentType | None
    booked: Appointment | None
    own_doctor: int | None
    by_phone: bool
    obstacle: PassedOver | None

    @property
    def consultation_request(self) -> ConsultationRequest:
        return self.entry.consultation_request

    def kept_until(self, slot: Slot, *, now: datetime.datetime) -> datetime.datetime:
        """Never longer than they may still move what is booked."""
        until = kept_until(now, slot.starts_at, by_phone=self.by_phone)
        return until if self.booked is None else min(until, scheduling.movable_until(self.booked))


def waiters(*, only: int | None = None) -> list[Waiter]:
    """Everybody on the list in the order in which they are asked, or one entry `only`."""
    entries = WaitingEntry.objects.live().select_related(
        "consultation_request__patient", "consultation_request__appointment_type"
    )
    rows = in_order(entries if only is None else entries.filter(pk=only))
    if not rows:
        return []
    about = AboutRequests.of(rows)
    return [_waiter(entry, about) for entry in rows]


@dataclasses.dataclass(frozen=True, slots=True)
class AboutRequests:
    """What stands about all requests of the list, in one query each."""

    visits: Mapping[int, Appointment]
    choosing: frozenset[int]
    offered: frozenset[int]
    failing: frozenset[int]

    @classmethod
    def of(cls, entries: Iterable[WaitingEntry]) -> "AboutRequests":
        requests = [entry.consultation_request_id for entry in entries]
        now = clock.now()
        visits = Appointment.objects.live().filter(consultation_request__in=requests)
        visits = visits.select_related("appointment_type").defer("cancel_reason", "outside_reason", "video_link")
        holds = SlotHold.objects.filter(consultation_request__in=requests, expires_at__gt=now, time_offer=None)
        live = TimeOffer.objects.live().filter(entry__consultation_request__in=requests)
        return cls(
            visits={visit.consultation_request_id: visit for visit in visits},
            choosing=frozenset(holds.values_list("consultation_request", flat=True)),
            offered=frozenset(live.values_list("entry", flat=True)),
            failing=frozenset(to_phone.failing(Q(pk__in=requests)).values_list("pk", flat=True)),
        )


def _waiter(entry: WaitingEntry, about: AboutRequests) -> Waiter:
    consultation_request = entry.consultation_request
    booked = about.visits.get(consultation_request.pk)
    obstacle = _closed_to_offers(consultation_request, booked)
    is_mailed = bool(consultation_request.patient.email_index) and consultation_request.pk not in about.failing
    if obstacle is None and not is_mailed and not _can_be_called(consultation_request):
        obstacle = PassedOver.UNREACHABLE
    if obstacle is None and entry.pk in about.offered:
        obstacle = PassedOver.HAS_OFFER
    if obstacle is None and consultation_request.pk in about.choosing:
        obstacle = PassedOver.CHOOSING
    kind = visit_needs.visit_type_of(consultation_request) if obstacle is None else None
    own_doctor = scheduling.your_doctor(consultation_request) if obstacle is None and entry.own_doctor_only else None
    return Waiter(entry, kind, booked, own_doctor, not is_mailed, obstacle)


def _closed_to_offers(consultation_request: ConsultationRequest, booked: Appointment | None) -> PassedOver | None:
    """Whatever time it is."""
    now = clock.now()
    is_open = consultation_request.status in (RequestStatus.OFFERED, RequestStatus.BOOKED)
    if not is_open or (booked is not None and booked.starts_at <= now):
        return PassedOver.ENDED
    if deaths.is_recorded(consultation_request.patient):
        return PassedOver.DIED
    if consultation_request.is_blocked_by_flags or consultation_request.danger_due_at is not None:
        return PassedOver.FLAG
    if asked_again.wrote_of_danger(consultation_request):
        return PassedOver.DANGER_TEXT
    return None


def _can_be_called(consultation_request: ConsultationRequest) -> bool:
    patient = consultation_request.patient
    return bool(patient.phone_index) and patient.safe_to_contact != SafeToContact.EMAIL_ONLY


def why_not(waiter: Waiter, released_time: ReleasedTime, had_turn: Iterable[int]) -> PassedOver | None:
    """Why this person is not asked about a released time, whichever of its slots; `had_turn`: entries."""
    given_up_by = released_time.given_up_by
    if given_up_by is not None and given_up_by.patient.person_id == waiter.consultation_request.patient.person_id:
        return PassedOver.GAVE_UP
    return PassedOver.HAD_TURN if waiter.entry.pk in set(had_turn) else waiter.obstacle


def why_not_then(waiter: Waiter, slot: Slot, *, now: datetime.datetime) -> PassedOver | None:
    """Why a slot of their kind of visit is not offered to this person."""
    if waiter.booked is not None and slot.starts_at >= waiter.booked.starts_at:
        return PassedOver.EARLIER
    if not _is_wished(waiter, slot, now=now):
        return PassedOver.WISHES
    until = waiter.kept_until(slot, now=now)
    if until < now + KEPT_SOON:
        return PassedOver.TOO_LATE
    if until > slot.starts_at - (TO_CALL_BEFORE if waiter.by_phone else datetime.timedelta()):
        return PassedOver.NOBODY_CALLS if waiter.by_phone else PassedOver.TOO_LATE
    return None


def _is_wished(waiter: Waiter, slot: Slot, *, now: datetime.datetime) -> bool:
    entry, local = waiter.entry, clock.local(slot.starts_at)
    if entry.weekdays and str(local.weekday()) not in entry.weekdays:
        return False
    part = PartOfDay.MORNING if local.hour < 12 else PartOfDay.AFTERNOON
    if entry.part_of_day not in (PartOfDay.ANY, part):
        return False
    if waiter.own_doctor not in (None, slot.clinician_id):
        return False
    return slot.starts_at >= now + datetime.timedelta(hours=entry.notice_hours)
