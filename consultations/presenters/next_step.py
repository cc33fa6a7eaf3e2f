"""Which part of a patient's page says what comes next, by where the request stands."""

from typing import Any, Final

from consultations.enums import RequestStatus as S
from consultations.models import Appointment, ConsultationRequest, InformationRequest

PARTS: Final[dict[str, str]] = {
    S.RECEIVED: "reading",
    S.IN_TRIAGE: "reading",
    S.WITH_DOCTOR: "reading",
    S.URGENT: "call",
    S.WITHDRAWN: "withdrawn",
    S.NOT_SUITABLE: "advice",
    S.COMPLETED: "completed",
    S.NO_SHOW: "missed",
}


def part_of(
    consultation_request: ConsultationRequest, *, appointment: Appointment | None, question: InformationRequest | None
) -> str:
    """A time that is booked comes before all else; a request that is none of these has ended."""
    if appointment is not None:
        return "appointment"
    if consultation_request.is_offer_expired:
        return "expired"
    if consultation_request.status == S.OFFERED:
        return "blocked" if consultation_request.is_blocked_by_flags else "offer"
    return "question" if question is not None else PARTS.get(consultation_request.status, "ended")


def facts(
    consultation_request: ConsultationRequest, *, appointment: Appointment | None, question: InformationRequest | None
) -> dict[str, Any]:
    """The template of the part, and what it asks about the status."""
    part = part_of(consultation_request, appointment=appointment, question=question)
    return {
        "next_template": f"consultations/private/next/{part}.html",
        "is_new": consultation_request.status == S.RECEIVED,
        "is_with_doctor": consultation_request.status == S.WITH_DOCTOR,
    }
