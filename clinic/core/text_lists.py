"""The one place that puts several things into one sentence or line: "a, b and c", "a, b or c", "a, b, c", "a; b; c".

Whole sentences become one text here too.
"""

from collections.abc import Iterable

from django.utils.text import get_text_list
from django.utils.translation import pgettext


def and_list(items: Iterable[object]) -> str:
    """ "a", "a and b", "a, b and c"; "" of nothing."""
    # Translators: stands before the last of several things, as in "a, b and c".
    return get_text_list([str(item) for item in items], pgettext("between the last two of a list", "and"))


def or_list(items: Iterable[object]) -> str:
    """ "a", "a or b", "a, b or c"; "" of nothing."""
    # Translators: stands before the last of several things, as in "a, b or c".
    return get_text_list([str(item) for item in items], pgettext("between the last two of a list", "or"))


def comma_list(items: Iterable[object]) -> str:
    """ "a, b, c": things of one kind, where no sentence goes around them."""
    return pgettext("between the things of a list", ", ").join(map(str, items))


def semicolon_list(items: Iterable[object]) -> str:
    """ "a; b, c; d": things that may hold commas themselves."""
    return pgettext("between the things of a list", "; ").join(map(str, items))


def paragraph(sentences: Iterable[object]) -> str:
    """Whole sentences one after the other; empty ones are left out."""
    return pgettext("between two sentences", " ").join(text for text in map(str, sentences) if text)
