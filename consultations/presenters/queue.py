"""The list of requests: tabs, filters, search, and one row a request."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import Undecodable
from clinic.core.wording import Wording
from consultations.candidacy.outcomes import LOW_MOOD_RULE
from consultations.enums import (
    LIVE_APPOINTMENTS,
    OPEN_STATUSES,
    WAITING_FOR_PATIENT,
    Outcome,
    RequestStatus,
)
from consultations.forms.queue_filters import AGES, OLDER, TABS, UNREAD, Filters
from consultations.models import Appointment, ConsultationRequest
from consultations.models.stored import result_of
from consultations.presenters.formatting import (
    LOW_MOOD,
    OFFER_EXPIRED,
    Chip,
    age_words,
    clock_chip,
    holder_words,
    level_chip,
)
from consultations.presenters.isolation import Unreadable, opened, readable
from consultations.presenters.same_person import NOBODY_ELSE, Others, beside_in_list, risk_of
from consultations.presenters.summary import look_outs, one_line
from consultations.services import clocks

COME_BACK: Final = (*WAITING_FOR_PATIENT, RequestStatus.BOOKED)
PAGE_SIZE: Final = 50
LOOK_OUTS_SHOWN: Final = 3
NOT_IN_A_ROW: Final = ("response__asked", "response__contact", "response__brought", "assessment__record")


@dataclasses.dataclass(frozen=True, slots=True)
class Tab:
    label: Wording
    query: str
    count: int
    is_current: bool


@dataclasses.dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the list. A row that cannot be read has no url and says so in `name`."""

    pk: int
    url: str
    name: str
    age: str = ""
    reference: str = ""
    line: str = ""
    time: Chip | None = None
    flags: tuple[Chip, ...] = ()
    status: str = ""
    is_readable: bool = True
    others: Others = NOBODY_ELSE
    as_pressing: int | None = None
    """The key of the patient row whose request is named as the one that this one is as pressing as."""

    @property
    def patients(self) -> set[int]:
        """Whose records it names beside its own."""
        return self.others.patients | ({self.as_pressing} if self.as_pressing is not None else set())


NO_ANSWERS: Final[dict[str, Any]] = {}
NO_RULES: Final[frozenset[str]] = frozenset()


def in_tab(name: str) -> Q:
    """A request that has ended stays among the open ones until the last text about it is read, and no danger is on its
    clock. What waited for its patient, or for a visit, comes back to triage when its time has run out.
    """
    is_unread = Q(texts_due_at__isnull=False)
    if name == UNREAD:
        return is_unread
    in_status = Q(status__in=TABS[name][1])
    if name == "triage":
        return in_status | Q(status__in=COME_BACK, due_at__lt=clock.now())
    return in_status | is_unread | Q(danger_due_at__isnull=False) if name == "all" else in_status


def tab_counts(narrowed: Q | None = None, *, viewer: User, **extra: Any) -> dict[str, Any]:
    """How many requests each tab holds, and how many the filters leave, in one query."""
    counts = {f"in_{name}": Count("pk", filter=in_tab(name)) for name in TABS}
    if narrowed is not None:
        counts["narrowed"] = Count("pk", filter=narrowed)
    return ConsultationRequest.objects.visible_to(viewer).aggregate(**counts, **extra)


def oldest_by_tab() -> dict[str, Min]:
    return {f"oldest_{name}": Min("submitted_at", filter=in_tab(name)) for name in TABS}


def condition_of(filters: Filters, *, viewer: User, now: datetime.datetime) -> Q:
    condition = in_tab(filters.tab)
    if filters.outcome:
        condition &= Q(outcome=filters.outcome) | Q(highest_outcome=filters.outcome)
    if filters.priority:
        condition &= Q(priority=filters.priority)
    if filters.age in AGES:
        condition &= Q(submitted_at__gte=now - datetime.timedelta(days=AGES[filters.age][1]))
    elif filters.age == OLDER[0]:
        condition &= Q(submitted_at__lt=now - datetime.timedelta(days=7))
    if filters.mine:
        condition &= Q(claimed_by=viewer.pk) | Q(doctor=viewer.pk)
    return condition


def rows_query(condition: Q, *, viewer: User) -> QuerySet[ConsultationRequest]:
    """Everything a row needs in one query; what is encrypted comes as it is stored, to be decrypted row by row."""
    next_visit = Appointment.objects.filter(consultation_request=OuterRef("pk"), status__in=LIVE_APPOINTMENTS).order_by(
        "starts_at"
    )
    return (
        ConsultationRequest.objects.visible_to(viewer)
        .filter(condition)
        .select_related("patient", "claimed_by", "doctor", "response", "assessment")
        .defer(*NOT_IN_A_ROW)
        .annotate(
            next_visit=Subquery(next_visit.values("starts_at")[:1]),
            visit_zone=Subquery(next_visit.values("time_zone")[:1]),
            case_due_at=clocks.CASE_DUE_AT,
            as_pressing_reference=F("as_pressing_as__reference"),
            as_pressing_patient=F("as_pressing_as__patient_id"),
        )
        .most_pressing_first()
    )


