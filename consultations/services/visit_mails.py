"""What a mail about a visit says besides its sentences. A neutral one says nothing of when, where and with whom.

Who chose that mails may say so gets the calendar file with each mail that makes, changes or ends a visit.
"""

import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.channels import CalendarPart
from clinic.core.models import OutboxMessage
from consultations import ics
from consultations.emails import VisitLines
from consultations.enums import AppointmentStatus, MessageKind, Modality, ReminderChoice, VisitNeed
from consultations.mail_copy import CALLED_OFF_TO_CALL, CALLED_OFF_TODAY, Wording
from consultations.models import Appointment, AppointmentType, ConsultationRequest, TimeOffer
from consultations.services import visit_needs
from consultations.services.waiting.mails import offer_of

CHANGES_A_VISIT: Final = (
    MessageKind.APPOINTMENT_BOOKED,
    MessageKind.APPOINTMENT_MOVED,
    MessageKind.APPOINTMENT_CANCELLED,
    MessageKind.VISIT_CALLED_OFF,
)


def lines(message: OutboxMessage, consultation_request: ConsultationRequest) -> VisitLines:
    """From what stands now."""
    if message.kind == MessageKind.EARLIER_TIME:
        return _of_offered_time(message, consultation_request)
    appointment = (
        Appointment.objects.select_related("appointment_type", "location", "clinician")
        .filter(pk=message.payload.get("appointment"))
        .first()
    )
    if message.kind == MessageKind.REQUEST_CLOSED:
        return {"calendar": _calendar(consultation_request, _ended_with(consultation_request))}
    if appointment is None:
        return {}
    if message.kind == MessageKind.VISIT_CALLED_OFF:
        # Nobody needs the way to a visit that does not take place.
        return {"calendar": _calendar(consultation_request, appointment)}
    if message.kind != MessageKind.VISIT_REMINDER:
        return {
            "price": appointment.appointment_type.price_text,
            "directions": appointment.location.directions,
            "calendar": _calendar(consultation_request, appointment) if message.kind in CHANGES_A_VISIT else None,
        }
    if consultation_request.reminders != ReminderChoice.FULL:
        return {}
    when = appointment.starts_at, appointment.time_zone
    return {"visit": _when_where_and_with_whom(*when, appointment.appointment_type, appointment)}


def _of_offered_time(message: OutboxMessage, consultation_request: ConsultationRequest) -> VisitLines:
    """Until when it is kept; when, where and with whom for who chose to read that in mails."""
    offer, kind = offer_of(message), consultation_request.appointment_type
    if offer is None:
        return {}
    until = (_("We keep it until"), clock.moment(offer.expires_at))
    if consultation_request.reminders != ReminderChoice.FULL or kind is None:
        return {"visit": [until]}
    return {"visit": [*_when_where_and_with_whom(offer.starts_at, settings.TIME_ZONE, kind, offer), until]}


def _calendar(consultation_request: ConsultationRequest, appointment: Appointment | None) -> CalendarPart | None:
    """The entry as it stands now, or its removal; nothing of a visit that has begun, or for who wants neutral mails."""
    if consultation_request.reminders != ReminderChoice.FULL or appointment is None:
        return None
    if appointment.starts_at <= clock.now():
        return None
    method = "CANCEL" if appointment.status == AppointmentStatus.CANCELLED else "REQUEST"
    return CalendarPart(ics.appointment_file(appointment), method)


def _ended_with(consultation_request: ConsultationRequest) -> Appointment | None:
    """The visit that ended with its request, or that a cancellation before it, which then has no mail, gave up."""
    last = consultation_request.appointments.select_related("location").order_by("booked_at", "pk").last()
    return last if last is not None and last.status == AppointmentStatus.CANCELLED else None


def wording_of(message: OutboxMessage, consultation_request: ConsultationRequest) -> Wording | None:
    """How a visit that was called off is told of: on its day so, and otherwise while no time can be chosen."""
    if message.kind != MessageKind.VISIT_CALLED_OFF:
        return None
    if consultation_request.is_blocked_by_flags:
        return CALLED_OFF_TO_CALL
    visit = Appointment.objects.only("starts_at").filter(pk=message.payload.get("appointment")).first()
    is_today = visit is not None and clock.local(visit.starts_at).date() == clock.today()
    return CALLED_OFF_TODAY if is_today else None


def has_large_print(consultation_request: ConsultationRequest) -> bool:
    """Whether the patient reads large letters; a mail to who helps them is as any other."""
    return not consultation_request.helper_name and visit_needs.of_row(consultation_request.patient).has(
        VisitNeed.LARGE_PRINT
    )


def _when_where_and_with_whom(
    starts_at: datetime.datetime, zone: str, kind: AppointmentType, visit: Appointment | TimeOffer
) -> list[tuple[str, str]]:
    """Never the kind of visit: its name may say what it is for."""
    location = visit.location
    is_here = kind.modality == Modality.CLINIC
    place = _("%(name)s, %(address)s") % {"name": location.name, "address": location.address}
    when = _("%(moment)s, %(zone)s") % {
        "moment": clock.moment(starts_at, zone),
        "zone": clock.zone_words(starts_at, zone),
    }
    return [
        (_("When"), when),
        (_("Where"), place if is_here else str(kind.get_modality_display())),
        (_("With"), visit.clinician.display_name),
    ]
