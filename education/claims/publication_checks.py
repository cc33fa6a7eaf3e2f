"""What must hold before a page may be seen: everything it refers to exists, and nothing it needs is missing."""

import datetime
import re
from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.text_lists import comma_list
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
NO_STATEMENT: Final = _("It shows “%(code)s”, which is no statement; correct its code.")
NO_QUESTION: Final = _("It shows “%(code)s”, which is no question; correct its code.")
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
                gettext("It cites “%(key)s”, which is not in the source library; add the source, or correct the key.")
                % {"key": key}
            )
        elif not library.sources[key]["is_verified"]:
            problems.append(
                gettext(
                    "It cites “%(key)s” as a fact, but nobody has checked that source yet; have it checked, "
                    "or cite another."
                )
                % {"key": key}
            )
    problems += _retracted(cited_keys(text), library)
    problems += [
        gettext("It links the term “%(slug)s”, which is not in the glossary; add the term, or take the link out.")
        % {"slug": slug}
        for slug in term_slugs(text)
        if slug not in library.terms
    ]
    return problems


def page_problems(page: Mapping[str, Any], library: Library, *, paths: set[str]) -> list[str]:
    """Everything that keeps a page from being published, in sentences; `paths` are the addresses that exist."""
    problems = text_problems(page["body"], library)
    problems += [gettext("“%(name)s” is empty; fill it in.") % {"name": name} for name in FILLED if not page[name]]
    if len(page["summary"].split()) > SUMMARY_WORDS:
        problems.append(gettext("The summary has more than %(most)s words; shorten it.") % {"most": SUMMARY_WORDS})
    problems += record_problems({"sources": page["sources"]}, library)
    problems += _unknown(
        page["evidence"],
        library.evidence,
        gettext("It rests on “%(code)s”, which is no statement; correct its code."),
    )
    problems += [
        gettext("It points to %(path)s, which is no page; correct the address, or take it out.") % {"path": path}
        for path in page["related"]
        if path not in paths
    ]
    problems += _fact_problems(page["key_facts"])
    problems += _block_problems(page["body"], library)
    problems += _heading_problems(page["body"])
    if page["figure"] and page["figure"] not in PLATES:
        problems.append(
            gettext("There is no drawing “%(figure)s”; choose one of %(choices)s, or leave it empty.")
            % {"figure": page["figure"], "choices": comma_list(PLATES)}
        )
    return problems + _kind_problems(page)


def _fact_problems(facts: Iterable[Any]) -> list[str]:
    problems = []
    for fact in facts:
        if not isinstance(fact, Mapping) or set(fact) != {"label", "text"} or not all(fact.values()):
            problems.append(gettext("A key fact needs a label and a text; fill in both."))
    return problems


def _kind_problems(page: Mapping[str, Any]) -> list[str]:
    """What only a page of its kind needs."""
    problems = []
    kind = page["kind"]
    if kind not in KINDS:
        # Every rule below asks for the kind by name: a page of none would meet none of them.
        problems.append(
            gettext("There is no kind “%(kind)s”; choose one of %(choices)s.")
            % {"kind": kind, "choices": comma_list(KINDS)}
        )
    if kind in SOURCED_KINDS and len(page["sources"]) < SOURCES_NEEDED:
        problems.append(
            gettext("A page of this kind needs at least %(fewest)s sources; list their keys.")
            % {"fewest": SOURCES_NEEDED}
        )
    if kind in SOURCED_KINDS and not page["key_facts"]:
        problems.append(gettext("A page of this kind needs key facts; write three or four."))
    if kind == "condition" and not _has(page["body"], "care-card"):
        problems.append(gettext("A condition page needs the emergency card: ::: care-card :::."))
    if page["is_stem_cell_page"] and not page["evidence"]:
        problems.append(gettext("A stem-cell page needs graded statements; list their codes."))
    if page["is_stem_cell_page"] and not _has(page["body"], "regulatory"):
        problems.append(gettext("A stem-cell page needs the approval statement: ::: regulatory :::."))
    return problems


def grade_ends_on(statement: Mapping[str, Any]) -> datetime.date:
    """The last day on which a grade may stand without a new search."""
    ends: datetime.date = statement["searched_on"] + GRADE_HOLDS[statement["kind"]]
    return ends


def question_problems(question: Mapping[str, Any], library: Library) -> list[str]:
    problems = text_problems(question["answer"], library)
    if len(cited_off(question["answer"]).split()) > ANSWER_WORDS:
        problems.append(gettext("The answer has more than %(most)s words; shorten it.") % {"most": ANSWER_WORDS})
    return problems


def regulation_problems(note: Mapping[str, Any], library: Library) -> list[str]:
    """What keeps a note on the law from readers: every sentence of law needs a source that somebody has read."""
    problems = text_problems(note["text"], library) + record_problems(note, library)
    if not cited_keys(note["text"]):
        problems.append(gettext("It cites no source; cite one as [@source_key]."))
    if heading_levels(note["text"]):
        problems.append(gettext("It holds a heading, and its title is the only one; take the heading out."))
    return problems


