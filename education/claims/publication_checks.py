"""What must hold before a page may be seen: everything it refers to exists, and nothing it needs is missing."""

import datetime
import re
from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from django.utils.text import slugify

from education.library import Library
from education.markup.blocks import BLOCKS, CONTAINERS, FIGURES, PLATES, columns_of, pair_of, steps_of
from education.markup.markdown import TOP_LEVEL, PagePart, cited_keys, cited_off, heading_levels, parts, term_slugs
from education.models import Page

SUMMARY_WORDS: Final = 35
ANSWER_WORDS: Final = 80
MOST_PHRASES: Final = 80
LONGEST_PHRASE: Final = 120
SOURCES_NEEDED: Final = 3
SOURCED_KINDS: Final = frozenset(
    {
        "topic",
        "condition",
        "treatment",
        "stemcells",
        "procedure",
        "risks",
        "evidence",
        "journey",
        "law",
        "cost",
        "stories",
    }
)
REFERENCE_BLOCKS: Final = ("evidence", "compare", "faq", "regulation", "figure")
NO_STATEMENT: Final = "It shows “{}”, which is no statement; correct its code."
NO_QUESTION: Final = "It shows “{}”, which is no question; correct its code."
GRADE_HOLDS: Final = {"stem_cell": datetime.timedelta(days=365), "comparator": datetime.timedelta(days=1095)}
"""How long after its search a grade may stand."""
KINDS: Final = tuple(Page.Kind.values)
FILLED: Final = ("title", "short_title", "summary", "body", "author")


def text_problems(text: str, library: Library) -> list[str]:
    """Citations and terms that lead nowhere, and sources nobody has read."""
    problems = []
    for key in cited_keys(text):
        if key not in library.sources:
            problems.append(
                f"It cites “{key}”, which is not in the source library; add the source, or correct the key."
            )
        elif not library.sources[key]["is_verified"]:
            problems.append(
                f"It cites “{key}” as a fact, but nobody has checked that source yet; have it checked, or cite another."
            )
    problems += _retracted(cited_keys(text), library)
    problems += [
        f"It links the term “{slug}”, which is not in the glossary; add the term, or take the link out."
        for slug in term_slugs(text)
        if slug not in library.terms
    ]
    return problems


def page_problems(page: Mapping[str, Any], library: Library, *, paths: set[str]) -> list[str]:
    """Everything that keeps a page from being published, in sentences; `paths` are the addresses that exist."""
    problems = text_problems(page["body"], library)
    problems += [f"“{name}” is empty; fill it in." for name in FILLED if not page[name]]
    if len(page["summary"].split()) > SUMMARY_WORDS:
        problems.append(f"The summary has more than {SUMMARY_WORDS} words; shorten it.")
    problems += record_problems({"sources": page["sources"]}, library)
    problems += _unknown(
        page["evidence"],
        library.evidence,
        "It rests on “{}”, which is no statement; correct its code.",
    )
    problems += [
        f"It points to {path}, which is no page; correct the address, or take it out."
        for path in page["related"]
        if path not in paths
    ]
    problems += _fact_problems(page["key_facts"])
    problems += _block_problems(page["body"], library)
    problems += _heading_problems(page["body"])
    if page["figure"] and page["figure"] not in PLATES:
        problems.append(
            f"There is no drawing “{page['figure']}”; choose one of {', '.join(PLATES)}, or leave it empty."
        )
    return problems + _kind_problems(page)


def _fact_problems(facts: Iterable[Any]) -> list[str]:
    problems = []
    for fact in facts:
        if not isinstance(fact, Mapping) or set(fact) != {"label", "text"} or not all(fact.values()):
            problems.append("A key fact needs a label and a text; fill in both.")
    return problems


def _kind_problems(page: Mapping[str, Any]) -> list[str]:
    """What only a page of its kind needs."""
    problems = []
    kind = page["kind"]
    if kind not in KINDS:
        # Every rule below asks for the kind by name: a page of none would meet none of them.
        problems.append(f"There is no kind “{kind}”; choose one of {', '.join(KINDS)}.")
    if kind in SOURCED_KINDS and len(page["sources"]) < SOURCES_NEEDED:
        problems.append(f"A page of this kind needs at least {SOURCES_NEEDED} sources; list their keys.")
    if kind in SOURCED_KINDS and not page["key_facts"]:
        problems.append("A page of this kind needs key facts; write three or four.")
    if kind == "condition" and not _has(page["body"], "care-card"):
        problems.append("A condition page needs the emergency card: ::: care-card :::.")
    if page["is_stem_cell_page"] and not page["evidence"]:
        problems.append("A stem-cell page needs graded statements; list their codes.")
    if page["is_stem_cell_page"] and not _has(page["body"], "regulatory"):
        problems.append("A stem-cell page needs the approval statement: ::: regulatory :::.")
    return problems


def grade_ends_on(statement: Mapping[str, Any]) -> datetime.date:
    """The last day on which a grade may stand without a new search."""
    ends: datetime.date = statement["searched_on"] + GRADE_HOLDS[statement["kind"]]
    return ends


def question_problems(question: Mapping[str, Any], library: Library) -> list[str]:
    problems = text_problems(question["answer"], library)
    if len(cited_off(question["answer"]).split()) > ANSWER_WORDS:
        problems.append(f"The answer has more than {ANSWER_WORDS} words; shorten it.")
    return problems


