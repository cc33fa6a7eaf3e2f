"""What an assessment means for the patient's page and for the clinic's clock.

Owner: the clinic's medical director. Wording: clinical specification part E.1 and E.4; priority: E.3. The words name no
disease the patient did not name first and never say what the cause might be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consultations.candidacy import rules as rule_files
from consultations.candidacy.engine import Assessment
from consultations.enums import Effect, Outcome, Priority

FOOTER: Final = "This is not a diagnosis. It is a first check of your answers. A doctor makes the decisions."
SUPPORT_BOX: Final = (
    "Living with pain is hard, and you told us you have been feeling low or worried. Talking helps. You can ask our "
    "team for support, or speak to your own doctor. If you feel you might harm yourself, or cannot stay safe, get help "
    "now: {crisis_line}."
)
EMERGENCY_SIGNS: Final = (
    "If you get any of these, get emergency help: numbness around your genitals or bottom, trouble peeing or "
    "controlling your pee or poo, weakness in both legs, fainting, or you feel very unwell."
)
SUPPORT_SCORE: Final = 3


@dataclass(frozen=True, slots=True)
class Wording:
    """`paragraphs` may hold {emergency_line} {urgent_line} {phone} {hours} {days} {time} {reasons}."""

    heading: str
    paragraphs: tuple[str, ...]


WORDINGS: Final[dict[Outcome, Wording]] = {
    Outcome.EMERGENCY: Wording(
        "Get emergency help now",
        (
            "Some of your answers can be signs of a problem that needs help right away.",
            "{emergency_line} Do not drive yourself. Do not wait for us to call.",
            "Take your medicines list with you. Show them this page: “{reasons}”.",
            "We have told our team, but we are not an emergency service.",
        ),
    ),
    Outcome.SAME_DAY: Wording(
        "Speak to a doctor today",
        (
            "Some of your answers need a check by a doctor today. Our clinic is told now and will try to call you on "
            "{phone} within {hours} working hours.",
            "If we are closed, or we have not called by {time}, {urgent_line}",
            EMERGENCY_SIGNS,
        ),
    ),
    Outcome.URGENT_REVIEW: Wording(
        "A clinician needs to look at this first",
        (
            "Some of your answers need a closer look before we book anything. A clinician will contact you within "
            "{days} working days.",
            "If things get worse before then: {urgent_line}",
            EMERGENCY_SIGNS,
        ),
    ),
    Outcome.NOT_SUITABLE_NOW: Wording(
        "This treatment may not be right for you",
        (
            "From your answers, this injection is not likely to be the right choice now. A doctor will check before we "
            "close this, and may check your scan.",
            "You can still ask for a call to talk about other options. Keep taking your usual medicines.",
        ),
    ),
    Outcome.DEFER: Wording(
        "Not yet",
        (
            "Something needs to be sorted out, or more time is needed, before this treatment can be thought about. "
            "Here is what: {reasons}",
            "You can come back to this form at any time. Your answers are saved.",
        ),
    ),
    Outcome.NEEDS_INFO: Wording(
        "We need a little more",
        (
            "You may be able to have a consultation. First we need: {reasons}",
            "You can send it now, or book and bring it with you.",
        ),
    ),
    Outcome.LIKELY_SUITABLE: Wording(
        "You can book a consultation",
        (
            "Your answers fit the kind of back pain this clinic sees. That does not mean the treatment will suit you. "
            "A doctor will talk with you, examine you and look at your scan first.",
            "This treatment is still being studied and may not help.",
        ),
    ),
}
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
class Reason:
    """One line of "why we say this": the rule, its words, and the questions that caused it."""

    rule_id: str
    text: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    heading: str
    paragraphs: tuple[str, ...]
    reasons: tuple[Reason, ...]
    cautions: tuple[Reason, ...]
    footer: str


def priority(outcome: str) -> Priority:
    """The FHIR request priority of a headline."""
    return PRIORITIES.get(Outcome(outcome), Priority.ROUTINE)


def needs_support(assessment: Assessment) -> bool:
    """Whether the support box is shown: PHQ-2 or GAD-2 of three or more."""
    return any(assessment.scores.get(name, 0) >= SUPPORT_SCORE for name in ("phq2", "gad2"))


def explain(assessment: Assessment, *, words: Mapping[str, str]) -> Explanation:
    """The patient's page in words. `words` fills the placeholders of Wording except {reasons}."""
    wording = WORDINGS[assessment.outcome]
    reasons = _reasons(assessment, DECIDING[assessment.outcome])
    filled = {**words, "reasons": " ".join(reason.text for reason in reasons)}
    return Explanation(
        heading=wording.heading,
        paragraphs=tuple(text.format(**filled) for text in wording.paragraphs),
        reasons=reasons,
        cautions=_reasons(assessment, Effect.CAUTION),
        footer=FOOTER,
    )


def _reasons(assessment: Assessment, effect: Effect) -> tuple[Reason, ...]:
    """Reason lines of one level in rule order, each text once."""
    ruleset = rule_files.load(assessment.versions["ruleset"])
    found: dict[str, Reason] = {}
    for fired in assessment.fired:
        text = ruleset[fired.id].patient
        if fired.effect == effect and text:
            found.setdefault(text, Reason(fired.id, text, fired.because))
    return tuple(found.values())
