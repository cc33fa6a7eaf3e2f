"""A time that is not on offer: staff take it on the phone, for a reason. Never over another visit or an absence; over a
busy time of the clinician's own calendar they may.
"""

import datetime

from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.refusals import WrongStatus
from consultations.enums import OutsideRule
from consultations.models import AppointmentType, Clinician, ConsultationRequest, Location
from consultations.services.scheduling.slots import Slot, offered_type
from consultations.services.scheduling.supply import DAY, openings, supply_of


def slot_outside(
    consultation_request: ConsultationRequest,
    *,
    clinician: Clinician,
    location: Location,
    starts_at: datetime.datetime,
) -> Slot:
    """The time that staff name, whether or not it is on offer. Raises WrongStatus where nobody can have it."""
    kind = offered_type(consultation_request)
    if starts_at <= clock.now():
        raise WrongStatus(_("That time has passed. Nothing was changed."))
    if not clinician.is_bookable or not (kind.any_clinician or kind.clinicians.filter(pk=clinician.pk).exists()):
        raise WrongStatus(
            _("%(clinician)s does not give this visit. Nothing was changed.") % {"clinician": clinician.display_name}
        )
    return Slot(starts_at, starts_at + kind.length, clinician.pk, location.pk)


def rules_broken(kind: AppointmentType, slot: Slot) -> list[OutsideRule]:
    """Which rules of the times on offer it does not keep, besides the minutes kept free and the clinician's own
    calendar."""
    now = clock.now()
    broken = []
    if slot.starts_at < now + kind.notice:
        broken.append(OutsideRule.NOTICE)
    if slot.starts_at >= now + kind.horizon:
        broken.append(OutsideRule.HORIZON)
    if not _is_in_hours(kind, slot):
        broken.append(OutsideRule.HOURS)
    return broken


def _is_in_hours(kind: AppointmentType, slot: Slot) -> bool:
    day = clock.local(slot.starts_at).date()
    begins, ends = slot.occupied(kind)
    return any(
        opening.clinician_id == slot.clinician_id
        and opening.location_id == slot.location_id
        and opening.begins <= begins
        and ends <= opening.ends
        for opening in openings(supply_of(kind, day, day + DAY).hours, day, day + DAY)
    )
