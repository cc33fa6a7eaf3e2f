"""How a safety case was closed, each time; what it can be closed with now; and what closing it will do."""

import dataclasses
import datetime
from typing import Any, Final

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from consultations.enums import CaseOutcome, CaseProof, NextDayAnswer
from consultations.forms.cases import CloseCaseForm, proof_words
from consultations.models import CaseClosing, ConsultationRequest, RuleAnswer, SafetyCase
from consultations.presenters.cases import url_of
from consultations.presenters.formatting import clock_chip, holder_words, name_of, outcome_chip
from consultations.presenters.isolation import Unreadable, opened, readable
from consultations.services import case_mails, case_proofs
from consultations.services.case_proofs import Evidence, OutcomeClaim

DAMAGED: Final = gettext_lazy("This cannot be read. Tell a manager the case number.")
REOPENED: Final = {
    "raised": gettext_lazy("Opened again on %(moment)s: the answers showed a danger again"),
    "told": gettext_lazy("Opened again on %(moment)s: the person told us of a danger"),
    "named": gettext_lazy("Opened again on %(moment)s: the person asked to be called"),
    "answered": gettext_lazy("Opened again on %(moment)s: the person answered that they were not seen, or are worse"),
}
"""Why it was opened again, where nobody of the staff did it."""


@dataclasses.dataclass(frozen=True, slots=True)
class ClosingLine:
    """One closing, in words."""

    outcome: str
    closed: str
    proof: str
    words: str
    other_url: str
    asked: str
    reopened: str
    reopened_words: str


def closing_lines(case: SafetyCase) -> list[ClosingLine]:
    """Every closing of a case, the newest first; one that cannot be read is named."""
    rows = with_keys(CaseClosing.objects.filter(case=case)).select_related(
        "case__response__consultation_request__patient", "closed_by", "reopened_by", "call__made_by", "text",
        "statement__written_by", "duplicate_of",
    )  # fmt: skip
    deferred = rows.defer("call__note", "call__answers", "text__text", "statement__text").order_by("-closed_at", "-pk")
    return [_damaged(row) if isinstance(row, Unreadable) else _line(row) for row in readable(deferred, opens=False)]


def _damaged(row: Unreadable) -> ClosingLine:
    return ClosingLine(_("Closing %(number)d") % {"number": row.pk}, "", "", str(DAMAGED), "", "", "", "")


def _line(row: CaseClosing) -> ClosingLine:
    damaged = str(DAMAGED)
    return ClosingLine(
        outcome=row.get_outcome_display(),
        closed=_("Closed by %(name)s on %(moment)s")
        % {"name": name_of(row.closed_by), "moment": clock.moment(row.closed_at)},
        proof=_proof_of(row, opened(lambda: row.letter_from, damaged, of=row)[0]),
        words=opened(lambda: row.words, damaged, of=row)[0],
        other_url=url_of(row.duplicate_of_id) if row.duplicate_of_id else "",
        asked=_asked(row),
        reopened=_reopened(row),
        reopened_words=opened(lambda: row.reopened_words, damaged, of=row)[0],
    )


def _reopened(row: CaseClosing) -> str:
    if row.reopened_at is None:
        return ""
    moment = clock.moment(row.reopened_at)
    if row.reopened_by:
        return _("Opened again by %(name)s on %(moment)s") % {"name": name_of(row.reopened_by), "moment": moment}
    return REOPENED.get(row.reopened_for, gettext_lazy("Opened again on %(moment)s")) % {"moment": moment}


def _proof_of(row: CaseClosing, letter: str) -> str:
    proof = CaseProof(row.proof)
    if named := row.call or row.text or row.statement or row.duplicate_of:
        return proof_words(proof, named)
    if proof == CaseProof.LETTER and row.letter_on is not None:
        return _letter(letter, row.letter_on)
    if proof == CaseProof.TRIES:
        number = row.tries or 0
        tries = ngettext("%(number)d try at different hours", "%(number)d tries at different hours", number)
        return tries % {"number": number}
    if proof == CaseProof.MAILS:
        number = row.mails or 0
        mails = ngettext("%(number)d email over two working days", "%(number)d emails over two working days", number)
        return mails % {"number": number}
    return str(proof.label)


def _letter(sender: str, day: datetime.date) -> str:
    return _("Letter from %(sender)s, %(day)s") % {"sender": sender, "day": clock.day(day)}


