"""What a safety case may be closed with: each outcome, what it may rest on, and who may say so.

Nothing is taken on trust that the records can show: a call, a text, tries, mails, another case are looked up and named;
what only a person knows (a letter, who told us, what was advised) is asked for in words.
"""

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.encryption import DamagedRecord
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from consultations import phones
from consultations.candidacy import call_script
from consultations.enums import (
    Actor,
    CallOutcome,
    CaseOutcome,
    CaseProof,
    CaseStatus,
    MessageKind,
    SafeToContact,
)
from consultations.models import Assessment, Call, CaseNote, ConsultationRequest, PatientText, SafetyCase
from consultations.permissions import actors_of
from consultations.services import alarm_groups, calls

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

ANYBODY: Final = frozenset({Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER})
A_DOCTOR: Final = frozenset({Actor.DOCTOR})

RULES: Final[Mapping[CaseOutcome, Mapping[CaseProof, frozenset[Actor]]]] = {
    CaseOutcome.WENT_FOR_CARE: {CaseProof.CALL: ANYBODY, CaseProof.LETTER: ANYBODY, CaseProof.OWN_WORDS: ANYBODY},
    CaseOutcome.NO_EMERGENCY_FOUND: {CaseProof.CALL: A_DOCTOR, CaseProof.LETTER: A_DOCTOR},
    CaseOutcome.SEEN_ELSEWHERE: {CaseProof.CALL: ANYBODY, CaseProof.LETTER: ANYBODY, CaseProof.OWN_WORDS: ANYBODY},
    CaseOutcome.DECLINED_ADVICE: {CaseProof.CALL: ANYBODY, CaseProof.REFUSED: A_DOCTOR},
    CaseOutcome.NOT_REACHED: {CaseProof.TRIES: ANYBODY, CaseProof.MAILS: ANYBODY},
    CaseOutcome.NO_WAY_TO_REACH: {CaseProof.NO_NAME: ANYBODY, CaseProof.NO_CONTACT: A_DOCTOR},
    CaseOutcome.DUPLICATE: {CaseProof.OPEN_CASE: ANYBODY},
    CaseOutcome.DIED: {CaseProof.TOLD: ANYBODY},
    CaseOutcome.MISTAKE: {CaseProof.SAID_MISTAKE: A_DOCTOR, CaseProof.STAFF_MISTAKE: A_DOCTOR},
}
"""Outcome -> what it may rest on -> who may close with it."""

NEEDS_WORDS: Final[Mapping[CaseProof | CaseOutcome, "_StrOrPromise"]] = {
    CaseProof.LETTER: gettext_lazy("Write what the letter says."),
    CaseOutcome.DECLINED_ADVICE: gettext_lazy("Write what was advised."),
    CaseOutcome.DIED: gettext_lazy("Write who told us."),
    CaseOutcome.MISTAKE: gettext_lazy("Write what was entered by mistake."),
}
"""What must be said in words, and what to say where it is not."""

TRIES_NEEDED: Final = 3
MAILS_NEEDED: Final = 2
APART: Final = datetime.timedelta(hours=1)


class ProofMissing(TransitionNotAllowed):
    """What this outcome rests on is not shown. The text is fit to show to staff; `field` is what it is about."""

    def __init__(self, text: str, *, field: str = "proof") -> None:
        super().__init__(text)
        self.field = field


