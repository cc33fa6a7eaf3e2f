"""A set of answers in one line, and what a nurse should look out for in it.

The words belong to the version of the questionnaire that asked: an answer is never summed up in the words of another.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """`looked_out_for` holds question, answer codes, and what to look out for."""

    where: Mapping[str, str]
    worse: Mapping[str, str]
    duration: Mapping[str, str]
    looked_out_for: tuple[tuple[str, tuple[str, ...], str], ...]


SUMMARIES: Final[dict[str, Summary]] = {
    "1.0.0": Summary(
        where={
            "low_back": "low back",
            "mid_back": "upper back",
            "neck": "neck",
            "buttock": "buttock",
            "leg_above": "thigh",
            "leg_below": "lower leg",
        },
        worse={"back": "back worse than leg", "leg": "leg worse than back", "same": "back and leg alike"},
        duration={
            "lt6w": "under 6 weeks",
            "w6_m3": "6 weeks to 3 months",
            "m3_6": "3 to 6 months",
            "m6_12": "6 to 12 months",
            "y1_5": "1 to 5 years",
            "gt5y": "over 5 years",
        },
        looked_out_for=(
            ("rf_weak", ("worse", "drop"), "Weak leg, new or worse"),
            ("rf_cancer", ("current", "within5", "over5"), "Cancer, now or before"),
            ("rf_risk", ("immune", "steroids", "ivdu", "dialysis", "tb"), "Infection risk"),
            ("hx_gate", ("thinner",), "Blood thinner"),
            ("hx_gate", ("bleed",), "Bleeding problem"),
            ("hx_gate", ("allergy",), "Bad reaction before"),
            ("hx_pregnant", ("pregnant",), "May be pregnant"),
            ("tx_tried", ("surgery",), "Spine operation before"),
        ),
    )
}
"""Version of the questionnaire -> its words for the list."""


def one_line(answers: Mapping[str, Any], *, version: str) -> str:
    """Where it hurts, which is worse, how long, how bad: enough to tell one request from the next."""
    summary = SUMMARIES.get(version)
    if summary is None:
        return f"Answered on questionnaire {version}: open the request to read it"
    where = [summary.where[code] for code in chosen(answers, "pn_where") if code in summary.where]
    parts = [", ".join(where).capitalize() + " pain"] if where else []
    parts += [
        words[code]
        for key, words in (("pn_main", summary.worse), ("pn_duration", summary.duration))
        for code in chosen(answers, key)
        if code in words
    ]
    peg = [answers.get(key) for key in ("peg_p", "peg_e", "peg_g")]
    if all(isinstance(each, int) and 0 <= each <= 10 for each in peg):
        parts.append(f"PEG {sum(peg) / 3:.1f} of 10")
    return "; ".join(parts) or "No answer about the pain yet"


def look_outs(answers: Mapping[str, Any], *, version: str) -> list[str]:
    """What a nurse should look out for, the weightiest first; nothing for a version without words of its own."""
    summary = SUMMARIES.get(version)
    rows = summary.looked_out_for if summary else ()
    return [text for key, codes, text in rows if set(chosen(answers, key)) & set(codes)]


def chosen(answers: Mapping[str, Any], question: str) -> list[str]:
    """The codes given to a question, whatever shape the raw answer has."""
    given = answers.get(question)
    if isinstance(given, str):
        return [given]
    return [code for code in given if isinstance(code, str)] if isinstance(given, list) else []
