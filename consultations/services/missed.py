"""The software missed this: what staff say on a record, kept with the versions that were at work, and answered."""

import dataclasses
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock, outbox
from clinic.core.encryption import fingerprint
from clinic.core.models import OutboxMessage
from consultations.enums import Actor, MessageKind, MissedKind, ReportedRecord
from consultations.models import (
    Assessment,
    Call,
    ConsultationRequest,
    MissedReport,
    Patient,
    PatientText,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.permissions import require
from consultations.services import duty

MAY_REPORT: Final = (Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
MAY_ANSWER: Final = (Actor.DOCTOR, Actor.MANAGER)


@dataclasses.dataclass(frozen=True, slots=True)
class ReportSubject:
    """The record that a report is about, and what it leads to."""

    record: ReportedRecord
    pk: int
    reference: str
    path: str
    consultation_request: ConsultationRequest | None = None
    response: QuestionnaireResponse | None = None
    patient: Patient | None = None

    @property
    def is_erased(self) -> bool:
        return self.patient is not None and self.patient.erased_at is not None


def subject_of(record: ReportedRecord, pk: int) -> ReportSubject | None:
    """The record by its kind and number; None when there is none."""
    return FINDERS[record](pk)


@transaction.atomic
def report(*, subject: ReportSubject, kind: MissedKind, text: str, by: User, key: str) -> MissedReport:
    """Keep what was missed, and tell the managers that there is something to read. The same words from the same page
    are one report. Raises NotAllowed.
    """
    require(by, *MAY_REPORT)
    sent_key = fingerprint(f"{by.pk}:{key}:{kind}:{text}")
    if (known := MissedReport.objects.filter(sent_key=sent_key).defer("text", "answer").first()) is not None:
        return known
    newest = None
    if subject.response is not None:
        assessments = Assessment.objects.filter(response=subject.response).defer("result", "record")
        newest = assessments.order_by("-revision").first()
    row = MissedReport.objects.create(
        record=subject.record,
        record_id=subject.pk,
        reference=subject.reference,
        consultation_request=subject.consultation_request,
        response=subject.response,
        patient=subject.patient,
        kind=kind,
        text=text,
        sent_key=sent_key,
        questionnaire_version=newest.questionnaire_version if newest else "",
        ruleset_version=newest.ruleset_version if newest else "",
        content_hash=newest.content_hash if newest else "",
        app_version=settings.APP_VERSION,
        reported_at=clock.now(),
        reported_by=by,
    )
    if subject.patient is not None:
        row.hand_key_to(subject.patient)
    details = {"record": row.record, "record_id": row.record_id, "kind": row.kind}
    audit.record(action="missed.report", target=row, by=by, details=details)
    _tell_managers(row)
    return row


def _tell_managers(row: MissedReport) -> None:
    payload = {"path": reverse("admin:consultations_missedreport_change", args=[row.pk])}
    people = duty.managers()
    for user in people:
        outbox.enqueue(
            kind=MessageKind.STAFF_NOTICE,
            key=f"missed-{row.pk}-staff{user.pk}",
            recipient=user.email,
            payload={**payload, "user": user.pk},
        )
    if not people and settings.DUTY_EMAIL:
        key = f"missed-{row.pk}-duty"
        outbox.enqueue(kind=MessageKind.STAFF_NOTICE, key=key, recipient=settings.DUTY_EMAIL, payload=payload)


@transaction.atomic
def see(*, row: MissedReport, by: User) -> MissedReport:
    """A doctor or manager has read it. Twice is harmless. Raises NotAllowed."""
    require(by, *MAY_ANSWER)
    fresh = _locked(row)
    if fresh.seen_at is not None:
        return fresh
    fresh.seen_at, fresh.seen_by = clock.now(), by
    fresh.save(update_fields=["seen_at", "seen_by"])
    audit.record(action="missed.see", target=fresh, by=by, fields=["seen_at"])
    return fresh


class AlreadyAnswered(Exception):
    """Somebody was first; the text names them."""


@transaction.atomic
def answer(*, row: MissedReport, text: str, by: User) -> MissedReport:
    """Say what became of it; once. The same words again are harmless. Raises NotAllowed, AlreadyAnswered."""
    require(by, *MAY_ANSWER)
    fresh = _locked(row)
    if fresh.answered_at is not None:
        if fresh.answered_by_id == by.pk and fresh.answer == text:
            return fresh
        who = fresh.answered_by.display_name if fresh.answered_by else _("Somebody")
        raise AlreadyAnswered(
            _("%(who)s has answered this already. Nothing was changed. What you wrote is kept below.") % {"who": who}
        )
    now = clock.now()
    if fresh.seen_at is None:
        fresh.seen_at, fresh.seen_by = now, by
    fresh.answer, fresh.answered_at, fresh.answered_by = text, now, by
    fresh.save(update_fields=["answer", "seen_at", "seen_by", "answered_at", "answered_by"])
    audit.record(action="missed.answer", target=fresh, by=by, fields=["answer"])
    return fresh


def _locked(row: MissedReport) -> MissedReport:
    rows = MissedReport.objects.select_for_update(of=("self",)).select_related("patient", "answered_by")
    return rows.get(pk=row.pk)


def _request(pk: int) -> ReportSubject | None:
    consultation_request = ConsultationRequest.objects.select_related("patient", "response").filter(pk=pk).first()
    return (
        None
        if consultation_request is None
        else _about(consultation_request, ReportedRecord.REQUEST, pk, consultation_request.reference)
    )


def _about(
    consultation_request: ConsultationRequest, record: ReportedRecord, pk: int, reference: str, path: str = ""
) -> ReportSubject:
    page = reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
    return ReportSubject(
        record,
        pk,
        reference,
        path or page,
        consultation_request,
        consultation_request.response,
        consultation_request.patient,
    )


def _case(pk: int) -> ReportSubject | None:
    case = SafetyCase.objects.select_related("patient", "response").filter(pk=pk).first()
    if case is None:
        return None
    consultation_request = (
        ConsultationRequest.objects.filter(response=case.response_id).select_related("patient").first()
    )
    path = reverse("admin:consultations_safetycase_change", args=[pk])
    patient = case.patient or (consultation_request.patient if consultation_request else None)
    return ReportSubject(
        ReportedRecord.CASE,
        pk,
        _("Case %(number)s") % {"number": pk},
        path,
        consultation_request,
        case.response,
        patient,
    )


def _person(pk: int) -> ReportSubject | None:
    """A person is reached from the page of one of their requests, by its number."""
    consultation_request = ConsultationRequest.objects.select_related("patient", "response").filter(pk=pk).first()
    if consultation_request is None:
        return None
    path = reverse("admin:consultations_consultationrequest_person", args=[pk])
    return _about(
        consultation_request,
        ReportedRecord.PERSON,
        pk,
        _("Person behind %(reference)s") % {"reference": consultation_request.reference},
        path,
    )


def _of_response(response_id: int, record: ReportedRecord, pk: int, name: str) -> ReportSubject | None:
    """Of a call or a text: what it belongs to is its request, or else its safety case."""
    consultation_request = (
        ConsultationRequest.objects.select_related("patient", "response").filter(response=response_id).first()
    )
    if consultation_request is not None:
        return _about(
            consultation_request,
            record,
            pk,
            _("%(name)s of %(reference)s") % {"name": name, "reference": consultation_request.reference},
        )
    case = SafetyCase.objects.filter(response=response_id).values_list("pk", flat=True).first()
    case_request = _case(case) if case else None
    if case_request is None:
        return None
    return dataclasses.replace(
        case_request,
        record=record,
        pk=pk,
        reference=_("%(name)s of %(reference)s") % {"name": name, "reference": case_request.reference},
    )


def _call(pk: int) -> ReportSubject | None:
    response = Call.objects.filter(pk=pk).values_list("response", flat=True).first()
    return _of_response(response, ReportedRecord.CALL, pk, _("Call %(number)s") % {"number": pk}) if response else None


def _text(pk: int) -> ReportSubject | None:
    response = PatientText.objects.filter(pk=pk).values_list("response", flat=True).first()
    return _of_response(response, ReportedRecord.TEXT, pk, _("Text %(number)s") % {"number": pk}) if response else None


def _message(pk: int) -> ReportSubject | None:
    rows = OutboxMessage.objects.filter(pk=pk).values_list("subject__consultation_request", "subject__case")
    row = rows.first()
    if row is None:
        return None
    path, name = reverse("admin:core_outboxmessage_change", args=[pk]), _("Message %(number)s") % {"number": pk}
    consultation_request, case = row
    about = _request(consultation_request) if consultation_request else _case(case) if case else None
    if about is None:
        return ReportSubject(ReportedRecord.MESSAGE, pk, name, path)
    return dataclasses.replace(about, record=ReportedRecord.MESSAGE, pk=pk, reference=name, path=path)


FINDERS: Final[dict[ReportedRecord, Callable[[int], ReportSubject | None]]] = {
    ReportedRecord.REQUEST: _request,
    ReportedRecord.CASE: _case,
    ReportedRecord.PERSON: _person,
    ReportedRecord.CALL: _call,
    ReportedRecord.TEXT: _text,
    ReportedRecord.MESSAGE: _message,
}
