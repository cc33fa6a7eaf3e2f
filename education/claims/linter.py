"""Finds wording that claims more than is known. Rules: `claims_patterns.json`; each says why, and what to say instead.

A text is read three times: as it is written; as a visitor meets it, without emphasis marks, invisible characters and
odd spaces or dashes; and with hidden words put back (`unmasking`), for these rules and for promises (`overclaims`). The
later readings only ever add findings. What turns "block" into "warn", never into silence: a negation in the same
sentence, within 45 characters before the match ("not only" is none), and a sentence without a promise that doubts,
counts, warns or tells what others say. Official names and the titles of sources are let
through, and so is a claim that is quoted in order to be judged.
"""

import bisect
import dataclasses
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Final

from education.claims import overclaims, word_weights
from education.claims.unmasking import unmasked

BLOCK: Final = "block"
WARN: Final = "warn"
PATTERNS: Final = Path(__file__).parent / "patterns.json"
NEGATION: Final = re.compile(
    r"\b(not(?! (?:only|just|merely|simply)\b)|no|never|cannot|unproven|nobody|none|neither|nor|unlikely|"
    r"nothing(?! (?:but|short|less)\b)|without(?= (?:\w+ )?(?:proof|evidence)\b)|\w+n['’]t)\b",
    re.IGNORECASE,
)
NEGATION_REACH: Final = 45
SENTENCE_END: Final = re.compile(r"[.!?](?:[\"')\]”’]|\[@\w+\])*\s|\n")
HIDDEN_WORDING: Final = "O00"
ALLOWED: Final = ("Regenerative Medicine Advanced Therapy", "regenerative medicine")
QUOTED: Final = re.compile(
    r"^:::[ ]quoted-claim[ ]*\n((?:(?!^::: quoted-claim).)*?)\n:::[ ]*$", re.MULTILINE | re.DOTALL
)
VERDICT: Final = re.compile(r"^[#*\s]*verdict\b", re.MULTILINE | re.IGNORECASE)
NEEDS_CITATION: Final = frozenset({"C23", "C24", "C25", "C26", overclaims.NEEDS_CITATION})
WRAPPED: Final = re.compile(r"\n(?![^\S\n]*(?:\n|\Z|[-#|>:]|\d+\.))")
"""A line break inside a paragraph; the end of a paragraph, list entry or heading stays one."""
MARKUP: Final = re.compile(
    r"\[\[[a-z0-9-]+\\?\|(?P<term>[^\]\[<>]+)\]\]|(?P<entity>&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]\w{1,30});)"
    r"|\\(?=[!-/:-@\[-`{-~])",
    re.IGNORECASE,
)
SAME: Final = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’ʼ′", "'"), "_": " "})
HIDDEN: Final = frozenset("*`\u034f")
UNPLAIN: Final = re.compile(r"[^ -~\n]|[*`_\\&]|\[\[|  ")
"""What a visitor may meet otherwise than it is written."""


@dataclasses.dataclass(frozen=True, slots=True)
class ClaimRule:
    id: str
    level: str
    pattern: re.Pattern[str]
    why: str
    instead: str


@dataclasses.dataclass(frozen=True, slots=True)
class ClaimFinding:
    """`level` is block or warn; `span` holds the start and end of the match in the text."""

    rule: str
    level: str
    span: tuple[int, int]


_Sober = list[tuple[tuple[int, int], list[tuple[int, int]]]]
"""The places of sober sentences, and of the words in them that make them so."""


@cache
def rules() -> dict[str, ClaimRule]:
    """The rules by pattern."""
    return {
        entry["id"]: ClaimRule(
            entry["id"],
            entry["severity"],
            re.compile(entry["pattern"], re.IGNORECASE),
            entry["why"],
            entry["instead"],
        )
        for entry in json.loads(PATTERNS.read_text(encoding="utf-8"))
    }


def advice(rule: str) -> tuple[str, str]:
    """Why a finding is one, and what to say instead, for a rule of any kind."""
    if rule == HIDDEN_WORDING:
        return "A word is written so that a reader sees it and a search does not.", "Write it plainly, or leave it out."
    known = rules().get(rule) or overclaims.kinds()[rule]
    return known.why, known.instead


def find(text: str, *, names: Iterable[str] = (), is_cited: bool = False) -> list[ClaimFinding]:
    """Every match of every rule, in the order of the text.

    `names` are let through besides the official ones, such as titles of sources. `is_cited` says that the text's
    sources stand beside it (a record with a list of sources), so it needs no citation mark of its own.
    """
    return list(_found(text, tuple(names), is_cited))


