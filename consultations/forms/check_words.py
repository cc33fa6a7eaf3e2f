"""The short words around each question: what it is about, and what to do when it has no answer.

They are copy of the version that asks (`definitions/<version>.copy.toml`), never those of another.
"""

from typing import Final

from consultations.questionnaire import flow, page_copy
from consultations.questionnaire.definition import Question

NOTHING_CHOSEN_TWICE: Final = (
    "You chose “{none}” together with something else. Untick “{none}”, or untick the other answers."
)
TOO_LONG: Final = "Shorten your text to {limit} characters or fewer. It has {length} now."


def lead(screen: str, *, version: str) -> str:
    """The sentence under the heading of a screen; empty for most."""
    named = flow.screen_named(screen, version=version)
    return named.lead if named else ""


def short(question: Question) -> str:
    """What a "Change" link is about, after the word itself."""
    return page_copy.load(question.version).short[question.id].about


def missing(question: Question) -> str:
    return page_copy.load(question.version).short[question.id].missing
