"""About whom an alarm of a clock is: in whose hands that is, whom to tell, and on which page it stands."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Self

from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import CaseStatus, ClockKind, Outcome, RequestStatus
from consultations.models import ClockAlarm, ConsultationRequest, SafetyCase
from consultations.services import alerts, clock_table, duty, text_alarms
from consultations.services.alerts import Recipient


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """One look of the worker. `change`: what was told before is due again; None while repeats rest."""

    now: datetime.datetime
    is_open: bool
    change: datetime.datetime | None

    @classmethod
    def of(cls, now: datetime.datetime) -> Self:
        return cls(now, clock.is_open(now), alerts.told_before(now))

    def is_due(self, target: str, told_at: datetime.datetime | None) -> bool:
        """Whether an alarm is to be told now. One that was told in the future was told before the clock was put back.

        Out of hours only what is pressing is told again, and by the rule of every other alert.
        """
        row = clock_table.ALARMS[target]
        if told_at is None or told_at > self.now:
            return True
        if not row.is_pressing:
            return self.is_open and told_at <= self.now - datetime.timedelta(minutes=row.repeat)
        is_repeated = told_at <= self.now - datetime.timedelta(minutes=row.repeat)
        return self.change is not None and (is_repeated or told_at < self.change)


@dataclasses.dataclass(frozen=True, slots=True)
class ClockSubject:
    """The request and the safety case of one response, whichever there are."""

    consultation_request: ConsultationRequest | None
    case: SafetyCase | None

    def owner(self) -> User | None:
        """In whose hands it is, while that person is there; else whoever gets the next case."""
        holder = (
            self.request_holder() if self.consultation_request is not None else self.case.owner if self.case else None
        )
        return holder if duty.may_keep(holder) else duty.next_owner()

    def request_holder(self) -> User | None:
        consultation_request = self.consultation_request
        if consultation_request is None:
            return None
        if consultation_request.status == RequestStatus.WITH_DOCTOR:
            return consultation_request.doctor
        if consultation_request.status in (
            RequestStatus.INFORMATION_ASKED,
            RequestStatus.OFFERED,
            RequestStatus.BOOKED,
        ):
            return consultation_request.doctor or consultation_request.claimed_by
        return consultation_request.claimed_by

    def of(self, alarm: ClockAlarm) -> Self:
        """What is asked of a clock of the case concerns whoever has the case."""
        is_about_case = alarm.kind == ClockKind.CASE and self.case is not None
        return dataclasses.replace(self, consultation_request=None) if is_about_case else self

    def to_holder(self, alarm: ClockAlarm) -> list[Recipient]:
        """A warning concerns one person; an emergency that nobody has taken on is repeated anyway."""
        return [] if self.is_repeated_elsewhere(alarm) else alerts.people([self.of(alarm).owner()])

    def to_alarm(self, alarm: ClockAlarm, moment: Moment) -> list[Recipient]:
        if alarm.told_at is not None and self.is_repeated_elsewhere(alarm):
            return []
        owner = self.of(alarm).owner()
        if not clock_table.ALARMS[alarm.target].is_pressing:
            return [*alerts.people([owner]), *alerts.duty_address()]
        if alarm.told_at is None:
            return alerts.at_once(owner, now=moment.now)
        return alerts.told_again([owner], now=moment.now)

    def is_repeated_elsewhere(self, alarm: ClockAlarm) -> bool:
        """By the alerts of a case, or of a text about self-harm, or ended with the group of its case."""
        if alarm.kind == ClockKind.CASE and self.case is not None:
            is_new = self.case.status == CaseStatus.OPEN and self.case.level == Outcome.EMERGENCY
            return is_new or self.case.alarm_group_id is not None
        if alarm.kind == ClockKind.TEXT:
            return text_alarms.waiting().filter(response=alarm.response_id).exists()
        return False

    def page_of(self, alarm: ClockAlarm) -> str:
        if self.case is not None and (alarm.kind == ClockKind.CASE or self.consultation_request is None):
            return alerts.page_of(self.case)
        if self.consultation_request is not None:
            return reverse("admin:consultations_consultationrequest_change", args=[self.consultation_request.pk])
        return reverse("admin:today")


def subjects_of(alarms: Iterable[ClockAlarm]) -> dict[int, ClockSubject]:
    """By response; in two queries, and without anything that is encrypted."""
    responses = {alarm.response_id for alarm in alarms}
    requests = ConsultationRequest.objects.filter(response__in=responses).select_related("doctor", "claimed_by")
    cases = SafetyCase.objects.filter(response__in=responses).select_related("owner")
    of_requests = {item.response_id: item for item in requests}
    of_cases = {item.response_id: item for item in cases}
    return {response: ClockSubject(of_requests.get(response), of_cases.get(response)) for response in responses}
