"""What the audit trail says of requests, cases, the diary and persons, in words for a manager."""

from consultations.presenters.activity import event_words

OTHER_WORDS = {
    "request.view": "Request: opened",
    "request.list": "Requests: looked at a list",
    "case.acknowledge": "Safety case: taken on",
    "case.close": "Safety case: closed",
    "case.list": "Safety cases: looked at the list",
    "case.named": "Safety case: the person gave a name",
    "case.open": "Safety case: opened by the answers",
    "case.owner": "Safety case: given to whoever is there",
    "case.raise": "Safety case: raised to a higher level",
    "case.reopen": "Safety case: opened again",
    "case.view": "Safety case: looked at",
    "day.end": "Day’s end: made and mailed",
    "day_end.view": "Day’s end: looked at",
    "hand_over.acknowledge": "Hand-over: a note was read",
    "hand_over.forget": "Hand-over: old notes deleted",
    "hand_over.held": "Hand-over: looked at what somebody holds",
    "hand_over.view": "Hand-over: looked at",
    "hand_over.write": "Hand-over: a note was written",
    "diary.add": "Diary: entry added",
    "diary.change": "Diary: entry changed",
    "diary.hanging": "Diary: looked at what hangs on an entry",
    "diary.remove": "Diary: entry removed",
    "missed.answer": "What the software missed: answered",
    "missed.form": "What the software missed: looked at a record to report on",
    "missed.list": "What the software missed: looked at the list",
    "missed.report": "What the software missed: reported",
    "missed.see": "What the software missed: seen",
    "missed.view": "What the software missed: looked at",
    "patient.erase": "Patient: data erased",
    "person.join": "Person: two requests joined",
    "person.separate": "Person: a request taken out",
    "person.undo": "Person: joined requests taken apart",
    "person.view": "Person: looked at the requests of one",
    "rota.add": "Rota: entry added",
    "rota.change": "Rota: entry changed",
    "rota.remove": "Rota: entry removed",
    "response.bring": "Answers: carried over from the decision aid",
    "response.contact": "Answers: contact details given",
    "response.delete": "Answers: never sent, deleted in time",
    "response.read_text": "Answers: what was written with them was read",
    "response.save": "Answers: saved",
    "response.start": "Answers: started",
    "staff.duty": "Duty: came or went",
    "staff.pass_on": "User: what they held was passed on",
    "response.take_out": "Answers: what was carried over taken out",
}
"""What is on record and is no action on a request."""


def audit_words() -> dict[str, str]:
    """Code -> what a manager reads."""
    return {**{code: f"Request: {words}" for code, words in event_words().items()}, **OTHER_WORDS}