def rows_of(condition: Q, *, page: int, viewer: User, now: datetime.datetime) -> list[QueueRow]:
    start = (page - 1) * PAGE_SIZE
    requests = readable(rows_query(condition, viewer=viewer)[start : start + PAGE_SIZE])
    risks = {item.patient: risk_of(item) for item in requests if not isinstance(item, Unreadable)}
    others = beside_in_list(risks)
    return [
        unreadable_row(item.pk)
        if isinstance(item, Unreadable)
        else _row(item, others.get(item.patient_id, NOBODY_ELSE), viewer=viewer, now=now)
        for item in requests
    ]


def unreadable_row(pk: int) -> QueueRow:
    return QueueRow(
        pk=pk,
        url=reverse("admin:consultations_consultationrequest_change", args=[pk]),
        name=_("Record %(number)d cannot be read") % {"number": pk},
        line=_("Something in this record is damaged. Tell a manager its number: nothing was lost from the list."),
        time=Chip(_("Unknown"), "danger"),
        flags=(Chip(_("Needs a manager"), "danger"),),
        is_readable=False,
    )


def erased_row(consultation_request: Any) -> QueueRow:
    erased = {"moment": clock.moment(consultation_request.patient.erased_at)}
    return QueueRow(
        pk=consultation_request.pk,
        url=reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk]),
        name=consultation_request.patient.name,
        reference=consultation_request.reference,
        line=_("What this person told us was erased on %(moment)s.") % erased,
        status=consultation_request.get_status_display(),
    )


def _row(consultation_request: Any, others: Others, *, viewer: User, now: datetime.datetime) -> QueueRow:
    if consultation_request.patient.erased_at is not None:
        return erased_row(consultation_request)
    answers, is_broken = opened(lambda: answers_of(consultation_request), NO_ANSWERS, of=consultation_request)
    line = _("The answers of this record cannot be opened. Tell a manager.")
    if not is_broken:
        line = one_line(answers, version=consultation_request.response.questionnaire_version)
    return QueueRow(
        pk=consultation_request.pk,
        url=reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk]),
        name=consultation_request.patient.name,
        age=age_words(consultation_request.patient),
        reference=consultation_request.reference,
        line=line,
        time=clock_chip(
            consultation_request,
            now=now,
            next_visit=consultation_request.next_visit,
            visit_zone=consultation_request.visit_zone,
            case_due_at=consultation_request.case_due_at,
        ),
        flags=flags_of(consultation_request, answers, is_broken=is_broken),
        status=holder_words(consultation_request, viewer=viewer),
        others=others,
        as_pressing=consultation_request.as_pressing_patient if consultation_request.is_as_pressing else None,
    )


def answers_of(consultation_request: ConsultationRequest) -> dict[str, Any]:
    """Raises DamagedRecord."""
    answers: dict[str, Any] | None = consultation_request.response.answers
    if answers is None:
        raise Undecodable("There are no answers at all.")
    return answers


def is_low_mood(consultation_request: ConsultationRequest) -> bool:
    """Whether its stored result says so; one that cannot be read is told of on the page of the request."""
    return LOW_MOOD_RULE in opened(lambda: fired_in(consultation_request), NO_RULES, of=consultation_request)[0]


def fired_in(consultation_request: ConsultationRequest) -> frozenset[str]:
    """The ids of the rules in the result that the request was sent with. Raises DamagedRecord."""
    consultation_request.assessment.opened_with(consultation_request.response)
    return frozenset(item["id"] for item in result_of(consultation_request.assessment.result)["fired"])


def flags_of(consultation_request: Any, answers: Mapping[str, Any], *, is_broken: bool) -> tuple[Chip, ...]:
    flags = text_flags(consultation_request)
    if consultation_request.is_escalated:
        flags.append(Chip(_("Escalated"), "danger"))
    if consultation_request.is_offer_expired:
        flags.append(Chip(str(OFFER_EXPIRED), "warn"))
    if consultation_request.is_as_pressing:
        pressing = _("As pressing as %(reference)s") % {"reference": consultation_request.as_pressing_reference}
        flags.append(Chip(pressing, "danger"))
    if consultation_request.flag_level or not consultation_request.is_escalated:
        flags.append(level_chip(consultation_request))
    if consultation_request.highest_outcome not in (consultation_request.outcome, consultation_request.flag_level):
        earlier = _("Earlier: %(outcome)s") % {"outcome": Outcome(consultation_request.highest_outcome).label}
        flags.append(Chip(earlier, "danger"))
    if consultation_request.is_blocked_by_flags and consultation_request.status in OPEN_STATUSES:
        flags.append(Chip(_("Red flags open"), "warn"))
    if is_low_mood(consultation_request):
        flags.append(Chip(str(LOW_MOOD), "warn"))
    if consultation_request.has_note:
        flags.append(Chip(_("Left a note")))
    if is_broken:
        flags.append(Chip(_("Answers damaged"), "danger"))
    warnings = look_outs(answers, version=consultation_request.response.questionnaire_version)[:LOOK_OUTS_SHOWN]
    return (*flags, *(Chip(text, "warn") for text in warnings))


def text_flags(consultation_request: ConsultationRequest) -> list[Chip]:
    """That the patient wrote something that nobody has read, and whether it is to be read first."""
    if consultation_request.texts_due_at is None:
        return []
    if consultation_request.texts_risk is None:
        return [Chip(_("New message"), "warn")]
    return [Chip(_("Read this first"), "danger")]
