"""One row of each model, as its constraints allow it."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import models

from clinic.accounts.models import User
from clinic.core.encryption import new_token
from clinic.core.models import AuditHead, KeyFingerprint, OutboxMessage, PatientShown, RecordRead
from consultations.models import (
    Absence,
    AlarmGroup,
    Appointment,
    AppointmentType,
    Assessment,
    Availability,
    BusyTime,
    CalendarFeed,
    Call,
    CaseClosing,
    ClinicalReview,
    Clinician,
    ClockAlarm,
    Consent,
    ConsultationRequest,
    ExtraSession,
    HandOverNote,
    InformationRequest,
    LinkAsked,
    Location,
    MessageSubject,
    MissedReport,
    Occupation,
    OwnCalendar,
    Patient,
    PatientText,
    PersonJoin,
    PrivateLink,
    QuestionnaireResponse,
    ReleasedTime,
    Room,
    RoomClosure,
    RuleAnswer,
    SafetyCase,
    SavedCheck,
    Settlement,
    Shift,
    ShiftChange,
    SlotHold,
    TimeOffer,
    TriageDecision,
    WaitingEntry,
)
from education.models import (
    CaseAccount,
    ClaimWaiver,
    ClinicianStatement,
    EvidenceStatement,
    Feedback,
    GlossaryTerm,
    Page,
    PageVersion,
    Question,
    Reopening,
    Reviewer,
    SearchEntry,
    SearchVocabulary,
    SignOff,
    Snapshot,
    Source,
    Trial,
)
from tests.mailbox import queue_directly
from tests.personas import book_directly, connect_directly, make_patient

HOUR = datetime.timedelta(hours=1)
MONDAY = datetime.datetime(2026, 12, 7, 15, 0, tzinfo=datetime.UTC)


@pytest.fixture
def world(db: None, make_request: Any, nurse: Any, clinician: Any) -> Callable[[type[models.Model]], models.Model]:
    """One good row of any model."""
    consultation_request = make_request()
    now = MONDAY
    page = Page.objects.create(key="a", path="/a/", kind="about", title="A", short_title="A", summary="A", body="A")

    def waiting_entry() -> WaitingEntry:
        return WaitingEntry.objects.create(consultation_request=consultation_request, asked_at=now)

    def released_time() -> ReleasedTime:
        return ReleasedTime.objects.create(
            clinician=clinician, starts_at=now, ends_at=now + 2 * HOUR, reason="cancelled", released_at=now
        )

    makers: dict[type[models.Model], Callable[[], models.Model]] = {
        User: lambda: nurse,
        AuditHead: lambda: AuditHead.objects.get_or_create(pk=1)[0],
        PatientShown: lambda: PatientShown.objects.create(
            patient_id=1,
            reading=RecordRead.objects.create(at=now, action="x", actor_user=nurse, actor="x"),
        ),
        KeyFingerprint: lambda: KeyFingerprint.objects.create(name="k9", digest="x", first_seen_at=MONDAY),
        Page: lambda: page,
        PageVersion: lambda: PageVersion.objects.create(
            page=page, number=1, words={}, published_at=now, published_by="x"
        ),
        ClaimWaiver: lambda: ClaimWaiver.objects.create(
            where="pages.a.body",
            rule="C15",
            passage="x",
            digest="x",
            reason="x",
            until=now.date(),
            given_by="x",
            given_at=now,
        ),
        Reviewer: lambda: Reviewer.objects.create(
            user=nurse,
            name="A",
            role="nurse",
            register="R",
            register_number="1",
            checked_on=now.date(),
            interests="None",
        ),
        SignOff: lambda: SignOff.objects.create(
            page=page, digest="x", part="clinical", decision="approved", by=nurse, signature="A", at=now
        ),
        Reopening: lambda: Reopening.objects.create(page=page, cause="source:a", reason="x", opened_at=now),
        CaseAccount: lambda: CaseAccount.objects.create(
            page=page,
            result="better",
            consent_on=now.date(),
            consent_covers="x",
            consent_taken_by="Dr B",
            treated_by="Dr A",
            payment="None",
            sampling="all",
            asked=3,
            agreed=2,
        ),
        ClinicianStatement: lambda: ClinicianStatement.objects.create(
            page=page,
            name="A",
            role="x",
            register="R",
            register_number="1",
            register_checked_on=now.date(),
            interests="None",
            evidence="E1",
        ),
        Feedback: lambda: Feedback.objects.create(token="a", path="/a/", is_helpful=True, sent_at=now),
        Source: lambda: Source.objects.create(key="a", kind="paper", title="A", year=2020),
        EvidenceStatement: lambda: EvidenceStatement.objects.create(
            code="E1", kind="stem_cell", direction="unclear", grade=1, searched_on=now.date()
        ),
        Question: lambda: Question.objects.create(code="F1", group="safety", question="?", answer="No."),
        GlossaryTerm: lambda: GlossaryTerm.objects.create(slug="a", term="A", definition="A"),
        Trial: lambda: Trial.objects.create(key="a", name="A"),
        Snapshot: lambda: Snapshot.objects.get_or_create(pk=1)[0],
        SearchEntry: lambda: SearchEntry.objects.create(kind="page", key="a", path="/a/", title="A"),
        SearchVocabulary: lambda: SearchVocabulary.objects.get_or_create(pk=1)[0],
        CalendarFeed: lambda: CalendarFeed.objects.create(
            clinician=clinician, token_digest=new_token(), made_at=now, made_by=nurse
        ),
        OwnCalendar: lambda: connect_directly(clinician),
        BusyTime: lambda: BusyTime.objects.create(
            calendar=connect_directly(clinician), clinician=clinician, starts_at=now, ends_at=now + HOUR
        ),
        WaitingEntry: waiting_entry,
        ReleasedTime: released_time,
        TimeOffer: lambda: TimeOffer.objects.create(
            entry=waiting_entry(),
            released_time=released_time(),
            clinician=clinician,
            location=Location.objects.get(),
            starts_at=now + HOUR,
            ends_at=now + 2 * HOUR,
            made_at=now,
            expires_at=now + HOUR,
        ),
        SavedCheck: lambda: SavedCheck.objects.create(response=consultation_request.response, secret="x", saved_at=now),
        LinkAsked: lambda: LinkAsked.objects.create(email="a@example.com", asked_at=now),
        PrivateLink: lambda: PrivateLink.objects.create(
            consultation_request=consultation_request, token_hash=new_token(), created_at=now, expires_at=now + HOUR
        ),
        ConsultationRequest: lambda: consultation_request,
        Consent: lambda: Consent.objects.create(
            consultation_request=consultation_request, kind="care_team", wording="x", notice_version="1", given_at=now
        ),
        InformationRequest: lambda: InformationRequest.objects.create(
            consultation_request=consultation_request, question="?", asked_at=now, asked_by=nurse, is_from_doctor=False
        ),
        OutboxMessage: lambda: queue_directly(
            key="a",
            consultation_request=consultation_request,
            recipient="a@example.com",
        ),
        MessageSubject: lambda: queue_directly(key="b", consultation_request=consultation_request).subject,
        Patient: lambda: consultation_request.patient,
        PersonJoin: lambda: PersonJoin.objects.create(
            first=consultation_request.patient, second=make_patient("Alice W"), joined_at=now, joined_by=nurse
        ),
        QuestionnaireResponse: lambda: consultation_request.response,
        Assessment: lambda: consultation_request.assessment,
        Call: lambda: Call.objects.create(
            response=consultation_request.response,
            outcome="danger_asked",
            made_at=now,
            made_by=nurse,
            heard_at=now,
            completed_at=now,
            assessment=consultation_request.assessment,
            once="one",
        ),
        Settlement: lambda: Settlement.objects.create(
            response=consultation_request.response, how="examined", signs=[], settled_at=now, settled_by=nurse
        ),
        AlarmGroup: lambda: AlarmGroup.objects.create(network="one", level="EMERGENCY", first_at=now, last_at=now),
        SafetyCase: lambda: SafetyCase.objects.create(
            response=consultation_request.response, level="EMERGENCY", priority="stat", raised_at=now, due_at=now + HOUR
        ),
        CaseClosing: lambda: CaseClosing.objects.create(
            case=SafetyCase.objects.create(
                response=consultation_request.response,
                level="EMERGENCY",
                priority="stat",
                raised_at=now,
                due_at=now + HOUR,
            ),
            outcome="no_way_to_reach",
            proof="no_name",
            closed_at=now,
            closed_by=nurse,
        ),
        RuleAnswer: lambda: RuleAnswer.objects.create(rule="RF-CE-01", answer="worse", number=1),
        ClockAlarm: lambda: ClockAlarm.objects.create(
            response=consultation_request.response, kind="danger", target="SAME_DAY", due_at=now, began_at=now
        ),
        PatientText: lambda: PatientText.objects.create(
            response=consultation_request.response,
            kind="message",
            text="x",
            sent_key="one",
            sent_at=now,
            due_at=now + HOUR,
        ),
        TriageDecision: lambda: TriageDecision.objects.create(
            consultation_request=consultation_request, action="note", decided_at=now, decided_by=nurse
        ),
        ClinicalReview: lambda: ClinicalReview.objects.create(
            consultation_request=consultation_request,
            decision="offer",
            suggestion="DEFER",
            decided_at=now,
            decided_by=nurse,
        ),
        Location: Location.objects.get,
        AppointmentType: lambda: AppointmentType.objects.create(name="Visit", minutes=40),
        Clinician: lambda: clinician,
        Room: lambda: Room.objects.create(name="Room 1", location=Location.objects.get()),
        Occupation: lambda: book_directly(consultation_request, clinician, now).occupations.get(resource=clinician),
        Availability: lambda: Availability.objects.order_by("pk")[0],
        ExtraSession: lambda: ExtraSession.objects.create(
            clinician=clinician,
            location=Location.objects.get(),
            on=datetime.date(2027, 1, 9),
            opens=datetime.time(9),
            closes=datetime.time(12),
        ),
        Absence: lambda: Absence.objects.create(clinician=clinician, starts_at=now, ends_at=now + HOUR),
        RoomClosure: lambda: RoomClosure.objects.create(
            room=Room.objects.create(name="Room 2", location=Location.objects.get()), starts_at=now, ends_at=now + HOUR
        ),
        Shift: lambda: Shift.objects.create(
            user=nurse,
            weekday=0,
            starts=datetime.time(8),
            ends=datetime.time(12),
            starts_on=datetime.date(2026, 1, 1),
        ),
        ShiftChange: lambda: ShiftChange.objects.create(
            user=nurse, kind="away", first_on=now.date(), last_on=now.date()
        ),
        HandOverNote: lambda: HandOverNote.objects.create(
            text="x",
            consultation_request=consultation_request,
            patient=consultation_request.patient,
            sent_key="a",
            written_at=now,
            written_by=nurse,
        ),
        MissedReport: lambda: MissedReport.objects.create(
            record="request",
            record_id=consultation_request.pk,
            reference=consultation_request.reference,
            kind="danger",
            text="x",
            sent_key="a",
            app_version="x",
            reported_at=now,
            reported_by=nurse,
        ),
        SlotHold: lambda: SlotHold.objects.create(
            consultation_request=consultation_request,
            clinician=clinician,
            location=Location.objects.get(),
            starts_at=now,
            ends_at=now + HOUR,
            expires_at=now,
        ),
        Appointment: lambda: book_directly(consultation_request, clinician, now),
    }
    return lambda model: makers[model]()
