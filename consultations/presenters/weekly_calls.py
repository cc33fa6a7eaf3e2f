"""Whom staff are to call this week, because they left no address that the weekly question could go to."""

import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from consultations.models import ConsultationRequest
from consultations.presenters.formatting import span
from consultations.presenters.isolation import Unreadable, readable
from consultations.services import weekly_question

SHOWN: Final = 10


def weekly_calls(*, viewer: User, now: datetime.datetime) -> dict[str, Any]:
    """The first of them, longest without a word first, and how many there are."""
    due = weekly_question.weekly_calls(now=now).filter(pk__in=ConsultationRequest.objects.visible_to(viewer))
    calls = readable(due.select_related("patient")[:SHOWN])
    rows = [
        {
            "pk": item.pk,
            "name": _("Record %(number)d cannot be read") % {"number": item.pk},
            "reference": "",
            "since": "",
        }
        if isinstance(item, Unreadable)
        else {
            "pk": item.pk,
            "name": item.patient.name,
            "reference": item.reference,
            "since": _("nothing heard for %(time)s") % {"time": span(now - item.quiet_since)},
        }
        for item in calls
    ]
    for row in rows:
        row["url"] = reverse("admin:consultations_consultationrequest_change", args=[row["pk"]])
    return {"count": due.count() if len(rows) == SHOWN else len(rows), "rows": rows}
