"""Taking a slot: a hold for ten minutes, and the appointment."""

import datetime
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import TransitionNotAllowed, WrongStatus
from consultations.enums import Actor, OutsideRule, RequestStatus
from consultations.models import Appointment, AppointmentType, ConsultationRequest, SlotHold, TimeOffer
from consultations.services import asked_again, calendar_entries, occupation, slot_release
from consultations.services.races import LostRace, gave_way, race
from consultations.services.scheduling import changing, outside
from consultations.services.scheduling.slots import Slot, SlotTaken, find, nearest, offered_type, slot_of, soonest
from consultations.services.transitions import FlagsStand, lock

HOLD_TIME: Final = datetime.timedelta(minutes=10)


class AnotherTime(TransitionNotAllowed):
    """The page this came from showed another time than the one that is held or booked now."""


class AskFirst(TransitionNotAllowed):
    """The person has not been asked whether anything is new or worse."""


def require_asked(consultation_request: ConsultationRequest) -> None:
    """Whoever books a time is asked before. On a locked row. Raises AskFirst."""
    require_section(consultation_request)
    if asked_again.is_owed_before_a_time(consultation_request):
        raise AskFirst(_("Please tell us first if anything is new or worse. Nothing is booked yet."))


def require_section(consultation_request: ConsultationRequest) -> None:
    """Before a follow-up is booked, by anybody, the safety section is asked. On a locked row. Raises AskFirst."""
    if asked_again.owes_section(consultation_request):
        raise AskFirst(
            _("First ask the danger questions in a call: they are asked again before a follow-up. Nothing is booked.")
        )


def hold(*, consultation_request: ConsultationRequest, slot_key: str) -> SlotHold:
    """Keep a time for ten minutes while the patient checks it; a second choice replaces the first. What is booked for
    the request stands beside it. Whether anything is new is asked beside the time, before it is booked; before it is
    kept only where they wrote about a danger.

    Raises SlotTaken with near times, WrongStatus when nothing is on offer or can be moved, FlagsStand, AskFirst.
    """
    slot = find(consultation_request, slot_key)
    with booking(consultation_request, slot):
        fresh = lock(consultation_request)
        if fresh.status == RequestStatus.BOOKED:
            changing.require_movable(fresh)
        elif fresh.status != RequestStatus.OFFERED:
            raise WrongStatus(_("There is nothing to book at the moment. Your status page says where things stand."))
        if fresh.is_blocked_by_flags:
            raise FlagsStand(
                _("A doctor has to look at what you told us before a time can be chosen. Nothing was changed.")
            )
        if asked_again.wrote_of_danger(fresh):
            raise AskFirst(_("Please tell us first if anything is new or worse. No time is kept for you yet."))
        kind = offered_type(fresh)
        _lock_what_it_takes(fresh, kind, slot)
        slot_release.release_hold_of(fresh, reason=slot_release.ReleaseReason.CHOSE_ANOTHER)
        taken = _taken_up(fresh, kind, slot)
        with race():
            held = SlotHold.objects.create(**taken, expires_at=clock.now() + HOLD_TIME)
        audit.record(action="slot.hold", target=fresh, actor=Actor.PATIENT.value)
        return held


def keep_for(consultation_request: ConsultationRequest, offer: TimeOffer) -> SlotHold:
    """Hold a released time for somebody on the waiting list. Call inside a transaction, on a locked row.

    Raises SlotTaken when somebody was quicker, or the person is elsewhere then.
    """
    kind, slot = offered_type(consultation_request), slot_of(offer)
    _lock_what_it_takes(consultation_request, kind, slot)
    taken = _taken_up(consultation_request, kind, slot)
    try:
        with race():
            return slot_release.keep_for_offer(offer, taken=taken)
    except LostRace:
        raise SlotTaken from None


def chosen(consultation_request: ConsultationRequest) -> SlotHold | None:
    """The time that the patient chose and has not confirmed, also when its hold ran out. Not one that was offered."""
    held = SlotHold.objects.filter(consultation_request=consultation_request, gives_back=None, time_offer=None)
    return held.select_related("clinician", "location").first()


def held_slot(*, consultation_request: ConsultationRequest, seen: str = "") -> tuple[Slot, bool]:
    """The time that is held for a request, and whether the hold ran out.

    `seen` is the key of the time that the page showed: AnotherTime is raised when another one is held now. Raises
    SlotTaken when none is held, WrongStatus when nothing is on offer.
    """
    held = chosen(consultation_request)
    if held is None:
        # The row goes when it ran out and somebody else chose a time of that doctor; which time it was is gone with it.
        raise SlotTaken(soonest(consultation_request))
    slot = slot_of(held)
    if seen and seen != slot.key:
        raise AnotherTime(_("You chose another time since, in another tab or window. Nothing is booked yet."))
    return slot, held.expires_at <= clock.now()


def book(
    *,
    consultation_request: ConsultationRequest,
    slot: Slot,
    by: User | None,
    has_expired: bool = False,
    reason: str | None = None,
) -> Appointment:
    """Turn a time into an appointment. Call inside `booking`, on a locked row. `reason`: why one that is not on offer.
    Raises SlotTaken, WrongStatus.
    """
    taken = _taken_for_good(consultation_request, slot, by=by, has_expired=has_expired, reason=reason)
    with race():
        return Appointment.objects.create(**taken, **calendar_entries.following(consultation_request))


