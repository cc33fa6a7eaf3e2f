"""Everything the request page shows. A part that cannot be read is named as damaged; the others are shown."""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.permissions import may
from clinic.core.text_lists import paragraph
from consultations import phones
from consultations.candidacy.outcomes import LOW_MOOD_RULE
from consultations.enums import (
    AppointmentStatus,
    CaseStatus,
    ClockKind,
    FilledFor,
    Outcome,
)
from consultations.models import (
    Appointment,
    Assessment,
    ConsultationRequest,
    Patient,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.models.stored import Asked, asked_of
from consultations.presenters import activity, clock_alarms, patient_texts, seen
from consultations.presenters.calls import call_box, is_pressing
from consultations.presenters.cases import case_query, owner_words, url_of
from consultations.presenters.diary import confirmed_chip
from consultations.presenters.findings import (
    answer_words,
    findings_of,
    metrics_of,
    sections_of,
    signature_line,
)
from consultations.presenters.flags import flags_view
from consultations.presenters.formatting import (
    LOW_MOOD,
    OFFER_EXPIRED,
    age_words,
    clock_chip,
    day_of_birth,
    due_of,
    holder_words,
    level_chip,
    outcome_chip,
    outside_words,
)
from consultations.presenters.isolation import Unreadable, load, opened, readable
from consultations.presenters.persons import person_link
from consultations.presenters.same_person import beside_on_page, risk_of
from consultations.services import clocks, to_phone

OWN_WORDS: Final = ("ex_note",)
EXPECTS: Final = ("ex_expect",)
UNREADABLE: Final = gettext_lazy("This cannot be read. Tell a manager.")


def request_page(consultation_request: ConsultationRequest, *, viewer: User, now: datetime.datetime) -> dict[str, Any]:
    responses = QuestionnaireResponse.objects.filter(pk=consultation_request.response_id)
    response: QuestionnaireResponse = load(responses.defer("answers", "contact"), opens=False)
    response.consultation_request = consultation_request
    nothing: list[Asked] = []
    asked, is_damaged = opened(lambda: asked_of(response.asked), nothing, of=response)
    brought, is_brought_damaged = opened(lambda: response.brought, "", of=response)
    assessment: Assessment = load(Assessment.objects.filter(pk=consultation_request.assessment_id), opens=False)
    assessment.opened_with(response)
    findings = findings_of(assessment, asked)
    visit = consultation_request.appointments.live().select_related("clinician", "location", "appointment_type")
    case: SafetyCase | None = load(case_query(viewer).filter(response=response))
    appointment: Appointment | None = load(visit.defer("cancel_reason").order_by("pk"))
    return {
        "consultation_request": consultation_request,
        **patient_texts.waiting_for(consultation_request.response_id, now=now),
        "banner": banner(consultation_request, viewer=viewer, now=now, appointment=appointment),
        "headline": headline(consultation_request),
        "clock_alarms": clock_alarms.going_on(consultation_request.response_id, without=[ClockKind.CASE]),
        "low_mood": str(LOW_MOOD) if any(finding.id == LOW_MOOD_RULE for finding in findings.all) else "",
        "to_phone": to_phone_words(consultation_request),
        "escalation": activity.escalation(consultation_request) if consultation_request.is_escalated else None,
        "findings": findings,
        "flags": flags_view(consultation_request, case=case),
        "calls": call_box(response, viewer=viewer, is_pressing=is_pressing(consultation_request, case)),
        "metrics": metrics_of(findings.scores),
        "own_words": words_for(asked, OWN_WORDS),
        "expects": words_for(asked, EXPECTS),
        "brought": brought,
        "sections": sections_of(asked),
        "answer_count": len(asked),
        "is_damaged": is_damaged or is_brought_damaged or findings.is_damaged,
        "contact": contact_of(consultation_request),
        "person_link": person_link(consultation_request.patient),
        "beside": beside_on_page(consultation_request.patient, risk=risk_of(consultation_request)),
        "as_pressing": consultation_request.as_pressing_as if consultation_request.is_as_pressing else None,
        "consents": consents_of(consultation_request),
        "versions": {
            "questionnaire": assessment.questionnaire_version,
            "ruleset": assessment.ruleset_version,
            "hash": assessment.content_hash[:12],
            "when": clock.moment(assessment.assessed_at),
            "signature": signature_line(assessment.ruleset_version),
        },
        "appointment": appointment_words(appointment),
        "earlier_visits": earlier_visits(consultation_request),
        "activity": activity.activity(consultation_request),
        "seen": seen.for_staff([consultation_request.patient_id]),
        "seen_url": seen_url(consultation_request, viewer=viewer),
        "messages_sent": activity.messages_of(consultation_request),
        "safety_case": case_words(case, viewer=viewer),
    }


def seen_url(consultation_request: ConsultationRequest, *, viewer: User) -> str:
    """Where managers read all of it; "" for who may not."""
    if not may(viewer, "core.view_auditevent"):
        return ""
    return reverse("admin:core_auditentry_patient", args=[consultation_request.patient_id])


def to_phone_words(consultation_request: ConsultationRequest) -> str:
    """Why somebody is to call this patient, besides any danger; "" for no reason."""
    if consultation_request.is_offer_expired:
        return str(OFFER_EXPIRED)
    if to_phone.is_unreached(consultation_request):
        return _("No email arrives: phone this patient")
    return ""


def banner(
    consultation_request: ConsultationRequest,
    *,
    viewer: User,
    now: datetime.datetime,
    appointment: Appointment | None = None,
) -> dict[str, Any]:
    """Name, birth date and reference together: what tells two patients apart on every page."""
    case_due_at = clocks.case_due_of(consultation_request)
    due_at = due_of(consultation_request, case_due_at=case_due_at)
    return {
        "patient": consultation_request.patient,
        "name": consultation_request.patient.name,
        "age": age_words(consultation_request.patient),
        "born": day_of_birth(consultation_request.patient),
        "reference": consultation_request.reference,
        "due": clock.moment(due_at) if due_at else "",
        "sent": clock.moment(consultation_request.submitted_at),
        "time": clock_chip(
            consultation_request,
            now=now,
            next_visit=appointment.starts_at if appointment else None,
            visit_zone=appointment.time_zone if appointment else "",
            case_due_at=case_due_at,
        ),
        "status": holder_words(consultation_request, viewer=viewer),
        "priority": consultation_request.get_priority_display(),
    }


def headline(consultation_request: ConsultationRequest) -> dict[str, Any]:
    if consultation_request.highest_outcome == consultation_request.outcome:
        return {"now": level_chip(consultation_request), "highest": None, "text": ""}
    sentence = _("The patient was shown “%(outcome)s” earlier and changed answers after that. Ask about it.")
    return {
        "now": level_chip(consultation_request),
        "highest": outcome_chip(consultation_request.highest_outcome),
        "text": sentence % {"outcome": Outcome(consultation_request.highest_outcome).label},
    }


def consents_of(consultation_request: ConsultationRequest) -> list[dict[str, str]]:
    return [
        {
            "wording": _("Consent %(number)d cannot be read. Tell a manager.") % {"number": consent.pk},
            "version": "",
            "when": "",
        }
        if isinstance(consent, Unreadable)
        else {"wording": consent.wording, "version": consent.notice_version, "when": clock.moment(consent.given_at)}
        for consent in readable(consultation_request.consents.order_by("pk"))
    ]


def words_for(asked: Sequence[Asked], ids: Sequence[str]) -> str:
    return paragraph(answer_words(entry) for entry in asked if entry["id"] in ids and entry["answer"])


def contact_of(consultation_request: ConsultationRequest) -> dict[str, Any]:
    contact = patient_contact(consultation_request.patient)
    contact["filled_for"] = _("The patient filled this in")
    if consultation_request.filled_for == FilledFor.OTHER:
        sentence = _("%(helper)s filled this in for the patient, who agreed")
        contact["filled_for"] = sentence % {"helper": consultation_request.helper_name}
    return contact


@dataclasses.dataclass(frozen=True, slots=True)
class PhoneLine:
    """A patient's number as staff see it: `href` dials it, `typed` is there where what was typed says more."""

    text: str
    href: str = ""
    typed: str = ""


def phone_of(patient: Patient) -> PhoneLine:
    number, is_damaged = opened(lambda: patient.phone, "", of=patient)
    typed, typed_is_damaged = opened(lambda: patient.phone_as_typed, "", of=patient)
    if is_damaged:
        return PhoneLine(str(UNREADABLE), typed=typed)
    says_more = phones.typed_says_more(typed, number)
    return PhoneLine(
        text=phones.shown(number),
        href=phones.dialled(number),
        typed=str(UNREADABLE) if typed_is_damaged else typed if says_more else "",
    )


def patient_contact(patient: Patient) -> dict[str, Any]:
    email, email_damaged = opened(lambda: patient.email, "", of=patient)
    return {
        "email": str(UNREADABLE) if email_damaged else email,
        "phone": phone_of(patient),
        "contact_by": patient.get_contact_by_display(),
        "safe": patient.get_safe_to_contact_display(),
        "filled_for": "",
    }


def appointment_words(appointment: Appointment | None) -> dict[str, Any] | None:
    if appointment is None:
        return None
    return {
        "when": _("%(moment)s, %(zone)s")
        % {
            "moment": clock.moment(appointment.starts_at, appointment.time_zone),
            "zone": clock.zone_words(appointment.starts_at, appointment.time_zone),
        },
        "kind": str(appointment.appointment_type),
        "modality": appointment.appointment_type.get_modality_display(),
        "clinician": appointment.clinician.display_name,
        "location": appointment.location.name,
        "outside": outside_words(appointment.outside),
        "outside_reason": opened(lambda: appointment.outside_reason or "", str(UNREADABLE), of=appointment)[0],
        "confirmed": confirmed_chip(appointment),
    }


ENDED: Final = (AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW)


def earlier_visits(consultation_request: ConsultationRequest) -> list[dict[str, str]]:
    """The visits that took place, or that the patient did not come to, the last first."""
    rows = consultation_request.appointments.filter(status__in=ENDED).select_related("clinician", "appointment_type")
    return [
        {
            "when": clock.moment(visit.starts_at, visit.time_zone),
            "kind": visit.appointment_type.name,
            "clinician": visit.clinician.display_name,
            "ended": visit.get_status_display(),
        }
        for visit in rows.only(
            "starts_at", "time_zone", "status", "appointment_type__name", "clinician__display_name"
        ).order_by("-starts_at", "-pk")
    ]


def case_words(case: SafetyCase | None, *, viewer: User) -> dict[str, Any] | None:
    if case is None:
        return None
    return {
        "url": url_of(case.pk),
        "status": case.get_outcome_display() or case.get_status_display(),
        "owner": owner_words(case, viewer=viewer),
        "is_open": case.status != CaseStatus.CLOSED,
        "level": outcome_chip(case.level),
    }
