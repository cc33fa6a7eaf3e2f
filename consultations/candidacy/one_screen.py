"""What the answers of one screen are worth alone, when nothing else is known of the person.

Owner: the clinic's medical director. Used where a check was lost on the way: whoever ticked a danger must still be
told. It may warn of more than a whole check would, never of less.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from consultations.candidacy import engine
from consultations.candidacy.engine import Evaluation
from consultations.enums import Effect, Outcome
from consultations.questionnaire.definition import load

PRESSING = ((Effect.EMERGENCY, Outcome.EMERGENCY), (Effect.SAME_DAY, Outcome.SAME_DAY))


def danger_in(answers: Mapping[str, Any], *, version: str) -> Outcome | None:
    """EMERGENCY or SAME_DAY when these answers have a part in such a rule, else None. Raises UnknownVersion."""
    fired = {
        rule.effect
        for assessment in _possible(answers, version)
        for rule in assessment.fired
        if not set(answers).isdisjoint(rule.because)
    }
    return next((outcome for effect, outcome in PRESSING if effect in fired), None)


def _possible(answers: Mapping[str, Any], version: str) -> Iterator[Evaluation]:
    """The answers as they are; and, for a follow-up, beside each earlier answer that makes us ask it."""
    alone = engine.assess(answers, version=version)
    yield alone
    follow_ups = set(answers) - set(alone.visible)
    if not follow_ups:
        return
    for question in load(version).questions:
        if not question.is_safety or question.id in answers:
            continue
        for option in question.options:
            earlier = [option.code] if question.kind == "multi" else option.code
            assessment = engine.assess({question.id: earlier, **answers}, version=version)
            if follow_ups & set(assessment.visible):
                yield assessment
