"""Who is on the list, and what stands for them: asked for by the patient, or by staff for who calls."""

import dataclasses
import datetime

from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.models import ConsultationRequest, SlotHold, TimeOffer, WaitingEntry
from consultations.services import slot_release
from consultations.services.scheduling import AnotherTime, slot_of
from consultations.services.slot_release import ReleaseReason
from consultations.waiting_enums import PartOfDay, TimeOfferEnd, WaitingEnd


class OfferGone(TransitionNotAllowed):
    """The time is kept for this person no longer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Wishes:
    """What would do: see WaitingEntry."""

    weekdays: str = ""
    part_of_day: str = PartOfDay.ANY.value
    own_doctor_only: bool = False
    notice_hours: int = 0


def wishes_of(entry: WaitingEntry) -> Wishes:
    return Wishes(entry.weekdays, entry.part_of_day, entry.own_doctor_only, entry.notice_hours)


def entry_of(consultation_request: ConsultationRequest) -> WaitingEntry | None:
    """By which the request waits now."""
    return WaitingEntry.objects.live().filter(consultation_request=consultation_request).first()


def join(*, consultation_request: ConsultationRequest, wishes: Wishes, by: User | None) -> WaitingEntry:
    """Put a request on the list, or change what would do, which costs no place. Call on a locked row."""
    values = dataclasses.asdict(wishes)
    entry = entry_of(consultation_request)
    if entry is None:
        return WaitingEntry.objects.create(
            consultation_request=consultation_request, asked_at=clock.now(), asked_by=by, **values
        )
    for name, value in values.items():
        setattr(entry, name, value)
    entry.save(update_fields=list(values))
    return entry


def leave(consultation_request: ConsultationRequest, *, ended_as: WaitingEnd = WaitingEnd.LEFT) -> None:
    """Take it off the list, with what is offered to it now. Call inside a transaction, on a locked row."""
    for held in SlotHold.objects.filter(consultation_request=consultation_request, time_offer__isnull=False):
        slot_release.release_slot(held, reason=ReleaseReason.LEFT_LIST)
    entries = WaitingEntry.objects.live().filter(consultation_request=consultation_request)
    entries.update(ended_at=clock.now(), ended_as=ended_as)


def live_offer(consultation_request: ConsultationRequest, *, now: datetime.datetime | None = None) -> TimeOffer | None:
    """What is kept for it now."""
    offers = TimeOffer.objects.live().filter(
        entry__consultation_request=consultation_request, expires_at__gt=now or clock.now()
    )
    return offers.select_related("clinician", "location", "entry").first()


def last_offer(consultation_request: ConsultationRequest) -> TimeOffer | None:
    """The one before, for who comes back too late: nothing says what became of the time."""
    offers = TimeOffer.objects.filter(entry__consultation_request=consultation_request)
    return offers.filter(entry__ended_at=None).order_by("made_at", "pk").last()


def offer_seen(consultation_request: ConsultationRequest, *, seen: str) -> TimeOffer:
    """The offer that a page showed, by the key of its slot. Call on a locked row. Raises OfferGone, AnotherTime."""
    offer = live_offer(consultation_request)
    if offer is None:
        raise OfferGone(_("We no longer keep that time. You are still on the waiting list."))
    if seen and seen != slot_of(offer).key:
        raise AnotherTime(_("Another time is offered now. Look at it before you decide."))
    return offer


def has_left(consultation_request: ConsultationRequest) -> bool:
    """Whether it was on the list and left it: pressing twice is no harm."""
    last = WaitingEntry.objects.filter(consultation_request=consultation_request).order_by("asked_at", "pk").last()
    return last is not None and last.ended_as == WaitingEnd.LEFT


def has_declined(consultation_request: ConsultationRequest, *, seen: str) -> bool:
    """Whether the last offer was declined, and is the one that the page showed."""
    last = last_offer(consultation_request)
    return last is not None and last.ended_as == TimeOfferEnd.DECLINED and seen in ("", slot_of(last).key)


def decline_offer(offer: TimeOffer) -> None:
    """The next one is asked; whoever declined stays on the list in their place. Call on a locked request."""
    for held in SlotHold.objects.filter(time_offer=offer):
        slot_release.release_slot(held, reason=ReleaseReason.DECLINED)
    TimeOffer.objects.live().filter(pk=offer.pk).update(ended_at=clock.now(), ended_as=TimeOfferEnd.DECLINED)
