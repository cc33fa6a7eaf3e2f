"""The domain's closed vocabularies and the named groups of statuses everything else reasons with."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _

from consultations import workflow


class Outcome(TextChoices):
    """The headline of an assessment, most pressing first."""

    EMERGENCY = "EMERGENCY", _("Emergency now")
    SAME_DAY = "SAME_DAY", _("Same day")
    URGENT_REVIEW = "URGENT_REVIEW", _("Urgent review")
    NOT_SUITABLE_NOW = "NOT_SUITABLE_NOW", _("May not be suitable")
    DEFER = "DEFER", _("Not yet")
    NEEDS_INFO = "NEEDS_INFO", _("Needs information")
    LIKELY_SUITABLE = "LIKELY_SUITABLE", _("Suitable for a consultation")


class Urgency(TextChoices):
    ROUTINE = "routine", _("Routine")
    URGENT = "urgent", _("Urgent")
    SAME_DAY = "same_day", _("Same day")
    EMERGENCY = "emergency", _("Emergency")


class Disposition(TextChoices):
    OK = "ok", "OK"
    INFO = "info", _("Needs information")
    DEFER = "defer", _("Defer")
    EXCLUDE = "exclude", _("Exclude")


class Effect(TextChoices):
    """What a fired rule does; the last three never change the headline."""

    EMERGENCY = "emergency", _("Emergency")
    SAME_DAY = "same_day", _("Same day")
    URGENT = "urgent", _("Urgent")
    EXCLUDE = "exclude", _("Exclude")
    DEFER = "defer", _("Defer")
    INFO = "info", _("Needs information")
    CAUTION = "caution", _("Caution")
    SUPPORT = "support", _("In favor")
    NOTE = "note", _("Note")


class Priority(TextChoices):
    """FHIR R4 request-priority, in our order: stat before asap before urgent."""

    STAT = "stat", _("Immediate")
    ASAP = "asap", _("Same day")
    URGENT = "urgent", _("Urgent")
    ROUTINE = "routine", _("Routine")


class RequestStatus(TextChoices):
    RECEIVED = workflow.RECEIVED, _("Received")
    IN_TRIAGE = workflow.IN_TRIAGE, _("In triage")
    WITH_DOCTOR = workflow.WITH_DOCTOR, _("With a doctor")
    INFORMATION_ASKED = workflow.INFORMATION_ASKED, _("Waiting for the patient's answer")
    OFFERED = workflow.OFFERED, _("Consultation offered")
    NOT_SUITABLE = workflow.NOT_SUITABLE, _("Not suitable, with advice")
    URGENT = workflow.URGENT, _("Urgent: call the patient")
    BOOKED = workflow.BOOKED, _("Booked")
    COMPLETED = workflow.COMPLETED, _("Completed")
    NO_SHOW = workflow.NO_SHOW, _("Did not attend")
    WITHDRAWN = workflow.WITHDRAWN, _("Withdrawn by the patient")
    CANCELLED = workflow.CANCELLED, _("Cancelled by the clinic")


class ResponseStatus(TextChoices):
    IN_PROGRESS = "in_progress", _("In progress")
    COMPLETED = "completed", _("Completed")


class CaseStatus(TextChoices):
    OPEN = "open", _("Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    CLOSED = "closed", _("Closed")


class CaseOutcome(TextChoices):
    """What became of the person behind a safety case."""

    WENT_FOR_CARE = "went_for_care", _("Went for care")
    NO_EMERGENCY_FOUND = "no_emergency_found", _("No emergency found")
    SEEN_ELSEWHERE = "seen_elsewhere", _("Seen elsewhere")
    DECLINED_ADVICE = "declined_advice", _("Declined our advice")
    NOT_REACHED = "not_reached", _("Not reached, welfare policy followed")
    NO_WAY_TO_REACH = "no_way_to_reach", _("No way to reach the person")
    DUPLICATE = "duplicate", _("Duplicate of another case")
    DIED = "died", _("Died")
    MISTAKE = "entered_by_mistake", _("Entered by mistake")


class CaseProof(TextChoices):
    """What a closing of a safety case rests on."""

    CALL = "call", _("Call with danger questions asked")
    LETTER = "letter", _("Letter")
    OWN_WORDS = "own_words", _("The person’s own written answer")
    REFUSED = "refused", _("Call that reached the person, danger questions refused")
    TRIES = "tries", _("Three tries at different hours")
    MAILS = "mails", _("Two emails over two working days")
    NO_NAME = "no_name", _("Nobody left a name, a phone number or an email address")
    NO_CONTACT = "no_contact", _("A name, but no phone number and no email address")
    OPEN_CASE = "open_case", _("Open case of the same person")
    TOLD = "told", _("Somebody told us")
    SAID_MISTAKE = "said_mistake", _("The person said so in a call")
    STAFF_MISTAKE = "staff_mistake", _("The member of staff who entered it says so")


class NextDayAnswer(TextChoices):
    """What a person says the day after their safety case was closed."""

    SEEN_TREATED = "seen_treated", _("Yes. They found something that needed treatment at once")
    SEEN_OTHER = "seen_other", _("Yes. They found something else")
    SEEN_NOTHING = "seen_nothing", _("Yes. They found nothing serious")
    NOT_SEEN = "not_seen", _("Not seen")
    WORSE = "worse", _("Worse")


class AppointmentStatus(TextChoices):
    """FHIR R4 appointment status, the five that this clinic uses."""

    BOOKED = "booked", _("Booked")
    ARRIVED = "arrived", _("Arrived")
    FULFILLED = "fulfilled", _("Fulfilled")
    CANCELLED = "cancelled", _("Cancelled")
    NOSHOW = "noshow", _("Did not attend")


class OutsideRule(TextChoices):
    """What a time that staff booked for a reason of its own did not keep."""

    NOTICE = "notice", _("closer than the notice")
    HORIZON = "horizon", _("further ahead than times are offered")
    HOURS = "hours", _("outside the hours")
    BUFFERS = "buffers", _("without the minutes kept free around it")
    OWN_CALENDAR = "calendar", _("over a busy time of the clinician’s own calendar")


class ReviewDecision(TextChoices):
    OFFER = "offer", _("Offer a consultation")
    ASK = "ask", _("Ask for more information")
    NOT_SUITABLE = "not_suitable", _("Not suitable, with advice")
    URGENT = "urgent", _("Urgent: call today")


class TriageAction(TextChoices):
    NOTE = "note", _("Note")
    ESCALATE = "escalate", _("Escalated")
    TAKE_BACK = "take_back", _("Took the escalation back")
    SETTLE = "settle", _("Settled the escalation")
    ORDER = "order", _("Ordered a visit while a red flag stands")
    PASS = "pass", _("Passed to a doctor")
    ASK = "ask", _("Asked the patient")
    OWN_URGENCY = "own_urgency", _("Set back to its own urgency")


class AssessmentOrigin(TextChoices):
    """Where what an assessment judges was said."""

    FORM = "form", _("Questionnaire")
    ASKED_AGAIN = "asked_again", _("Asked again")
    CALL = "call", _("Call")


class CallOutcome(TextChoices):
    """What became of a call. All but the first two are tries."""

    DANGER_ASKED = "danger_asked", _("Danger questions asked")
    REACHED_OTHER = "reached_other", _("Reached, other matter")
    NOT_REACHED = "not_reached", _("Not reached")
    VOICEMAIL = "voicemail", _("Voicemail")
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    SOMEONE_ELSE = "someone_else", _("Someone else answered")


class SettledHow(TextChoices):
    """How a doctor came to settle a red flag."""

    EXAMINED = "examined", _("Examined")
    SPOKEN_TO = "spoken_to", _("Spoken to")
    SEEN_ELSEWHERE = "seen_elsewhere", _("Seen elsewhere")
    MISTAKE = "mistake", _("Entered by mistake")


class VisitNeed(TextChoices):
    """What makes a visit work for somebody. What is "longer" takes more time in the diary."""

    INTERPRETER = "interpreter", _("An interpreter")
    HEARING = "hearing", _("I am deaf or hard of hearing")
    SIGHT = "sight", _("I am blind or have low vision")
    LARGE_PRINT = "large_print", _("Large print")
    REACH = "reach", _("Step-free access, or a place near the door")
    CARER = "carer", _("Somebody comes with me to help")
    QUIET = "quiet", _("A quiet room to wait in")
    LONGER = "longer", _("A longer visit")


class ReminderChoice(TextChoices):
    """What a reminder of a visit may say: the patient's own choice, for who reads the mailbox with them."""

    NEUTRAL = "neutral", _("Only that there is a visit. Date, time and place stand on the private page")
    FULL = (
        "full",
        _("Date, time, place, doctor and a calendar file. Anybody who reads these emails can see them"),
    )
    NONE = "none", _("No reminders")


