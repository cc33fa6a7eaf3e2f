"""What people were told, held against the rows: nothing lost, nothing twice, nothing by halves, nobody told wrong."""

import dataclasses
import datetime
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from clinic.core import audit, channels
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import SAFETY_OUTCOMES, ConsentKind
from consultations.models import (
    Appointment,
    ClinicalReview,
    ConsultationRequest,
    PatientText,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.services import scheduling
from consultations.services.private_links import email_index
from tests.faults.ledger import TOLD_NO, TOLD_PERHAPS, UNANSWERED, Entry

LOST, DOUBLED, HALF, TOLD_WRONG, CHAIN = "lost", "doubled", "half", "told an error when stored", "audit chain"
CHECKS: Final = (LOST, DOUBLED, HALF, TOLD_WRONG, CHAIN)
OF_A_PATIENT: Final = {"message": "request.message", "book": "request.book", "cancel": "request.cancel_booking"}
"""Acts whose key in the ledger is a reference; the others have the number of the row."""
OF_STAFF: Final = {
    **{
        verb: f"request.{verb}"
        for verb in ("claim", "pass_to_doctor", "escalate", "cancel_request", "decline", "offer")
    },
    "acknowledge": "case.acknowledge",
}
MAILS: Final = {
    "request.offer": "offered-", "request.decline": "declined-", "request.cancel_request": "cancelled-",
    "request.book": "booked-", "request.cancel_booking": "appointment-cancelled-",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """`check` is one of CHECKS; `text` names the row by its key."""

    check: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.text}"


def compare(entries: Iterable[Entry], *, arrived: Counter[str] | None = None) -> list[Finding]:
    """Everything that is wrong. `arrived`: Message-ID -> copies that the mail server took, where one was there."""
    known = list(entries)
    requests = {row.reference: row for row in ConsultationRequest.objects.select_related("response", "patient")}
    findings = [
        *_sent(known, requests),
        *_whole(requests.values()),
        *_dangers(),
        *_acts(known, requests),
        *_bookings(known, requests),
        *_messages(known, requests),
        *(_mails(arrived) if arrived is not None else ()),
        *(Finding(CHAIN, problem) for problem in _chain()),
    ]
    return findings


def _sent(entries: list[Entry], requests: dict[str, ConsultationRequest]) -> Iterator[Finding]:
    """Each sent form: its request with its name and its answers; and one request for each person, told or not."""
    by_email: defaultdict[str, list[ConsultationRequest]] = defaultdict(list)
    for row in requests.values():
        by_email[row.patient.email_index].append(row)
    for entry in _acknowledged(entries, "send"):
        reference = entry.details["reference"]
        row = requests.get(reference)
        if row is None:
            yield Finding(LOST, f"request {reference} of {entry.key}")
            continue
        kept = {name: row.response.answers.get(name) for name in entry.details["answers"]}
        if kept != entry.details["answers"] or row.patient.name != entry.details["name"]:
            yield Finding(HALF, f"request {reference} does not hold what was sent")
    for email in sorted({entry.key for entry in entries if entry.what == "send"}):
        rows = by_email[email_index(email)]
        if len(rows) > 1:
            yield Finding(DOUBLED, f"{len(rows)} requests of {email}: {', '.join(row.reference for row in rows)}")
        for row in rows:
            yield from _told_wrong(entries, "send", email, [row.submitted_at])


def _whole(requests: Iterable[ConsultationRequest]) -> Iterator[Finding]:
    """What commits together: answers, consents, assessment, audit event, mail, and the safety case where one is due."""
    events = Counter(AuditEvent.objects.filter(action="request.send").values_list("target_id", flat=True))
    mails = set(OutboxMessage.objects.filter(key__startswith="received-").values_list("key", flat=True))
    cases = {row.response_id: row for row in SafetyCase.objects.all()}
    for row in requests:
        case = cases.get(row.response_id)
        is_danger = row.highest_outcome in SAFETY_OUTCOMES
        missing = {
            "answers": bool(row.response.answers) and row.response.completed_at is not None,
            "consents": sorted(row.consents.values_list("kind", flat=True)) == sorted(ConsentKind.values),
            "assessment": row.assessment.response_id == row.response_id,
            "audit event": events[str(row.pk)] == 1,
            "mail": f"received-{row.pk}" in mails,
            "safety case": not is_danger or (case is not None and case.patient_id == row.patient_id),
        }
        for part in (name for name, is_there in missing.items() if not is_there):
            yield Finding(HALF, f"request {row.reference} without its {part}")


def _dangers() -> Iterator[Finding]:
    """A danger that somebody was shown has its case, sent or not."""
    shown = QuestionnaireResponse.objects.filter(highest_outcome__in=SAFETY_OUTCOMES)
    for pk in shown.exclude(pk__in=SafetyCase.objects.values("response")).values_list("pk", flat=True):
        yield Finding(HALF, f"response {pk} without its safety case")


def _acts(entries: list[Entry], requests: dict[str, ConsultationRequest]) -> Iterator[Finding]:
    """Each act as often in the audit trail as it was acknowledged; one more where the last press had no answer."""
    acts = {**OF_A_PATIENT, **OF_STAFF}
    written: defaultdict[tuple[str, str], list[datetime.datetime]] = defaultdict(list)
    rows = AuditEvent.objects.filter(action__in=acts.values()).order_by("sequence")
    for action, target, at in rows.values_list("action", "target_id", "at"):
        written[action, target].append(at)
    pressed = Counter((entry.what, entry.key) for entry in entries if entry.what in acts)
    for what, key in pressed:
        target = str(requests[key].pk) if what in OF_A_PATIENT and key in requests else key
        instants = written.pop((acts[what], target), [])
        said = sum(1 for entry in entries if (entry.what, entry.key) == (what, key) and entry.is_acknowledged)
        unsure = _has_open_end(entries, what, key)
        if len(instants) < said:
            yield Finding(LOST, f"{what} on {key}: acknowledged {said}, written {len(instants)}")
        if len(instants) > said + unsure:
            yield Finding(DOUBLED, f"{what} on {key}: acknowledged {said}, written {len(instants)}")
        yield from _told_wrong(entries, what, key, instants)
    for (action, target), instants in written.items():
        yield Finding(DOUBLED, f"{action} on {target}: written {len(instants)}, and nobody was told of it")
    yield from _companions()


def _has_open_end(entries: list[Entry], what: str, key: str) -> bool:
    mine = [entry for entry in entries if (entry.what, entry.key) == (what, key)]
    return not mine[-1].is_acknowledged


def _told_wrong(entries: list[Entry], what: str, key: str, instants: list[datetime.datetime]) -> Iterator[Finding]:
    """Somebody was told that it was not saved, and this very press had saved it.

    Where an earlier press that had no answer saved it, nobody can know: what was sent just now was not saved then.
    """
    done = 0
    for entry in (entry for entry in entries if (entry.what, entry.key) == (what, key)):
        if entry.is_acknowledged:
            done += 1
            continue
        is_denied = entry.told not in (UNANSWERED, TOLD_PERHAPS)
        if is_denied and done < len(instants) and entry.pressed <= instants[done].timestamp() < entry.at:
            yield Finding(TOLD_WRONG, f"{what} on {key}: {entry.told}")


def repeats(entries: Iterable[Entry]) -> int:
    """How often somebody pressed again after no answer, and was told that this press saved nothing."""
    known = list(entries)
    return sum(
        1
        for one, other in itertools.pairwise(sorted(known, key=lambda entry: (entry.what, entry.key, entry.at)))
        if (one.what, one.key, one.told) == (other.what, other.key, UNANSWERED) and other.told == TOLD_NO
    )


def _companions() -> Iterator[Finding]:
    """What an act commits beside its audit event: the mail that it owes, the decision that it keeps."""
    keys = list(OutboxMessage.objects.values_list("key", flat=True))
    for action, prefix in MAILS.items():
        events = AuditEvent.objects.filter(action=action).count()
        owed = sum(1 for key in keys if key.startswith(prefix))
        if owed != events:
            yield Finding(HALF, f"{action}: {events} times, and {owed} mails about it")
    decisions = AuditEvent.objects.filter(action__in=("request.offer", "request.decline")).count()
    if (reviews := ClinicalReview.objects.count()) != decisions:
        yield Finding(HALF, f"{decisions} decisions in the audit trail, and {reviews} kept")


def _bookings(entries: list[Entry], requests: dict[str, ConsultationRequest]) -> Iterator[Finding]:
    """Every booked time is there, no request has two, and no doctor sees two people at once."""
    live: dict[int, list[Appointment]] = defaultdict(list)
    slots: defaultdict[int, set[str]] = defaultdict(set)
    for row in Appointment.objects.order_by("clinician", "starts_at"):
        slots[row.consultation_request_id].add(scheduling.slot_of(row).key)
        if row.status == "booked":
            live[row.clinician_id].append(row)
    for clinician, rows in live.items():
        for one, other in itertools.pairwise(rows):
            if other.starts_at < one.ends_at:
                yield Finding(DOUBLED, f"bookings {one.pk} and {other.pk} of clinician {clinician} overlap")
    booked = Counter(row.consultation_request_id for rows in live.values() for row in rows)
    for pk in (pk for pk, count in booked.items() if count > 1):
        yield Finding(DOUBLED, f"{booked[pk]} bookings stand for request {pk}")
    for entry in _acknowledged(entries, "book"):
        row = requests.get(entry.key)
        if row is None or entry.details["slot"] not in slots[row.pk]:
            yield Finding(LOST, f"booking of {entry.key} at {entry.details['slot']}")


def _messages(entries: list[Entry], requests: dict[str, ConsultationRequest]) -> Iterator[Finding]:
    texts = Counter((row.response_id, row.text) for row in PatientText.objects.filter(kind="message"))
    for entry in _acknowledged(entries, "message"):
        row = requests.get(entry.key)
        count = texts[row.response_id, entry.details["text"]] if row else 0
        if count != 1:
            yield Finding(DOUBLED if count else LOST, f"message of {entry.key}: {count} times")


def _mails(arrived: Counter[str]) -> Iterator[Finding]:
    """What the outbox calls sent was taken by the mail server."""
    sent = OutboxMessage.objects.filter(sent_at__isnull=False)
    for key in sent.values_list("key", flat=True):
        if not arrived[channels.message_id(key)]:
            yield Finding(LOST, f"mail {key} is marked as sent and was taken by nobody")


def _chain() -> list[str]:
    while audit.chain():
        pass
    return audit.verify()


def _acknowledged(entries: Iterable[Entry], what: str) -> Iterator[Entry]:
    return (entry for entry in entries if entry.what == what and entry.is_acknowledged)
