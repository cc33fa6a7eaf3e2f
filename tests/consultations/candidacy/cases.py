"""The clinical test data, and cases written by hand where it leaves a rule or an option unproved."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "data"


def read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


VIGNETTES: list[dict[str, Any]] = read("vignettes.json")
SWEEP: list[dict[str, Any]] = read("option_sweep.json")
CATALOG: dict[str, Any] = read("catalog.json")

ROUTINE: dict[str, Any] = {
    "ab_age": 56,
    "rf_now": ["none"],
    "rf_ce": ["none"],
    "rf_weak": "none",
    "rf_injury": "none",
    "rf_cancer": "none",
    "rf_systemic": ["none"],
    "rf_risk": ["none"],
    "pn_where": ["low_back"],
    "pn_duration": "m6_12",
    "pn_worse": ["none"],
    "peg_p": 5,
    "peg_e": 5,
    "peg_g": 5,
    "dx_told": ["ddd"],
    "dx_detail": ["none"],
    "im_mri": "lt6m",
    "im_share": "yes",
    "tx_tried": ["exercise"],
    "tx_time": "gt6m",
    "hx_gate": ["none"],
    "phq2_1": "0",
    "phq2_2": "0",
    "ex_expect": "less_pain",
}
"""A complete set of answers with no cause for concern: LIKELY_SUITABLE."""
