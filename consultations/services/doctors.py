"""Telling a doctor of something about a request, by a mail that says only that something waits."""

from django.conf import settings

from clinic.accounts.models import User
from consultations.models import ConsultationRequest
from consultations.services import duty, messaging, triage


def tell(request: ConsultationRequest, *, key: str) -> None:
    """The doctor who has it, else every doctor on duty, else any doctor; without one, the duty address."""
    told = [
        messaging.alert_staff(user=user, key=f"{key}-{user.pk}", path=triage.page_of(request)) for user in _who(request)
    ]
    if not told:
        messaging.alert_address(address=settings.DUTY_EMAIL, key=f"{key}-duty", path=triage.page_of(request))


def _who(request: ConsultationRequest) -> list[User]:
    if request.doctor is not None and duty.is_reachable(request.doctor):
        return [request.doctor]
    doctors = duty.care_team().filter(groups__name="doctor")
    return list(doctors.filter(is_on_duty=True)) or list(doctors)
