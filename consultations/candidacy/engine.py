"""From answers to an assessment, the same way every time.

Owner: the clinic's medical director. Source: clinical specification 0.1 and 0.2. The software sorts and explains; it
never diagnoses, refuses or accepts anyone. No rule reads free text, name, sex, ethnicity, language or payment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from consultations.candidacy import rules as rule_files
from consultations.candidacy.rules import Ruleset
from consultations.candidacy.scores import scores, shown
from consultations.enums import OUTCOME_RISK, Disposition, Effect, Outcome, Urgency
from consultations.questionnaire.answers import Walk, walk
from consultations.questionnaire.conditions import Facts, Value
from consultations.questionnaire.definition import UnknownVersion

ADULT_AGE: Final = 18
URGENCY_OF: Final = {
    Effect.EMERGENCY: Urgency.EMERGENCY,
    Effect.SAME_DAY: Urgency.SAME_DAY,
    Effect.URGENT: Urgency.URGENT,
}
DISPOSITION_OF: Final = {
    Effect.EXCLUDE: Disposition.EXCLUDE,
    Effect.DEFER: Disposition.DEFER,
    Effect.INFO: Disposition.INFO,
}
URGENCY_RANK: Final = {urgency: rank for rank, urgency in enumerate(Urgency)}
DISPOSITION_RANK: Final = {disposition: rank for rank, disposition in enumerate(Disposition)}
OUTCOME_OF_URGENCY: Final = {
    Urgency.EMERGENCY: Outcome.EMERGENCY,
    Urgency.SAME_DAY: Outcome.SAME_DAY,
    Urgency.URGENT: Outcome.URGENT_REVIEW,
}
OUTCOME_OF_DISPOSITION: Final = {
    Disposition.EXCLUDE: Outcome.NOT_SUITABLE_NOW,
    Disposition.DEFER: Outcome.DEFER,
    Disposition.INFO: Outcome.NEEDS_INFO,
    Disposition.OK: Outcome.LIKELY_SUITABLE,
}
BOOKABLE: Final = frozenset({Outcome.LIKELY_SUITABLE, Outcome.NEEDS_INFO})
RULESET_OF_QUESTIONNAIRE: Final = {"1.0.0": "1.0.0", "1.1.0": "1.1.0"}
"""Questionnaire version -> version of the rules that judge it. Every questionnaire ever published keeps its row."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, with the questions that caused it in the order they are asked."""

    id: str
    effect: Effect
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    outcome: Outcome
    urgency: Urgency
    disposition: Disposition
    fired: tuple[Fired, ...]
    scores: Mapping[str, float]
    visible: tuple[str, ...]
    early_exit: bool
    booking_allowed: bool
    versions: Mapping[str, str]
    cleaned: Mapping[str, Value]
    unreadable: tuple[str, ...] = ()
    left_blank: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The stored result. `unreadable` is there only when something could not be read."""
        told = {"unreadable": list(self.unreadable)} if self.unreadable else {}
        return told | {
            "outcome": str(self.outcome),
            "urgency": str(self.urgency),
            "disposition": str(self.disposition),
            "fired": [
                {"id": fired.id, "effect": str(fired.effect), "because": list(fired.because)} for fired in self.fired
            ],
            "scores": dict(self.scores),
            "visible": list(self.visible),
            "early_exit": self.early_exit,
            "booking_allowed": self.booking_allowed,
            "versions": dict(self.versions),
        }


def ruleset_for(version: str) -> Ruleset:
    """The rules that judge a version of the questionnaire. Raises UnknownVersion, UnknownRuleset."""
    if version not in RULESET_OF_QUESTIONNAIRE:
        raise UnknownVersion(f"No rules judge questionnaire {version!r}.")
    return rule_files.load(RULESET_OF_QUESTIONNAIRE[version])


def assess(raw: Mapping[str, Any], *, version: str) -> Evaluation:
    """Evaluate answers (question id -> value) by the version of the questionnaire they were given to.

    Raises UnknownVersion, UnknownRuleset.
    """
    return evaluate(raw, ruleset_for(version))


def evaluate(raw: Mapping[str, Any], used: Ruleset) -> Evaluation:
    """Evaluate answers by one set of rules and the questionnaire that it is about.

    An emergency in the safety section, or an age under 18, ends the form early: unasked questions are then neither
    visible nor missing. Answers that were given beyond that point are still read, so no danger hides another.
    """
    done = walk(used.questionnaire, raw)
    is_early = _stops_early(used, done)
    if is_early:
        needed = tuple(question for question in done.visible if question.is_safety or question.id in done.cleaned)
        done = replace(done, visible=needed)
    fired = _fire(used, done, is_early=is_early)
    urgency, disposition = _axes(fired)
    outcome = _headline(urgency, disposition)
    return Evaluation(
        outcome=outcome,
        urgency=urgency,
        disposition=disposition,
        fired=fired,
        scores=shown(scores(done.cleaned)),
        visible=done.visible_ids,
        early_exit=is_early,
        booking_allowed=outcome in BOOKABLE,
        versions={
            "questionnaire": used.questionnaire.version,
            "ruleset": used.version,
            "hash": used.content_hash,
        },
        cleaned=done.cleaned,
        unreadable=tuple(sorted(done.unreadable)),
        left_blank=done.left_blank,
    )


def highest(*outcomes: str) -> Outcome:
    """The most pressing of some headlines."""
    return min((Outcome(outcome) for outcome in outcomes), key=OUTCOME_RISK.__getitem__)


def emergency_is_settled(assessment: Evaluation) -> bool:
    """Whether an emergency already stands whatever the open follow-ups will say.

    True once some emergency rule fired for reasons that were all answered: a missing timing still counts as recent in
    the result, but while its question is about to be asked, the patient is asked first. Once it was asked, a version
    may say that leaving it blank is an answer.
    """
    answered = assessment.cleaned.keys() | assessment.left_blank
    return any(fired.effect == Effect.EMERGENCY and answered.issuperset(fired.because) for fired in assessment.fired)


def _stops_early(used: Ruleset, done: Walk) -> bool:
    age = done.cleaned.get("ab_age")
    if isinstance(age, int) and age < ADULT_AGE:
        return True
    safety_questions = [question for question in done.visible if question.is_safety]
    answered = {q.id: done.cleaned[q.id] for q in safety_questions if q.id in done.cleaned}
    fired = _fire(used, replace(done, visible=tuple(safety_questions), cleaned=answered), is_early=True)
    return any(rule.effect == Effect.EMERGENCY for rule in fired)


def _fire(used: Ruleset, done: Walk, *, is_early: bool) -> tuple[Fired, ...]:
    facts = Facts(
        done.cleaned,
        scores(done.cleaned),
        (*done.missing(safety=True), *done.unreadable),
        () if is_early else done.missing(safety=False),
    )
    order = {question_id: index for index, question_id in enumerate(done.visible_ids)}
    fired = []
    for rule in used.rules:
        because = rule.when.test(facts)
        if because is not None:
            shown_ids = sorted((name for name in because if name in order), key=order.__getitem__)
            fired.append(Fired(rule.id, rule.effect, tuple(shown_ids)))
    return tuple(fired)


def _axes(fired: Iterable[Fired]) -> tuple[Urgency, Disposition]:
    urgency, disposition = Urgency.ROUTINE, Disposition.OK
    for rule in fired:
        urgency = max(urgency, URGENCY_OF.get(rule.effect, urgency), key=URGENCY_RANK.__getitem__)
        disposition = max(disposition, DISPOSITION_OF.get(rule.effect, disposition), key=DISPOSITION_RANK.__getitem__)
    return urgency, disposition


def _headline(urgency: Urgency, disposition: Disposition) -> Outcome:
    if urgency != Urgency.ROUTINE:
        return OUTCOME_OF_URGENCY[urgency]
    return OUTCOME_OF_DISPOSITION[disposition]
