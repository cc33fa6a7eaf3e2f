"""Finds wording that claims more than is known. Rules: `claims_patterns.json`; each says why, and what to say instead.

A negation in the same sentence, within 45 characters before the match, turns "block" into "warn", never into silence.
Official names of a field or designation are let through.
"""

import dataclasses
import json
import re
from functools import cache
from pathlib import Path
from typing import Final

PATTERNS: Final = Path(__file__).parent / "claims_patterns.json"
NEGATION: Final = re.compile(
    r"\b(not|no|never|cannot|can't|unproven|nobody|none|without|neither|nor|whether)\b", re.IGNORECASE
)
NEGATION_REACH: Final = 45
ALLOWED: Final = ("Regenerative Medicine Advanced Therapy", "regenerative medicine")


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    id: str
    level: str
    pattern: re.Pattern[str]
    why: str
    instead: str


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """`level` is block or warn; `span` holds the start and end of the match in the text."""

    rule: str
    level: str
    span: tuple[int, int]


@cache
def rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(
            entry["id"],
            entry["severity"],
            re.compile(entry["pattern"], re.IGNORECASE),
            entry["why"],
            entry["instead"],
        )
        for entry in json.loads(PATTERNS.read_text(encoding="utf-8"))
    )


def find(text: str) -> list[Finding]:
    """Every match of every rule, in the order of the text."""
    allowed = [match.span() for name in ALLOWED for match in re.finditer(re.escape(name), text, re.IGNORECASE)]
    found = []
    for rule in rules():
        for match in rule.pattern.finditer(text):
            if any(start <= match.start() and match.end() <= end for start, end in allowed):
                continue
            level = "warn" if rule.level == "block" and _is_negated(text, match.start()) else rule.level
            found.append(Finding(rule.id, level, match.span()))
    return sorted(found, key=lambda finding: finding.span)


def _is_negated(text: str, start: int) -> bool:
    before = text[max(0, start - NEGATION_REACH) : start]
    sentence = re.split(r"[.!?]\s|\n", before)[-1]
    return NEGATION.search(sentence) is not None