def move(
    *,
    consultation_request: ConsultationRequest,
    slot: Slot,
    by: User | None,
    has_expired: bool = False,
    reason: str | None = None,
) -> Appointment:
    """Give the appointment of a request another time. Call inside `booking`, on a locked row.

    Until the last statement the old time stands, and it is given back with that one. Raises SlotTaken, WrongStatus.
    """
    appointment = (
        Appointment.objects.live().select_for_update(of=("self",)).get(consultation_request=consultation_request)
    )
    given_up = {appointment.clinician_id, *filter(None, [appointment.room_id])}
    taken = _taken_for_good(
        consultation_request, slot, by=by, has_expired=has_expired, reason=reason, given_up=given_up
    )
    with race():
        slot_release.move_visit(appointment, taken=taken)
    return appointment


def _taken_for_good(
    consultation_request: ConsultationRequest,
    slot: Slot,
    *,
    by: User | None,
    has_expired: bool,
    reason: str | None,
    given_up: Collection[int] = (),
) -> dict[str, Any]:
    """What the appointment of this slot takes up, locked, with the hold for it ended. `given_up`: resources that it had
    so far. Raises SlotTaken.
    """
    kind = offered_type(consultation_request)
    _lock_what_it_takes(consultation_request, kind, slot, given_up=given_up)
    now = clock.now()
    if slot.starts_at <= now:
        raise SlotTaken
    if has_expired:
        # Nothing kept the time since: hours, closed days and the doctor may have changed, as for a fresh choice.
        slot = find(consultation_request, slot.key)
    taken = (
        _taken_up(consultation_request, kind, slot)
        if reason is None
        else _taken_outside(consultation_request, kind, slot)
    )
    slot_release.turn_into_appointment(consultation_request, clinician_id=slot.clinician_id, starts_at=slot.starts_at)
    return {
        "outside": None,
        **taken,
        "outside_reason": reason,
        "appointment_type": kind,
        "time_zone": settings.TIME_ZONE,
        "booked_at": now,
        "booked_by": by,
    }


def _lock_what_it_takes(
    consultation_request: ConsultationRequest, kind: AppointmentType, slot: Slot, *, given_up: Collection[int] = ()
) -> None:
    """Lock the person, the clinician and every room that will do; then end the holds that ran out in their way."""
    occupation.lock_person(consultation_request)
    ids = {slot.clinician_id, *(occupation.rooms_at(kind) or {}).get(slot.location_id, ()), *given_up}
    occupation.lock_resources(ids)
    slot_release.release_run_out(resources=ids, persons={occupation.person_of(consultation_request)})


def _taken_outside(consultation_request: ConsultationRequest, kind: AppointmentType, slot: Slot) -> dict[str, Any]:
    """The same for a time that is not on offer, with the rules that it does not keep: without the minutes kept free
    where they do not fit, over a busy time of the clinician's own calendar, and never over anything else. Raises
    SlotTaken.
    """
    broken, occupied = outside.rules_broken(kind, slot), slot.occupied(kind)
    try:
        taken = _taken_up(consultation_request, kind, slot, over_own_calendar=True)
    except SlotTaken:
        taken = _taken_up(consultation_request, kind, slot, with_buffers=False, over_own_calendar=True)
        occupied = slot.visit
        broken.append(OutsideRule.BUFFERS)
    if occupation.is_busy(slot.clinician_id, *occupied):
        broken.append(OutsideRule.OWN_CALENDAR)
    return {**taken, "outside": ",".join(broken)}


def _taken_up(
    consultation_request: ConsultationRequest,
    kind: AppointmentType,
    slot: Slot,
    *,
    with_buffers: bool = True,
    over_own_calendar: bool = False,
) -> dict[str, Any]:
    """What a hold or an appointment of this slot takes up, a free room included. Raises SlotTaken."""
    occupied = slot.occupied(kind) if with_buffers else slot.visit
    if occupation.is_taken(
        consultation_request,
        clinician_id=slot.clinician_id,
        visit=slot.visit,
        occupied=occupied,
        over_own_calendar=over_own_calendar,
    ):
        raise SlotTaken
    room = None
    if kind.needs_room:
        room = occupation.free_room(
            kind, location_id=slot.location_id, occupied=occupied, consultation_request=consultation_request
        )
        if room is None:
            raise SlotTaken
    return {
        "consultation_request": consultation_request,
        "clinician_id": slot.clinician_id,
        "location_id": slot.location_id,
        "room": room,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "buffer_before_minutes": kind.buffer_before_minutes if with_buffers else 0,
        "buffer_after_minutes": kind.buffer_after_minutes if with_buffers else 0,
    }


@contextmanager
def booking(consultation_request: ConsultationRequest, slot: Slot) -> Iterator[None]:
    """One transaction. Whoever loses a race in it is told which times near the lost one are free. Raises SlotTaken."""
    try:
        with transaction.atomic():
            yield
    except (LostRace, OperationalError, SlotTaken) as error:
        if isinstance(error, OperationalError) and not gave_way(error):
            raise
        kind, around = offered_type(consultation_request), slot.starts_at
        look = partial(nearest, appointment_type=kind, around=around, ignoring=consultation_request)
        raise SlotTaken(look) from None
