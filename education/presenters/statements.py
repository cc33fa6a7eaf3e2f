"""How a graded statement is said to readers: its direction beside its grade, and no editors' labels. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from clinic.core.text_lists import comma_list

NATURAL_COURSE: Final = {
    "acute": "T16",
    "chronic": "T17",
    "ddd": "T19",
    "sciatica": "T18",
    "herniated": "T18",
    "stenosis": "T20",
    "facet": "T21",
}
"""Condition -> the statement on what happens with no new treatment. It differs too much for one to serve all."""
COURSES: Final = frozenset(NATURAL_COURSE.values())
DIRECTION_WORDS: Final = {
    "helps": _("Better"),
    "no_difference": _("Little or no difference"),
    "harms": _("Harm reported"),
    "unclear": _("Not known"),
}
"""What was found. A grade alone says how sure it is, and can be read as the finding itself."""
UNTESTED: Final = _("Not fairly tested")
UNSAID: Final = ("Any outcome", "Any time", "Guideline advice", "Not stated", "Anything else")
"""What editors write where a statement has no such thing; to a reader it says nothing."""


def direction_words(record: Mapping[str, Any] | None) -> str:
    """The direction of a statement in words; of none, and of one without a fair test, that it is untested."""
    if record is None or record["grade"] == 0:
        return str(UNTESTED)
    return str(DIRECTION_WORDS[record["direction"]]) if record["grade"] > 0 else ""


def reader_words(record: Mapping[str, Any]) -> dict[str, Any]:
    """What readers see of a statement beside its own fields."""
    measured = [record[name] for name in ("outcome", "timepoint") if _says_something(record[name])]
    return {
        "direction_words": "" if record["code"] in COURSES else direction_words(record),
        "measured": comma_list([*measured[:1], *(part[:1].lower() + part[1:] for part in measured[1:])]),
        "compared_with": record["comparator"] if _says_something(record["comparator"]) else "",
        "why_not_higher": record["downgrade_reasons"] if record["grade"] > 0 else "",
        "is_course": record["code"] in COURSES,
    }


def _says_something(text: str) -> bool:
    return bool(text) and not text.startswith(UNSAID)