def _asked(row: CaseClosing) -> str:
    if row.answered_at is not None:
        return _("Asked how it went, and answered on %(moment)s: %(answer)s") % {
            "moment": clock.moment(row.answered_at),
            "answer": row.get_answer_display(),
        }
    if row.asked_for is None or row.reopened_at is not None:
        return ""
    since = clock.moment(row.asked_for)
    return _("Asked by email how it went, from %(moment)s. No answer yet") % {"moment": since}


def duplicates_of(case: SafetyCase) -> list[dict[str, Any]]:
    """Closed cases that say they repeat this one: what led to them counts here."""
    rows = CaseClosing.objects.standing().filter(duplicate_of=case).select_related("case")
    cases = rows.defer("words", "letter_from", "reopened_words").order_by("case")
    return [{"pk": row.case_id, "url": url_of(row.case_id), "level": outcome_chip(row.case.level)} for row in cases]


def request_line(consultation_request: ConsultationRequest, *, viewer: User, now: datetime.datetime) -> dict[str, Any]:
    """The request beside its case: where it stands, how pressing, whose, and its clock."""
    return {
        "reference": consultation_request.reference,
        "status": holder_words(consultation_request, viewer=viewer),
        "level": outcome_chip(consultation_request.flag_level or consultation_request.highest_outcome),
        "time": clock_chip(consultation_request, now=now),
        "is_flagged": consultation_request.is_blocked_by_flags,
    }


def close_forms(
    case: SafetyCase, evidence: Evidence, *, by: User, seen: str, given: CloseCaseForm | None = None
) -> list[CloseCaseForm]:
    """A form for each outcome; `given` is the one that was filled in."""
    forms = [
        CloseCaseForm(outcome=outcome, case=case, evidence=evidence, by=by, initial={"seen": seen})
        for outcome in CaseOutcome
    ]
    return [given if given is not None and given.chosen == form.chosen else form for form in forms]


def confirmation(case: SafetyCase, claim: OutcomeClaim, form: CloseCaseForm) -> dict[str, Any]:
    """What is about to be done, before it is."""
    labels = dict(form.options)
    letter = _letter(claim.letter_from, claim.letter_on) if claim.letter_on else ""
    return {
        "outcome": claim.outcome.label,
        "proof": letter or labels.get(form.cleaned_data["proof"], ""),
        "words": claim.words,
        "effects": _effects(case, claim),
    }


def _effects(case: SafetyCase, claim: OutcomeClaim) -> list[str]:
    effects = []
    if claim.outcome == CaseOutcome.DIED:
        effects.append(_("Every message to this person stops. Opening the case again restarts them."))
    if claim.outcome == CaseOutcome.DUPLICATE:
        effects.append(_("What led to this case counts for the other one, and so does the higher level."))
    if claim.outcome in case_mails.ASKED_AFTER:
        effects.append(_question_effect(case))
    consultation_request = case_proofs.request_of(case)
    if consultation_request is not None and consultation_request.is_blocked_by_flags:
        stays = _("The red flag on request %(reference)s stays until a doctor settles it.")
        effects.append(stays % {"reference": consultation_request.reference})
    return effects


def _question_effect(case: SafetyCase) -> str:
    consultation_request = case_proofs.request_of(case)
    if consultation_request is None:
        return _("Nobody is asked tomorrow how it went: no request was sent with these answers.")
    if not consultation_request.patient.email or consultation_request.patient.birth_on is None:
        return _("Nobody is asked tomorrow how it went: there is no email address or no date of birth.")
    return _("Tomorrow at %(time)s the person is asked by email how it went. The email says nothing about health.") % {
        "time": clock.time(case_mails.AT)
    }


@dataclasses.dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule, and how often each answer was given."""

    rule: str
    cells: tuple[tuple[str, int], ...]
    total: int


def rule_lines() -> list[RuleLine]:
    """How it went, by the rule that led to the case."""
    counted: dict[str, dict[str, int]] = {}
    for row in RuleAnswer.objects.all():
        counted.setdefault(row.rule, {})[row.answer] = row.number
    return [
        RuleLine(
            rule, tuple((str(answer.label), counts.get(answer, 0)) for answer in NextDayAnswer), sum(counts.values())
        )
        for rule, counts in sorted(counted.items())
    ]


def outcome_lines() -> list[tuple[str, int]]:
    """How many cases are closed with each outcome."""
    counts = dict(SafetyCase.objects.exclude(outcome="").values_list("outcome").annotate(number=Count("pk")))
    return [(str(outcome.label), counts.get(outcome.value, 0)) for outcome in CaseOutcome]
