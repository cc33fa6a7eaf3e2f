"""Telling the clinic of a text with words about self-harm, and again until somebody has read it.

No safety case: the rules never read a text, and a case is closed by what became of a person whom the rules found in
danger. The same people are told by the same ways at the same times. A mail says only that something waits.
"""

import datetime
import logging
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest, PatientText, SafetyCase
from consultations.services import alerts, duty

POOL: Final = "texts"
"""How the key of a mail begins that stands for every such text that waits."""
logger = logging.getLogger(__name__)


def waiting() -> QuerySet[PatientText]:
    """Texts with words about self-harm that nobody has read, without what they say."""
    return PatientText.objects.waiting().filter(is_self_harm=True).defer("text")


def sound(text: PatientText) -> None:
    """Tell of a text that was sent now, unless another one of the same person was told within ten minutes: then the
    same alarm goes on. Call inside a transaction.
    """
    now = clock.now()
    others = waiting().filter(response=text.response_id, told_at__gt=now - alerts.REPEAT)
    if newest := others.order_by("-told_at").first():
        text.told_at = newest.told_at
    elif alerts.tell(
        alerts.at_once(owner_of(text), now=now),
        key=f"text-{text.response_id}-{text.pk}-{int(now.timestamp())}",
        path=page_of(text),
    ):
        text.told_at = now
    else:
        logger.error("text %s: nobody can be told", text.pk)
        text.warned_at = now
    text.save(update_fields=["told_at", "warned_at"])


def owner_of(text: PatientText) -> User | None:
    """In whose hands the request or the safety case is; else whoever gets the next case."""
    consultation_request = ConsultationRequest.objects.filter(response=text.response_id).select_related(
        "doctor", "claimed_by"
    )
    holder: User | None = None
    if (request_row := consultation_request.only("status", "doctor", "claimed_by").first()) is not None:
        holder = request_row.doctor if request_row.status == RequestStatus.WITH_DOCTOR else request_row.claimed_by
    else:
        case = SafetyCase.objects.filter(response=text.response_id).select_related("owner").only("owner").first()
        holder = case.owner if case else None
    return holder if duty.may_keep(holder) else duty.next_owner()


def page_of(text: PatientText) -> str:
    """The path of the staff page on which it can be read: that of its request, or of its safety case."""
    if consultation_request := ConsultationRequest.objects.filter(response=text.response_id).only("pk").first():
        return reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
    if case := SafetyCase.objects.filter(response=text.response_id).only("pk").first():
        return alerts.page_of(case)
    return today_page()


def today_page() -> str:
    """Where the most pressing texts stand, also those that belong to no request."""
    return reverse("admin:today")


@transaction.atomic
def repeat() -> int:
    """One mail to everybody who is to be told, when one of the texts is due. Returns how many texts."""
    now = clock.now()
    if not waiting().filter(alerts.due_now(now)).exists():
        return 0
    locked = list(waiting().order_by("pk").select_for_update(of=("self",)))
    if not any(alerts.is_due(text.told_at, now=now) for text in locked):
        return 0
    people = {text.response_id: text for text in locked}
    is_told = alerts.tell(
        alerts.told_again([owner_of(text) for text in people.values()], now=now),
        key=f"{POOL}-{int(now.timestamp())}",
        path=page_of(locked[0]) if len(people) == 1 else today_page(),
    )
    if not is_told:
        return 0
    PatientText.objects.filter(pk__in=[text.pk for text in locked]).update(told_at=now)
    return len(locked)


def told_since(text: PatientText) -> datetime.datetime:
    """From when a mail counts for this text: one of the same person that was sent shortly before tells of it too."""
    return text.sent_at - alerts.REPEAT
