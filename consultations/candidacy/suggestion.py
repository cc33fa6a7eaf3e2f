"""What the rules suggest to a doctor, and which decisions depart from it.

Owner: the clinic's medical director. A decision that departs needs a reason in writing. Whether it departs is looked up
here, never chosen by whoever decides.
"""

from collections.abc import Mapping
from typing import Final

from consultations.candidacy.engine import OUTCOME_OF_DISPOSITION
from consultations.enums import Disposition, Outcome, ReviewDecision

_OFFER, _ASK = ReviewDecision.OFFER, ReviewDecision.ASK
_NOT_SUITABLE, _URGENT = ReviewDecision.NOT_SUITABLE, ReviewDecision.URGENT

DEPARTS: Final[Mapping[Outcome, frozenset[ReviewDecision]]] = {
    Outcome.EMERGENCY: frozenset({_OFFER, _ASK, _NOT_SUITABLE}),
    Outcome.SAME_DAY: frozenset({_OFFER, _ASK, _NOT_SUITABLE}),
    Outcome.URGENT_REVIEW: frozenset({_OFFER, _NOT_SUITABLE}),
    Outcome.NOT_SUITABLE_NOW: frozenset({_OFFER, _URGENT}),
    Outcome.DEFER: frozenset({_OFFER, _URGENT}),
    Outcome.NEEDS_INFO: frozenset({_NOT_SUITABLE, _URGENT}),
    Outcome.LIKELY_SUITABLE: frozenset({_NOT_SUITABLE, _URGENT}),
}
"""What is suggested -> the decisions that depart from it.

A question to the patient decides nothing yet, so it departs only where somebody must be called. "Not yet" is answered
with advice, as "not suitable" is. An offer while a red flag stands is refused, with a reason or without.
"""


def departs(decision: str, suggested: str) -> bool:
    return ReviewDecision(decision) in DEPARTS[Outcome(suggested)]


def suggest(*, outcome: str, standing: str, disposition: str, is_early_exit: bool) -> Outcome:
    """The red flag that stands, or what the other answers say: a headline whose red flags are all settled is over.

    `standing` is the level of the worst red flag that stands now, "" for none. After an early stop nothing else was
    asked, so the most that is left is that something is missing.
    """
    if standing:
        return Outcome(standing)
    if Outcome(outcome) not in (Outcome.EMERGENCY, Outcome.SAME_DAY, Outcome.URGENT_REVIEW):
        return Outcome(outcome)
    left = OUTCOME_OF_DISPOSITION[Disposition(disposition)]
    return Outcome.NEEDS_INFO if is_early_exit and left == Outcome.LIKELY_SUITABLE else left
