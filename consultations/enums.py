"""The domain's closed vocabularies and the named groups of statuses everything else reasons with."""

from django.db.models import IntegerChoices, TextChoices

from consultations import workflow


class Outcome(TextChoices):
    """The headline of an assessment, most pressing first."""

    EMERGENCY = "EMERGENCY", "Emergency now"
    SAME_DAY = "SAME_DAY", "Same day"
    URGENT_REVIEW = "URGENT_REVIEW", "Urgent review"
    NOT_SUITABLE_NOW = "NOT_SUITABLE_NOW", "May not be suitable"
    DEFER = "DEFER", "Not yet"
    NEEDS_INFO = "NEEDS_INFO", "Needs information"
    LIKELY_SUITABLE = "LIKELY_SUITABLE", "Fits a consultation"


class Urgency(TextChoices):
    ROUTINE = "routine", "Routine"
    URGENT = "urgent", "Urgent"
    SAME_DAY = "same_day", "Same day"
    EMERGENCY = "emergency", "Emergency"


class Disposition(TextChoices):
    OK = "ok", "OK"
    INFO = "info", "Needs information"
    DEFER = "defer", "Defer"
    EXCLUDE = "exclude", "Exclude"


class Effect(TextChoices):
    """What a fired rule does; the last three never change the headline."""

    EMERGENCY = "emergency", "Emergency"
    SAME_DAY = "same_day", "Same day"
    URGENT = "urgent", "Urgent"
    EXCLUDE = "exclude", "Exclude"
    DEFER = "defer", "Defer"
    INFO = "info", "Needs information"
    CAUTION = "caution", "Caution"
    SUPPORT = "support", "In favour"
    NOTE = "note", "Note"


class Priority(TextChoices):
    """FHIR R4 request-priority, in our order: stat before asap before urgent."""

    STAT = "stat", "Immediate"
    ASAP = "asap", "Same day"
    URGENT = "urgent", "Urgent"
    ROUTINE = "routine", "Routine"


class RequestStatus(TextChoices):
    RECEIVED = workflow.RECEIVED, "Received"
    IN_TRIAGE = workflow.IN_TRIAGE, "In triage"
    WITH_DOCTOR = workflow.WITH_DOCTOR, "With a doctor"
    INFORMATION_ASKED = workflow.INFORMATION_ASKED, "Waiting for the patient's answer"
    OFFERED = workflow.OFFERED, "Consultation offered"
    NOT_SUITABLE = workflow.NOT_SUITABLE, "Not suitable, with advice"
    URGENT = workflow.URGENT, "Urgent: call the patient"
    BOOKED = workflow.BOOKED, "Booked"
    COMPLETED = workflow.COMPLETED, "Completed"
    NO_SHOW = workflow.NO_SHOW, "Did not attend"
    WITHDRAWN = workflow.WITHDRAWN, "Withdrawn by the patient"
    CANCELLED = workflow.CANCELLED, "Cancelled by the clinic"


class ResponseStatus(TextChoices):
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"


class CaseStatus(TextChoices):
    OPEN = "open", "Open"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    CLOSED = "closed", "Closed"


class CaseOutcome(TextChoices):
    """What became of the person behind a safety case."""

    WENT_FOR_CARE = "went_for_care", "Went for care"
    NO_EMERGENCY_FOUND = "no_emergency_found", "No emergency found"
    SEEN_ELSEWHERE = "seen_elsewhere", "Seen elsewhere"
    DECLINED_ADVICE = "declined_advice", "Declined our advice"
    NOT_REACHED = "not_reached", "Not reached, welfare policy followed"
    NO_WAY_TO_REACH = "no_way_to_reach", "No way to reach the person"
    DUPLICATE = "duplicate", "Duplicate of another case"
    DIED = "died", "Died"
    MISTAKE = "entered_by_mistake", "Entered by mistake"


class CaseProof(TextChoices):
    """What a closing of a safety case rests on."""

    CALL = "call", "Call with danger questions asked"
    LETTER = "letter", "Letter"
    OWN_WORDS = "own_words", "The person’s own written answer"
    REFUSED = "refused", "Call that reached the person, danger questions refused"
    TRIES = "tries", "Three tries at different hours"
    MAILS = "mails", "Two emails over two working days"
    NO_NAME = "no_name", "Nobody left a name, a phone number or an email address"
    NO_CONTACT = "no_contact", "A name, but no phone number and no email address"
    OPEN_CASE = "open_case", "Open case of the same person"
    TOLD = "told", "Somebody told us"
    SAID_MISTAKE = "said_mistake", "The person said so in a call"
    STAFF_MISTAKE = "staff_mistake", "The member of staff who entered it says so"


