from consultations.models.access import LinkAsked, PrivateLink
from consultations.models.alarm_group import AlarmGroup
from consultations.models.calendar_feed import CalendarFeed
from consultations.models.call import Call
from consultations.models.case_closing import CaseClosing, RuleAnswer
from consultations.models.clock_alarm import ClockAlarm
from consultations.models.consultation_request import Consent, ConsultationRequest, InformationRequest
from consultations.models.diary import Absence, AppointmentType, Availability, ExtraSession, RoomClosure
from consultations.models.hand_over import DayEnd, HandOverNote
from consultations.models.message import MessageSubject
from consultations.models.missed_report import MissedReport
from consultations.models.notes import CaseNote, PersonNote
from consultations.models.own_calendar import BusyTime, OwnCalendar
from consultations.models.patient import Patient
from consultations.models.patient_text import PatientText
from consultations.models.person import Person, PersonJoin
from consultations.models.questionnaire_response import Assessment, QuestionnaireResponse, SafetyCase
from consultations.models.resources import Clinician, Location, Resource, Room
from consultations.models.review import ClinicalReview, TriageDecision
from consultations.models.rota import Shift, ShiftChange
from consultations.models.saved_check import SavedCheck
from consultations.models.scheduling import Appointment, Occupation, SlotHold
from consultations.models.settlement import Settlement
from consultations.models.visit_needs import VisitNeeds
from consultations.models.waiting import ReleasedTime, TimeOffer, WaitingEntry

__all__ = [
    "Absence",
    "AlarmGroup",
    "Appointment",
    "AppointmentType",
    "Assessment",
    "Availability",
    "BusyTime",
    "CalendarFeed",
    "Call",
    "CaseClosing",
    "CaseNote",
    "ClinicalReview",
    "Clinician",
    "ClockAlarm",
    "Consent",
    "ConsultationRequest",
    "DayEnd",
    "ExtraSession",
    "HandOverNote",
    "InformationRequest",
    "LinkAsked",
    "Location",
    "MessageSubject",
    "MissedReport",
    "Occupation",
    "OwnCalendar",
    "Patient",
    "PatientText",
    "Person",
    "PersonJoin",
    "PersonNote",
    "PrivateLink",
    "QuestionnaireResponse",
    "ReleasedTime",
    "Resource",
    "Room",
    "RoomClosure",
    "RuleAnswer",
    "SafetyCase",
    "SavedCheck",
    "Settlement",
    "Shift",
    "ShiftChange",
    "SlotHold",
    "TimeOffer",
    "TriageDecision",
    "VisitNeeds",
    "WaitingEntry",
]
