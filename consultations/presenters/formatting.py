"""Small pieces of text that several staff pages share."""

import dataclasses
import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.text_lists import comma_list
from clinic.core.wording import Wording
from consultations.enums import CLOSED_STATUSES, WAITING_FOR_PATIENT, Outcome, OutsideRule, RequestStatus
from consultations.models import ConsultationRequest, Patient
from consultations.services.clock_table import ALARMS
from consultations.services.targets import due_after, target_hours

PRESSING: Final = datetime.timedelta(hours=2)
SOON: Final = datetime.timedelta(hours=8)
OUTCOME_KINDS: Final = {
    Outcome.EMERGENCY: "danger",
    Outcome.SAME_DAY: "danger",
    Outcome.URGENT_REVIEW: "warn",
    Outcome.LIKELY_SUITABLE: "ok",
}

NOT_DONE: Final = {
    RequestStatus.INFORMATION_ASKED: gettext_lazy("No answer, %(time)s overdue"),
    RequestStatus.OFFERED: gettext_lazy("No time chosen, %(time)s overdue"),
    RequestStatus.BOOKED: gettext_lazy("Visit not recorded, %(time)s overdue"),
}
"""What has not happened when the time of a request ran out that waited for something else than us."""

OFFER_EXPIRED: Final = gettext_lazy("Offer expired: phone this patient")
LOW_MOOD: Final = gettext_lazy("Call: low mood")
"""The mark of a request of somebody who told us that things feel very hard right now."""


@dataclasses.dataclass(frozen=True, slots=True)
class Chip:
    """A short label; `kind` ("", ok, warn, danger) only adds colour to what the words say."""

    text: Wording
    kind: str = ""


def outside_words(codes: str | None) -> str:
    """Which rules of the times on offer a visit does not keep; "" for one that was on offer."""
    if codes is None:
        return ""
    return comma_list([OutsideRule(code).label for code in codes.split(",") if code]) or _("between the times on offer")


def name_of(user: User | None) -> str:
    if user is None:
        return ""
    return user.display_name


def span(length: datetime.timedelta) -> str:
    """ "35 minutes", "1 hour 18 minutes", "2 days": rounded down, but no minute is lost within a day; at least one."""
    minutes = max(1, int(length.total_seconds() // 60))
    if days := minutes // (24 * 60):
        return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}
    hours, minutes = divmod(minutes, 60)
    in_hours = ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
    in_minutes = ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    if hours and minutes:
        return _("%(hours)s %(minutes)s") % {"hours": in_hours, "minutes": in_minutes}
    return in_hours if hours else in_minutes


def time_left(due_at: datetime.datetime, *, now: datetime.datetime, target: str) -> Chip:
    """`target`: the row of the reply targets that it is told of by.

    What is pressing has no days to spare, however long the clinic is closed until it is due: then the moment stands
    in their place.
    """
    left = due_at - now
    if left < datetime.timedelta():
        return Chip(_("%(time)s overdue") % {"time": span(-left)}, "danger")
    if ALARMS[target].is_pressing and left > datetime.timedelta(hours=target_hours(target)):
        return _pressing(due_at, now=now, target=target)
    kind = "danger" if left <= PRESSING else "warn" if left <= SOON else ""
    return Chip(_("%(time)s left") % {"time": span(left)}, kind)


def _pressing(due_at: datetime.datetime, *, now: datetime.datetime, target: str) -> Chip:
    """Its whole target and more: the clinic is closed meanwhile, or the person was reached and it was put off."""
    due = {"moment": clock.moment(due_at)}
    if due_at <= due_after(target, since=now):
        return Chip(_("Act now: due %(moment)s") % due, "danger")
    return Chip(_("Due %(moment)s") % due, "danger" if target == Outcome.EMERGENCY else "")


def request_time_left(
    consultation_request: ConsultationRequest, due_at: datetime.datetime, *, now: datetime.datetime
) -> Chip:
    """Of its unread texts, where those are due first; else of what the request is about."""
    target = str(list(Outcome)[consultation_request.risk])
    if due_at == consultation_request.texts_due_at:
        target = "MESSAGE" if consultation_request.texts_risk is None else "MARKED_TEXT"
    return time_left(due_at, now=now, target=target)


def outcome_chip(outcome: str) -> Chip:
    return Chip(Outcome(outcome).label, OUTCOME_KINDS.get(Outcome(outcome), ""))


def level_chip(consultation_request: ConsultationRequest) -> Chip:
    """How pressing it is now: the worst red flag that stands, whatever the answers of the form alone came to."""
    return outcome_chip(consultation_request.flag_level or consultation_request.outcome)


def age_words(patient: Patient) -> str:
    age = patient.age_on(clock.today())
    return _("age not given") if age is None else str(age)


def day_of_birth(patient: Patient) -> str:
    """Without the weekday, and always with the year: it is how two people of one name are told apart."""
    if patient.birth_on is None:
        return _("not given")
    return clock.full_date(patient.birth_on)


def holder_words(consultation_request: ConsultationRequest, *, viewer: User | None = None) -> str:
    """The status, and in whose hands the request is."""
    holder = {
        RequestStatus.IN_TRIAGE: consultation_request.claimed_by,
        RequestStatus.WITH_DOCTOR: consultation_request.doctor,
    }.get(RequestStatus(consultation_request.status))
    label = consultation_request.get_status_display()
    if holder is None:
        return label
    if viewer is not None and holder.pk == viewer.pk:
        return _("%(status)s: you") % {"status": label}
    return _("%(status)s: %(name)s") % {"status": label, "name": name_of(holder)}


def clock_chip(
    consultation_request: ConsultationRequest,
    *,
    now: datetime.datetime,
    next_visit: datetime.datetime | None = None,
    visit_zone: str | None = None,
    case_due_at: datetime.datetime | None = None,
) -> Chip:
    """What time means for this request: left for us, passed for the patient, or the day of the visit.

    A danger, and a text that nobody has read, show their own time whatever the status. `case_due_at` is the clock of an
    open safety case: the request is on no other.
    """
    if (
        consultation_request.texts_due_at is not None
        or case_due_at is not None
        or consultation_request.danger_due_at is not None
    ):
        due_at = due_of(consultation_request, case_due_at=case_due_at)
        if due_at is not None:
            return request_time_left(consultation_request, due_at, now=now)
    if consultation_request.status in CLOSED_STATUSES:
        return Chip(_("Closed %(day)s") % {"day": clock.day(consultation_request.status_changed_at)})
    is_late = consultation_request.due_at < now
    if is_late and consultation_request.status in NOT_DONE:
        return Chip(
            NOT_DONE[RequestStatus(consultation_request.status)] % {"time": span(now - consultation_request.due_at)},
            "danger",
        )
    if consultation_request.status in WAITING_FOR_PATIENT:
        return Chip(_("Waiting %(time)s") % {"time": span(now - consultation_request.status_changed_at)})
    if consultation_request.status == RequestStatus.BOOKED:
        return Chip(clock.moment(next_visit, visit_zone or "") if next_visit else _("Booked"))
    return request_time_left(consultation_request, consultation_request.due_at, now=now)


def due_of(
    consultation_request: ConsultationRequest, *, case_due_at: datetime.datetime | None
) -> datetime.datetime | None:
    """When somebody must act next, with the clock of an open safety case in the place of the request's own."""
    if case_due_at is None:
        return consultation_request.next_due_at
    return min(filter(None, [case_due_at, consultation_request.texts_due_at]))
