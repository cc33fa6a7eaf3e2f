"""Telling a doctor of something about a request, by a mail that says only that something waits."""

from django.conf import settings

from clinic.accounts.models import User
from consultations.models import ConsultationRequest
from consultations.services import duty, messaging, triage


def tell(consultation_request: ConsultationRequest, *, key: str) -> None:
    """The doctor who has it, else every doctor on duty, else any doctor; without one, the duty address."""
    told = [
        messaging.alert_staff(user=user, key=f"{key}-{user.pk}", path=triage.page_of(consultation_request))
        for user in _who(consultation_request)
    ]
    if not told:
        messaging.alert_address(
            address=settings.DUTY_EMAIL, key=f"{key}-duty", path=triage.page_of(consultation_request)
        )


def _who(consultation_request: ConsultationRequest) -> list[User]:
    if consultation_request.doctor is not None and duty.is_reachable(consultation_request.doctor):
        return [consultation_request.doctor]
    doctors = duty.care_team().filter(groups__name="doctor")
    return list(doctors.filter(is_on_duty=True)) or list(doctors)
