"""Two versions of a page side by side: paragraph by paragraph, with the words that differ marked. Pure."""

import dataclasses
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

FIELDS: Final = {
    "title": _("Title"),
    "short_title": _("Short title"),
    "summary": _("Summary"),
    "key_facts": _("Key facts"),
    "body": _("Body"),
    "evidence": _("Statements"),
    "sources": _("Sources"),
    "related": _("Related pages"),
    "figure": _("Drawing"),
    "is_stem_cell_page": _("About stem cells"),
    "author": _("Author"),
    "beside": _("Printed beside it"),
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
        return any(is_new for _words, is_new in (*self.older, *self.newer))


def side_by_side(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[ChangedField]:
    """The paragraphs that differ, each field in its order; nothing for fields that are alike."""
    rows = []
    for name, label in FIELDS.items():
        before, after = _paragraphs(older.get(name)), _paragraphs(newer.get(name))
        rows += [ChangedField(str(label), *pair) for pair in _pairs(before, after)]
    return [row for row in rows if row.differs]


def _paragraphs(value: Any) -> list[str]:
    if value in (None, "", [], {}):
        return []
    if isinstance(value, str):
        return [" ".join(item.split()) for item in re.split(r"\n\s*\n", value) if item.strip()]
    if isinstance(value, Mapping):
        return [gettext("%(key)s: %(text)s") % {"key": key, "text": text} for key, text in value.items()]
    if isinstance(value, Sequence):
        return [
            gettext("%(label)s: %(text)s") % {"label": item["label"], "text": item["text"]}
            if isinstance(item, Mapping)
            else str(item)
            for item in value
        ]
    return [str(value)]


def _pairs(before: list[str], after: list[str]) -> Iterator[tuple[tuple[Run, ...], tuple[Run, ...]]]:
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        left, right = before[a:b], after[c:d]
        for index in range(max(len(left), len(right))):
            yield _words(left[index] if index < len(left) else "", right[index] if index < len(right) else "")


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