@dataclasses.dataclass(frozen=True, slots=True)
class OutcomeClaim:
    """What somebody says became of the person: `named` is the row that shows it, where a row does."""

    outcome: CaseOutcome
    proof: CaseProof
    named: int | None = None
    words: str = ""
    letter_from: str = ""
    letter_on: datetime.date | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """What the records show of one case, since it was raised."""

    calls: tuple[Call, ...]
    whole: frozenset[int]
    """The calls in which the danger questions were asked to their end, after the last that was told."""
    texts: tuple[PatientText, ...]
    tries: int
    """At different hours, since the person was last reached."""
    mails: tuple[datetime.datetime, ...]
    statements: tuple[CaseNote, ...]
    others: tuple[SafetyCase, ...]
    has_name: bool
    has_phone: bool
    has_email: bool
    is_mail_only: bool
    may_still_send: bool
    """Contact details were filled in and not sent, and the time in which we wait for them is not over."""

    def rows_for(self, proof: CaseProof) -> Sequence[Any]:
        """The rows that may be named for a proof; the newest first."""
        by_proof: dict[CaseProof, Iterable[Any]] = {
            CaseProof.CALL: (call for call in self.calls if call.pk in self.whole),
            CaseProof.REFUSED: (call for call in self.calls if call.was_reached and call.pk not in self.whole),
            CaseProof.SAID_MISTAKE: (call for call in self.calls if call.was_reached),
            CaseProof.OWN_WORDS: (text for text in self.texts if text.read_at),
            CaseProof.STAFF_MISTAKE: self.statements,
            CaseProof.OPEN_CASE: self.others,
        }
        return list(by_proof.get(proof, ()))

    def missing(self, proof: CaseProof) -> str:
        """Why the records do not show this; "" when they do."""
        if proof in ROW_MISSING:
            return "" if self.rows_for(proof) else str(ROW_MISSING[proof])
        if proof == CaseProof.TRIES:
            return self._tries_missing()
        if proof == CaseProof.MAILS:
            return self._mails_missing()
        if proof == CaseProof.NO_NAME:
            return self._way_missing() or (_("A name is known, so a doctor closes it.") if self.has_name else "")
        if proof == CaseProof.NO_CONTACT:
            return self._way_missing() or ("" if self.has_name else _("Nobody left a name: a doctor is not needed."))
        return ""

    def _tries_missing(self) -> str:
        if self.tries >= TRIES_NEEDED:
            return ""
        return _(
            "%(tries)s of %(needed)s tries at different hours, an hour or more apart, are on record since the "
            "case was raised or the person was last reached."
        ) % {"tries": self.tries, "needed": TRIES_NEEDED}

    def _mails_missing(self) -> str:
        if not self.has_email or (self.has_phone and not self.is_mail_only):
            return _("This is for people who can be reached by email only.")
        days = {clock.local(sent).date() for sent in self.mails if clock.openings_on(clock.local(sent).date())}
        if len(days) < MAILS_NEEDED:
            return _("%(mails)s of %(needed)s emails that ask the person to contact us were sent on a working day.") % {
                "mails": len(days),
                "needed": MAILS_NEEDED,
            }
        if clock.now() < clock.add_working_days(self.mails[0], 2):
            return _("Two working days since the first email are not over yet.")
        return ""

    def _way_missing(self) -> str:
        if self.may_still_send:
            return _("Contact details were filled in and may still be sent: wait until the call is due.")
        if self.has_phone or self.has_email:
            return _("There is a phone number or an email address.")
        return ""


ROW_MISSING: Final[Mapping[CaseProof, "_StrOrPromise"]] = {
    CaseProof.CALL: gettext_lazy(
        "No call with all danger questions asked is on record since the case was raised, or more was told."
    ),
    CaseProof.REFUSED: gettext_lazy(
        "No call that reached the person without the danger questions is on record since then."
    ),
    CaseProof.SAID_MISTAKE: gettext_lazy("No call that reached the person is on record since the case was raised."),
    CaseProof.OWN_WORDS: gettext_lazy("Nothing that the person wrote since the case was raised has been read."),
    CaseProof.STAFF_MISTAKE: gettext_lazy("Nobody who entered it has written on the case that it was a mistake."),
    CaseProof.OPEN_CASE: gettext_lazy("There is no other open case of the same person."),
}


def evidence_of(case: SafetyCase) -> Evidence:
    """What can be known without opening anything that is encrypted but how to reach the person."""
    calls_since, told_at = _calls_since_raised(case), _last_raised(case)
    patient = case.patient
    has_unsent = alarm_groups.has_unsent_contact(case)
    return Evidence(
        calls=calls_since,
        whole=frozenset(item.pk for item in calls_since if _is_whole(item) and _ended_since(item, told_at)),
        texts=tuple(_texts_of(case)),
        tries=_at_different_hours([item.made_at for item in calls.tries(case.response, since=case.raised_at)]),
        mails=tuple(_mails_about(case)),
        statements=tuple(_statements_on(case)),
        others=tuple(open_cases_of_same_person(case)),
        has_name=patient is not None or has_unsent,
        has_phone=patient is not None and _is_there(lambda: phones.dialled(patient.phone)),
        has_email=patient is not None and _is_there(lambda: patient.email),
        is_mail_only=patient is not None and patient.safe_to_contact == SafeToContact.EMAIL_ONLY,
        may_still_send=has_unsent and clock.now() < case.due_at,
    )


def _calls_since_raised(case: SafetyCase) -> tuple[Call, ...]:
    """Those that were made, or ended, since then; the newest first."""
    since = Q(made_at__gte=case.raised_at) | Q(completed_at__gte=case.raised_at)
    calls_made = with_keys(Call.objects.filter(since, response=case.response_id).select_related("made_by"))
    return tuple(calls_made.order_by("-made_at", "-pk"))


def _last_raised(case: SafetyCase) -> datetime.datetime | None:
    """When more was told that made the open case sound again, if anything was."""
    raised = AuditEvent.objects.about(case).filter(action="case.raise", at__gte=case.raised_at)
    last: datetime.datetime | None = raised.aggregate(last=Max("at"))["last"]
    return last


def _ended_since(call: Call, told_at: datetime.datetime | None) -> bool:
    """A call that had ended before more was told says nothing of that."""
    return told_at is None or (call.completed_at is not None and call.completed_at >= told_at)


