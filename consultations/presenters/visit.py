"""What the private page says and asks about a visit that lies ahead."""

import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from clinic.core import clock
from consultations.actions.tell_needs import TellNeeds
from consultations.enums import Modality, RequestStatus, VisitNeed
from consultations.forms.visit_needs import RemindersForm
from consultations.models import Appointment, ConsultationRequest
from consultations.services import reminders, scheduling, visit_needs
from consultations.services.visit_needs import Needs

JOIN_BEFORE: Final = datetime.timedelta(minutes=15)
"""So long before a visit by video its link is shown."""


def video_link(appointment: Appointment | None) -> str:
    """Where to join now; "" before and after, and while nobody has entered it."""
    if appointment is None or appointment.appointment_type.modality != Modality.VIDEO:
        return ""
    is_now = appointment.starts_at - JOIN_BEFORE <= clock.now() < appointment.ends_at
    return (appointment.video_link or "") if is_now else ""


def things_to_bring(appointment: Appointment | None) -> list[str]:
    lines = appointment.appointment_type.bring.splitlines() if appointment is not None else []
    return [line.strip() for line in lines if line.strip()]


def minutes_of(appointment: Appointment | None) -> int:
    """How long this visit is, which may be longer than its type."""
    return int((appointment.ends_at - appointment.starts_at).total_seconds()) // 60 if appointment is not None else 0


def _offered_minutes(consultation_request: ConsultationRequest) -> int:
    """How long the visit would be that somebody can choose a time for, with what they asked for."""
    if consultation_request.status != RequestStatus.OFFERED:
        return 0
    kind = visit_needs.visit_type_of(consultation_request)
    return kind.minutes if kind is not None else 0


def needs_lines(needs: Needs) -> list[str]:
    """What was told, as the person ticked it."""
    return [*(_need_line(VisitNeed(code), needs) for code in needs.codes), *filter(None, [needs.more])]


def _need_line(need: VisitNeed, needs: Needs) -> str:
    if need == VisitNeed.INTERPRETER and needs.language:
        return _("%(need)s: %(language)s") % {"need": need.label, "language": needs.language}
    return str(need.label)


def facts(
    consultation_request: ConsultationRequest,
    appointment: Appointment | None,
    reminders_form: RemindersForm | None = None,
) -> dict[str, Any]:
    """Whether the patient is asked if they will come, and what mails about the visit may say: to be chosen before the
    time is, because the mail that confirms it keeps to it.
    """
    has_visit = appointment is not None and not scheduling.has_begun(appointment)
    can_choose = bool(consultation_request.patient.email) and (
        has_visit or consultation_request.status == RequestStatus.OFFERED
    )
    initial = {"choice": str(consultation_request.reminders)}
    told = visit_needs.of_row(consultation_request.patient)
    return {
        "can_tell_needs": consultation_request.status in TellNeeds().transition.sources,
        "needs": needs_lines(told),
        "video_link": video_link(appointment),
        "is_by_video": appointment is not None and appointment.appointment_type.modality == Modality.VIDEO,
        "is_at_clinic": appointment is not None and appointment.appointment_type.modality == Modality.CLINIC,
        "things_to_bring": things_to_bring(appointment),
        "visit_minutes": minutes_of(appointment),
        "offered_minutes": _offered_minutes(consultation_request),
        "asks_to_confirm": appointment is not None
        and not appointment.is_confirmed
        and reminders.can_confirm(appointment, now=clock.now()),
        "slot_key": scheduling.slot_of(appointment).key if appointment is not None else "",
        "can_choose_reminders": can_choose,
        "reminders_form": reminders_form or RemindersForm(initial=initial),
    }
