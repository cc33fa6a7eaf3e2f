"""What a record says to visitors, what in it claims too much, and what a page leaves out that it owes its readers.

Pure: records are mappings of field values, as the loader and the models hand them over.
"""

import dataclasses
import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from education.claims import linter
from education.library import Library
from education.markup.markdown import cited_off, parts

READ_BY_VISITORS: Final[dict[str, tuple[str, ...]]] = {
    "pages": ("title", "short_title", "summary", "body", "key_facts", "author", "change_note"),
    "questions": ("question", "answer"),
    "evidence": (
        "treatment", "comparator", "outcome", "timepoint", "plain_text", "size_text", "harms_text",
        "downgrade_reasons",
    ),
    "terms": ("term", "definition"),
    "trials": ("name", "cells", "control", "status", "finding"),
    "regulations": ("body", "title", "text", "owner"),
}  # fmt: skip
"""The fields of each table that a visitor meets. Sources are let through: their titles are other people's. So are best
bets: nobody is shown them, and people who type a promise they were made must find what we say of it."""
KEYS: Final = {
    "pages": "key",
    "questions": "code",
    "evidence": "code",
    "terms": "slug",
    "trials": "key",
    "regulations": "key",
}
TRIAL_FRESH: Final = datetime.timedelta(days=90)
HARMS_SHARE: Final = 0.7
LOW: Final = 2
LIMITS: Final = {True: 12, False: 36}
"""Months to the next review: of a stem-cell page, and of any other."""
BENEFIT: Final = re.compile(
    r"\b(less pain|felt better|feel better|got better|improv\w+|eas(e|es|ed|ing)|reliev\w+|reduc(e|es|ed) pain|"
    r"helps? (with )?(pain|people)|better (function|daily)|recover(s|ed|y)?)\b",
    re.IGNORECASE,
)
HARM: Final = re.compile(
    r"\b(harm\w*|infect\w+|abscess\w*|bleed\w*|nerve damage|damag\w+|problems?|side effects?|unwanted|soreness|sore|"
    r"worse|weakness|numb\w*|death|died|blind\w*|growths?|risk\w*|fever|emergency|complications?|not known|"
    r"nobody knows|do not know|unknown|danger\w*|tumou?rs?|addict\w+|ulcers?)\b",
    re.IGNORECASE,
)
HARM_HEADING: Final = re.compile(
    r"^#{2,4} .*\b(harm\w*|risks?|problems?|unwanted|side effects?|go wrong|safety|safe|after-effects|"
    r"warning|costs? of)",
    re.IGNORECASE | re.MULTILINE,
)
COUNT: Final = re.compile(
    r"\b\d{1,3} (of|in|out of) (every )?\d{2,5}\b|\b\d{1,3}(\.\d+)? ?(%|per ?cent)", re.IGNORECASE
)
HALVED: Final = re.compile(r"\b(pain|disability) (had |has |was )?halved\b", re.IGNORECASE)
COMPARED: Final = re.compile(
    r"\b(against|than|compared|either way|whatever|or with|by itself|versus|instead|without|pretend|sham|both|"
    r"(each|other|same) group|no (new )?(treatment|operation|surgery))\b",
    re.IGNORECASE,
)
TIMED: Final = re.compile(
    r"\b(after|at|within|by|over|in|for) .{0,30}\b(day|week|month|year|time)s?\b|\b(weeks?|months?|years?)\b",
    re.IGNORECASE,
)
NO_EVENTS: Final = re.compile(
    r"\b(no|without( any)?) serious (adverse |side |unwanted )?(events?|effects?|harms?|problems?|complications?)\b",
    re.IGNORECASE,
)
RULE_OF_THREE: Final = re.compile(
    r"rule of three|(could|can|may) still (be|mean) (about |up to |as (many|high) as )?\d+", re.IGNORECASE
)
BOOKING: Final = re.compile(r"(\]\(|\]:\s*|<)<?(https?://[^/\s)>]+)?/(check|request)\b", re.IGNORECASE)
EFFECT: Final = re.compile(r"\b(does(?! not)|improves?|reduces?|relieves?|helps|eases|works)\b", re.IGNORECASE)
ABSOLUTE: Final = re.compile(r"\b(will|proves?|certainly|always)\b", re.IGNORECASE)
HEDGES: Final = {
    0: re.compile(r"\bno study found\b|\bdo not know\b", re.IGNORECASE),
    1: re.compile(r"\bdo not know\b|\bnobody knows\b|\bno study found\b", re.IGNORECASE),
    2: re.compile(r"\bmay\b|\bmight\b|\bdo not know\b", re.IGNORECASE),
    3: re.compile(r"\bprobably\b|\bmay\b|\bmight\b|\bdo not know\b", re.IGNORECASE),
}
"""What a statement must say, by its grade: 0 no study, 1 very low, 2 low, 3 moderate certainty. Saying less is fine."""


@dataclasses.dataclass(frozen=True, slots=True)
class Waiver:
    """A written reason why a warned wording may stand, until the next review."""

    where: str
    rule: str
    passage: str
    reason: str
    until: datetime.date

    @property
    def digest(self) -> str:
        return passage_digest(self.passage)


