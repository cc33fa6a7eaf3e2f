"""The database has the last word: each constraint, with a row that only it refuses."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from clinic.accounts.models import User
from clinic.core.database_errors import constraint_of
from clinic.core.encryption import new_token
from clinic.core.models import AuditHead, KeyFingerprint, OutboxMessage, PatientShown
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
)
from tests.architecture.conftest import HOUR, MONDAY
from tests.personas import make_patient

pytestmark = pytest.mark.django_db
OURS = ("core", "accounts", "consultations", "education")

CHECKS: list[tuple[type[models.Model], str, dict[str, Any]]] = [
    (AuditHead, "audit_one_head", {"id": 2}),
    (KeyFingerprint, "key_retired_after_first_seen", {"retired_at": MONDAY - HOUR}),
    (User, "user_staff_have_an_address", {"email": ""}),
    (User, "user_name_key_not_empty", {"name_key": ""}),
    (Page, "page_state_known", {"state": "gone"}),
    (Page, "page_path_has_slashes", {"path": "no-slash"}),
    (Page, "page_public_has_version", {"state": "published"}),
    (Page, "page_closed_has_day", {"closed_at": MONDAY}),
    (Page, "page_withdrawn_has_reason", {"state": "withdrawn", "closed_at": MONDAY}),
    (Page, "page_schedule_has_day_and_name", {"publish_at": MONDAY}),
    (ClaimWaiver, "waiver_reason_not_empty", {"reason": ""}),
    (Reviewer, "reviewer_fully_named", {"register_number": ""}),
    (SignOff, "sign_off_part_known", {"part": "third"}),
    (SignOff, "sign_off_says_what_to_change", {"decision": "changes"}),
    (Reopening, "reopening_closes_after_it_opens", {"closed_at": MONDAY - HOUR}),
    (CaseAccount, "account_result_known", {"result": "splendid"}),
    (CaseAccount, "account_agreed_within_asked", {"agreed": 9}),
    (CaseAccount, "account_consent_taken_by_another", {"consent_taken_by": "Dr A"}),
    (ClinicianStatement, "statement_fully_named", {"interests": ""}),
    (Feedback, "feedback_done_by_somebody", {"done_at": MONDAY}),
    (Page, "page_review_months_in_range", {"review_months": 37}),
    (PageVersion, "page_version_review_has_date_and_name", {"reviewed_by": "Somebody"}),
    (Source, "source_year_in_range", {"year": 1899}),
    (EvidenceStatement, "evidence_grade_in_range", {"grade": 5}),
    (EvidenceStatement, "evidence_direction_known", {"direction": "up"}),
    (EvidenceStatement, "evidence_kind_known", {"kind": "x"}),
    (Question, "question_group_known", {"group": "x"}),
    (Snapshot, "one_snapshot", {"id": 2}),
    (SearchEntry, "search_kind_known", {"kind": "x"}),
    (SearchEntry, "search_grade_in_range", {"grade": 5}),
    (SearchVocabulary, "one_search_vocabulary", {"id": 2}),
    (OwnCalendar, "own_calendar_kind_known", {"kind": "paper"}),
    (OwnCalendar, "own_calendar_failure_known", {"failure": "moody", "failures": 1}),
    (OwnCalendar, "own_calendar_host_not_empty", {"host": ""}),
    (BusyTime, "busy_ends_after_start", {"ends_at": MONDAY - HOUR}),
    (CalendarFeed, "feed_ended_at_and_by", {"ended_at": MONDAY}),
    (CalendarFeed, "feed_ended_after_made", {"ended_at": MONDAY - HOUR, "ended_by": models.F("made_by")}),
    (WaitingEntry, "waiting_part_of_day_known", {"part_of_day": "night"}),
    (WaitingEntry, "waiting_notice_in_range", {"notice_hours": 337}),
    (WaitingEntry, "waiting_ended_at_and_as", {"ended_as": "left"}),
    (WaitingEntry, "waiting_end_known", {"ended_at": models.F("asked_at"), "ended_as": "lost"}),
    (WaitingEntry, "waiting_ended_after_asked", {"ended_at": MONDAY - HOUR, "ended_as": "left"}),
    (ReleasedTime, "released_time_ends_after_start", {"ends_at": models.F("starts_at")}),
    (TimeOffer, "time_offer_ends_after_start", {"ends_at": models.F("starts_at")}),
    (TimeOffer, "time_offer_expires_after_made", {"expires_at": models.F("made_at")}),
    (TimeOffer, "time_offer_ended_at_and_as", {"ended_at": MONDAY}),
    (TimeOffer, "time_offer_end_known", {"ended_at": MONDAY, "ended_as": "lost"}),
    (PrivateLink, "link_expires_after_made", {"expires_at": MONDAY - HOUR}),
    (ConsultationRequest, "request_status_known", {"status": "lost"}),
    (ConsultationRequest, "request_outcome_known", {"outcome": "FINE"}),
    (ConsultationRequest, "request_highest_outcome_known", {"highest_outcome": "FINE"}),
    (ConsultationRequest, "request_priority_known", {"priority": "later"}),
    (ConsultationRequest, "request_filled_for_known", {"filled_for": "nobody", "helper_name": "x"}),
    (ConsultationRequest, "request_risk_in_range", {"risk": 7}),
    (ConsultationRequest, "request_due_after_sent", {"due_at": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)}),
    (ConsultationRequest, "request_as_pressing_keeps_its_own", {"own_risk": 2}),
    (ConsultationRequest, "request_flag_level_is_a_danger", {"flag_level": "DEFER"}),
    (
        ConsultationRequest,
        "request_danger_due_after_sent",
        {"danger_due_at": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)},
    ),
    (ConsultationRequest, "request_claimed_at_and_by", {"claimed_at": MONDAY}),
    (ConsultationRequest, "request_booking_ordered_at_and_by", {"booking_ordered_at": MONDAY}),
    (ConsultationRequest, "request_helper_named", {"filled_for": "other"}),
    (ConsultationRequest, "request_offer_says_what_visit", {"status": "offered"}),
    (Consent, "consent_kind_known", {"kind": "newsletter"}),
    (InformationRequest, "question_answered_after_asked", {"answered_at": MONDAY - HOUR}),
    (OutboxMessage, "message_lane_known", {"lane": "slow"}),
    (OutboxMessage, "message_sent_or_parked", {"sent_at": MONDAY, "parked_at": MONDAY}),
    (OutboxMessage, "message_stopped_is_parked", {"is_stopped": True}),
    (OutboxMessage, "message_not_due_before_send_at", {"send_at": MONDAY + HOUR, "due_at": MONDAY}),
    (MessageSubject, "message_subject_request_or_case", {"consultation_request": None}),
    (Patient, "patient_birth_on_in_range", {"birth_on": datetime.date(1899, 12, 31)}),
    (Patient, "patient_name_not_empty", {"name": ""}),
    (Patient, "patient_name_key_not_empty", {"name_key": ""}),
    (Patient, "patient_has_a_key_or_is_erased", {"data_key": ""}),
    (Patient, "patient_has_a_key_or_is_erased", {"erased_at": MONDAY}),
    (Patient, "patient_contact_by_known", {"contact_by": "pigeon"}),
    (Patient, "patient_safe_to_contact_known", {"safe_to_contact": "perhaps"}),
    (Patient, "patient_verified_has_an_address", {"email_verified_at": MONDAY, "email_index": ""}),
    (PersonJoin, "person_join_older_row_first", {"first": models.F("second")}),
    (PersonJoin, "person_join_ends_after_made", {"ended_at": MONDAY - HOUR}),
    (PersonJoin, "person_join_ended_by_with_at", {"ended_by": 1}),
    (QuestionnaireResponse, "response_status_known", {"status": "lost"}),
    (QuestionnaireResponse, "response_completed_at_with_status", {"completed_at": None}),
    (QuestionnaireResponse, "response_highest_outcome_known", {"highest_outcome": "FINE"}),
    (Assessment, "assessment_origin_known", {"origin": "rumour"}),
    (Assessment, "assessment_of_a_call_names_who_asked", {"origin": "call"}),
    (ConsultationRequest, "request_escalated_at_and_by", {"escalated_at": MONDAY}),
    (ClockAlarm, "clock_alarm_kind_known", {"kind": "egg"}),
    (ClockAlarm, "clock_alarm_warned_or_begun", {"began_at": None}),
    (ClockAlarm, "clock_alarm_acknowledged_at_and_by", {"acknowledged_at": MONDAY}),
    (
        ClockAlarm,
        "clock_alarm_acknowledged_once_begun",
        {"warned_at": MONDAY, "began_at": None, "acknowledged_at": MONDAY, "acknowledged_by": 1},
    ),
    (Call, "call_outcome_known", {"outcome": "busy", "heard_at": None, "completed_at": None, "assessment": None}),
    (Call, "call_script_only_when_asked", {"outcome": "reached_other"}),
    (Call, "call_heard_only_when_spoken", {"outcome": "voicemail", "heard_at": None, "completed_at": None}),
    (Call, "call_completed_after_answers", {"heard_at": None}),
    (Call, "call_completed_after_made", {"completed_at": MONDAY - HOUR}),
    (Settlement, "settlement_how_known", {"how": "guessed"}),
    (Settlement, "settlement_spoken_to_in_a_call", {"how": "spoken_to"}),
    (Settlement, "settlement_mistake_said_by_one", {"how": "mistake"}),
    (Assessment, "assessment_outcome_known", {"outcome": "FINE", "is_booking_allowed": False}),
    (Assessment, "assessment_urgency_known", {"urgency": "later"}),
    (Assessment, "assessment_disposition_known", {"disposition": "maybe"}),
    (Assessment, "assessment_booking_only_when_routine", {"outcome": "EMERGENCY"}),
    (ConsultationRequest, "request_texts_risk_with_a_clock", {"texts_risk": 0}),
    (PatientText, "patient_text_kind_known", {"kind": "poem"}),
    (PatientText, "patient_text_has_a_clock", {"due_at": None}),
    (PatientText, "patient_text_due_after_sent", {"due_at": MONDAY - HOUR}),
    (PatientText, "patient_text_read_at_and_by", {"read_at": MONDAY + HOUR}),
    (PatientText, "patient_text_read_after_sent", {"read_at": MONDAY - HOUR, "read_by": 1}),
    (SafetyCase, "case_level_is_a_danger", {"level": "DEFER"}),
    (SafetyCase, "case_status_known", {"status": "lost"}),
    (SafetyCase, "case_priority_known", {"priority": "later"}),
    (SafetyCase, "case_due_after_raised", {"due_at": MONDAY - HOUR}),
    (SafetyCase, "case_acknowledged_at_and_by", {"acknowledged_at": MONDAY}),
    (SafetyCase, "case_closed_at_and_by", {"closed_at": MONDAY, "status": "closed", "outcome": "died"}),
    (SafetyCase, "case_closed_at_with_status", {"status": "closed", "outcome": "died"}),
    (SafetyCase, "case_closed_with_an_outcome", {"status": "closed", "closed_at": MONDAY, "closed_by": 1}),
    (CaseClosing, "closing_outcome_with_its_proof", {"outcome": "went_for_care"}),
    (CaseClosing, "closing_call_with_its_proof", {"outcome": "went_for_care", "proof": "call"}),
    (CaseClosing, "closing_letter_on_with_its_proof", {"outcome": "went_for_care", "proof": "letter"}),
    (CaseClosing, "closing_text_with_its_proof", {"outcome": "went_for_care", "proof": "own_words"}),
    (CaseClosing, "closing_tries_with_its_proof", {"outcome": "not_reached", "proof": "tries"}),
    (CaseClosing, "closing_mails_with_its_proof", {"outcome": "not_reached", "proof": "mails"}),
    (CaseClosing, "closing_duplicate_of_with_its_proof", {"outcome": "duplicate", "proof": "open_case"}),
    (CaseClosing, "closing_statement_with_its_proof", {"outcome": "entered_by_mistake", "proof": "staff_mistake"}),
    (CaseClosing, "closing_three_tries", {"outcome": "not_reached", "proof": "tries", "tries": 2}),
    (CaseClosing, "closing_two_mails", {"outcome": "not_reached", "proof": "mails", "mails": 1}),
    (
        CaseClosing,
        "closing_duplicate_of_another",
        {"outcome": "duplicate", "proof": "open_case", "duplicate_of": models.F("case")},
    ),
    (CaseClosing, "closing_reopened_after_closed", {"reopened_at": MONDAY - HOUR}),
    (CaseClosing, "closing_reopened_by_with_at", {"reopened_by": 1}),
    (CaseClosing, "closing_answered_when_asked", {"answer": "worse", "answered_at": MONDAY}),
    (RuleAnswer, "rule_answer_known", {"answer": "fine"}),
    (SafetyCase, "case_with_a_name_stands_alone", {"alarm_group": 1, "patient": 1}),
    (AlarmGroup, "alarm_group_level_is_a_safety_outcome", {"level": "DEFER"}),
    (AlarmGroup, "alarm_group_last_after_first", {"last_at": MONDAY - HOUR}),
    (AlarmGroup, "alarm_group_acknowledged_at_and_by", {"acknowledged_at": MONDAY}),
    (TriageDecision, "triage_action_known", {"action": "shrug"}),
    (ClinicalReview, "review_decision_known", {"decision": "shrug"}),
    (ClinicalReview, "review_suggestion_known", {"suggestion": "FINE"}),
    (Location, "location_name_not_empty", {"name": ""}),
    (AppointmentType, "visit_minutes_in_range", {"minutes": 9}),
    (AppointmentType, "visit_modality_known", {"modality": "letter"}),
    (AppointmentType, "visit_buffer_before_in_range", {"buffer_before_minutes": 121}),
    (AppointmentType, "visit_buffer_after_in_range", {"buffer_after_minutes": 121}),
    (AppointmentType, "visit_step_in_range", {"step_minutes": 4}),
    (AppointmentType, "visit_notice_in_range", {"notice_hours": 721}),
    (AppointmentType, "visit_horizon_in_range", {"horizon_days": 366}),
    (Room, "room_name_not_empty", {"name": ""}),
    (Clinician, "clinician_name_not_empty", {"display_name": ""}),
    (Availability, "availability_closes_after_opens", {"closes": datetime.time(1)}),
    (Availability, "availability_weekday_in_range", {"weekday": 7}),
    (Availability, "availability_ends_after_start", {"ends_on": datetime.date(2019, 1, 1)}),
    (ExtraSession, "extra_session_closes_after_opens", {"closes": datetime.time(1)}),
    (Absence, "absence_ends_after_start", {"ends_at": MONDAY - HOUR}),
    (RoomClosure, "room_closure_ends_after_start", {"ends_at": MONDAY - HOUR}),
    (Shift, "shift_ends_after_start", {"ends": datetime.time(8)}),
    (Shift, "shift_weekday_in_range", {"weekday": 7}),
    (Shift, "shift_last_day_after_first", {"ends_on": datetime.date(2019, 1, 1)}),
    (ShiftChange, "shift_change_kind_known", {"kind": "perhaps"}),
    (ShiftChange, "shift_change_last_day_after_first", {"last_on": datetime.date(2019, 1, 1)}),
    (ShiftChange, "shift_change_hours_in_order", {"starts": datetime.time(9)}),
    (HandOverNote, "hand_over_note_read_at_and_by", {"read_at": MONDAY + HOUR}),
    (HandOverNote, "hand_over_note_request_and_patient", {"consultation_request": None}),
    (HandOverNote, "hand_over_note_read_after_written", {"read_at": MONDAY - HOUR, "read_by": 1}),
    (MissedReport, "missed_report_record_known", {"record": "poem"}),
    (MissedReport, "missed_report_kind_known", {"kind": "poem"}),
    (MissedReport, "missed_report_seen_at_and_by", {"seen_at": MONDAY}),
    (MissedReport, "missed_report_answered_at_and_by", {"answered_at": MONDAY, "seen_at": MONDAY, "seen_by": 1}),
    (MissedReport, "missed_report_answered_was_seen", {"answered_at": MONDAY, "answered_by": 1}),
    (SlotHold, "hold_ends_after_start", {"ends_at": MONDAY - HOUR}),
    (SlotHold, "hold_buffer_before_in_range", {"buffer_before_minutes": 121}),
    (SlotHold, "hold_buffer_after_in_range", {"buffer_after_minutes": 121}),
    (Occupation, "occupation_ends_after_start", {"ends_at": MONDAY - HOUR}),
    (Occupation, "occupation_of_a_resource_or_a_person", {"resource": None}),
    (Occupation, "occupation_by_a_hold_or_an_appointment", {"appointment": None}),
    (Appointment, "appointment_buffer_before_in_range", {"buffer_before_minutes": 121}),
    (Appointment, "appointment_buffer_after_in_range", {"buffer_after_minutes": 121}),
    (Appointment, "appointment_status_known", {"status": "maybe"}),
    (Appointment, "appointment_ends_after_start", {"ends_at": MONDAY - HOUR}),
    (Appointment, "appointment_cancelled_at_and_by", {"cancelled_at": MONDAY, "status": "cancelled"}),
    (Appointment, "appointment_cancelled_at_with_status", {"status": "cancelled"}),
]
"""Model, constraint, and the change to a good row that breaks it and nothing else."""

ALSO_BROKEN = {
    "response_status_known": "response_completed_at_with_status",
    "patient_name_not_empty": "patient_name_key_not_empty",
}
"""What breaks both: each engine names the one it meets first."""

TWINS: list[tuple[type[models.Model], str, tuple[str, ...]]] = [
    (PageVersion, "one_page_version_per_number", ("page", "number")),
    (ClaimWaiver, "one_reason_per_wording", ("where", "rule", "digest")),
    (Reopening, "one_open_reopening_per_cause", ("page", "cause")),
    (PatientShown, "one_patient_once_a_page", ("reading", "patient_id")),
    (SearchEntry, "one_search_entry_per_thing", ("kind", "key")),
    (Consent, "one_consent_of_a_kind", ("consultation_request", "kind")),
    (InformationRequest, "one_open_question_per_request", ("consultation_request",)),
    (PatientText, "patient_text_sent_once", ("response", "sent_key")),
    (ClockAlarm, "one_clock_alarm_at_a_time", ("response", "kind")),
    (Call, "call_made_once", ("made_by", "once")),
    (Assessment, "one_assessment_per_revision", ("response", "revision")),
    (CaseClosing, "one_standing_closing_per_case", ("case",)),
    (RuleAnswer, "one_count_of_a_rule_and_answer", ("rule", "answer")),
    (PersonJoin, "one_live_join_of_two_rows", ("first", "second")),
    (Room, "one_room_of_a_name_per_location", ("location", "name")),
    (ExtraSession, "one_extra_session_per_start", ("clinician", "on", "opens")),
    (SlotHold, "one_hold_per_start", ("clinician", "starts_at")),
    (Appointment, "one_live_appointment_per_start", ("clinician", "starts_at")),
    (Appointment, "one_live_appointment_per_request", ("consultation_request",)),
    (Appointment, "one_state_of_a_calendar_entry", ("calendar_uid", "calendar_sequence")),
    (CalendarFeed, "one_live_feed_per_clinician", ("clinician",)),
    (BusyTime, "one_busy_time_per_start", ("calendar", "starts_at")),
    (WaitingEntry, "one_live_waiting_entry_per_request", ("consultation_request",)),
    (TimeOffer, "one_live_time_offer_per_entry", ("entry",)),
    (TimeOffer, "one_live_offer_of_a_time", ("clinician", "starts_at")),
]
"""Model, constraint, and the fields a second row shares with the first; every other unique field is given anew."""


def constraints() -> Iterator[models.BaseConstraint]:
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            yield from model._meta.constraints


def other_row(row: models.Model, shared: tuple[str, ...], make_request: Any) -> models.Model:
    """A second row like the first: new in every unique field, at another hour, of another request."""
    twin = type(row)(**{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields})
    twin.pk = None
    for field in twin._meta.concrete_fields:
        if field.name in shared or field.primary_key:
            continue
        if field.name == "consultation_request":
            twin.consultation_request = make_request()
        elif field.name == "entry":
            twin.entry = WaitingEntry.objects.create(consultation_request=make_request(), asked_at=MONDAY)
        elif field.name in ("starts_at", "ends_at") and "starts_at" not in shared:
            setattr(twin, field.name, getattr(twin, field.name) + 5 * HOUR)
        elif (field.unique or field.name == "calendar_uid") and isinstance(field, models.CharField):
            setattr(twin, field.name, new_token())
    return twin


def insert(row: models.Model) -> None:
    """The row as it stands, past every check of ours; a row over another of a table of its own takes two."""
    if row._meta.parents:
        row.id = None  # type: ignore[attr-defined]
        row.save(force_insert=True)
    else:
        type(row)._base_manager.bulk_create([row])


@pytest.mark.parametrize(("model", "name", "changes"), CHECKS, ids=[name for _, name, _ in CHECKS])
def test_check(world: Any, model: Any, name: str, changes: dict[str, Any]) -> None:
    row = world(model)

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        model.objects.filter(pk=row.pk).update(**changes)
    assert constraint_of(refused.value) in {name, ALSO_BROKEN.get(name, name)}


APART: dict[Any, dict[str, Any]] = {
    ExtraSession: {"on": datetime.date(2027, 1, 10)},
    PageVersion: {"number": 2},
    Assessment: {"revision": 2},
    Consent: {"kind": "true_answers"},
    ClaimWaiver: {"rule": "C40"},
    Reopening: {"cause": "source:b"},
    ClockAlarm: {"kind": "reply"},
    PatientShown: {"patient_id": 2},
    SearchEntry: {"key": "b"},
    PatientText: {"sent_key": "two"},
    RuleAnswer: {"answer": "not_seen"},
    Call: {"once": "two"},
    Room: {"name": "Room 2"},
}
"""What makes another row of the same world no twin."""


@pytest.mark.parametrize(("model", "name", "shared"), TWINS, ids=[name for _, name, _ in TWINS])
def test_twin(world: Any, make_request: Any, model: Any, name: str, shared: tuple[str, ...]) -> None:
    row = world(model)
    twin = other_row(row, shared, make_request)

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        insert(twin)
    guard = {"no_overlapping_use_of_a_resource"} if "starts_at" in shared else set()
    assert constraint_of(refused.value) in {name} | guard  # the overlap guard may speak first
    if "starts_at" in shared:
        twin.starts_at, twin.ends_at = twin.starts_at + 5 * HOUR, twin.ends_at + 5 * HOUR
    else:
        twin = other_row(row, (), make_request)
        for field, value in APART.get(model, {}).items():
            setattr(twin, field, value)
        if model is CaseClosing:
            twin.reopened_at = twin.closed_at
        if model is CalendarFeed:
            twin.ended_at, twin.ended_by = twin.made_at, twin.made_by
        if model is PersonJoin:
            twin.second = make_patient("Alice Winthers")
    insert(twin)


@pytest.mark.parametrize("field", ["key", "path"])
def test_no_two_pages_share_a_name(world: Any, field: str) -> None:
    row = world(Page)
    values = {"key": "b", "path": "/b/", "kind": "about", "title": "B", field: getattr(row, field)}

    with pytest.raises(IntegrityError), transaction.atomic():
        Page.objects.bulk_create([Page(**values)])


UNIQUE = [
    (model, field.name)
    for model in apps.get_models()
    if model._meta.app_label in OURS
    for field in model._meta.concrete_fields
    if field.unique and not field.primary_key and not (model is Page and field.name == "live")
]


@pytest.mark.parametrize(("model", "field"), UNIQUE, ids=[f"{model.__name__}.{field}" for model, field in UNIQUE])
def test_a_unique_field_is_unique_in_the_table(model: type[models.Model], field: str) -> None:
    table, column = model._meta.db_table, model._meta.get_field(field).column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            result = connection.introspection.get_constraints(cursor, table).values()
            unique = [item["columns"] for item in result if item["unique"]]
        else:
            cursor.execute(f'PRAGMA index_list("{table}")')
            names = [row[1] for row in cursor.fetchall() if row[2] and not row[4]]
            unique = [[row[2] for row in cursor.execute(f'PRAGMA index_info("{name}")').fetchall()] for name in names]

    assert [column] in unique


def test_every_constraint_has_its_case() -> None:
    named = {constraint.name for constraint in constraints()}

    assert len(named) > 60
    assert named == {name for _, name, _ in CHECKS} | {name for _, name, _ in TWINS}, (
        "add the new constraint to CHECKS with values that break it, or, if it is about two rows, to TWINS"
    )


def test_a_patient_keeps_every_date_that_a_person_can_be_born_on(db: None) -> None:
    for born in (datetime.date(1900, 1, 1), datetime.date(2000, 2, 29), datetime.date(2026, 11, 24)):
        assert Patient.objects.get(pk=make_patient(birth_on=born).pk).birth_on == born
