"""Whom staff are to call: a time of the waiting list is kept for them, no mail reaches them, or they have not chosen a
time in time.
"""

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import STAFF_QUEUE
from consultations.models import ConsultationRequest, TimeOffer
from consultations.presenters.isolation import Unreadable, readable
from consultations.services import to_phone

SHOWN: Final = 10


def to_call(*, viewer: User) -> dict[str, Any]:
    """The first of each, and how many there are."""
    seen = ConsultationRequest.objects.visible_to(viewer)
    unreached = to_phone.unreached().filter(pk__in=seen)
    expired = seen.filter(status__in=STAFF_QUEUE, offer_expired_at__isnull=False).order_by("offer_expired_at", "pk")
    kept = TimeOffer.objects.live().filter(by_phone=True, expires_at__gt=clock.now())
    offers = kept.filter(entry__consultation_request__in=seen).select_related("entry__consultation_request__patient")
    offered = [_offered(offer) for offer in offers.order_by("expires_at", "pk")]
    rows = [
        *offered[:SHOWN],
        *_rows(unreached, str(_("no email arrives"))),
        *_rows(expired.exclude(pk__in=unreached.values("pk")), str(_("offer expired"))),
    ]
    count = unreached.count() + expired.exclude(pk__in=unreached.values("pk")).count() if rows else 0
    return {"count": count + len(offered), "rows": rows}


def _offered(offer: TimeOffer) -> dict[str, Any]:
    """Somebody without an address for whom a time is kept."""
    item = offer.entry.consultation_request
    why = _("an earlier time is kept until %(time)s: ask if they take it") % {"time": clock.moment(offer.expires_at)}
    return {"pk": item.pk, "url": _url(item.pk), "why": why, **_named(item)}


def _url(pk: int) -> str:
    return reverse("admin:consultations_consultationrequest_change", args=[pk])


def _rows(requests: QuerySet[ConsultationRequest], why: str) -> list[dict[str, Any]]:
    return [
        {
            "pk": item.pk,
            "url": _url(item.pk),
            "why": why,
            **_named(item),
        }
        for item in readable(requests.select_related("patient")[:SHOWN])
    ]


def _named(item: ConsultationRequest | Unreadable) -> dict[str, str]:
    if isinstance(item, Unreadable):
        return {"name": _("Record %(number)d cannot be read") % {"number": item.pk}, "reference": ""}
    return {"name": item.patient.name, "reference": item.reference}
