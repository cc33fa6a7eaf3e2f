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
    held = Holdings.of(user)
    visits = dict(held.visits)
    keys = {*held.claimed, *held.to_review, *visits}
    rows = ConsultationRequest.objects.visible_to(viewer).filter(Q(pk__in=keys)).select_related("patient")
    lines = {row.pk: _line(row) for row in readable(rows.defer(*UNOPENED).most_pressing_first()[:SHOWN])}
    cases = readable(case_query(viewer).filter(pk__in=held.cases)[:SHOWN])
    return {
        "person": user,
        "who": user.display_name,
        "held": bool(held),
        "may_be_passed_on": bool(held.cases or held.requests),
        "cases": [line_of(case, viewer=viewer, now=now) for case in cases],
        "claimed": [lines[pk] for pk in held.claimed if pk in lines],
        "to_review": [lines[pk] for pk in held.to_review if pk in lines],
        "visits": [{**lines[pk], "when": clock.moment(visits[pk])} for pk in visits if pk in lines],
        "shown": {"cases": [case.pk for case in cases], "requests": sorted(lines)},
    }


def _line(each: ConsultationRequest | Unreadable) -> dict[str, Any]:
    url = reverse("admin:consultations_consultationrequest_change", args=[each.pk])
    if isinstance(each, Unreadable):
        who = _("Record %(number)d cannot be read") % {"number": each.pk}
        return {"who": who, "reference": "", "url": url, "status": ""}
    return {
        "who": each.patient.name, "reference": each.reference, "url": url, "status": each.get_status_display(),
    }  # fmt: skip


def holdings_box(user: User) -> dict[str, Any]:
    """For the form of an account: how much somebody holds, without whose it is, and where it can be passed on."""
    held = Holdings.of(user)
    counts = {
        "cases": len(held.cases),
        "claimed": len(held.claimed),
        "to_review": len(held.to_review),
        "visits": len(held.visits),
    }
    return {
        "words": held_words(counts),
        "visits": [clock.moment(at) for _request, at in held.visits[:5]],
        "url": reverse("admin:consultations_handovernote_person", args=[user.pk]),
    }
