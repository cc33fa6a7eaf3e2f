"""The waiting list as staff see it: who waits and what is offered to them, and what became of times that came free."""

from typing import Any, Final

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from consultations.models import ConsultationRequest, ReleasedTime, TimeOffer, WaitingEntry
from consultations.presenters.formatting import Chip
from consultations.presenters.waiting import wishes_words
from consultations.services.slot_release import ReleaseReason
from consultations.services.waiting.waiters import Waiter, waiters
from consultations.waiting_enums import PassedOver, TimeOfferEnd

TIMES_SHOWN: Final = 20
WHY_FREED: Final = {
    ReleaseReason.CANCELLED: gettext_lazy("cancelled"),
    ReleaseReason.REQUEST_ENDED: gettext_lazy("a request ended"),
    ReleaseReason.CHOSE_ANOTHER: gettext_lazy("another time was chosen"),
    ReleaseReason.MOVED: gettext_lazy("moved"),
    ReleaseReason.HOLD_RAN_OUT: gettext_lazy("not confirmed in time"),
    ReleaseReason.NO_LONGER_AWAY: gettext_lazy("no longer away"),
    ReleaseReason.NO_LONGER_BUSY: gettext_lazy("no longer busy by an own calendar"),
    ReleaseReason.CALLED_OFF: gettext_lazy("called off"),
    ReleaseReason.OVER_EARLY: gettext_lazy("over early"),
    ReleaseReason.DANGER: gettext_lazy("a doctor has to look at something first"),
    ReleaseReason.HOURS_ADDED: gettext_lazy("hours added"),
}
HOW_KINDS: Final = {TimeOfferEnd.TAKEN: "ok", TimeOfferEnd.NOT_SENT: "warn"}


def waiting_list_page(*, viewer: User) -> dict[str, Any]:
    """`request_pks`: whose requests it shows."""
    rows = waiters() if ConsultationRequest.objects.visible_to(viewer).exists() else []
    live = {offer.entry_id: offer for offer in TimeOffer.objects.live().select_related("clinician")}
    times = _times()
    shown = {offer.entry.consultation_request_id for time in times for offer in time["offers_made"]}
    named = _named({int(pk) for time in times for pk in time["passed"]})
    for time in times:
        time["passed_over"] = [
            {"reference": named[int(pk)].reference, "why": PassedOver(why).label}
            for pk, why in time["passed"].items()
            if int(pk) in named
        ]
    shown |= {item.pk for item in named.values()} | {waiter.consultation_request.pk for waiter in rows}
    return {
        "lines": [_line(number, waiter, live.get(waiter.entry.pk)) for number, waiter in enumerate(rows, start=1)],
        "times": times,
        "request_pks": sorted(shown),
    }


def _line(number: int, waiter: Waiter, offer: TimeOffer | None) -> dict[str, Any]:
    item = waiter.consultation_request
    return {
        "number": number,
        "name": item.patient.name,
        "reference": item.reference,
        "url": reverse("admin:consultations_consultationrequest_change", args=[item.pk]),
        "since": clock.moment(waiter.entry.asked_at),
        "urgency": item.get_priority_display(),
        "wishes": wishes_words(waiter.entry),
        "booked": clock.moment(waiter.booked.starts_at, waiter.booked.time_zone) if waiter.booked else _("nothing yet"),
        "by_phone": waiter.by_phone,
        "kept": _offer_words(offer) if offer is not None else "",
        "obstacle": Chip(str(waiter.obstacle.label), "warn")
        if waiter.obstacle is not None and waiter.obstacle != PassedOver.HAS_OFFER
        else None,
    }


def _offer_words(offer: TimeOffer) -> str:
    return _("%(time)s with %(clinician)s, kept until %(until)s") % {
        "time": clock.moment(offer.starts_at),
        "clinician": offer.clinician.display_name,
        "until": clock.moment(offer.expires_at),
    }


def _times() -> list[dict[str, Any]]:
    """The newest that anybody was asked about, or passed over for."""
    asked = TimeOffer.objects.filter(released_time=OuterRef("pk"))
    rows = ReleasedTime.objects.exclude(~Exists(asked), passed_over={}).select_related("clinician")
    times = list(rows.order_by("-released_at", "-pk")[:TIMES_SHOWN])
    offers = TimeOffer.objects.filter(released_time__in=times).select_related("entry__consultation_request")
    made: dict[int, list[TimeOffer]] = {}
    for offer in offers.order_by("made_at", "pk"):
        made.setdefault(offer.released_time_id, []).append(offer)
    return [
        {
            "time": clock.moment(time.starts_at),
            "clinician": time.clinician.display_name,
            "why": WHY_FREED[ReleaseReason(time.reason)],
            "offers_made": made.get(time.pk, []),
            "offers": [
                {"reference": offer.entry.consultation_request.reference, "how": _how(offer)}
                for offer in made.get(time.pk, [])
            ],
            "passed": time.passed_over,
            "is_open": time.settled_at is None,
        }
        for time in times
    ]


def _how(offer: TimeOffer) -> Chip:
    if offer.ended_as is None:
        return Chip(_("asked, until %(time)s") % {"time": clock.moment(offer.expires_at)})
    return Chip(str(offer.get_ended_as_display()), HOW_KINDS.get(TimeOfferEnd(offer.ended_as), ""))


def _named(entries: set[int]) -> dict[int, ConsultationRequest]:
    """Entry -> its request, by reference alone."""
    rows = WaitingEntry.objects.filter(pk__in=entries).select_related("consultation_request")
    return {row.pk: row.consultation_request for row in rows}


def offer_line(consultation_request: ConsultationRequest) -> str:
    """For the page of one request: what is kept for it, or that it waits; "" for neither."""
    entry = WaitingEntry.objects.live().filter(consultation_request=consultation_request).first()
    if entry is None:
        return ""
    offer = TimeOffer.objects.live().filter(entry=entry).select_related("clinician").first()
    if offer is not None:
        return _("From the waiting list: %(time)s.") % {"time": _offer_words(offer)}
    return _("On the waiting list since %(time)s: %(wishes)s.") % {
        "time": clock.moment(entry.asked_at),
        "wishes": wishes_words(entry),
    }
