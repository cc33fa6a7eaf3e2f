"""The sums behind the rules. Source: clinical specification 0.2(3) and part A (PEG, PHQ-2, GAD-2, PHQ-4, body mass).

A score exists only when all its parts were answered. Sums are whole numbers, so that no rule meets a rounding error.
"""

from collections.abc import Mapping
from typing import Final

from consultations.questionnaire.conditions import Value

SUMS: Final = {
    "peg_sum": ("peg_p", "peg_e", "peg_g"),
    "phq2": ("phq2_1", "phq2_2"),
    "gad2": ("gad2_1", "gad2_2"),
    "phq4": ("phq2_1", "phq2_2", "gad2_1", "gad2_2"),
}
BODY_MASS: Final = ("hx_height_cm", "hx_weight_kg")
NAMES: Final = frozenset({*SUMS, "bmi"})

Scores = dict[str, tuple[float, tuple[str, ...]]]


def scores(answers: Mapping[str, Value]) -> Scores:
    """Score -> (value, questions it was computed from). `bmi` is in kg/m2, unrounded."""
    sums: Scores = {}
    for name, parts in SUMS.items():
        if all(part in answers for part in parts):
            sums[name] = (sum(_whole(answers[part]) for part in parts), parts)
    if all(part in answers for part in BODY_MASS):
        height_cm, weight_kg = (_number(answers[part]) for part in BODY_MASS)
        sums["bmi"] = (weight_kg * 10_000 / (height_cm * height_cm), BODY_MASS)
    return sums


def shown(sums: Scores) -> dict[str, float]:
    """The scores as results print them: `peg_mean` and `bmi` to one decimal."""
    printed = {name: round(value, 1) if name == "bmi" else value for name, (value, _) in sums.items()}
    if "peg_sum" in printed:
        printed["peg_mean"] = round(printed["peg_sum"] / 3, 1)
    return printed


def _whole(value: Value) -> int:
    return int(value) if isinstance(value, int | str) else 0


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