class ContactPreference(TextChoices):
    EMAIL = "email", _("Email")
    PHONE = "phone", _("Phone")
    EITHER = "either", _("Either is fine")


class SafeToContact(TextChoices):
    """Whether someone else at home could see or hear that the patient asked us."""

    ANY = "any", _("Yes, you can leave a message")
    NO_VOICEMAIL = "no_voicemail", _("Call, but do not leave a message")
    EMAIL_ONLY = "email_only", _("Use email only")


class FilledFor(TextChoices):
    SELF = "self", _("Myself")
    OTHER = "other", _("Someone else, and they agree")


class ConsentKind(TextChoices):
    TRUE_ANSWERS = "true_answers", _("Answers are true")
    CARE_TEAM = "care_team", _("Care team may read the answers")
    PRIVACY_NOTICE = "privacy_notice", _("Privacy notice read")


class Modality(TextChoices):
    CLINIC = "clinic", _("At the clinic")
    PHONE = "phone", _("By phone")
    VIDEO = "video", _("By video")


class MessageKind(TextChoices):
    REQUEST_RECEIVED = "request_received", _("Request received")
    PRIVATE_LINK = "private_link", _("Private link")
    QUESTION_ASKED = "question_asked", _("We have a question")
    CONSULTATION_OFFERED = "consultation_offered", _("Choose a time")
    APPOINTMENT_BOOKED = "appointment_booked", _("Appointment booked")
    APPOINTMENT_MOVED = "appointment_moved", _("Appointment moved")
    APPOINTMENT_CANCELLED = "appointment_cancelled", _("Appointment cancelled")
    VISIT_CALLED_OFF = "visit_called_off", _("Visit called off")
    CHOOSE_NUDGE = "choose_nudge", _("A time can still be chosen")
    FOLLOW_UP_INVITED = "follow_up_invited", _("Invitation to another visit")
    OFFER_EXPIRED = "offer_expired", _("Offer expired")
    OFFERED_AGAIN = "offered_again", _("A time can be chosen again")
    AFTER_VISIT = "after_visit", _("After the visit")
    MISSED_VISIT = "missed_visit", _("Missed visit")
    EARLIER_TIME = "earlier_time", _("Earlier time offered")
    VISIT_REMINDER = "visit_reminder", _("Reminder of the visit")
    TEXT_REMINDER = "text_reminder", _("Reminder of the visit, as a text message")
    REQUEST_CLOSED = "request_closed", _("Request closed")
    WEEKLY_QUESTION = "weekly_question", _("Weekly question")
    PLEASE_CONTACT = "please_contact", _("Please contact us")
    NEXT_DAY_QUESTION = "next_day_question", _("How it went")
    SAVED_CHECK = "saved_check", _("Link to a check that is not sent")
    SAVED_CHECK_REMINDER = "saved_check_reminder", _("Reminder of a check that is not sent")
    STAFF_ALERT = "staff_alert", _("Staff alert")
    STAFF_NOTICE = "staff_notice", _("Staff notice")
    DAY_END = "day_end", _("Day’s end")