class NextDayAnswer(TextChoices):
    """What a person says the day after their safety case was closed."""

    SEEN_TREATED = "seen_treated", "Yes. They found something that needed treatment at once"
    SEEN_OTHER = "seen_other", "Yes. They found something else"
    SEEN_NOTHING = "seen_nothing", "Yes. They found nothing serious"
    NOT_SEEN = "not_seen", "Not seen"
    WORSE = "worse", "Worse"


class AppointmentStatus(TextChoices):
    """FHIR R4 appointment status, the five that this clinic uses."""

    BOOKED = "booked", "Booked"
    ARRIVED = "arrived", "Arrived"
    FULFILLED = "fulfilled", "Fulfilled"
    CANCELLED = "cancelled", "Cancelled"
    NOSHOW = "noshow", "Did not attend"


class ReviewDecision(TextChoices):
    OFFER = "offer", "Offer a consultation"
    ASK = "ask", "Ask for more information"
    NOT_SUITABLE = "not_suitable", "Not suitable, with advice"
    URGENT = "urgent", "Urgent: call today"


class TriageAction(TextChoices):
    NOTE = "note", "Note"
    ESCALATE = "escalate", "Escalated"
    TAKE_BACK = "take_back", "Took the escalation back"
    SETTLE = "settle", "Settled the escalation"
    ORDER = "order", "Ordered a visit while a red flag stands"
    PASS = "pass", "Passed to a doctor"
    ASK = "ask", "Asked the patient"
    OWN_URGENCY = "own_urgency", "Set back to its own urgency"


class AssessmentOrigin(TextChoices):
    """Where what an assessment judges was said."""

    FORM = "form", "Questionnaire"
    ASKED_AGAIN = "asked_again", "Asked again"
    CALL = "call", "Call"


class CallOutcome(TextChoices):
    """What became of a call. All but the first two are tries."""

    DANGER_ASKED = "danger_asked", "Danger questions asked"
    REACHED_OTHER = "reached_other", "Reached, other matter"
    NOT_REACHED = "not_reached", "Not reached"
    VOICEMAIL = "voicemail", "Voicemail"
    WRONG_NUMBER = "wrong_number", "Wrong number"
    SOMEONE_ELSE = "someone_else", "Someone else answered"


class SettledHow(TextChoices):
    """How a doctor came to settle a red flag."""

    EXAMINED = "examined", "Examined"
    SPOKEN_TO = "spoken_to", "Spoken to"
    SEEN_ELSEWHERE = "seen_elsewhere", "Seen elsewhere"
    MISTAKE = "mistake", "Entered by mistake"


class ContactPreference(TextChoices):
    EMAIL = "email", "Email"
    PHONE = "phone", "Phone"
    EITHER = "either", "Either is fine"


class SafeToContact(TextChoices):
    """Whether someone else at home could see or hear that the patient asked us."""

    ANY = "any", "Yes, you can leave a message"
    NO_VOICEMAIL = "no_voicemail", "Call, but do not leave a message"
    EMAIL_ONLY = "email_only", "Use email only"


class FilledFor(TextChoices):
    SELF = "self", "Myself"
    OTHER = "other", "Someone else, and they agree"


class ConsentKind(TextChoices):
    TRUE_ANSWERS = "true_answers", "Answers are true"
    CARE_TEAM = "care_team", "Care team may read the answers"
    PRIVACY_NOTICE = "privacy_notice", "Privacy notice read"


class Modality(TextChoices):
    CLINIC = "clinic", "At the clinic"
    PHONE = "phone", "By phone"
    VIDEO = "video", "By video"


