"""The one place that puts several things into a sentence: "a, b and c", "a, b or c"."""

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
