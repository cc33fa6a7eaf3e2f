"""Whether the reply targets keep the order of urgency. Owner: the medical director; source: clinical changes 1.1."""

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings

from clinic.core.checks import is_target
from consultations.enums import Outcome
from consultations.services.targets import day_lengths

PRESSING: Final = (Outcome.EMERGENCY, Outcome.SAME_DAY, Outcome.URGENT_REVIEW)
ROUTINE: Final = (Outcome.LIKELY_SUITABLE, Outcome.NEEDS_INFO, Outcome.DEFER, Outcome.NOT_SUITABLE_NOW)
"""One rung of the axis: these differ in what comes next and not in urgency."""


def in_order() -> Iterator[tuple[Outcome, Outcome]]:
    """Each headline with each that is less urgent."""
    for index, more in enumerate(PRESSING):
        for less in (*PRESSING[index + 1 :], *ROUTINE):
            yield more, less


def is_later(more: Outcome, less: Outcome) -> bool:
    """Whether the target of the more urgent one can fall after the other's, whenever both are counted from.

    Targets and hours that are not understood are another check's to name.
    """
    first, second = (settings.REPLY_TARGETS.get(outcome.value) for outcome in (more, less))
    if not (is_target(first) and is_target(second)):
        return False
    if _unit(first) == _unit(second):
        return _amount(first) > _amount(second)
    try:
        return _latest(first) > _earliest(second)
    except ValueError:
        return False


def _unit(target: Any) -> str:
    return str(next(iter(target)))


def _amount(target: Any) -> float:
    return float(next(iter(target.values())))


def _latest(target: Any) -> float:
    """In hours of opening: a target in days runs to the end of the last one, so it can take one day more."""
    return _amount(target) if _unit(target) == "hours" else (_amount(target) + 1) * max(day_lengths())


def _earliest(target: Any) -> float:
    return _amount(target) if _unit(target) == "hours" else _amount(target) * min(day_lengths())
