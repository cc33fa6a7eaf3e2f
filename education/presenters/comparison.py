"""Two versions of a page side by side: paragraph by paragraph, with the words that differ marked. Pure."""

import dataclasses
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

FIELDS: Final = {
    "title": "Title",
    "short_title": "Short title",
    "summary": "Summary",
    "key_facts": "Key facts",
    "body": "Body",
    "evidence": "Statements",
    "sources": "Sources",
    "related": "Related pages",
    "figure": "Drawing",
    "is_stem_cell_page": "About stem cells",
    "author": "Author",
    "beside": "Printed beside it",
}
Run = tuple[str, bool]
"""Some words, and whether the other version lacks them."""


@dataclasses.dataclass(frozen=True, slots=True)
class ChangedField:
    field: str
    older: tuple[Run, ...]
    newer: tuple[Run, ...]

    @property
    def differs(self) -> bool:
        return any(is_new for _, is_new in (*self.older, *self.newer))


def side_by_side(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[ChangedField]:
    """The paragraphs that differ, each field in its order; nothing for fields that are alike."""
    rows = []
    for name, label in FIELDS.items():
        before, after = _paragraphs(older.get(name)), _paragraphs(newer.get(name))
        rows += [ChangedField(label, *pair) for pair in _pairs(before, after)]
    return [row for row in rows if row.differs]


def _paragraphs(value: Any) -> list[str]:
    if value in (None, "", [], {}):
        return []
    if isinstance(value, str):
        return [" ".join(item.split()) for item in re.split(r"\n\s*\n", value) if item.strip()]
    if isinstance(value, Mapping):
        return [f"{key}: {text}" for key, text in value.items()]
    if isinstance(value, Sequence):
        return [f"{item['label']}: {item['text']}" if isinstance(item, Mapping) else str(item) for item in value]
    return [str(value)]


def _pairs(before: list[str], after: list[str]) -> Iterator[tuple[tuple[Run, ...], tuple[Run, ...]]]:
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        left, right = before[a:b], after[c:d]
        for place in range(max(len(left), len(right))):
            yield _words(left[place] if place < len(left) else "", right[place] if place < len(right) else "")


def _words(before: str, after: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Both paragraphs in runs of words; a run only one of them holds is marked."""
    one, other = re.findall(r"\S+\s*", before), re.findall(r"\S+\s*", after)
    left: list[Run] = []
    right: list[Run] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if b > a:
            left.append(("".join(one[a:b]), kind != "equal"))
        if d > c:
            right.append(("".join(other[c:d]), kind != "equal"))
    return tuple(left), tuple(right)
