"""What a page's words rest on: every source, statement, trial, term, answer and note they show or point to. Pure."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from education.blocks import page_sources
from education.library import Library
from education.markdown import parts, term_slugs


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