def regulation_problems(note: Mapping[str, Any], library: Library) -> list[str]:
    """What keeps a note on the law from readers: every sentence of law needs a source that somebody has read."""
    problems = text_problems(note["text"], library) + record_problems(note, library)
    if not cited_keys(note["text"]):
        problems.append("It cites no source; cite one as [@source_key].")
    if heading_levels(note["text"]):
        problems.append("It holds a heading, and its title is the only one; take the heading out.")
    return problems


def best_bet_problems(bet: Mapping[str, Any], library: Library, *, sections: Mapping[str, Container[str]]) -> list[str]:
    """What keeps a best bet from leading anywhere; `sections` holds the anchors of every address that exists."""
    path, _, anchor = bet["target"].partition("#")
    problems = []
    known = {"/faq/": library.questions, "/glossary/": library.terms}.get(path, sections.get(path, ()))
    if path not in sections:
        problems.append(f"It leads to {path}, which is no page; correct the address.")
    elif anchor and anchor not in known:
        problems.append(f"It leads to “#{anchor}”, which is not on {path}; correct it, or take it out.")
    if not bet["phrases"] and not bet["spanish"]:
        problems.append("Nobody can ask for it; write what people type, one a line.")
    asked = [*bet["phrases"], *bet["spanish"]]
    if len(asked) > MOST_PHRASES:
        problems.append(f"It has {len(asked)} phrases, and {MOST_PHRASES} are the most; take some out.")
    for phrase in asked:
        if not isinstance(phrase, str) or not any(letter.isalnum() for letter in phrase):
            problems.append(f"“{phrase}” holds no word; take it out.")
        elif len(phrase) > LONGEST_PHRASE:
            problems.append(f"“{phrase[:40]}…” is longer than {LONGEST_PHRASE} letters; shorten it.")
    return problems


def sections_of(body: str) -> frozenset[str]:
    """The anchors of a page's own headings, as search and contents lists lead to them."""
    return frozenset(slugify(heading) for heading in re.findall(r"^## +(.+?) *$", body, re.MULTILINE))


def record_problems(record: Mapping[str, Any], library: Library) -> list[str]:
    """Sources of a statement or trial that do not exist, and terms a term points to that do not."""
    problems = [
        f"It lists the source “{key}”, which does not exist; add the source, or correct the key."
        for key in record.get("sources", ())
        if key not in library.sources
    ]
    problems += _retracted(record.get("sources", ()), library)
    problems += [
        f"It points to the term “{slug}”, which does not exist; add the term, or take it out."
        for slug in record.get("see_also", ())
        if slug not in library.terms
    ]
    return problems


def _retracted(keys: Iterable[str], library: Library) -> list[str]:
    return [
        f"It rests on “{key}”, which its journal took back; take it out, and look at what it was cited for."
        for key in keys
        if key in library.sources and library.sources[key].get("retracted_on")
    ]


def _unknown(names: Iterable[str], known: Container[str], sentence: str) -> list[str]:
    return [sentence.format(name) for name in names if name not in known]


def _has(body: str, block: str) -> bool:
    return any(part.name == block for part in parts(body))


def _block_problems(body: str, library: Library) -> list[str]:
    problems = []
    for part in parts(body):
        if not part.name:
            continue
        if not part.is_closed:
            problems.append(f"The block “::: {part.name}” is never closed; put “:::” on a line after it.")
        if part.name not in BLOCKS:
            problems.append(f"“::: {part.name}” is no block we know; correct its name.")
        elif part.name in REFERENCE_BLOCKS:
            problems += _reference_problems(part, library)
        else:
            problems += _shape_problems(part)
    return problems


def _reference_problems(part: PagePart, library: Library) -> list[str]:
    """A block that shows what stands elsewhere."""
    if part.name in ("evidence", "compare"):
        return _unknown(part.text.split(), library.evidence, NO_STATEMENT)
    if part.name == "faq":
        return _unknown(part.text.split(), library.questions, NO_QUESTION)
    if part.name == "regulation" and not library.notes_on(part.text):
        return [f"There is no note about the law of “{part.text}”; add one, or take the block out."]
    if part.name == "figure" and part.text not in FIGURES:
        return [f"There is no figure “{part.text}”; choose one of {', '.join(FIGURES)}."]
    return []


def _shape_problems(part: PagePart) -> list[str]:
    """A block that is read piece by piece, or that holds a text."""
    if part.name == "pair" and pair_of(part.text) is None:
        return ["“::: pair” needs two numbers out of 100, two groups and what happened, with “|” between."]
    if part.name == "know" and len(columns_of(part.text)) != 2:
        return ["“::: know” needs two parts: what is known, and what nobody knows."]
    if part.name == "steps" and not steps_of(part.text):
        return ["“::: steps” needs steps that begin “### Title | when”."]
    if part.name in CONTAINERS and not part.text.strip():
        return [f"“::: {part.name}” is empty; fill it, or take it out."]
    return []


def _heading_problems(body: str) -> list[str]:
    """Headings a screen reader could not follow: a second title, or a level left out."""
    problems = []
    above = TOP_LEVEL - 1
    for part in parts(body):
        if part.name in ("", "note", "warning", "scenario"):
            for level in heading_levels(part.text):
                if level < TOP_LEVEL:
                    problems.append("A heading in the text begins with “##”: the page's title is the one above it.")
                elif level > above + 1:
                    problems.append(f"A heading of level {level} follows one of level {above}: a level is left out.")
                above = max(level, TOP_LEVEL)
        elif part.name not in ("care-card", "figure", "pair"):
            above = TOP_LEVEL
    return problems
