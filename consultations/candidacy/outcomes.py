"""What an assessment means for the patient's page and for the clinic's clock.

Owner: the clinic's medical director. Wording: clinical changes 1.1, section 2, in display/results.toml and
display/sentences.toml; priority: clinical specification part E.3. The words name no disease the patient did not name
first and never say what the cause might be.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from consultations.candidacy import display
from consultations.candidacy import rules as rule_files
from consultations.candidacy.engine import Evaluation
from consultations.enums import Effect, Outcome, Priority

FOOTER: Final[str] = display.document("sentences")["footer"]
SUPPORT_BOX: Final[str] = display.document("sentences")["support_box"]
LOW_MOOD_RULE: Final = "YF-02"
"""Worst low mood or worry: a call within two working days, and never a safety case."""
SUPPORT_RULES: Final = frozenset({"YF-01", LOW_MOOD_RULE})
LINES: Final = {name: f"{{{name}}}" for name in ("emergency_line", "urgent_line", "crisis_line")}
"""Left as they are: the page fills them with numbers that dial."""
REASONS: Final = "{reasons}"
ONE: Final = re.compile(r"(?<![\d.])1 ((?:working )?(?:hour|day))s\b")

PRIORITIES: Final = {
    Outcome.EMERGENCY: Priority.STAT,
    Outcome.SAME_DAY: Priority.ASAP,
    Outcome.URGENT_REVIEW: Priority.URGENT,
}
DECIDING: Final = {
    Outcome.EMERGENCY: Effect.EMERGENCY,
    Outcome.SAME_DAY: Effect.SAME_DAY,
    Outcome.URGENT_REVIEW: Effect.URGENT,
    Outcome.NOT_SUITABLE_NOW: Effect.EXCLUDE,
    Outcome.DEFER: Effect.DEFER,
    Outcome.NEEDS_INFO: Effect.INFO,
    Outcome.LIKELY_SUITABLE: Effect.SUPPORT,
}


@dataclass(frozen=True, slots=True)
class OutcomeReason:
    """One line of "why we say this": the rule, its words, and the questions that caused it."""

    rule_id: str
    text: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a result, or, with `reasons`, a list. `text` may hold {emergency_line} {urgent_line}."""

    text: str = ""
    reasons: tuple[OutcomeReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """`cautions` leave out what the support box says."""

    heading: str
    body: tuple[Paragraph, ...]
    reasons: tuple[OutcomeReason, ...]
    cautions: tuple[OutcomeReason, ...]
    footer: str

    @property
    def says_why(self) -> bool:
        """Whether the body has the reasons already."""
        told = {reason.text for part in self.body for reason in part.reasons}
        text = "\n".join(part.text for part in self.body)
        return all(reason.text in told or reason.text in text for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeContext:
    """What is so for this person now, because a result promises nothing else.

    `numbers` fill {keep_hours} {keep_days} {call_hours} {contact_days}. `call_by` is the time of today by which we
    call; empty when the clinic is closed or closes before. `is_known`: a safety case stands; `is_named`: with a name;
    `has_phone`: and with a number. `is_kept`: this browser can come back to the answers, and what is not sent
    is deleted: what is behind a safety case is not. `region` chooses the words that differ by region.
    """

    numbers: Mapping[str, str] = field(default_factory=dict)
    call_by: str = ""
    is_known: bool = False
    is_named: bool = False
    has_phone: bool = False
    is_kept: bool = True
    region: str = ""


def priority(outcome: str) -> Priority:
    """The FHIR request priority of a headline."""
    return PRIORITIES.get(Outcome(outcome), Priority.ROUTINE)


def needs_support(assessment: Evaluation) -> bool:
    """Whether the support box is shown: low mood or worry, whatever the headline is."""
    return any(fired.id in SUPPORT_RULES for fired in assessment.fired)


def emergency_signs(*, region: str) -> str:
    """The signs that need emergency help whatever the result is, in the words of a region."""
    signs: str = display.document("sentences")["emergency_signs"]
    return signs.format(**display.words(region))


def is_low_mood(assessment: Evaluation) -> bool:
    return any(fired.id == LOW_MOOD_RULE for fired in assessment.fired)


def explain(assessment: Evaluation, *, situation: OutcomeContext) -> Explanation:
    """The patient's page in words."""
    reasons = _reasons(assessment, DECIDING[assessment.outcome], situation.region)
    cautions = _reasons(assessment, Effect.CAUTION, situation.region)
    wording = _wording(assessment)
    chosen = _chosen(wording, situation)
    parts = (
        Paragraph(reasons=reasons) if text == REASONS else Paragraph(_filled(text, chosen, situation))
        for text in wording["body"]
    )
    return Explanation(
        heading=wording["heading"],
        body=tuple(part for part in parts if part.text or part.reasons),
        reasons=reasons,
        cautions=tuple(caution for caution in cautions if caution.rule_id not in SUPPORT_RULES),
        footer=FOOTER,
    )


def explain_told(outcome: Outcome, told: Iterable[str], *, situation: OutcomeContext) -> Explanation:
    """The page for a headline whose reasons are what somebody told us, in the words that they ticked."""
    wording = display.document("results")[outcome.value]
    chosen = _chosen(wording, situation)
    parts = (Paragraph(_filled(text, chosen, situation)) for text in wording["body"])
    reasons = tuple(OutcomeReason("", text, ()) for text in told)
    return Explanation(wording["heading"], tuple(part for part in parts if part.text), reasons, (), FOOTER)


def _wording(assessment: Evaluation) -> dict[str, Any]:
    """The entry of the display table; low mood has its own where nothing else is missing."""
    wording: dict[str, Any] = display.document("results")[assessment.outcome.value]
    level = {fired.id for fired in assessment.fired if fired.effect == DECIDING[assessment.outcome]}
    if assessment.outcome == Outcome.NEEDS_INFO and level == {LOW_MOOD_RULE}:
        wording = wording["low_mood"]
    return wording


def _chosen(wording: Mapping[str, Any], situation: OutcomeContext) -> dict[str, str]:
    """Which sentence of the entry is said where it leaves a choice; "" says none."""
    call = "call_known" if situation.has_phone else "call"
    names = {
        "team": ("team_named" if situation.is_named else "team") if situation.is_known else "",
        "call": call if situation.call_by else f"{call}_closed",
        "keeping": "keeping" if situation.is_kept else "",
    }
    return {part: wording.get(name, "") for part, name in names.items()}


def _filled(text: str, chosen: Mapping[str, str], situation: OutcomeContext) -> str:
    """Two rounds: a chosen sentence holds numbers of its own. Room that an unsaid sentence leaves is closed."""
    whole = text.format(**chosen, **LINES, **{name: f"{{{name}}}" for name in situation.numbers})
    whole = whole.format(**LINES, **situation.numbers, time=situation.call_by)
    return ONE.sub(r"1 \1", " ".join(whole.split()))


def _reasons(assessment: Evaluation, effect: Effect, region: str) -> tuple[OutcomeReason, ...]:
    """Reason lines of one level in rule order, each text once."""
    ruleset = rule_files.load(assessment.versions["ruleset"])
    by_text: dict[str, OutcomeReason] = {}
    for fired in assessment.fired:
        text = display.patient_line(fired.id, ruleset[fired.id].patient, region=region)
        if fired.effect == effect and text:
            by_text.setdefault(text, OutcomeReason(fired.id, text, fired.because))
    return tuple(by_text.values())
