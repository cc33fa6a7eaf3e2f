"""Whether a patient said that the scan report can be sent, so that the private page says how."""

from typing import Final

from clinic.core.encryption import DamagedRecord
from consultations.models import ConsultationRequest
from consultations.presenters.isolation import log_damage

CAN_SHARE: Final = ("yes", "later")


def can_share(consultation_request: ConsultationRequest) -> bool:
    """False when the answers cannot be read: the page stands without them."""
    try:
        return consultation_request.response.answers.get("im_share") in CAN_SHARE
    except DamagedRecord as damage:
        log_damage("consultations.questionnaireresponse", consultation_request.response_id, damage)
        return False
