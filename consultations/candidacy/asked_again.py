"""What a person who has asked for a consultation is asked again, and what their ticks, or a call, make of it.

Owner: the clinic's medical director. Source: clinical changes 1.1, sections 6 and 7; words and rows:
display/asked_again.toml. What was said is laid on everything that was said before, and nothing is ever lowered by it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from consultations.candidacy import display, engine
from consultations.candidacy.engine import OUTCOME_OF_DISPOSITION, Evaluation, Fired
from consultations.candidacy.standing import UNANSWERED_RULE, Flag, flags_of, signs_in
from consultations.candidacy.union import ASKED, Sign, merged, without
from consultations.enums import URGENT_OUTCOMES, Effect, Outcome, Urgency

EFFECT_OF: Final = {Outcome.EMERGENCY: Effect.EMERGENCY, Outcome.SAME_DAY: Effect.SAME_DAY}
URGENCY_BY_OUTCOME: Final = {
    Outcome.EMERGENCY: Urgency.EMERGENCY,
    Outcome.SAME_DAY: Urgency.SAME_DAY,
    Outcome.URGENT_REVIEW: Urgency.URGENT,
}


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the list. `danger` is "yes", "with_flag" or "no"; `lays` are the answers that it stands for.

    `rule` and `outcome` are those that it has by itself, where it is no answer of any question.
    """

    code: str
    words: str
    danger: str
    lays: Mapping[str, str]
    rule: str = ""
    outcome: Outcome | None = None
    said: str = ""

    def words_in(self, region: str) -> str:
        return self.words.format(**display.words(region))

    def said_in(self, region: str) -> str:
        """A clause in the first person, to be read aloud; "" for what is no sign."""
        return self.said.format(**display.words(region))

    @property
    def sign(self) -> Sign:
        """What a doctor settles of a tick that is no answer of any question."""
        return Sign(ASKED, self.code)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules make of something that was said later.

    `outcome` is the stored headline: never less than before, and at least URGENT_REVIEW for a danger. `standing` are
    the red flags that stand after it, `heard` those among them that what was said now has a part in.
    """

    assessment: Evaluation
    answers: Mapping[str, Any]
    outcome: Outcome
    is_danger: bool
    standing: tuple[Flag, ...]
    heard: tuple[Flag, ...]

    @property
    def level(self) -> Outcome:
        """Of the case that a danger opens."""
        return self.outcome if self.outcome in URGENT_OUTCOMES else Outcome.URGENT_REVIEW


@cache
def ticks() -> dict[str, Tick]:
    """Every line by its code, in the order shown."""
    rows = display.document("asked_again")["tick"]
    listed = (
        Tick(
            code=row["code"],
            words=row["words"],
            danger=row["danger"],
            lays=row.get("lays", {}),
            rule=row.get("rule", ""),
            outcome=Outcome(row["outcome"]) if "outcome" in row else None,
            said=row.get("said", ""),
        )
        for row in rows
    )
    return {tick.code: tick for tick in listed}


def question(since: str) -> str:
    """The one question; `since` is a date in words."""
    asked: str = display.document("asked_again")["question"]
    return asked.format(since=since)


def question_about(name: str, since: str) -> str:
    """The same where a helper reads it: whom it is about comes first."""
    asked: str = display.document("sentences")["asked_again"]["question_about"]
    return asked.format(name=name, since=since)


def hint() -> str:
    text: str = display.document("asked_again")["hint"]
    return text


def said_by(codes: Iterable[str], *, version: str) -> dict[str, Any]:
    """The raw answers that these ticks stand for."""
    questionnaire = engine.ruleset_for(version).questionnaire
    laid: list[dict[str, Any]] = []
    for code in codes:
        lays = ticks()[code].lays
        laid.append({name: [code] if questionnaire[name].kind == "multi" else code for name, code in lays.items()})
    return {name: value for name, value in merged({}, laid, questionnaire=questionnaire).items() if value is not None}


def judge(
    *,
    base: Mapping[str, Any],
    said: Mapping[str, Any],
    ticked: Collection[str] = (),
    settled: Collection[Sign] = (),
    before: Outcome | None = None,
    version: str,
) -> Judgement:
    """Lay what was said on the base and evaluate it. `settled` are the signs that a doctor had settled by then,
    `before` is the headline of the flags that stood. Both and the base are kept with the result, which so can be
    computed again. Raises UnknownVersion, UnknownRuleset.
    """
    questionnaire = engine.ruleset_for(version).questionnaire
    answers = merged(base, [base, said], questionnaire=questionnaire)
    assessed = _with_what_stays(engine.assess(answers, version=version), base, ticked, version=version)
    now_said = signs_in(said, questionnaire) | {ticks()[code].sign for code in ticked}
    still_settled = set(settled) - now_said
    flags = {flag.rule_id: flag for flag in _flags(assessed, ticked)}
    for flag in _instead_of_settled(base, said, still_settled, version=version):
        if flag.rule_id not in flags:
            assessed = replace(assessed, fired=(*assessed.fired, Fired(flag.rule_id, flag.effect, _asked(flag))))
        earlier = flags.get(flag.rule_id, flag)
        flags[flag.rule_id] = replace(earlier, signs=earlier.signs | flag.signs)
    standing = tuple(flag for flag in flags.values() if flag.signs - still_settled)
    heard = tuple(flag for flag in standing if flag.signs & now_said)
    has_flag = bool(standing) or before in URGENT_OUTCOMES
    is_danger = bool(heard) or any(_is_danger(ticks()[code], has_flag=has_flag) for code in ticked)
    outcome = _stored_outcome(assessed, standing, before=before, is_danger=is_danger)
    raised = replace(
        assessed,
        outcome=outcome,
        urgency=URGENCY_BY_OUTCOME.get(outcome, Urgency.ROUTINE),
        booking_allowed=outcome in engine.BOOKABLE,
    )
    return Judgement(raised, answers, outcome, is_danger, standing, heard)


def _instead_of_settled(
    base: Mapping[str, Any], said: Mapping[str, Any], settled: Collection[Sign], *, version: str
) -> tuple[Flag, ...]:
    """What fires when an answer said now stands in the place of one that a doctor has settled.

    Of a single choice the more pressing answer wins, so a settled one would hide that something less is new.
    """
    questionnaire = engine.ruleset_for(version).questionnaire
    gone = [sign for sign in settled if sign.question in said and questionnaire[sign.question].kind == "single"]
    if not gone:
        return ()
    left = without(base, gone)
    answers = merged(left, [left, said], questionnaire=questionnaire)
    return tuple(flag for flag in flags_of(engine.assess(answers, version=version)) if flag.rule_id != UNANSWERED_RULE)


def _asked(flag: Flag) -> tuple[str, ...]:
    return tuple(sorted({sign.question for sign in flag.signs}))


def _is_danger(tick: Tick, *, has_flag: bool) -> bool:
    return tick.danger == "yes" or (tick.danger == "with_flag" and has_flag)


def _with_what_stays(
    assessed: Evaluation, base: Mapping[str, Any], ticked: Collection[str], *, version: str
) -> Evaluation:
    """An unanswered or unreadable safety question of the base stays one, and a tick may be a rule of its own."""
    before = engine.assess(base, version=version)
    known = {fired.id for fired in assessed.fired}
    stays = tuple(fired for fired in before.fired if fired.id == UNANSWERED_RULE and fired.id not in known)
    own = tuple(
        Fired(tick.rule, EFFECT_OF[tick.outcome], ())
        for tick in ticks().values()
        if tick.code in ticked and tick.outcome is not None
    )
    unreadable = tuple(sorted({*before.unreadable, *assessed.unreadable}))
    return replace(assessed, fired=(*own, *assessed.fired, *stays), unreadable=unreadable)


def _flags(assessed: Evaluation, ticked: Collection[str]) -> Iterable[Flag]:
    """Those of answers and ticks. That an answer is missing is nothing that is said now: it stands from before."""
    by_rule = {tick.rule: tick.sign for tick in ticks().values() if tick.rule and tick.code in ticked}
    for flag in flags_of(assessed):
        if flag.rule_id == UNANSWERED_RULE:
            continue
        yield replace(flag, signs=frozenset({by_rule[flag.rule_id]})) if flag.rule_id in by_rule else flag


def _stored_outcome(
    assessed: Evaluation, standing: Collection[Flag], *, before: Outcome | None, is_danger: bool
) -> Outcome:
    levels = [flag.level for flag in standing]
    if before is not None and before in URGENT_OUTCOMES:
        levels.append(before)
    if is_danger:
        levels.append(Outcome.URGENT_REVIEW)
    return engine.highest(*levels) if levels else OUTCOME_OF_DISPOSITION[assessed.disposition]