class ClockKind(TextChoices):
    """What a running clock waits for; which request is on which stands in `services/clock_table.py`."""

    CASE = "case", _("Safety case")
    DANGER = "danger", _("Danger")
    REPLY = "reply", _("Next step")
    ANSWER = "answer", _("Answer to our question")
    CHOICE = "choice", _("Choice of a time")
    VISIT = "visit", _("What became of the visit")
    TEXT = "text", _("Text to read")


class TextKind(TextChoices):
    """Where a patient wrote a text that was sent."""

    NOTE = "note", _("Note with the answers")
    DECISION_AID = "decision_aid", _("Notes from the decision aid")
    PHONE = "phone", _("Words beside the phone number")
    MESSAGE = "message", _("Message")
    ANSWER = "answer", _("Answer to our question")
    CANCEL_REASON = "cancel_reason", _("Reason for cancelling a time")
    ASKED_AGAIN = "asked_again", _("Ticked: new since then")
    NEXT_DAY = "next_day", _("Answer to how it went")
    NEEDS = "needs", _("What makes a visit work")


class Weekday(IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class CalendarKind(TextChoices):
    """How a clinician's own calendar is read."""

    ICS = "ics", _("Calendar address (ICS)")
    CALDAV = "caldav", _("CalDAV")


class CalendarFailure(TextChoices):
    """Why a clinician's own calendar could not be read."""

    UNREACHABLE = "unreachable", _("the server does not answer")
    TIMEOUT = "timeout", _("the server is too slow")
    REFUSED_ADDRESS = "refused_address", _("the address leads somewhere that may not be asked")
    SIGN_IN = "sign_in", _("the server refuses the address, or the user name and password")
    GONE = "gone", _("there is no calendar at this address")
    SERVER = "server", _("the server answers with an error")
    REDIRECTS = "redirects", _("the address leads from one place to the next")
    TOO_BIG = "too_big", _("the calendar is too big")
    TOO_MUCH = "too_much", _("the calendar has too many entries, or one that repeats too often")
    UNREADABLE = "unreadable", _("what is there is no calendar, or not all of it")
    NO_COLLECTION = "no_collection", _("the address is not that of one calendar")


class ShiftChangeKind(TextChoices):
    AWAY = "away", _("Away")
    ON = "on", _("On duty besides")


class ReportedRecord(TextChoices):
    """What stands on the page from which somebody reports that the software missed something."""

    REQUEST = "request", _("Request")
    CASE = "case", _("Safety case")
    PERSON = "person", _("Person")
    CALL = "call", _("Call")
    TEXT = "text", _("Patient’s text")
    MESSAGE = "message", _("Message")


class Pressing(TextChoices):
    """Why something that is open cannot wait. These words stand in mails: no health word is among them."""

    CASE = "case", _("not closed")
    UNOWNED = "unowned", _("with nobody")
    RAISED = "raised", _("raised by staff")
    FLAGGED = "flagged", _("waits for a doctor’s word")
    LATE = "late", _("past its time")
    TEXT = "text", _("not read")
    UNDELIVERED = "undelivered", _("not delivered")


class MissedKind(TextChoices):
    DANGER = "danger", _("A danger that it did not find")
    FALSE = "false", _("A danger that is none")
    LATE = "late", _("An alarm that came late, or to the wrong person")
    WORDS = "words", _("Wrong words, to the patient or to us")
    NAME = "name", _("A wrong name, date, number or address")
    PERSON = "person", _("Records of one person kept apart, or of two joined")
    OTHER = "other", _("Something else")


class Actor(TextChoices):
    """Who may do an action: the patient through the private link, a staff group, or the system itself."""

    PATIENT = workflow.PATIENT, _("Patient")
    TRIAGE = workflow.TRIAGE, _("Triage")
    DOCTOR = workflow.DOCTOR, _("Doctor")
    MANAGER = workflow.MANAGER, _("Manager")
    SYSTEM = "system", _("System")


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
