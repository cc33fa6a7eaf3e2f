"""Until when the patient may move or cancel a booked time; after that they call us."""

import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.refusals import WrongStatus
from consultations.models import Appointment, ConsultationRequest
from consultations.services.scheduling.slots import TIME_TO_CHOOSE

TIME_TO_UNDO: Final = datetime.timedelta(minutes=3)
"""For how long a cancellation can be taken back."""


def movable_until(appointment: Appointment) -> datetime.datetime:
    """When its patient can no longer move it: the notice of its type before it begins."""
    return appointment.starts_at - appointment.appointment_type.notice


def cancellable_until(appointment: Appointment) -> datetime.datetime:
    return appointment.starts_at - datetime.timedelta(hours=settings.CANCEL_NOTICE_HOURS)


def may_move(appointment: Appointment) -> bool:
    return clock.now() < movable_until(appointment)


def may_cancel(appointment: Appointment) -> bool:
    return clock.now() < cancellable_until(appointment)


def is_late_to_cancel(appointment: Appointment) -> bool:
    """Whoever saw the page in time has a while to think; a visit that has begun is too late for anybody."""
    return _is_late(appointment, cancellable_until(appointment))


def _is_late(appointment: Appointment, until: datetime.datetime) -> bool:
    return clock.now() >= min(until + TIME_TO_CHOOSE, appointment.starts_at)


def require_movable(consultation_request: ConsultationRequest) -> None:
    """On a locked row. Whoever saw the page in time has a while to choose. Raises WrongStatus."""
    appointment = (
        Appointment.objects.live().select_related("appointment_type").get(consultation_request=consultation_request)
    )
    if _is_late(appointment, movable_until(appointment)):
        raise WrongStatus(_("It is too late to move this time here. It stands as it is: call us to change it."))


def require_cancellable(appointment: Appointment) -> None:
    """On a locked row, for the patient. Raises WrongStatus."""
    if clock.now() >= appointment.starts_at:
        raise WrongStatus(_("The consultation has begun."))
    if is_late_to_cancel(appointment):
        raise WrongStatus(_("It is too late to cancel this time here. It stands as it is: call us to cancel it."))
