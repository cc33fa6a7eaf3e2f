"""The clinicians' vignettes and the option sweep, as they were written."""

from typing import Any

import pytest

from consultations.candidacy import engine
from consultations.enums import Outcome, Urgency
from tests.consultations.candidacy.cases import ROUTINE, SWEEP, VIGNETTES

RANK = {urgency.value: rank for rank, urgency in enumerate(Urgency)}


VERSIONS = ("1.0.0", "1.1.0")
every_version = pytest.mark.parametrize("version", VERSIONS)


def fired_ids(answers: dict[str, Any], version: str) -> set[str]:
    return {fired.id for fired in engine.assess(answers, version=version).fired}


@every_version
@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda vignette: vignette["id"])
def test_vignette_has_its_outcome_and_rules(version: str, vignette: dict[str, Any]) -> None:
    expected = vignette["expected"]

    assessment = engine.assess(vignette["answers"], version=version)

    ids = {fired.id for fired in assessment.fired}
    assert assessment.outcome == expected["outcome"], vignette["why"]
    assert set(expected["must_trigger"]) <= ids
    assert not set(expected["must_not_trigger"]) & ids


@every_version
@pytest.mark.parametrize("case", SWEEP, ids=lambda case: case["id"])
def test_one_option_fires_its_urgent_rule(version: str, case: dict[str, Any]) -> None:
    assessment = engine.assess(case["answers"], version=version)

    assert case["must_trigger"] in {fired.id for fired in assessment.fired}
    assert RANK[assessment.urgency] >= RANK[case["min_urgency"]]


def test_all_vignettes_and_sweep_cases_are_here() -> None:
    assert (len(VIGNETTES), len(SWEEP)) == (45, 101)
    assert {vignette["expected"]["outcome"] for vignette in VIGNETTES} == set(Outcome)


@every_version
def test_routine_answers_are_routine(version: str) -> None:
    assert engine.assess(ROUTINE, version=version).outcome == Outcome.LIKELY_SUITABLE


@every_version
@pytest.mark.parametrize(
    ("changes", "rule", "fires"),
    [
        ({"ab_age": 17}, "CX-AGE-01", True),
        ({"ab_age": 18}, "CX-AGE-01", False),
        ({"ab_age": 79}, "CX-AGE-02", False),
        ({"ab_age": 80}, "CX-AGE-02", True),
        ({"ab_age": 49, "pn_duration": "lt6w", "rf_systemic": ["night_pain"]}, "RF-MAL-07", False),
        ({"ab_age": 50, "pn_duration": "lt6w", "rf_systemic": ["night_pain"]}, "RF-MAL-07", True),
        ({"ab_age": 64, "rf_injury": "minor"}, "RF-FRX-03", False),
        ({"ab_age": 65, "rf_injury": "minor"}, "RF-FRX-03", True),
        ({"ab_age": 59, "pn_where": ["leg_below"], "pn_worse": ["walk"], "pn_walk": "yes"}, "CS-LSS", False),
        ({"ab_age": 60, "pn_where": ["leg_below"], "pn_worse": ["walk"], "pn_walk": "yes"}, "CS-LSS", True),
        ({"ab_age": 44, "in_features": ["wake", "buttock", "move"]}, "RF-SPA-02", True),
        ({"ab_age": 45, "in_features": ["wake", "buttock", "move"]}, "RF-SPA-02", False),
        ({"ab_age": 44, "in_features": ["wake", "buttock", "move", "nsaid"]}, "RF-SPA-01", True),
        ({"ab_age": 44, "in_features": ["wake", "buttock", "move", "nsaid"]}, "RF-SPA-02", False),
        ({"peg_p": 4, "peg_e": 4, "peg_g": 4}, "CX-SEV-01", True),
        ({"peg_p": 4, "peg_e": 4, "peg_g": 3}, "CX-SEV-01", False),
        ({"peg_p": 4, "peg_e": 4, "peg_g": 3}, "CX-SEV-02", True),
        ({"hx_height_cm": 200, "hx_weight_kg": 160}, "CX-BMI-01", True),
        ({"hx_height_cm": 200, "hx_weight_kg": 159.9}, "CX-BMI-01", False),
        ({"hx_height_cm": 200, "hx_weight_kg": 140}, "CX-BMI-02", True),
        ({"hx_height_cm": 200, "hx_weight_kg": 139.9}, "CX-BMI-02", False),
        ({"hx_height_cm": 200, "hx_weight_kg": 73.9}, "CX-BMI-03", True),
        ({"hx_height_cm": 200, "hx_weight_kg": 74}, "CX-BMI-03", False),
        ({"phq2_1": "1", "phq2_2": "1", "gad2_1": "0", "gad2_2": "0"}, "YF-01", False),
        ({"phq2_1": "2", "phq2_2": "1", "gad2_1": "0", "gad2_2": "0"}, "YF-01", True),
        ({"phq2_1": "1", "phq2_2": "0", "gad2_1": "1", "gad2_2": "2"}, "YF-01", True),
        ({"phq2_1": "3", "phq2_2": "2", "gad2_1": "3", "gad2_2": "0"}, "YF-02", False),
        ({"phq2_1": "3", "phq2_2": "3", "gad2_1": "0", "gad2_2": "0"}, "YF-02", True),
        ({"phq2_1": "3", "phq2_2": "2", "gad2_1": "3", "gad2_2": "1"}, "YF-02", True),
    ],
)
def test_thresholds_stand_where_the_specification_puts_them(
    version: str, changes: dict[str, Any], rule: str, fires: bool
) -> None:
    assert (rule in fired_ids({**ROUTINE, **changes}, version)) is fires


@every_version
@pytest.mark.parametrize("height", [119, 231, None, "170", True, float("inf")])
def test_body_mass_needs_a_height_in_range(version: str, height: Any) -> None:
    assert "bmi" not in engine.assess({**ROUTINE, "hx_height_cm": height, "hx_weight_kg": 80}, version=version).scores


@every_version
def test_scores_are_printed_with_their_parts(version: str) -> None:
    answers = {**ROUTINE, "peg_p": 7, "peg_e": 6, "peg_g": 7, "hx_height_cm": 170, "hx_weight_kg": 80.5}

    scores = engine.assess(answers, version=version).scores

    assert scores == {"peg_sum": 20, "peg_mean": 6.7, "phq2": 0, "bmi": 27.9}
