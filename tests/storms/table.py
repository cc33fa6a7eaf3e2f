"""The table that storms end with: one line for each, over all its repetitions."""

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.storms.storm import Found

COLUMNS = (
    ("engine", 10), ("over", 7), ("paths", 34), ("people", 6), ("times", 5), ("storms", 6), ("doubles", 7),
    ("unsold", 6), ("late", 4), ("lost", 4), ("untrue", 6), ("errors", 6), ("slow", 4), ("seconds", 7), ("bare", 6),
    ("ratio", 5),
)  # fmt: skip


COUNTED = ("doubles", "unsold", "late", "lost", "untrue")


def head() -> str:
    return "  ".join(f"{name:<{width}}" for name, width in COLUMNS)


def line(found: Sequence["Found"], **about: object) -> str:
    """`about`: the columns before the counts. Counts are of all storms together, seconds the median, the ratio that of
    storm and bare rule, one by one.
    """
    counts = [sum(getattr(one, name) for one in found) for name in COUNTED]
    errors = Counter(error for one in found for error in one.errors)
    ratio = statistics.median(one.seconds / one.bare_seconds for one in found)
    values = (
        *(about[name] for name in ("engine", "over", "paths", "people", "times")), len(found), *counts, errors.total(),
        sum(one.slow for one in found),
        f"{statistics.median(one.seconds for one in found):.2f}",
        f"{statistics.median(one.bare_seconds for one in found):.2f}", f"{ratio:.1f}",
    )  # fmt: skip
    text = "  ".join(f"{value:<{width}}" for value, (_, width) in zip(values, COLUMNS, strict=True))
    return "\n".join([text, *(f"    {count} x {error}" for error, count in errors.most_common(10))])