def best_bet_problems(bet: Mapping[str, Any], library: Library, *, sections: Mapping[str, Container[str]]) -> list[str]:
    """What keeps a best bet from leading anywhere; `sections` holds the anchors of every address that exists."""
    path, _hash, anchor = bet["target"].partition("#")
    problems = []
    known = {"/faq/": library.questions, "/glossary/": library.terms}.get(path, sections.get(path, ()))
    if path not in sections:
        problems.append(gettext("It leads to %(path)s, which is no page; correct the address.") % {"path": path})
    elif anchor and anchor not in known:
        problems.append(
            gettext("It leads to “#%(anchor)s”, which is not on %(path)s; correct it, or take it out.")
            % {"anchor": anchor, "path": path}
        )
    if not bet["phrases"] and not bet["spanish"]:
        problems.append(gettext("Nobody can ask for it; write what people type, one a line."))
    asked = [*bet["phrases"], *bet["spanish"]]
    if len(asked) > MOST_PHRASES:
        problems.append(
            gettext("It has %(count)s phrases, and %(most)s are the most; take some out.")
            % {"count": len(asked), "most": MOST_PHRASES}
        )
    for phrase in asked:
        if not isinstance(phrase, str) or not any(letter.isalnum() for letter in phrase):
            problems.append(gettext("“%(phrase)s” holds no word; take it out.") % {"phrase": phrase})
        elif len(phrase) > LONGEST_PHRASE:
            problems.append(
                gettext("“%(phrase)s…” is longer than %(longest)s letters; shorten it.")
                % {"phrase": phrase[:40], "longest": LONGEST_PHRASE}
            )
    return problems


def sections_of(body: str) -> frozenset[str]:
    """The anchors of a page's own headings, as search and contents lists lead to them."""
    return frozenset(slugify(heading) for heading in re.findall(r"^## +(.+?) *$", body, re.MULTILINE))


def record_problems(record: Mapping[str, Any], library: Library) -> list[str]:
    """Sources of a statement or trial that do not exist, and terms a term points to that do not."""
    problems = [
        gettext("It lists the source “%(key)s”, which does not exist; add the source, or correct the key.")
        % {"key": key}
        for key in record.get("sources", ())
        if key not in library.sources
    ]
    problems += _retracted(record.get("sources", ()), library)
    problems += [
        gettext("It points to the term “%(slug)s”, which does not exist; add the term, or take it out.")
        % {"slug": slug}
        for slug in record.get("see_also", ())
        if slug not in library.terms
    ]
    return problems


def _retracted(keys: Iterable[str], library: Library) -> list[str]:
    return [
        gettext("It rests on “%(key)s”, which its journal took back; take it out, and look at what it was cited for.")
        % {"key": key}
        for key in keys
        if key in library.sources and library.sources[key].get("retracted_on")
    ]


def _unknown(names: Iterable[str], known: Container[str], sentence: str) -> list[str]:
    return [sentence % {"code": name} for name in names if name not in known]


def _has(body: str, block: str) -> bool:
    return any(part.name == block for part in parts(body))


def _block_problems(body: str, library: Library) -> list[str]:
    problems = []
    for part in parts(body):
        if not part.name:
            continue
        if not part.is_closed:
            problems.append(
                gettext("The block “::: %(name)s” is never closed; put “:::” on a line after it.") % {"name": part.name}
            )
        if part.name not in BLOCKS:
            problems.append(gettext("“::: %(name)s” is no block we know; correct its name.") % {"name": part.name})
        elif part.name in REFERENCE_BLOCKS:
            problems += _reference_problems(part, library)
        else:
            problems += _shape_problems(part)
    return problems


def _reference_problems(part: PagePart, library: Library) -> list[str]:
    """A block that shows what stands elsewhere."""
    if part.name in ("evidence", "compare"):
        return _unknown(part.text.split(), library.evidence, str(NO_STATEMENT))
    if part.name == "faq":
        return _unknown(part.text.split(), library.questions, str(NO_QUESTION))
    if part.name == "regulation" and not library.notes_on(part.text):
        message = gettext("There is no note about the law of “%(text)s”; add one, or take the block out.")
        return [message % {"text": part.text}]
    if part.name == "figure" and part.text not in FIGURES:
        message = gettext("There is no figure “%(text)s”; choose one of %(choices)s.")
        return [message % {"text": part.text, "choices": comma_list(FIGURES)}]
    return []


def _shape_problems(part: PagePart) -> list[str]:
    """A block that is read piece by piece, or that holds a text."""
    if part.name == "pair" and pair_of(part.text) is None:
        return [gettext("“::: pair” needs two numbers out of 100, two groups and what happened, with “|” between.")]
    if part.name == "know" and len(columns_of(part.text)) != 2:
        return [gettext("“::: know” needs two parts: what is known, and what nobody knows.")]
    if part.name == "steps" and not steps_of(part.text):
        return [gettext("“::: steps” needs steps that begin “### Title | when”.")]
    if part.name in CONTAINERS and not part.text.strip():
        return [gettext("“::: %(name)s” is empty; fill it, or take it out.") % {"name": part.name}]
    return []


def _heading_problems(body: str) -> list[str]:
    """Headings a screen reader could not follow: a second title, or a level left out."""
    problems = []
    above = TOP_LEVEL - 1
    for part in parts(body):
        if part.name in ("", "note", "warning", "scenario"):
            for level in heading_levels(part.text):
                if level < TOP_LEVEL:
                    problems.append(
                        gettext("A heading in the text begins with “##”: the page's title is the one above it.")
                    )
                elif level > above + 1:
                    problems.append(
                        gettext("A heading of level %(level)s follows one of level %(above)s: a level is left out.")
                        % {"level": level, "above": above}
                    )
                above = max(level, TOP_LEVEL)
        elif part.name not in ("care-card", "figure", "pair"):
            above = TOP_LEVEL
    return problems