def _is_whole(call: Call) -> bool:
    """Ended by who asked, with no question left out, or stopped by an emergency. What cannot be read is not."""
    if call.outcome != CallOutcome.DANGER_ASKED or call.completed_at is None:
        return False
    try:
        is_stopped = call_script.is_emergency(call.answers, version=call.response.questionnaire_version)
        return is_stopped or calls.asked_everything(call)
    except DamagedRecord:
        return False


def _is_there(value: Callable[[], str]) -> bool:
    """What cannot be read was given all the same."""
    try:
        return bool(value())
    except DamagedRecord:
        return True


def _texts_of(case: SafetyCase) -> QuerySet[PatientText]:
    texts = PatientText.objects.filter(response=case.response_id, sent_at__gte=case.raised_at)
    return texts.defer("text").order_by("-sent_at", "-pk")


def _at_different_hours(tried: Sequence[datetime.datetime]) -> int:
    """How many there are of which no two began in the same hour of the day, or less than an hour apart."""
    apart: list[datetime.datetime] = []
    for at in tried:
        hours = {clock.local(item).hour for item in apart}
        if clock.local(at).hour not in hours and (not apart or at - apart[-1] >= APART):
            apart.append(at)
    return len(apart)


def _mails_about(case: SafetyCase) -> list[datetime.datetime]:
    sent = OutboxMessage.objects.filter(
        kind=MessageKind.PLEASE_CONTACT,
        subject__consultation_request__response=case.response_id,
        sent_at__gte=case.raised_at,
    )
    return [at for at in sent.order_by("sent_at").values_list("sent_at", flat=True) if at is not None]


def _statements_on(case: SafetyCase) -> QuerySet[CaseNote]:
    notes = CaseNote.objects.filter(case=case, says_mistake=True, written_at__gte=case.raised_at)
    return notes.select_related("written_by").defer("text").order_by("-written_at", "-pk")


def open_cases_of_same_person(case: SafetyCase) -> QuerySet[SafetyCase]:
    if case.patient is None:
        return SafetyCase.objects.none()
    same = SafetyCase.objects.filter(patient__person=case.patient.person_id).exclude(status=CaseStatus.CLOSED)
    return same.exclude(pk=case.pk).order_by("level", "pk")


def entered_something(case: SafetyCase, by: User) -> bool:
    """Whether this person entered what led to the case: answers on the telephone, or a call."""
    asked = Assessment.objects.filter(response=case.response_id, asked_by=by)
    return asked.exists() or Call.objects.filter(response=case.response_id, made_by=by).exists()


def may_close_with(outcome: CaseOutcome, proof: CaseProof, by: User) -> bool:
    return bool(RULES[outcome].get(proof, frozenset()) & actors_of(by))


def require_proved(claim: OutcomeClaim, evidence: Evidence, *, case: SafetyCase, by: User) -> None:
    """Raises NotAllowed for somebody who may not close with this, ProofMissing where the records do not show it."""
    if not may_close_with(claim.outcome, claim.proof, by):
        doctor = RULES[claim.outcome].get(claim.proof) == A_DOCTOR and actors_of(by)
        raise NotAllowed(
            _("Only a doctor may close a case with this.") if doctor else _("Your role may not close a case.")
        )
    if missing := evidence.missing(claim.proof):
        raise ProofMissing(missing)
    if claim.proof in ROW_MISSING:
        named = next((row for row in evidence.rows_for(claim.proof) if row.pk == claim.named), None)
        if named is None:
            raise ProofMissing(_("What you selected as proof does not stand any more. Select again."))
        if claim.proof == CaseProof.STAFF_MISTAKE and named.written_by_id == by.pk:
            raise ProofMissing(_("Who entered it cannot confirm it as well. Ask another doctor."))
    for key in (claim.proof, claim.outcome):
        if key in NEEDS_WORDS and not claim.words.strip():
            raise ProofMissing(str(NEEDS_WORDS[key]), field="words")
    if claim.proof == CaseProof.LETTER:
        _require_letter(claim, case)


def _require_letter(claim: OutcomeClaim, case: SafetyCase) -> None:
    if not claim.letter_from.strip():
        raise ProofMissing(_("Write where the letter is from."), field="letter_from")
    if claim.letter_on is None:
        raise ProofMissing(_("Enter the date of the letter."), field="letter_on")
    if claim.letter_on > clock.today():
        raise ProofMissing(_("The letter has a date in the future."), field="letter_on")
    if claim.letter_on < clock.local(case.raised_at).date():
        older = _("The letter is older than the case, so it cannot show what became of the person since.")
        raise ProofMissing(older, field="letter_on")


def request_of(case: SafetyCase) -> ConsultationRequest | None:
    """The request that was sent with the answers of this case."""
    requests = ConsultationRequest.objects.filter(response=case.response_id).select_related("patient")
    return requests.first()