@lru_cache(maxsize=256)
def _found(text: str, names: tuple[str, ...], is_cited: bool) -> tuple[ClaimFinding, ...]:
    """Kept for the texts asked about last: one page of the desk asks about the same texts several times."""
    written = WRAPPED.sub(" ", text)
    read, places = _as_read(written)
    let_through = (*ALLOWED, *filter(None, names))
    by_rule = _matches(written, range(len(text)), let_through)
    if read != written:
        also = _matches(read, places, let_through)
        has_terms = "|" in text and any(match["term"] for match in MARKUP.finditer(text))
        by_rule = {
            rule: _merged(by_rule.get(rule, []), also.get(rule, []), has_terms=has_terms)
            for rule in {**by_rule, **also}
        }
    by_rule = _with_promises(by_rule, text, read, places, let_through)
    quoted = _Spans(_judged_quotes(text))
    ordered = sorted(
        (
            item
            for rule, findings in by_rule.items()
            for item in findings
            if not (is_cited and _needs_citation(item)) and not quoted.hold(item.span)
        ),
        key=lambda finding: (finding.span, finding.rule),
    )
    return tuple(ordered)


def _needs_citation(finding: ClaimFinding) -> bool:
    return finding.rule in NEEDS_CITATION or (finding.rule == word_weights.KIND and finding.level == WARN)


def _with_promises(
    by_rule: dict[str, list[ClaimFinding]], text: str, read: str, places: Sequence[int], names: tuple[str, ...]
) -> dict[str, list[ClaimFinding]]:
    """What the third reading adds: words that were hidden, what the rules make of them, and promises."""
    plain, origins, hidden = unmasked(read, places)
    if plain != read:
        for rule, findings in _matches(plain, origins, names).items():
            known = _Spans(item.span for item in by_rule.get(rule, []))
            added = [item for item in findings if not known.meet(item.span)]
            by_rule[rule] = sorted([*by_rule.get(rule, []), *added], key=lambda finding: finding.span)
    if hidden:
        by_rule[HIDDEN_WORDING] = [ClaimFinding(HIDDEN_WORDING, BLOCK, span) for span in hidden]
    passed = _Spans(match.span() for _, name in _spellings(names) for match in name.finditer(plain))
    parsed = overclaims.parse(plain)
    promises = overclaims.look(parsed)
    sober = [
        (_back(restraint.span, origins), [_back(allowed, origins) for allowed in restraint.word_spans])
        for restraint in promises.restraints
    ]
    by_rule = {rule: _restrained(findings, sober) for rule, findings in by_rule.items()}
    blocked = _Spans(item.span for findings in by_rule.values() for item in findings if item.level == BLOCK)
    for rule, level, span in promises.findings:
        original_span = _back(span, origins)
        if not passed.hold(span) and not blocked.meet(original_span):
            by_rule.setdefault(rule, []).append(ClaimFinding(rule, level, original_span))
    titles = _spellings((ALLOWED[0], *names[len(ALLOWED) :]))
    named = _Spans(match.span() for _, name in titles for match in name.finditer(plain))
    return _weighed(by_rule, parsed, origins, named)


def _weighed(
    by_rule: dict[str, list[ClaimFinding]], parsed: overclaims.Parsed, origins: Sequence[int], titles: "_Spans"
) -> dict[str, list[ClaimFinding]]:
    """What the words of each passage, taken together, add: a finding of their own, or a block that is a warning."""
    limits = word_weights.weights()["limits"]
    for passage in word_weights.look(parsed):
        begin, end = _back(passage.span, origins)
        inside = [item for findings in by_rule.values() for item in findings if begin <= item.span[0] < end]
        is_blocked = any(item.level == BLOCK for item in inside)
        if is_blocked and passage.softened[0] < passage.softened[1]:
            softened_span = _back(passage.softened, origins)
            by_rule = {
                rule: _softened(findings, softened_span)
                if passage.score < limits["sober_at" if rule in overclaims.kinds() else "very_sober_at"]
                else findings
                for rule, findings in by_rule.items()
            }
        is_promise = passage.score >= limits["blocks_at"] and not is_blocked
        is_doubtful = passage.score >= limits["warns_at"] and not inside and not passage.is_cited
        if (is_promise or is_doubtful) and not titles.meet(passage.span):
            finding = ClaimFinding(word_weights.KIND, BLOCK if is_promise else WARN, _back(passage.strongest, origins))
            by_rule.setdefault(word_weights.KIND, []).append(finding)
    return by_rule


def _softened(findings: list[ClaimFinding], span: tuple[int, int]) -> list[ClaimFinding]:
    """Blocks within a stretch as warnings."""
    return [
        dataclasses.replace(item, level=WARN)
        if span[0] <= item.span[0] < span[1] and item.rule != HIDDEN_WORDING
        else item
        for item in findings
    ]


def _back(span: tuple[int, int], origins: Sequence[int]) -> tuple[int, int]:
    """Where in the text stands what has been read."""
    start, end = span
    return origins[min(start, len(origins) - 1)], origins[end - 1] + 1


def _restrained(findings: list[ClaimFinding], sober: _Sober) -> list[ClaimFinding]:
    """Blocks in a sober sentence as warnings, unless the sober words are part of what was found."""
    starts = [span[0] for span, _ in sober]
    restrained = []
    for item in findings:
        index = bisect.bisect_right(starts, item.span[0]) - 1
        span, word_spans = sober[index] if index >= 0 else ((0, 0), [])
        is_held = item.span[0] < span[1] and any(
            end <= item.span[0] or item.span[1] <= start for start, end in word_spans
        )
        restrained.append(dataclasses.replace(item, level=WARN) if is_held and item.level == BLOCK else item)
    return restrained


