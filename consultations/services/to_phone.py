"""Whom staff are to call because a mail does not reach them. Any call since then fulfills it."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.core.models import Lane, OutboxMessage
from clinic.core.outbox import UNDELIVERED
from consultations.enums import SafeToContact
from consultations.models import Call, ConsultationRequest


def failing(responses: Q | None = None) -> QuerySet[ConsultationRequest]:
    """Open requests with a mail that could not be delivered and no call since."""
    called = Call.objects.filter(response=OuterRef("subject__consultation_request__response"))
    failed = OutboxMessage.objects.filter(
        UNDELIVERED, lane=Lane.PATIENTS, subject__consultation_request=OuterRef("pk")
    ).filter(~Exists(called.filter(made_at__gte=OuterRef("parked_at"))))
    rows = ConsultationRequest.objects.open().filter(Exists(failed))
    return rows if responses is None else rows.filter(responses)


def unreached(responses: Q | None = None) -> QuerySet[ConsultationRequest]:
    """Those of them whom staff can call; the longest first.

    Not of patients who may be reached by mail alone: what was not delivered stands under Messages.
    """
    reachable = (
        failing(responses).exclude(patient__phone_index="").exclude(patient__safe_to_contact=SafeToContact.EMAIL_ONLY)
    )
    return reachable.order_by("status_changed_at", "pk")


def is_unreached(consultation_request: ConsultationRequest) -> bool:
    return unreached(Q(pk=consultation_request.pk)).exists()