class MessageKind(TextChoices):
    REQUEST_RECEIVED = "request_received", "Request received"
    PRIVATE_LINK = "private_link", "Private link"
    QUESTION_ASKED = "question_asked", "We have a question"
    CONSULTATION_OFFERED = "consultation_offered", "Choose a time"
    APPOINTMENT_BOOKED = "appointment_booked", "Appointment booked"
    APPOINTMENT_CANCELLED = "appointment_cancelled", "Appointment cancelled"
    REQUEST_CLOSED = "request_closed", "Request closed"
    WEEKLY_QUESTION = "weekly_question", "Weekly question"
    PLEASE_CONTACT = "please_contact", "Please contact us"
    NEXT_DAY_QUESTION = "next_day_question", "How it went"
    STAFF_ALERT = "staff_alert", "Staff alert"
    STAFF_NOTICE = "staff_notice", "Staff notice"
    DAY_END = "day_end", "Day’s end"


class ClockKind(TextChoices):
    """What a running clock waits for; which request is on which stands in `services/clock_table.py`."""

    CASE = "case", "Safety case"
    DANGER = "danger", "Danger"
    REPLY = "reply", "Next step"
    ANSWER = "answer", "Answer to our question"
    CHOICE = "choice", "Choice of a time"
    VISIT = "visit", "What became of the visit"
    TEXT = "text", "Text to read"


class TextKind(TextChoices):
    """Where a patient wrote a text that was sent."""

    NOTE = "note", "Note with the answers"
    DECISION_AID = "decision_aid", "Notes from the decision aid"
    PHONE = "phone", "Words beside the phone number"
    MESSAGE = "message", "Message"
    ANSWER = "answer", "Answer to our question"
    CANCEL_REASON = "cancel_reason", "Reason for cancelling a time"
    ASKED_AGAIN = "asked_again", "Ticked: new since then"
    NEXT_DAY = "next_day", "Answer to how it went"


class Weekday(IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class ShiftChangeKind(TextChoices):
    AWAY = "away", "Away"
    ON = "on", "On duty besides"


class ReportedRecord(TextChoices):
    """What stands on the page from which somebody reports that the software missed something."""

    REQUEST = "request", "Request"
    CASE = "case", "Safety case"
    PERSON = "person", "Person"
    CALL = "call", "Call"
    TEXT = "text", "Patient’s text"
    MESSAGE = "message", "Message"


class Pressing(TextChoices):
    """Why something that is open cannot wait. These words stand in mails: no health word is among them."""

    CASE = "case", "not closed"
    UNOWNED = "unowned", "with nobody"
    RAISED = "raised", "raised by staff"
    FLAGGED = "flagged", "waits for a doctor’s word"
    LATE = "late", "past its time"
    TEXT = "text", "not read"
    UNDELIVERED = "undelivered", "not delivered"


class MissedKind(TextChoices):
    DANGER = "danger", "A danger that it did not find"
    FALSE = "false", "A danger that is none"
    LATE = "late", "An alarm that came late, or to the wrong person"
    WORDS = "words", "Wrong words, to the patient or to us"
    NAME = "name", "A wrong name, date, number or address"
    PERSON = "person", "Records of one person kept apart, or of two joined"
    OTHER = "other", "Something else"


class Actor(TextChoices):
    """Who may do an action: the patient through the private link, a staff group, or the system itself."""

    PATIENT = workflow.PATIENT, "Patient"
    TRIAGE = workflow.TRIAGE, "Triage"
    DOCTOR = workflow.DOCTOR, "Doctor"
    MANAGER = workflow.MANAGER, "Manager"
    SYSTEM = "system", "System"


URGENT_OUTCOMES = (Outcome.EMERGENCY, Outcome.SAME_DAY, Outcome.URGENT_REVIEW)
SAFETY_OUTCOMES = (Outcome.EMERGENCY, Outcome.SAME_DAY)
REACHED = (CallOutcome.DANGER_ASKED, CallOutcome.REACHED_OTHER)
OUTCOME_RISK = {outcome: rank for rank, outcome in enumerate(Outcome)}
"""Sort key of the queue: 0 is the most pressing."""

STAFF_QUEUE = (RequestStatus.RECEIVED, RequestStatus.IN_TRIAGE, RequestStatus.WITH_DOCTOR, RequestStatus.URGENT)
TO_TRIAGE = (RequestStatus.RECEIVED, RequestStatus.IN_TRIAGE, RequestStatus.URGENT)
WAITING_FOR_PATIENT = (RequestStatus.INFORMATION_ASKED, RequestStatus.OFFERED)
OPEN_STATUSES = tuple(map(RequestStatus, workflow.OPEN))
CLOSED_STATUSES = tuple(map(RequestStatus, workflow.CLOSED))
LIVE_APPOINTMENTS = (AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
