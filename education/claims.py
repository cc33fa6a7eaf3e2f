"""Finds wording that claims more than is known. Rules: `claims_patterns.json`; each says why, and what to say instead.

A text is read as a visitor reads it: emphasis marks, invisible characters and line wrapping hide nothing. A negation in
the same sentence, within 45 characters before the match, turns "block" into "warn", never into silence. Official names
and the titles of sources are let through, and so is a claim that is quoted in order to be judged.
"""

import dataclasses
import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

BLOCK: Final = "block"
WARN: Final = "warn"
PATTERNS: Final = Path(__file__).parent / "claims_patterns.json"
NEGATION: Final = re.compile(
    r"\b(not|no|never|cannot|can't|don't|doesn't|didn't|isn't|aren't|won't|unproven|nobody|none|without|neither|"
    r"nor|whether)\b",
    re.IGNORECASE,
)
EMPHATIC: Final = re.compile(
    r"\b(not (only|just|merely|to mention)|no (doubt|wonder|question|matter)|without (a |any )?(doubt|question)|"
    r"nothing (short of|less than|beats)|never (fails?|disappoints?)|cannot fail|can't go wrong)\b",
    re.IGNORECASE,
)
"""Words that look like a negation and praise all the more."""
NEGATION_REACH: Final = 45
SENTENCE_END: Final = re.compile(r"[.!?][\"')\]]*\s|\n")
ALLOWED: Final = ("Regenerative Medicine Advanced Therapy", "regenerative medicine")
QUOTED: Final = re.compile(r"^:::[ ]quoted-claim[ ]*\n(.*?)\n:::[ ]*$", re.MULTILINE | re.DOTALL)
VERDICT: Final = re.compile(r"^[#*\s]*verdict\b", re.MULTILINE | re.IGNORECASE)
NEEDS_CITATION: Final = frozenset({"C23", "C24", "C25", "C26"})
SAME: Final = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’ʼ′", "'"), "_": " "})
HIDDEN: Final = frozenset("*`\u00ad\u034f")


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
def rules() -> dict[str, Rule]:
    return {
        entry["id"]: Rule(
            entry["id"],
            entry["severity"],
            re.compile(entry["pattern"], re.IGNORECASE),
            entry["why"],
            entry["instead"],
        )
        for entry in json.loads(PATTERNS.read_text(encoding="utf-8"))
    }


def find(text: str, *, names: Iterable[str] = (), is_cited: bool = False) -> list[Finding]:
    """Every match of every rule, in the order of the text.

    `names` are let through besides the official ones, such as titles of sources. `is_cited` says that the text's
    sources stand beside it (a record with a list of sources), so it needs no citation mark of its own.
    """
    read, places = _as_read(text)
    passed = [
        match.span()
        for name in (*ALLOWED, *filter(None, names))
        for match in re.finditer(re.escape(_as_read(name)[0]), read, re.IGNORECASE)
    ]
    quoted = _judged_quotes(text)
    found = []
    for rule in rules().values():
        if is_cited and rule.id in NEEDS_CITATION:
            continue
        for match in rule.pattern.finditer(read):
            if match.start() == match.end() or any(a <= match.start() and match.end() <= b for a, b in passed):
                continue
            span = places[match.start()], places[match.end() - 1] + 1
            if any(a <= span[0] and span[1] <= b for a, b in quoted):
                continue
            level = WARN if rule.level == BLOCK and _is_negated(read, match.start()) else rule.level
            found.append(Finding(rule.id, level, span))
    return sorted(found, key=lambda finding: (finding.span, finding.rule))


def passage_of(text: str, span: tuple[int, int]) -> str:
    """The sentence a finding stands in, on one line: what a written reason is given for."""
    ends = [match.end() for match in re.finditer(r"[.!?][\"')\]]*\s|\n\s*\n|\n(?=[-#|>:])", text)]
    start = max((end for end in ends if end <= span[0]), default=0)
    stop = min((end for end in ends if end >= span[1]), default=len(text))
    return " ".join(text[start:stop].split())


def _is_negated(read: str, start: int) -> bool:
    sentence = SENTENCE_END.split(read[max(0, start - NEGATION_REACH) : start])[-1]
    return NEGATION.search(EMPHATIC.sub(" ", sentence)) is not None


def _judged_quotes(text: str) -> list[tuple[int, int]]:
    """Where claims are quoted and a verdict on them follows before the next quotation."""
    quotes = list(QUOTED.finditer(text))
    following = [*quotes[1:], None]
    return [
        quote.span(1)
        for quote, after in zip(quotes, following, strict=False)
        if VERDICT.search(text, quote.end(), after.start() if after else len(text))
    ]


def _as_read(text: str) -> tuple[str, list[int]]:
    """The text as a visitor reads it, and for each of its characters the place it came from.

    A line break inside a paragraph becomes a space; the end of a paragraph, list entry or heading stays a line break.
    """
    read: list[str] = []
    places: list[int] = []
    skipped = {
        place
        for match in re.finditer(r"\[\[[a-z0-9-]+\\?\|([^\]\[<>]+)(\]\])", text)
        for place in (*range(match.start(), match.start(1)), *range(match.start(2), match.end()))
    }
    for place, character in enumerate(text):
        if place in skipped or character in HIDDEN or unicodedata.category(character) == "Cf":
            continue
        if character == "\n":
            character = "\n" if re.match(r"[^\S\n]*(\n|$|[-#|>:]|\d+\.)", text[place + 1 : place + 40]) else " "
        for each in unicodedata.normalize("NFKC", character).translate(SAME):
            read.append(each)
            places.append(place)
    return "".join(read), places
