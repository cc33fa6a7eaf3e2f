"""Which red flags stand: a rule that fired stands while one of its signs was said later than a doctor last settled it.

Owner: the clinic's medical director. Source: clinical changes 1.1, sections 6 and 7. Nothing here lowers anything: only
what a doctor settled does, and what is said again afterwards is unsettled.
"""

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from consultations.candidacy import rules as rule_files
from consultations.candidacy.engine import URGENCY_OF, Evaluation
from consultations.candidacy.union import Sign
from consultations.enums import OUTCOME_RISK, Effect, Outcome
from consultations.questionnaire.cleaning import NONE, clean
from consultations.questionnaire.conditions import Value
from consultations.questionnaire.definition import Questionnaire

RED_EFFECTS: Final = frozenset(URGENCY_OF)
LEVEL_OF: Final = {
    Effect.EMERGENCY: Outcome.EMERGENCY,
    Effect.SAME_DAY: Outcome.SAME_DAY,
    Effect.URGENT: Outcome.URGENT_REVIEW,
}
UNANSWERED_RULE: Final = "SYS-01"


@dataclass(frozen=True, slots=True)
class Flag:
    """A red flag that fired, with the signs behind it."""

    rule_id: str
    effect: Effect
    signs: frozenset[Sign]

    @property
    def level(self) -> Outcome:
        return LEVEL_OF[self.effect]


@dataclass(frozen=True, slots=True)
class Said:
    """One source at one moment: the signs that it names, and the flags that fired then."""

    at: datetime.datetime
    signs: frozenset[Sign]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class StandingFlag:
    """A flag that stands: `open_signs` are those of its signs that nobody has settled, `since` when the newest of
    them was said.
    """

    flag: Flag
    open_signs: frozenset[Sign]
    since: datetime.datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The flags that stand, the most pressing first; `ever` are the rules of all flags that were ever found."""

    flags: tuple[StandingFlag, ...] = ()
    ever: frozenset[str] = field(default_factory=frozenset)

    @property
    def level(self) -> Outcome | None:
        """The most pressing; None when no red flag stands."""
        return self.flags[0].flag.level if self.flags else None

    @property
    def open_signs(self) -> frozenset[Sign]:
        return frozenset().union(*(item.open_signs for item in self.flags))


def signs_in(raw: Mapping[str, Any], questionnaire: Questionnaire) -> frozenset[Sign]:
    """Every option of the safety section that these raw answers name, but for "none"."""
    signs = set()
    for question in questionnaire.questions:
        if question.is_safety and question.kind in ("multi", "single"):
            signs |= {Sign(question.id, code) for code in _codes(clean(question, raw.get(question.id)))}
    return frozenset(signs)


def _codes(value: Value | None) -> tuple[str, ...]:
    codes = value if isinstance(value, tuple) else (value,)
    return tuple(code for code in codes if isinstance(code, str) and code != NONE)


def flags_of(assessment: Evaluation) -> tuple[Flag, ...]:
    """The red flags of one evaluation."""
    return flags_from(
        ((fired.id, fired.effect, fired.because) for fired in assessment.fired),
        assessment.cleaned,
        ruleset=rule_files.load(assessment.versions["ruleset"]),
    )


def flags_from(
    fired: Iterable[tuple[str, Effect, Collection[str]]],
    cleaned: Mapping[str, Any],
    *,
    ruleset: rule_files.Ruleset | None,
) -> tuple[Flag, ...]:
    """The red flags among fired rules (id, effect, causes). Without the ruleset every answer of a cause is a sign."""
    return tuple(
        Flag(rule_id, effect, _signs_behind(rule_id, because, cleaned, ruleset))
        for rule_id, effect, because in fired
        if effect in RED_EFFECTS
    )


def _signs_behind(
    rule_id: str, because: Collection[str], cleaned: Mapping[str, Any], ruleset: rule_files.Ruleset | None
) -> frozenset[Sign]:
    """The answers of the safety section that made the rule true: the options that it names. An answer of another
    section is nothing that a doctor settles.
    """
    if rule_id == UNANSWERED_RULE:
        return frozenset(Sign(question, "") for question in because)
    rule = ruleset.by_id.get(rule_id) if ruleset else None
    signs = set()
    for name in because:
        if ruleset is not None and (
            name not in ruleset.questionnaire.by_id or not ruleset.questionnaire[name].is_safety
        ):
            continue
        value = cleaned.get(name)
        given = _codes(tuple(value) if isinstance(value, list) else value)
        named = {code for question, code in rule.when.options if question == name} if rule else set()
        signs |= {Sign(name, code) for code in given if not named or code in named}
    return frozenset(signs) or frozenset(Sign(name, "") for name in because)


def standing(sources: Iterable[Said], settled: Mapping[Sign, datetime.datetime]) -> Standing:
    """What stands after all that was said; `settled` is when a doctor last settled a sign."""
    told = sorted(sources, key=lambda source: source.at)
    last_said: dict[Sign, datetime.datetime] = {}
    by_rule: dict[str, tuple[Flag, datetime.datetime]] = {}
    for source in told:
        last_said |= dict.fromkeys(source.signs, source.at)
        for flag in source.flags:
            earlier = by_rule.get(flag.rule_id)
            by_rule[flag.rule_id] = (_both(earlier[0], flag) if earlier else flag, source.at)
    flags = []
    for flag, at in by_rule.values():
        moments = {sign: last_said.get(sign, at) for sign in flag.signs}
        unsettled = {sign: moment for sign, moment in moments.items() if sign not in settled or moment > settled[sign]}
        if unsettled:
            flags.append(StandingFlag(flag, frozenset(unsettled), max(unsettled.values())))
    flags.sort(key=lambda item: (OUTCOME_RISK[item.flag.level], item.flag.rule_id))
    return Standing(tuple(flags), frozenset(by_rule))


def _both(first: Flag, second: Flag) -> Flag:
    worse = min(first, second, key=lambda flag: OUTCOME_RISK[flag.level])
    return Flag(first.rule_id, worse.effect, first.signs | second.signs)
