"""The weekly question until the visit: by mail, or, without an address, a call that staff are asked to make."""

import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from clinic.core import audit, clock
from clinic.core.failures import one_by_one
from consultations.enums import Actor, MessageKind, SafeToContact
from consultations.models import Appointment, Call, ConsultationRequest
from consultations.services import messaging
from consultations.services.transitions import lock

WEEK: Final = datetime.timedelta(days=7)


def ask_weekly() -> int:
    """Owe everybody who has an address and waits the weekly question, while somebody is there to read what they answer.
    Returns how many. Raises SomeFailed after the others had their turn.
    """
    now = clock.now()
    if not clock.is_open(now):
        return 0
    due = _to_mail(now)
    return one_by_one(list(due.values_list("pk", flat=True)), _ask, what="weekly question")


def _to_mail(now: datetime.datetime) -> QuerySet[ConsultationRequest]:
    reachable = _waiting(now).exclude(patient__email_index="")
    return _quiet(reachable, "weekly_asked_at", "last_script", now=now)


@transaction.atomic
def _ask(pk: int) -> bool:
    consultation_request, now = lock(ConsultationRequest(pk=pk)), clock.now()
    if not _to_mail(now).filter(pk=pk).exists():
        return False
    consultation_request.weekly_asked_at = now
    consultation_request.save(update_fields=["weekly_asked_at"])
    key = f"weekly-{pk}-{int(now.timestamp())}"
    is_owed = (
        messaging.notify_patient(kind=MessageKind.WEEKLY_QUESTION, consultation_request=consultation_request, key=key)
        is not None
    )
    audit.record(
        action="request.asked_weekly", target=consultation_request, actor=Actor.SYSTEM.value, fields=["weekly_asked_at"]
    )
    return is_owed


def weekly_calls(*, now: datetime.datetime) -> QuerySet[ConsultationRequest]:
    """Whom somebody is to call this week, for want of an address: any call fulfills it."""
    reachable = _waiting(now).filter(patient__email_index="").exclude(patient__phone_index="")
    wanted = reachable.exclude(patient__safe_to_contact=SafeToContact.EMAIL_ONLY)
    return _quiet(wanted, "last_call", now=now)


def _quiet(rows: QuerySet[ConsultationRequest], *also: str, now: datetime.datetime) -> QuerySet[ConsultationRequest]:
    """Those of whom we have heard nothing for a week, longest first, by when they sent, answered, or any of `also`.

    Whoever is invited to another visit is asked a week later, not with the invitation.
    """
    moments = [Coalesce(name, "submitted_at") for name in ("answered_again_at", "follow_up_at", *also)]
    quiet = rows.annotate(quiet_since=Greatest("submitted_at", *moments))
    return quiet.filter(quiet_since__lte=now - WEEK).order_by("quiet_since", "pk")


def _waiting(now: datetime.datetime) -> QuerySet[ConsultationRequest]:
    """Open requests until the visit, of whoever has not switched the question off."""
    begun = Appointment.objects.live().filter(consultation_request=OuterRef("pk"), starts_at__lte=now)
    calls = Call.objects.filter(response=OuterRef("response")).order_by().values("response")
    return (
        ConsultationRequest.objects.open()
        .filter(~Exists(begun), weekly_off_at=None)
        .annotate(
            last_call=Subquery(calls.annotate(last=Max("made_at")).values("last")),
            last_script=Subquery(calls.annotate(last=Max("completed_at")).values("last")),
        )
    )


def is_wanted(consultation_request: ConsultationRequest, *, since: datetime.datetime) -> bool:
    """Whether a weekly question that was owed at `since` is still to be asked."""
    answered = consultation_request.answered_again_at
    return _waiting(clock.now()).filter(pk=consultation_request.pk).exists() and (answered is None or answered < since)
