"""The forms of a safety case: closing it with an outcome and its proof, opening it again, a note."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.widgets import TileRadio
from consultations.enums import CaseOutcome, CaseProof, Outcome
from consultations.forms.staff import text
from consultations.models import Call, CaseNote, PatientText, SafetyCase
from consultations.services import case_proofs
from consultations.services.case_proofs import Evidence, OutcomeClaim

WORDS: Final = {
    CaseOutcome.DECLINED_ADVICE: gettext_lazy("What was advised"),
    CaseOutcome.DIED: gettext_lazy("Who told us, and what"),
    CaseOutcome.MISTAKE: gettext_lazy("What was entered by mistake"),
}
NOTE: Final = gettext_lazy("Note")
LETTER_WORDS: Final = gettext_lazy("What the letter says, or a note")
UNUSED_LETTER: Final = gettext_lazy("You filled in a letter. Select the letter as proof, or empty its fields.")
PROOF_LABELS: Final = {
    CaseProof.LETTER: gettext_lazy("A letter, described below"),
    CaseProof.NO_NAME: gettext_lazy("Nobody left a name, a phone number or an email address"),
    CaseProof.NO_CONTACT: gettext_lazy("A name is known, and no phone number and no email address"),
    CaseProof.TOLD: gettext_lazy("Somebody told us, as written below"),
}


class CloseCaseForm(forms.Form):
    """One outcome with what it may rest on now. Only what the records show can be chosen."""

    outcome = forms.ChoiceField(choices=CaseOutcome.choices, widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    proof = forms.ChoiceField(
        label=gettext_lazy("What shows it?"),
        widget=TileRadio,
        error_messages={"required": gettext_lazy("Select what shows it.")},
    )
    letter_from = forms.CharField(label=gettext_lazy("Letter: where from"), max_length=200, required=False)
    letter_on = forms.DateField(
        label=gettext_lazy("Letter: date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Enter the date of the letter, like 2026-11-23.")},
    )
    words = text(NOTE)

    def __init__(
        self, *args: Any, outcome: CaseOutcome, case: SafetyCase, evidence: Evidence, by: User, **kwargs: Any
    ) -> None:
        kwargs.setdefault("auto_id", f"{outcome.value}-%s")
        super().__init__(*args, **kwargs)
        self.case, self.evidence, self.by = case, evidence, by
        self.chosen = outcome
        self.initial.setdefault("outcome", outcome.value)
        rules = case_proofs.RULES[outcome]
        allowed = [proof for proof in rules if case_proofs.may_close_with(outcome, proof, by)]
        self.obstacles = [evidence.missing(proof) for proof in allowed if evidence.missing(proof)]
        if not allowed:
            self.obstacles = [_("Only a doctor may close a case with this outcome.")]
        elif len(allowed) < len(rules) and outcome != CaseOutcome.NO_WAY_TO_REACH:
            self.obstacles.append(_("A doctor may close it on more than this."))
        self.options = [option for proof in allowed for option in self._options(proof)]
        proof_field: Any = self.fields["proof"]
        proof_field.choices = self.options
        if len(self.options) == 1:
            self.initial.setdefault("proof", self.options[0][0])
        takes_letter = CaseProof.LETTER in allowed
        self.fields["words"].label = WORDS.get(outcome, LETTER_WORDS if takes_letter else NOTE)
        if not takes_letter:
            del self.fields["letter_from"], self.fields["letter_on"]

    @property
    def outcome_label(self) -> str:
        return str(self.chosen.label)

    @property
    def is_possible(self) -> bool:
        return bool(self.options)

    def _options(self, proof: CaseProof) -> list[tuple[str, str]]:
        if self.evidence.missing(proof):
            return []
        rows = self.evidence.rows_for(proof)
        if rows:
            return [(f"{proof.value}-{row.pk}", proof_words(proof, row)) for row in rows]
        return [(proof.value, str(PROOF_LABELS.get(proof, proof.label)))]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        claim = claim_of(cleaned)
        if claim.proof != CaseProof.LETTER and (cleaned.get("letter_from") or cleaned.get("letter_on")):
            self.add_error("proof", UNUSED_LETTER)
            return cleaned
        try:
            case_proofs.require_proved(claim, self.evidence, case=self.case, by=self.by)
        except case_proofs.ProofMissing as missing:
            self.add_error(missing.field if missing.field in self.fields else None, str(missing))
        return cleaned


def claim_of(cleaned: dict[str, Any]) -> OutcomeClaim:
    """What the form says, for the service."""
    proof, _dash, row = cleaned["proof"].partition("-")
    return OutcomeClaim(
        outcome=CaseOutcome(cleaned["outcome"]),
        proof=CaseProof(proof),
        named=int(row) if row else None,
        words=cleaned.get("words", ""),
        letter_from=cleaned.get("letter_from", ""),
        letter_on=cleaned.get("letter_on"),
    )


def proof_words(proof: CaseProof, row: Call | PatientText | CaseNote | SafetyCase) -> str:
    """A row that shows something, in words that hold nothing of what was said."""
    if isinstance(row, Call):
        sentence = (
            _("Call with the danger questions, %(time)s, %(caller)s")
            if proof == CaseProof.CALL
            else _("Call (%(outcome)s), %(time)s, %(caller)s")
        )
        return sentence % {
            "outcome": row.get_outcome_display(),
            "time": clock.moment(row.made_at),
            "caller": row.made_by.display_name,
        }
    if isinstance(row, PatientText):
        # Translators: what kind of text it is, and when it was sent.
        return _("%(kind)s of %(time)s") % {
            "kind": row.get_kind_display(),
            "time": clock.moment(row.sent_at),
        }
    if isinstance(row, CaseNote):
        return _("Note by %(author)s, %(time)s") % {
            "author": row.written_by.display_name,
            "time": clock.moment(row.written_at),
        }
    return _("Case %(number)s: %(level)s, raised %(time)s") % {
        "number": row.pk,
        "level": Outcome(row.level).label,
        "time": clock.moment(row.raised_at),
    }


class ReopenCaseForm(forms.Form):
    reason = text(gettext_lazy("Why is it opened again?"), required=gettext_lazy("Write why the case is opened again."))