def passage_of(text: str, span: tuple[int, int]) -> str:
    """The sentence a finding stands in, on one line: what a written reason is given for."""
    ends = [match.end() for match in re.finditer(r"[.!?][\"')\]]*\s|\n\s*\n|\n(?=[-#|>:])", text)]
    start = max((end for end in ends if end <= span[0]), default=0)
    stop = min((end for end in ends if end >= span[1]), default=len(text))
    return " ".join(text[start:stop].split())


class _Spans:
    """Stretches of a text, asked whether one of them holds another stretch."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self.starts = [start for start, _ in ordered]
        self.furthest = list(accumulate((end for _, end in ordered), max))

    def hold(self, span: tuple[int, int]) -> bool:
        index = bisect.bisect_right(self.starts, span[0])
        return index > 0 and self.furthest[index - 1] >= span[1]

    def meet(self, span: tuple[int, int]) -> bool:
        """Whether one of them shares a character with this one."""
        index = bisect.bisect_left(self.starts, span[1])
        return index > 0 and self.furthest[index - 1] > span[0]


def _matches(read: str, places: Sequence[int], names: tuple[str, ...]) -> dict[str, list[ClaimFinding]]:
    """What each rule finds in one reading; `places` leads from its characters to those of the text."""
    met = [(rule, match) for rule in rules().values() for match in rule.pattern.finditer(read)]
    if not met:
        return {}
    small = read.lower()
    passed = _Spans(
        match.span()
        for spelling, name in _spellings(names)
        if spelling in small  # a quick no for nearly all
        for match in name.finditer(read)
    )
    by_rule: dict[str, list[ClaimFinding]] = {}
    for rule, match in met:
        if match.start() == match.end() or passed.hold(match.span()):
            continue
        level = WARN if rule.level == BLOCK and _is_negated(read, match.start()) else rule.level
        span = places[match.start()], places[match.end() - 1] + 1
        by_rule.setdefault(rule.id, []).append(ClaimFinding(rule.id, level, span))
    return by_rule


@cache
def _spellings(names: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Each name as it is written and as it is read: in small letters, and to search for."""
    spelled = {spelling for name in names for spelling in (name, _as_read(name)[0])}
    return [(spelling.lower(), re.compile(re.escape(spelling), re.IGNORECASE)) for spelling in spelled]


def _merged(written: list[ClaimFinding], read: list[ClaimFinding], *, has_terms: bool) -> list[ClaimFinding]:
    """One rule's findings of both readings. Where they meet, what is written counts.

    Only marks of glossary terms, which are no text at all, may not push a negation out of reach: `has_terms`.
    """
    merged = []
    waiting = read[::-1]
    for item in written:
        while waiting and waiting[-1].span[1] <= item.span[0]:
            merged.append(waiting.pop())
        if waiting and waiting[-1].span[0] < item.span[1]:
            seen = waiting.pop()
            item = dataclasses.replace(item, level=seen.level if has_terms else item.level)
        merged.append(item)
    return merged + waiting[::-1]


def _is_negated(read: str, start: int) -> bool:
    begin = max(0, start - NEGATION_REACH)
    for end in SENTENCE_END.finditer(read, begin, start):
        begin = end.end()
    return NEGATION.search(read, begin, start) is not None


def _judged_quotes(text: str) -> list[tuple[int, int]]:
    """Where claims are quoted and a verdict on them follows before the next quotation."""
    quotes = list(QUOTED.finditer(text))
    following = [*quotes[1:], None]
    return [
        quote.span(1)
        for quote, after in zip(quotes, following, strict=False)
        if VERDICT.search(text, quote.end(), after.start() if after else len(text))
    ]


def _as_read(text: str) -> tuple[str, Sequence[int]]:
    """The text as a visitor meets it, and for each of its characters the place it came from."""
    if not UNPLAIN.search(text):
        return text, range(len(text))
    read: list[str] = []
    places: list[int] = []
    done = 0
    for match in (*MARKUP.finditer(text), None):
        _read_on(text, done, match.start() if match else len(text), read, places)
        if match is None:
            break
        done = match.end()
        if match["term"]:
            _read_on(text, *match.span("term"), read, places)
        elif match["entity"]:
            for character in html.unescape(match["entity"]):
                _read_character(character, match.start(), read, places)
    return "".join(read), places


def _read_on(text: str, start: int, end: int, read: list[str], places: list[int]) -> None:
    for index in range(start, end):
        _read_character(text[index], index, read, places)


def _read_character(character: str, index: int, read: list[str], places: list[int]) -> None:
    if character in HIDDEN or unicodedata.category(character) == "Cf":
        return
    for item in unicodedata.normalize("NFKC", character).translate(SAME):
        if item.isspace() and item != "\n":
            item = " "
            if read and read[-1] == " ":
                continue
        read.append(item)
        places.append(index)
