from typing import ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField
from consultations.enums import CaseOutcome, CaseProof, NextDayAnswer
from consultations.models.constraints import one_of

PROOFS: Final[dict[CaseOutcome, tuple[CaseProof, ...]]] = {
    CaseOutcome.WENT_FOR_CARE: (CaseProof.CALL, CaseProof.LETTER, CaseProof.OWN_WORDS),
    CaseOutcome.NO_EMERGENCY_FOUND: (CaseProof.CALL, CaseProof.LETTER),
    CaseOutcome.SEEN_ELSEWHERE: (CaseProof.CALL, CaseProof.LETTER, CaseProof.OWN_WORDS),
    CaseOutcome.DECLINED_ADVICE: (CaseProof.CALL, CaseProof.REFUSED),
    CaseOutcome.NOT_REACHED: (CaseProof.TRIES, CaseProof.MAILS),
    CaseOutcome.NO_WAY_TO_REACH: (CaseProof.NO_NAME, CaseProof.NO_CONTACT),
    CaseOutcome.DUPLICATE: (CaseProof.OPEN_CASE,),
    CaseOutcome.DIED: (CaseProof.TOLD,),
    CaseOutcome.MISTAKE: (CaseProof.SAID_MISTAKE, CaseProof.STAFF_MISTAKE),
}
"""Outcome -> what it may rest on. The database refuses every other pair."""
BY_CALL: Final = (CaseProof.CALL, CaseProof.REFUSED, CaseProof.SAID_MISTAKE)
NEEDED: Final[dict[str, tuple[CaseProof, ...]]] = {
    "call": BY_CALL,
    "letter_on": (CaseProof.LETTER,),
    "text": (CaseProof.OWN_WORDS,),
    "tries": (CaseProof.TRIES,),
    "mails": (CaseProof.MAILS,),
    "duplicate_of": (CaseProof.OPEN_CASE,),
    "statement": (CaseProof.STAFF_MISTAKE,),
}
"""Column -> the proofs that are named in it, and by no other."""


def _pairs() -> Q:
    pairs = Q()
    for outcome, proofs in PROOFS.items():
        pairs |= Q(outcome=outcome, proof__in=proofs)
    return pairs


def _named_where_needed(column: str) -> models.CheckConstraint:
    named = Q(proof__in=NEEDED[column])
    return models.CheckConstraint(
        condition=(named & Q(**{f"{column}__isnull": False})) | (~named & Q(**{f"{column}__isnull": True})),
        name=f"closing_{column}_with_its_proof",
    )


class CaseClosingQuerySet(models.QuerySet["CaseClosing"]):
    def standing(self) -> Self:
        """Those that no reopening has ended: one for each closed case."""
        return self.filter(reopened_at=None)


class CaseClosing(EncryptedModel):
    """One closing of a safety case: what became of the person, and what shows it. Kept when the case is opened again.

    `words` say what belongs to the outcome: what was advised, who told us, what a letter says, or a note. `reopened_*`
    say when, by whom and why it was opened again; nobody, where the person or the answers did it. `asked_for` is when
    the person is asked how it went, and empty where nobody asks; `answer` is what they said.
    """

    encrypted_under = "case__response"

    case = models.ForeignKey("consultations.SafetyCase", on_delete=models.PROTECT, related_name="closings")
    outcome = models.CharField(max_length=20, choices=CaseOutcome.choices)
    proof = models.CharField(max_length=20, choices=CaseProof.choices)
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    words = EncryptedTextField(blank=True, default="")
    call = models.ForeignKey("consultations.Call", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.ForeignKey(
        "consultations.PatientText", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    statement = models.ForeignKey(
        "consultations.CaseNote", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    duplicate_of = models.ForeignKey(
        "consultations.SafetyCase", on_delete=models.PROTECT, null=True, blank=True, related_name="duplicates"
    )
    letter_from = EncryptedTextField(blank=True, default="")
    letter_on = models.DateField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(null=True, blank=True)
    mails = models.PositiveSmallIntegerField(null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reopened_for = models.CharField(max_length=20, blank=True, default="")
    reopened_words = EncryptedTextField(blank=True, default="")
    asked_for = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=20, choices=NextDayAnswer.choices, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = CaseClosingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["closed_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=_pairs(), name="closing_outcome_with_its_proof"),
            *(_named_where_needed(column) for column in NEEDED),
            models.CheckConstraint(condition=Q(tries__isnull=True) | Q(tries__gte=3), name="closing_three_tries"),
            models.CheckConstraint(condition=Q(mails__isnull=True) | Q(mails__gte=2), name="closing_two_mails"),
            models.CheckConstraint(
                condition=Q(duplicate_of__isnull=True) | ~Q(duplicate_of=F("case")), name="closing_duplicate_of_another"
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(reopened_at__isnull=True), name="one_standing_closing_per_case"
            ),
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True) | Q(reopened_at__gte=F("closed_at")),
                name="closing_reopened_after_closed",
            ),
            models.CheckConstraint(
                condition=Q(reopened_by__isnull=True) | Q(reopened_at__isnull=False), name="closing_reopened_by_with_at"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | Q(answer__in=NextDayAnswer.values, answered_at__isnull=False, asked_for__isnull=False),
                name="closing_answered_when_asked",
            ),
        ]

    def __str__(self) -> str:
        return _("Closing %(number)s") % {"number": self.pk}


class RuleAnswer(models.Model):
    """How often people whose case a rule led to gave one answer the day after it was closed. Says nothing of whom."""

    rule = models.CharField(max_length=20)
    answer = models.CharField(max_length=20, choices=NextDayAnswer.choices)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["rule", "answer"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "answer"], name="one_count_of_a_rule_and_answer"),
            one_of("answer", NextDayAnswer, name="rule_answer_known"),
        ]

    def __str__(self) -> str:
        return _("%(rule)s: %(answer)s") % {"rule": self.rule, "answer": self.answer}
