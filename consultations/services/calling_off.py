"""A clinician who cannot come, from now or a day on: whose visits that concerns, and who was told."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.models import OutboxMessage
from clinic.core.refusals import NotAllowed
from consultations.enums import Actor, AppointmentStatus, MessageKind, Priority, RequestStatus
from consultations.models import Absence, Appointment, Call, Clinician, ConsultationRequest, SlotHold
from consultations.permissions import actors_of
from consultations.services import calls, slot_release
from consultations.services.scheduling.supply import DAY

FOLLOWED: Final = 14 * DAY
"""For so long after it was called off a visit that nobody sees to stands on Today."""
MOMENT: Final = datetime.timedelta(minutes=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    starts_at: datetime.datetime
    ends_at: datetime.datetime


def stretch_of(first: datetime.date, last: datetime.date) -> Stretch:
    """Whole days of the clinic; today from now on."""
    begins = clock.instant(first, datetime.time.min, fold=0)
    return Stretch(max(begins, clock.now()), clock.instant(last + DAY, datetime.time.min, fold=0))


def may(clinician: Clinician, user: User) -> bool:
    return bool(whom([clinician], user))


def whom(clinicians: Iterable[Clinician], user: User) -> set[int]:
    """For which of them this person may do it: nurses and managers for everybody, because a doctor who is ill calls the
    desk; a doctor for themselves.
    """
    actors = actors_of(user)
    if actors & {Actor.TRIAGE, Actor.MANAGER}:
        return {item.pk for item in clinicians}
    return {item.pk for item in clinicians if Actor.DOCTOR in actors and item.user_id == user.pk}


def require_may(clinician: Clinician, user: User) -> None:
    if not may(clinician, user):
        raise NotAllowed(_("You may call your own visits off only. Ask a nurse or a manager for a colleague’s."))


def visits_in(clinician: Clinician, stretch: Stretch) -> QuerySet[Appointment]:
    """The booked visits that begin in it, soonest first: one that has begun takes its course."""
    return (
        Appointment.objects.filter(
            clinician=clinician, status=AppointmentStatus.BOOKED, starts_at__gte=stretch.starts_at,
            starts_at__lt=stretch.ends_at,
        )
        .select_related("consultation_request")
        .order_by("starts_at", "pk")
    )  # fmt: skip


def begun_in(clinician: Clinician, stretch: Stretch) -> int:
    """Visits that are going on when it begins."""
    going_on = Appointment.objects.live().filter(clinician=clinician, starts_at__lt=stretch.starts_at)
    return going_on.filter(ends_at__gt=stretch.starts_at).count()


def holds_in(clinician: Clinician, stretch: Stretch) -> QuerySet[SlotHold]:
    return SlotHold.objects.filter(
        clinician=clinician, starts_at__lt=stretch.ends_at, ends_at__gt=stretch.starts_at
    ).order_by("pk")


def existing(clinician: Clinician, stretch: Stretch) -> Absence | None:
    """The absence for which visits were called off that covers the stretch already."""
    covering = Absence.objects.filter(clinician=clinician, called_off_at__isnull=False)
    return covering.filter(starts_at__lte=stretch.starts_at, ends_at__gte=stretch.ends_at).order_by("pk").first()


def enter(clinician: Clinician, stretch: Stretch, *, reason: str) -> Absence:
    """From now on nobody can book in it. Call inside a transaction, under the lock of the clinician."""
    return Absence.objects.create(
        clinician=clinician, starts_at=stretch.starts_at, ends_at=stretch.ends_at, reason=reason,
        called_off_at=clock.now(),
    )  # fmt: skip


def end_holds(clinician: Clinician, stretch: Stretch) -> int:
    """Whoever held one is shown the nearest free times when they go on. Under the lock of the clinician."""
    held = list(holds_in(clinician, stretch).select_for_update(of=("self",)))
    for hold in held:
        slot_release.release_slot(hold, reason=slot_release.ReleaseReason.CALLED_OFF)
    return len(held)


def end(absence: Absence, *, by: User) -> None:
    """The clinician is back: the absence was up to now. Call inside a transaction, under the lock of the clinician.

    It stays on record, with who was called off for it.
    """
    now = clock.now()
    freed = max(absence.starts_at, now), absence.ends_at
    absence.starts_at, absence.ends_at = min(absence.starts_at, now - MOMENT), now
    absence.save(update_fields=["starts_at", "ends_at"])
    audit.record(action="diary.back", target=absence, by=by)
    slot_release.time_freed(absence.clinician_id, *freed, reason=slot_release.ReleaseReason.NO_LONGER_AWAY)


# --- Who was told -----------------------------------------------------------------------------------------------------


def is_told(visit: Appointment) -> bool:
    """Whether its patient knows, or may know, that it was called off: by a mail that went or is going, or in a call."""
    now, about = clock.now(), visit.consultation_request
    messages = OutboxMessage.objects.filter(
        kind=MessageKind.VISIT_CALLED_OFF, subject__consultation_request=about.pk, created_at__gte=visit.cancelled_at
    )
    if messages.filter(Q(sent_at__isnull=False) | Q(lease_until__gt=now)).exists():
        return True
    reached = Call.objects.filter(calls.WAS_REACHED, response=about.response_id, made_at__gte=visit.cancelled_at)
    return reached.exists()


def called_off_for(absence: Absence) -> QuerySet[Appointment]:
    return Appointment.objects.filter(called_off_for=absence.pk).select_related("consultation_request")


def waiting() -> QuerySet[Appointment]:
    """Visits that were called off, whose patients have no other time yet and were not reached by a call."""
    reached = Call.objects.filter(
        calls.WAS_REACHED, response=OuterRef("consultation_request__response"), made_at__gte=OuterRef("cancelled_at")
    )
    later = Appointment.objects.filter(
        consultation_request=OuterRef("consultation_request"), booked_at__gte=OuterRef("cancelled_at")
    )
    rows = Appointment.objects.filter(called_off_for__isnull=False, cancelled_at__gte=clock.now() - FOLLOWED)
    later = later.exclude(pk=OuterRef("pk"))
    offered = rows.filter(consultation_request__status=RequestStatus.OFFERED)
    return offered.filter(~Exists(reached), ~Exists(later))


def waiting_by_absence() -> dict[int, int]:
    counted = waiting().order_by().values_list("called_off_for").annotate(number=Count("pk"))
    return {absence: number for absence, number in counted if absence is not None}


def to_follow(waiting_for: Iterable[int]) -> QuerySet[Absence]:
    """The absences that stand, and those with patients who are waited for."""
    stands = Q(called_off_at__isnull=False, ends_at__gt=clock.now())
    rows = Absence.objects.filter(stands | Q(pk__in=waiting_for)).select_related("clinician")
    return rows.order_by("starts_at", "pk")


def pressing(consultation_request: ConsultationRequest) -> bool:
    """Whether its patient is called first, however the visit was arranged."""
    return consultation_request.is_blocked_by_flags or consultation_request.priority != Priority.ROUTINE
