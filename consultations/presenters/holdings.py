"""What one member of staff holds, in words: where it is passed on, and above the form of their account."""

import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from consultations.models import ConsultationRequest
from consultations.presenters.cases import case_query, line_of
from consultations.presenters.hand_over import SHOWN, UNOPENED, held_words
from consultations.presenters.isolation import Unreadable, readable
from consultations.services.holdings import Holdings


def holdings_page(user: User, *, viewer: User, now: datetime.datetime) -> dict[str, Any]:
    holdings = Holdings.of(user)
    visits = {pk: clock.moment(at, zone) for pk, at, zone in holdings.visits}
    keys = {*holdings.claimed, *holdings.to_review, *visits}
    rows = ConsultationRequest.objects.visible_to(viewer).filter(Q(pk__in=keys)).select_related("patient")
    lines = {row.pk: _line(row) for row in readable(rows.defer(*UNOPENED).most_pressing_first()[:SHOWN])}
    cases = readable(case_query(viewer).filter(pk__in=holdings.cases)[:SHOWN])
    return {
        "person": user,
        "who": user.display_name,
        "has_any": bool(holdings),
        "may_be_passed_on": bool(holdings.cases or holdings.requests),
        "cases": [line_of(case, viewer=viewer, now=now) for case in cases],
        "claimed": [lines[pk] for pk in holdings.claimed if pk in lines],
        "to_review": [lines[pk] for pk in holdings.to_review if pk in lines],
        "visits": [{**lines[pk], "when": visits[pk]} for pk in visits if pk in lines],
        "shown": {"cases": [case.pk for case in cases], "requests": sorted(lines)},
    }


def _line(item: ConsultationRequest | Unreadable) -> dict[str, Any]:
    url = reverse("admin:consultations_consultationrequest_change", args=[item.pk])
    if isinstance(item, Unreadable):
        who = _("Record %(number)d cannot be read") % {"number": item.pk}
        return {"who": who, "reference": "", "url": url, "status": ""}
    return {
        "who": item.patient.name, "reference": item.reference, "url": url, "status": item.get_status_display(),
    }  # fmt: skip


def holdings_box(user: User) -> dict[str, Any]:
    """For the form of an account: how much somebody holds, without whose it is, and where it can be passed on."""
    holdings = Holdings.of(user)
    counts = {
        "cases": len(holdings.cases),
        "claimed": len(holdings.claimed),
        "to_review": len(holdings.to_review),
        "visits": len(holdings.visits),
    }
    return {
        "labels": held_words(counts),
        "visits": [clock.moment(at, zone) for _request, at, zone in holdings.visits[:5]],
        "url": reverse("admin:consultations_handovernote_person", args=[user.pk]),
    }