@dataclasses.dataclass(frozen=True, slots=True)
class Remark:
    """One finding in one text of one record. `where` is table, key and field; positive checks have no span."""

    where: str
    rule: str
    level: str
    passage: str
    words: str
    why: str
    instead: str
    span: tuple[int, int] | None = None

    @property
    def digest(self) -> str:
        return passage_digest(self.passage)


def passage_digest(passage: str) -> str:
    """What a reason is bound to: change a letter of the sentence and it has to be given anew."""
    return hashlib.sha256(passage.encode()).hexdigest()[:32]


def texts_of(table: str, record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each text of a record that a visitor meets, with its place: `pages.stem-cells.body`."""
    stem = f"{table}.{record[KEYS[table]]}"
    for name in READ_BY_VISITORS.get(table, ()):
        value = record.get(name)
        if name == "key_facts":
            for number, fact in enumerate(value or (), start=1):
                if isinstance(fact, Mapping):
                    yield f"{stem}.{name}.{number}", ": ".join((fact.get("label", ""), fact.get("text", "")))
        elif value:
            yield f"{stem}.{name}", str(value)


def remarks_of(table: str, record: Mapping[str, Any], library: Library, *, today: datetime.date) -> list[Remark]:
    """Everything the claims rules find in a record, and what a page leaves out."""
    is_cited = table != "pages" and bool(record.get("sources"))
    remarks = remarks_in(texts_of(table, record), library, is_cited=is_cited)
    if table == "pages":
        remarks += _left_out(record, library, today)
    elif table == "evidence":
        remarks += _too_sure(record)
    return remarks


def remarks_in(texts: Iterable[tuple[str, str]], library: Library, *, is_cited: bool = False) -> list[Remark]:
    """What the claims rules find in texts that come with their places."""
    titles = [source["title"] for source in library.sources.values()]
    return [
        Remark(
            where,
            finding.rule,
            finding.level,
            linter.passage_of(text, finding.span),
            text[slice(*finding.span)],
            *linter.advice(finding.rule),
            finding.span,
        )
        for where, text in texts
        for finding in linter.find(text, names=titles, is_cited=is_cited)
    ]


def still_open(remarks: Iterable[Remark], waivers: Iterable[Waiver], *, today: datetime.date) -> list[Remark]:
    """The remarks that stop publication: every block, and every warning without a reason that still holds."""
    waived = {
        (waiver.where, waiver.rule, waiver.digest)
        for waiver in waivers
        if waiver.reason.strip() and waiver.until >= today
    }
    return [
        remark
        for remark in remarks
        if remark.level == linter.BLOCK or (remark.where, remark.rule, remark.digest) not in waived
    ]


def _left_out(page: Mapping[str, Any], library: Library, today: datetime.date) -> Iterator[Remark]:
    """The positive checks: each says what the page owes its readers. P5, P6, P7 and P13 stand in `rules`."""
    sentences = _sentences(page["body"])
    yield from _unbalanced(page, sentences)
    yield from _unreviewed(page)
    yield from _half_told_numbers(page, sentences)
    yield from _booking_beside_stem_cells(page)
    yield from _old_trials(page, library, today)
    yield from _no_law(page)


def _owes(page: Mapping[str, Any], rule: str, what: str, instead: str) -> Remark:
    return Remark(_where(page), rule, linter.BLOCK, what, "", what, instead)


def _where(page: Mapping[str, Any]) -> str:
    return f"pages.{page['key']}"


def _names(page: Mapping[str, Any]) -> set[str]:
    return {part.name for part in parts(page["body"])}


def _unbalanced(page: Mapping[str, Any], sentences: Sequence[str]) -> Iterator[Remark]:
    """Benefit without a grade, without harm, or without another choice."""
    body, kind = page["body"], page["kind"]
    benefits = [item for item in sentences if BENEFIT.search(item) and not HARM.search(item)]
    harms = [item for item in sentences if HARM.search(item)]
    weighs = kind in ("condition", "treatment", "stemcells", "procedure", "evidence")
    if weighs and benefits and not page["evidence"]:
        yield _owes(
            page,
            "P1",
            _("The page speaks of benefit and rests on no graded statement."),
            _("List its codes in “evidence”."),
        )
    if kind in ("treatment", "procedure", "risks") and benefits and not HARM_HEADING.search(body):
        yield _owes(
            page,
            "P2",
            _("The page speaks of benefit and has no heading about harm."),
            _("Add one, with what is known."),
        )
    said = sum(len(item.split()) for item in benefits)
    if weighs and page["is_stem_cell_page"] and sum(len(item.split()) for item in harms) < HARMS_SHARE * said:
        yield _owes(
            page, "P3", _("Harm gets less than 70 words for every 100 about benefit."), _("Say more of harm, or less.")
        )
    if (
        kind in ("condition", "treatment")
        and not _names(page) & {"compare", "compare-all"}
        and "no new treatment" not in body.lower()
    ):
        yield _owes(
            page,
            "P4",
            _("The page names no other choice."),
            _("Add “::: compare …”, which names no new treatment too."),
        )


def _unreviewed(page: Mapping[str, Any]) -> Iterator[Remark]:
    months = LIMITS[bool(page["is_stem_cell_page"])]
    if not 1 <= page["review_months"] <= months:
        yield _owes(
            page,
            "P9",
            _("The next review is more than %(months)s months away.") % {"months": months},
            _("Set %(months)s or fewer.") % {"months": months},
        )


def _half_told_numbers(page: Mapping[str, Any], sentences: Sequence[str]) -> Iterator[Remark]:
    body = page["body"]
    for item in sentences:
        if COUNT.search(item) and (BENEFIT.search(item) or HALVED.search(item)):
            around = _around(body, item)
            if not ((COMPARED.search(around) or len(COUNT.findall(around)) > 1) and TIMED.search(around)):
                yield Remark(
                    _where(page), "P11", linter.BLOCK, item, item,
                    _("A number about benefit without the other group or the time."),
                    _("Give both groups, out of the same number, and when it was measured."),
                )  # fmt: skip
    if NO_EVENTS.search(cited_off(body)) and not RULE_OF_THREE.search(body):
        yield _owes(
            page, "P12", _("“No serious events” stands without what it may still hide."),
            _("Add the rule of three: none of 58 can still mean 5 in 100."),
        )  # fmt: skip


def _booking_beside_stem_cells(page: Mapping[str, Any]) -> Iterator[Remark]:
    if (page["is_stem_cell_page"] or page["kind"] == "stories") and BOOKING.search(page["body"]):
        yield _owes(
            page, "P14", _("A page on stem cells or on stories leads to booking."),
            _("Take the link out."),
        )  # fmt: skip


def _old_trials(page: Mapping[str, Any], library: Library, today: datetime.date) -> Iterator[Remark]:
    if "trials" in _names(page):
        late = [
            trial["name"] for trial in library.trials.values()
            if trial.get("checked_on") and today - trial["checked_on"] > TRIAL_FRESH
        ]  # fmt: skip
        if late:
            yield Remark(
                _where(page), "P15", linter.WARN, "; ".join(late), "; ".join(late),
                _("These trials were last looked at more than 90 days ago."),
                _("Look at their records, and set the day."),
            )  # fmt: skip


def _no_law(page: Mapping[str, Any]) -> Iterator[Remark]:
    if page["is_stem_cell_page"] and "regulatory" not in _names(page):
        yield _owes(
            page, "P16", _("What the law says where the clinic works is missing."), _("Add “::: regulatory :::”.")
        )


def surer_than(text: str, grade: int) -> re.Match[str] | None:
    """The first verb in a text that says more than a grade holds."""
    hedge = HEDGES.get(grade)
    if hedge is None:
        return None
    for sentence in re.finditer(r"[^.!?]+", text):
        for verb in (*ABSOLUTE.finditer(text, *sentence.span()), *EFFECT.finditer(text, *sentence.span())):
            before = text[sentence.start() : verb.start()]
            is_held = linter.NEGATION.search(before) or (EFFECT.fullmatch(verb[0]) and hedge.search(before))
            if not is_held and (grade <= LOW or EFFECT.fullmatch(verb[0])):
                return verb
    return None


def _too_sure(statement: Mapping[str, Any]) -> Iterator[Remark]:
    """P10: a statement that does not say how sure it is, or a verb that says more than the grade."""
    text, grade = statement["plain_text"], statement["grade"]
    hedge = HEDGES.get(grade)
    if hedge is None:
        return
    match = (None if hedge.search(text) else re.match(r"[^.!?]*", text)) or surer_than(text, grade)
    if match:
        yield Remark(
            f"evidence.{statement['code']}.plain_text", "P10", linter.BLOCK, text, match[0],
            _("The words are surer than the grade."),
            _("Moderate: “probably”. Low: “may”. Very low: “we do not know”. None: “No study found”."), match.span(),
        )  # fmt: skip


def _sentences(body: str) -> list[str]:
    """The sentences of the running text, without citations, headings and blocks."""
    plain = "\n\n".join(part.text for part in parts(body) if part.name in ("", "note", "warning"))
    plain = re.sub(r"\[\[[a-z0-9-]+\\?\|([^\]]+)\]\]", r"\1", cited_off(plain))
    plain = re.sub(r"^#{1,6} .*$", "", plain, flags=re.MULTILINE)
    pieces = re.split(r"(?<=[.!?])\s+|\n\s*\n|\n(?=[-|])", plain)
    return [" ".join(item.split()) for item in pieces if item.strip()]


def _around(body: str, sentence: str) -> str:
    """The paragraph a sentence stands in, without citations."""
    plain = re.sub(r"\[\[[a-z0-9-]+\\?\|([^\]]+)\]\]", r"\1", cited_off(body))
    for paragraph in re.split(r"\n\s*\n", plain):
        line = " ".join(paragraph.split())
        if sentence in line:
            return line
    return sentence
