"""What the audit trail says of requests, cases, messages and staff, in words for a manager."""

from consultations.presenters.activity import event_words

OTHER_WORDS = {
    "audit.list": "Audit: looked at the list",
    "audit.view": "Audit: looked at an entry",
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
    "diary.add": "Diary: entry added",
    "diary.change": "Diary: entry changed",
    "diary.hanging": "Diary: looked at what hangs on an entry",
    "diary.remove": "Diary: entry removed",
    "key.retire": "Field key: nothing is encrypted under it any more",
    "message.retry": "Message: tried again",
    "message.list": "Messages: looked at the list",
    "message.view": "Message: read",
    "patient.erase": "Patient: data erased",
    "person.join": "Person: two requests joined",
    "person.separate": "Person: a request taken out",
    "person.undo": "Person: joined requests taken apart",
    "person.view": "Person: looked at the requests of one",
    "reading.batch": "Reading log: added to the chain",
    "response.bring": "Answers: carried over from the decision aid",
    "response.contact": "Answers: contact details given",
    "response.delete": "Answers: never sent, deleted in time",
    "response.read_text": "Answers: what was written with them was read",
    "response.save": "Answers: saved",
    "response.start": "Answers: started",
    "response.take_out": "Answers: what was carried over taken out",
    "staff.save": "User: details or groups changed",
    "staff.set_password": "User: password set",
    "staff.sign_in": "Signed in",
}
"""What is on record and is no action on a request."""


def audit_words() -> dict[str, str]:
    """Code -> what a manager reads."""
    return {**{code: f"Request: {words}" for code, words in event_words().items()}, **OTHER_WORDS}
