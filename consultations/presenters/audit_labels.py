"""What the audit trail says of requests, cases, the diary and persons, in words for a manager."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consultations.presenters.activity import event_words

OTHER_WORDS = {
    "request.view": gettext_lazy("Request: opened"),
    "request.list": gettext_lazy("Requests: looked at a list"),
    "audit.patient": gettext_lazy("Audit: looked at who has seen a patient"),
    "alarm.acknowledge": gettext_lazy("Alarm of a clock: acknowledged"),
    "call.begin": gettext_lazy("Call: danger questions begun"),
    "call.caller": gettext_lazy("Caller: looked at who it may be"),
    "call.danger": gettext_lazy("Call: something frightening was said"),
    "call.finish": gettext_lazy("Call: danger questions ended"),
    "call.log": gettext_lazy("Call: written down"),
    "call.save": gettext_lazy("Call: a screen of danger questions saved"),
    "call.view": gettext_lazy("Call: looked at"),
    "case.acknowledge": gettext_lazy("Safety case: taken on"),
    "case.answer": gettext_lazy("Safety case: the person said how it went"),
    "case.close": gettext_lazy("Safety case: closed"),
    "case.list": gettext_lazy("Safety cases: looked at the list"),
    "case.mail": gettext_lazy("Safety case: the person was asked by email to contact us"),
    "case.named": gettext_lazy("Safety case: the person gave a name"),
    "case.note": gettext_lazy("Safety case: a note was added"),
    "case.open": gettext_lazy("Safety case: opened by the answers"),
    "case.owner": gettext_lazy("Safety case: given to whoever is there"),
    "case.raise": gettext_lazy("Safety case: raised to a higher level"),
    "case.reopen": gettext_lazy("Safety case: opened again"),
    "case.view": gettext_lazy("Safety case: looked at"),
    "day.end": gettext_lazy("Day’s end: made and mailed"),
    "day_end.view": gettext_lazy("Day’s end: looked at"),
    "hand_over.acknowledge": gettext_lazy("Hand-over: a note was read"),
    "hand_over.forget": gettext_lazy("Hand-over: old notes deleted"),
    "hand_over.held": gettext_lazy("Hand-over: looked at what somebody holds"),
    "hand_over.view": gettext_lazy("Hand-over: looked at"),
    "hand_over.write": gettext_lazy("Hand-over: a note was written"),
    "feed.end": gettext_lazy("Calendar address: ended"),
    "feed.renew": gettext_lazy("Calendar address: made anew"),
    "own_calendar.connect": gettext_lazy("Own calendar of a clinician: connected"),
    "own_calendar.read": gettext_lazy("Own calendar of a clinician: read at once"),
    "own_calendar.disconnect": gettext_lazy("Own calendar of a clinician: disconnected"),
    "diary.add": gettext_lazy("Diary: entry added"),
    "diary.change": gettext_lazy("Diary: entry changed"),
    "diary.hanging": gettext_lazy("Diary: looked at what hangs on an entry"),
    "diary.remove": gettext_lazy("Diary: entry removed"),
    "missed.answer": gettext_lazy("What the software missed: answered"),
    "missed.form": gettext_lazy("What the software missed: looked at a record to report on"),
    "missed.list": gettext_lazy("What the software missed: looked at the list"),
    "missed.report": gettext_lazy("What the software missed: reported"),
    "missed.see": gettext_lazy("What the software missed: seen"),
    "missed.view": gettext_lazy("What the software missed: looked at"),
    "patient.erase": gettext_lazy("Patient: data erased"),
    "person.join": gettext_lazy("Person: two requests joined"),
    "person.note": gettext_lazy("Person: a note was added"),
    "person.separate": gettext_lazy("Person: a request taken out"),
    "person.undo": gettext_lazy("Person: joined requests taken apart"),
    "person.view": gettext_lazy("Person: looked at the requests of one"),
    "rota.add": gettext_lazy("Rota: entry added"),
    "rota.change": gettext_lazy("Rota: entry changed"),
    "rota.remove": gettext_lazy("Rota: entry removed"),
    "response.bring": gettext_lazy("Answers: carried over from the decision aid"),
    "response.contact": gettext_lazy("Answers: contact details given"),
    "response.delete": gettext_lazy("Answers: never sent, deleted in time or when asked"),
    "response.forget_link": gettext_lazy("Answers: link to go on elsewhere deleted when asked"),
    "response.open_refused": gettext_lazy("Answers: wrong word for the link to go on elsewhere"),
    "response.open_saved": gettext_lazy("Answers: opened by the link to go on elsewhere"),
    "response.read_text": gettext_lazy("Answers: what was written with them was read"),
    "response.save": gettext_lazy("Answers: saved"),
    "response.save_for_later": gettext_lazy("Answers: link to go on elsewhere asked for"),
    "response.start": gettext_lazy("Answers: started"),
    "staff.duty": gettext_lazy("Duty: came or went"),
    "staff.pass_on": gettext_lazy("User: what they held was passed on"),
    "response.take_out": gettext_lazy("Answers: what was carried over taken out"),
}
"""What is on record and is no action on a request."""


def audit_labels() -> dict[str, str]:
    """Code -> what a manager reads."""
    of_requests = {code: _("Request: %(action)s") % {"action": label} for code, label in event_words().items()}
    return {**of_requests, **{code: str(label) for code, label in OTHER_WORDS.items()}}
