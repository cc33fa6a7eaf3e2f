"""The day's own book of dangers, and what must hold of each of them: worked out from rows and mails, not from pages."""

import dataclasses
import datetime
from collections import Counter
from collections.abc import Collection, Iterator

from clinic.core import clock
from clinic.core.models import AuditEvent
from consultations.enums import OPEN_STATUSES, CaseProof, CaseStatus, ClockKind
from consultations.models import CaseClosing, ClockAlarm, ConsultationRequest, PatientText, SafetyCase
from consultations.services import clocks

MINUTE = datetime.timedelta(minutes=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Danger:
    """Something frightening that somebody told us. `text` is set where it was written in their own words."""

    number: int
    channel: str
    told_at: datetime.datetime
    due_at: datetime.datetime
    response: int
    text: int | None = None
    consultation_request: int | None = None
    is_heard_by_staff: bool = False
    waits_for_opening: bool = False
    """Same-day, and told while the clinic was closed: it is mailed to its owner, who reads it after opening."""

    def __str__(self) -> str:
        return f"danger {self.number} ({self.channel}, {clock.time(self.told_at)})"


@dataclasses.dataclass(frozen=True, slots=True)
class Mail:
    at: datetime.datetime
    to: str
    path: str


class Ledger:
    """Who was on duty when, every mail with the minute in which it arrived, and every danger."""

    def __init__(self, on_call: str) -> None:
        self.on_call = on_call
        self.dangers: list[Danger] = []
        self.mails: list[Mail] = []
        self.duty: list[tuple[datetime.datetime, frozenset[str]]] = []
        self.clock_faults: list[str] = []

    def addresses(self, moment: datetime.datetime) -> Collection[str]:
        """Who was there to be told at that moment: on duty, or on call while the clinic was closed."""
        if not clock.is_open(moment):
            return {self.on_call}
        known = [people for at, people in self.duty if at <= moment]
        return known[-1] if known else frozenset()

    def was_told(self, since: datetime.datetime, paths: Collection[str], *, by_anybody: bool = False) -> bool:
        """Whether a mail about it reached somebody who was there within a minute; or any colleague at all."""
        near = [mail for mail in self.mails if since <= mail.at <= since + MINUTE and mail.path in paths]
        return any(by_anybody or mail.to in self.addresses(mail.at) for mail in near)

    # --- What became of the dangers ---------------------------------------------------------------------------------

    def acknowledged_at(self, danger: Danger) -> datetime.datetime | None:
        """When somebody took it on, by what the audit trail and the texts say."""
        if danger.text is not None:
            return PatientText.objects.values_list("read_at", flat=True).get(pk=danger.text)
        case = SafetyCase.objects.filter(response=danger.response).values_list("pk", flat=True).first()
        wanted = {"case.acknowledge": case} if case else {"request.settle_escalation": danger.consultation_request}
        events = AuditEvent.objects.filter(at__gte=danger.told_at, action__in=wanted)
        row = events.filter(target_id__in=map(str, wanted.values())).order_by("at").first()
        return row.at if row else None

    def in_time(self) -> list[Danger]:
        return [item for item in self.dangers if (at := self.acknowledged_at(item)) is not None and at <= item.due_at]

    def alarmed(self) -> list[Danger]:
        """Those whose own clock ran out with an alarm, within a minute of its time."""
        return [item for item in self.dangers if self._alarm_of(item) is not None]

    def _alarm_of(self, danger: Danger) -> ClockAlarm | None:
        begun = ClockAlarm.objects.filter(
            response=danger.response, began_at__range=(danger.due_at, danger.due_at + MINUTE), told_at__isnull=False
        )
        return begun.first()

    # --- What must hold ---------------------------------------------------------------------------------------------

    def faults(self, now: datetime.datetime) -> list[str]:
        return [
            *self._lost(now), *self._closed_without_proof(), *self._late_mails(), *self.clock_faults, *self._untold(),
        ]  # fmt: skip

    def _lost(self, now: datetime.datetime) -> Iterator[str]:
        handled = {item.number for item in (*self.in_time(), *self.alarmed())}
        for danger in self.dangers:
            if danger.number not in handled and danger.due_at < now - MINUTE:
                yield f"lost: {danger} was neither acknowledged by {clock.time(danger.due_at)} nor alarmed"

    def _untold(self) -> Iterator[str]:
        """A case that opened, rose or opened again is told at once."""
        for danger in self.dangers:
            case = SafetyCase.objects.filter(response=danger.response).values_list("pk", flat=True).first()
            if danger.text is None and case is not None and not danger.is_heard_by_staff:
                paths = {f"/admin/consultations/safetycase/{case}/change/", "/admin/consultations/safetycase/"}
                if not self.was_told(danger.told_at, paths, by_anybody=danger.waits_for_opening):
                    yield f"untold: {danger} reached no mailbox of anybody on duty within a minute"

    def _closed_without_proof(self) -> Iterator[str]:
        closings = {item.case_id: item for item in CaseClosing.objects.standing().select_related("call")}
        for case in SafetyCase.objects.filter(status=CaseStatus.CLOSED):
            closing = closings.get(case.pk)
            if closing is None or not closing.outcome or not closing.proof:
                yield f"unproved: case {case.pk} is closed without outcome and proof"
            elif closing.proof == CaseProof.CALL and not (
                closing.call and closing.call.completed_at and closing.call.response_id == case.response_id
            ):
                yield f"unproved: the call that closed case {case.pk} was not ended"
            elif closing.proof == CaseProof.TRIES and (closing.tries or 0) < 3:
                yield f"unproved: case {case.pk} was closed after {closing.tries} tries"

    def _late_mails(self) -> Iterator[str]:
        for alarm in ClockAlarm.objects.exclude(began_at=None):
            paths = _paths_of(alarm)
            if not (clock.is_open(alarm.began_at) or alarm.target in ("EMERGENCY", "SAME_DAY", "MARKED_TEXT")):
                continue  # what is not pressing is for the morning, when everybody sees it
            if alarm.began_at - alarm.due_at > MINUTE:
                yield f"late: the alarm of {alarm.kind} {alarm.response_id} began {alarm.began_at - alarm.due_at} late"
            if not self.was_told(alarm.began_at, paths):
                yield f"unheard: the alarm of {alarm.kind} {alarm.response_id} reached nobody on duty in a minute"

    def compare_clocks(self) -> None:
        """Every open request and every open case is on exactly one clock, besides that of unread texts."""
        open_cases = SafetyCase.objects.exclude(status=CaseStatus.CLOSED).values_list("response_id", flat=True)
        open_requests = ConsultationRequest.objects.filter(status__in=OPEN_STATUSES)
        expected = Counter({*open_cases, *open_requests.values_list("response_id", flat=True)})
        running = clocks.running()
        results = Counter(item.response_id for item in running if item.kind != ClockKind.TEXT)
        texts = PatientText.objects.filter(read_at=None, due_at__isnull=False).values_list("response_id", flat=True)
        on_text = Counter(item.response_id for item in running if item.kind == ClockKind.TEXT)
        for what, wanted, there in (("", expected, results), ("text ", Counter(set(texts)), on_text)):
            self.clock_faults += [
                f"clocks: {what}{key} is on {there[key]} clocks at {clock.time(clock.now())}, not {wanted[key]}"
                for key in {*wanted, *there}
                if wanted[key] != there[key]
            ]


def _paths_of(alarm: ClockAlarm) -> set[str]:
    case = SafetyCase.objects.filter(response=alarm.response_id).values_list("pk", flat=True).first()
    consultation_request = (
        ConsultationRequest.objects.filter(response=alarm.response_id).values_list("pk", flat=True).first()
    )
    paths = {"/admin/", "/admin/today/", "/admin/consultations/safetycase/"}
    if case:
        paths.add(f"/admin/consultations/safetycase/{case}/change/")
    if consultation_request:
        paths.add(f"/admin/consultations/consultationrequest/{consultation_request}/change/")
    return paths
