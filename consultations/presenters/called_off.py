"""A clinician cannot come: whose visits would be called off, and afterwards whom to call and which times there are."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import new_token
from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind, RequestStatus, SafeToContact
from consultations.models import Absence, Appointment, Call, Clinician, ConsultationRequest
from consultations.presenters.formatting import Chip, level_chip
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.request_page import PhoneLine, phone_of
from consultations.presenters.visit_needs import needs_words
from consultations.services import calling_off, calls, other_times, visit_needs
from consultations.services.calling_off import Stretch
from consultations.services.scheduling import Slot
from consultations.services.visit_needs import Needs

SOON: Final = datetime.timedelta(hours=4)
"""A visit that would begin so soon is a phone call, whether or not a mail goes."""
PAGE_OF_ONE: Final = "admin:consultations_consultationrequest_change"
SAFE: Final = {
    SafeToContact.EMAIL_ONLY: gettext_lazy("Use email only: do not call"),
    SafeToContact.NO_VOICEMAIL: gettext_lazy("Do not leave a message"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class OtherTime:
    key: str
    label: str


@dataclasses.dataclass(frozen=True, slots=True)
class PatientLine:
    """One patient whose visit was called off. `is_settled`: nothing is left to do. `must_call`: no mail is enough."""

    request_pk: int
    name: str
    reference: str
    url: str
    time: str
    is_pressing: bool
    must_call: bool
    is_settled: bool
    chips: tuple[Chip, ...]
    phone: PhoneLine | None = None
    safe: str = ""
    needs: str = ""
    call_url: str = ""
    once: str = ""
    times: tuple[OtherTime, ...] = ()
    week_url: str = ""
    is_blocked: bool = False


def preview(clinician: Clinician, stretch: Stretch, *, viewer: User) -> dict[str, Any]:
    """Whom it concerns, before anything is done."""
    seen = ConsultationRequest.objects.visible_to(viewer)
    rows = _with_patients(calling_off.visits_in(clinician, stretch).filter(consultation_request__in=seen))
    visits = [row for row in readable(rows) if not isinstance(row, Unreadable)]
    lines = [
        {
            "time": clock.moment(visit.starts_at, visit.time_zone),
            "name": visit.consultation_request.patient.name,
            "reference": visit.consultation_request.reference,
            "url": reverse(PAGE_OF_ONE, args=[visit.consultation_request_id]),
            "level": level_chip(visit.consultation_request),
            "is_pressing": calling_off.pressing(visit.consultation_request),
            "has_email": bool(visit.consultation_request.patient.email_index),
        }
        for visit in visits
    ]
    references = calling_off.visits_in(clinician, stretch).values_list("consultation_request__reference", flat=True)
    return {
        "clinician": clinician,
        "from_words": clock.moment(stretch.starts_at),
        "until_words": clock.moment(stretch.ends_at),
        "lines": sorted(lines, key=lambda line: not line["is_pressing"]),
        "holds": calling_off.holds_in(clinician, stretch).count(),
        "begun": calling_off.begun_in(clinician, stretch),
        "without_email": sum(not line["has_email"] for line in lines),
        "seen": ",".join(references),
        "request_pks": [visit.consultation_request_id for visit in visits],
    }


def called_off_page(absence: Absence, *, viewer: User) -> dict[str, Any]:
    """Everybody whose visit was called off for it, whom to call first."""
    seen = ConsultationRequest.objects.visible_to(viewer)
    rows = _with_patients(calling_off.called_off_for(absence).filter(consultation_request__in=seen))
    found = readable(rows.order_by("starts_at", "pk"))
    visits = [row for row in found if not isinstance(row, Unreadable)]
    told = _Told(visits)
    open_visits = [visit for visit in visits if not told.is_settled(visit)]
    needs = visit_needs.of_persons({visit.consultation_request.patient.person_id for visit in visits})
    can_choose = [visit for visit in open_visits if not _is_blocked(visit.consultation_request)]
    times = other_times.propose(can_choose, needs=needs)
    names = dict(Clinician.objects.values_list("pk", "display_name"))
    lines = [_line(visit, told, needs, _times(times, visit, absence, names)) for visit in visits]
    lines.sort(key=lambda line: (not line.is_pressing, not line.must_call))
    still_booked = _with_patients(
        calling_off.visits_in(absence.clinician, Stretch(absence.starts_at, absence.ends_at))
    ).filter(consultation_request__in=seen)
    return {
        "absence": absence,
        "is_over": absence.ends_at <= clock.now(),
        "from_words": clock.moment(absence.starts_at),
        "until_words": clock.moment(absence.ends_at),
        "to_call": [line for line in lines if line.must_call and not line.is_settled],
        "others": [line for line in lines if not line.must_call and not line.is_settled],
        "settled": [line for line in lines if line.is_settled],
        "damaged": [row.pk for row in found if isinstance(row, Unreadable)],
        "still_booked": [visit.consultation_request.reference for visit in still_booked],
        "may_end": calling_off.may(absence.clinician, viewer),
        "request_pks": [visit.consultation_request_id for visit in (*visits, *still_booked)],
    }


def back_page(absence: Absence) -> dict[str, Any]:
    """What would be undone, before it is."""
    visits = list(calling_off.called_off_for(absence).filter(consultation_request__status=RequestStatus.OFFERED))
    ahead = [visit for visit in visits if visit.starts_at > clock.now()]
    restored = sum(not calling_off.is_told(visit) for visit in ahead)
    return {"absence": absence, "restored": restored, "told": len(visits) - restored}


def today_lines() -> list[dict[str, Any]]:
    """One line for each clinician who cannot come, or whose patients are still waited for."""
    waiting = calling_off.waiting_by_absence()
    return [
        {
            "name": absence.clinician.display_name,
            "until": clock.moment(absence.ends_at),
            "is_over": absence.ends_at <= clock.now(),
            "number": waiting.get(absence.pk, 0),
            "url": reverse("admin:consultations_appointment_called_off", args=[absence.pk]),
        }
        for absence in calling_off.to_follow(waiting)
    ]


def _is_blocked(about: ConsultationRequest) -> bool:
    """Whether not even staff can book: a red flag stands and no doctor has ordered the visit."""
    return about.is_blocked_by_flags and about.booking_ordered_at is None


def _with_patients(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return rows.select_related(
        "consultation_request__patient", "consultation_request__appointment_type", "appointment_type", "location"
    ).defer("cancel_reason", "outside_reason", "video_link", "consultation_request__patient__email")


class _Told:
    """What became of each since: calls, mails and other times, in three queries."""

    def __init__(self, visits: list[Appointment]) -> None:
        requests = {visit.consultation_request_id: visit.consultation_request for visit in visits}
        self.reached: dict[int, datetime.datetime] = {}
        self.tries: dict[int, list[datetime.datetime]] = {}
        responses = {item.response_id for item in requests.values()}
        rows = Call.objects.filter(response__in=responses).order_by("made_at", "pk")
        reached = set(rows.filter(calls.WAS_REACHED).values_list("pk", flat=True))
        for pk, response, made_at in rows.values_list("pk", "response_id", "made_at"):
            if pk in reached:
                self.reached[response] = made_at
            else:
                self.tries.setdefault(response, []).append(made_at)
        mails = OutboxMessage.objects.filter(
            kind=MessageKind.VISIT_CALLED_OFF, subject__consultation_request__in=requests
        ).order_by("pk")
        columns = "subject__consultation_request", "created_at", "sent_at", "parked_at", "is_stopped"
        self.mails = {row[0]: row[1:] for row in mails.values_list(*columns)}
        booked = Appointment.objects.live().filter(consultation_request__in=requests)
        self.booked = {row[0]: row[1:] for row in booked.values_list("consultation_request", "starts_at", "time_zone")}

    def other_time(self, visit: Appointment) -> str:
        booked = self.booked.get(visit.consultation_request_id)
        return clock.moment(*booked) if booked else ""

    def is_settled(self, visit: Appointment) -> bool:
        return visit.consultation_request.status != RequestStatus.OFFERED

    def was_reached(self, visit: Appointment) -> bool:
        at = self.reached.get(visit.consultation_request.response_id)
        return at is not None and visit.cancelled_at is not None and at >= visit.cancelled_at

    def number_of_tries(self, visit: Appointment) -> int:
        made = self.tries.get(visit.consultation_request.response_id, [])
        return sum(1 for at in made if visit.cancelled_at is not None and at >= visit.cancelled_at)

    def mail_chip(self, visit: Appointment) -> Chip:
        """What became of the mail; where there is none, that there is none."""
        _created, sent_at, parked_at, is_stopped = self.mails.get(visit.consultation_request_id, (None,) * 4)
        if sent_at:
            return Chip(_("Email sent"), "ok")
        if parked_at and not is_stopped:
            return Chip(_("Email not delivered"), "danger")
        if visit.consultation_request_id in self.mails:
            return Chip(_("Email waits"))
        return Chip(_("No email address"), "warn")

    def is_mailed(self, visit: Appointment) -> bool:
        row = self.mails.get(visit.consultation_request_id)
        return row is not None and (row[2] is None or row[1] is not None)


def _line(visit: Appointment, told: _Told, needs: Mapping[int, Needs], times: tuple[OtherTime, ...]) -> PatientLine:
    about, patient = visit.consultation_request, visit.consultation_request.patient
    is_pressing, was_reached = calling_off.pressing(about), told.was_reached(visit)
    may_call = patient.safe_to_contact != SafeToContact.EMAIL_ONLY
    is_near = visit.starts_at <= max(visit.cancelled_at or visit.starts_at, clock.now()) + SOON
    must_call = may_call and not was_reached and (is_near or is_pressing or not told.is_mailed(visit))
    return PatientLine(
        request_pk=about.pk,
        name=patient.name,
        reference=about.reference,
        url=reverse(PAGE_OF_ONE, args=[about.pk]),
        time=clock.moment(visit.starts_at, visit.time_zone),
        is_pressing=is_pressing,
        must_call=must_call,
        is_settled=told.is_settled(visit),
        chips=_chips(visit, told, is_pressing=is_pressing, was_reached=was_reached),
        phone=phone_of(patient) if may_call else None,
        safe=str(SAFE.get(SafeToContact(patient.safe_to_contact), "")),
        needs=needs_words(needs.get(patient.person_id, Needs())),
        call_url=reverse("admin:consultations_consultationrequest_call_new", args=[about.response_id]),
        once=new_token(),
        times=times,
        week_url=f"{reverse('admin:consultations_appointment_week')}?request={about.pk}",
        is_blocked=_is_blocked(about),
    )


def _chips(visit: Appointment, told: _Told, *, is_pressing: bool, was_reached: bool) -> tuple[Chip, ...]:
    about = visit.consultation_request
    chips = [level_chip(about)] if is_pressing else []
    if other := told.other_time(visit):
        return (*chips, Chip(_("Booked: %(time)s") % {"time": other}, "ok"))
    if told.is_settled(visit):
        return (*chips, Chip(about.get_status_display()))
    if was_reached:
        return (*chips, Chip(_("Reached"), "ok"))
    tries = told.number_of_tries(visit)
    if tries:
        words = ngettext("Not reached, %(number)d try", "Not reached, %(number)d tries", tries)
        chips.append(Chip(words % {"number": tries}, "warn"))
    return (*chips, told.mail_chip(visit))


def _times(
    times: Mapping[int, list[Slot]], visit: Appointment, absence: Absence, names: Mapping[int, str]
) -> tuple[OtherTime, ...]:
    return tuple(
        OtherTime(
            slot.key,
            clock.moment(slot.starts_at)
            if slot.clinician_id == absence.clinician_id
            else _("%(time)s, another doctor: %(name)s")
            % {"time": clock.moment(slot.starts_at), "name": names[slot.clinician_id]},
        )
        for slot in times.get(visit.consultation_request_id, ())
    )
