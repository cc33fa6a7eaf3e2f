"""What a page's words rest on: every source, statement, trial, term, answer and note they show or point to. Pure."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from education.library import Library
from education.markup.markdown import cited_keys, parts, term_slugs


@dataclasses.dataclass(frozen=True, slots=True)
class References:
    sources: frozenset[str]
    evidence: frozenset[str]
    trials: frozenset[str]
    terms: frozenset[str]
    questions: frozenset[str]
    regulations: frozenset[str]


def of(words: Mapping[str, Any], library: Library) -> References:
    """`words` holds at least `body`, `sources` and `evidence`, as a version keeps them."""
    body = words["body"]
    evidence = set(words["evidence"])
    trials: set[str] = set()
    questions: set[str] = set()
    regulations: set[str] = set()
    for part in parts(body):
        if part.name in ("evidence", "compare"):
            evidence |= set(part.text.split())
        elif part.name in ("evidence-table", "compare-all"):
            evidence |= set(library.evidence)
        elif part.name == "trials":
            trials |= set(library.trials)
        elif part.name == "faq":
            questions |= set(part.text.split())
        elif part.name == "regulation":
            regulations |= {
                key for key, note in library.regulations.items() if note["jurisdiction"] == part.text.strip()
            }
    return References(
        frozenset(page_sources(words["sources"], body, library)),
        frozenset(evidence),
        frozenset(trials),
        frozenset(term_slugs(body)),
        frozenset(questions),
        frozenset(regulations),
    )


def page_sources(listed: Iterable[str], body: str, library: Library) -> list[str]:
    """The keys a page's numbers follow: those it lists, then those of its text and of the records it shows."""
    keys = [*listed, *cited_keys(body)]
    for part in parts(body):
        if part.name in ("evidence", "compare"):
            codes = part.text.split()
        elif part.name in ("evidence-table", "compare-all"):
            codes = list(library.evidence)
        else:
            codes = []
        keys += [key for code in codes if code in library.evidence for key in library.evidence[code]["sources"]]
        if part.name == "trials":
            keys += [key for trial in library.trials.values() for key in trial["sources"]]
        if part.name == "regulation":
            notes = library.notes_on(part.text)
            keys += [key for note in notes for key in (*note["sources"], *cited_keys(note["text"]))]
        if part.name == "faq":
            questions = [library.questions[code] for code in part.text.split() if code in library.questions]
            keys += [key for question in questions for key in cited_keys(question["answer"])]
    return list(dict.fromkeys(keys))
