"""The short words around each question: what it is about, and what to do when it has no answer.

They are copy of the version that asks (`definitions/<version>.copy.toml`), never those of another.
"""

from typing import Final

from consultations.questionnaire import page_copy
from consultations.questionnaire.definition import Question

NOTHING_CHOSEN_TWICE: Final = (
    "You chose “{none}” together with something else. Untick “{none}”, or untick the other answers."
)
TOO_LONG: Final = "Shorten your text to {limit} characters or fewer. It has {length} now."


def short(question: Question) -> str:
    """What a "Change" link is about, after the word itself."""
    return page_copy.load(question.version).short[question.id].about


def missing(question: Question) -> str:
    return page_copy.load(question.version).short[question.id].missing
