"""Who told us that things feel very hard right now: the stored result of a sent request says so."""

import logging

from clinic.core.encryption import DamagedRecord
from consultations.candidacy.outcomes import LOW_MOOD_RULE
from consultations.models import ConsultationRequest
from consultations.models.stored import result_of

logger = logging.getLogger(__name__)


def fired_of(consultation_request: ConsultationRequest) -> set[str]:
    """The ids of the rules that fired when it was sent; none when that cannot be read."""
    try:
        return {fired["id"] for fired in result_of(consultation_request.assessment.result)["fired"]}
    except DamagedRecord as damage:
        logger.error("damaged record: assessment of request %s (%s)", consultation_request.pk, type(damage).__name__)
        return set()


def is_low_mood(consultation_request: ConsultationRequest) -> bool:
    return LOW_MOOD_RULE in fired_of(consultation_request)
