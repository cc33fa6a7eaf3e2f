"""The short words around each question: what it is about, and what to do when it has no answer.

They are copy of the version that asks (`definitions/<version>.copy.toml`), never those of another.
"""

from typing import Final

from django.utils.translation import gettext_lazy as _

from consultations.questionnaire import page_copy
from consultations.questionnaire.definition import QuestionnaireItem

NOTHING_CHOSEN_TWICE: Final = _(
    "You chose “%(none)s” together with something else. Untick “%(none)s”, or untick the other answers."
)
TOO_LONG: Final = _("Shorten your text to %(limit)s characters or fewer. It has %(length)s now.")


def short(question: QuestionnaireItem) -> str:
    """What a "Change" link is about, after the word itself."""
    return page_copy.load(question.version).short[question.id].about


def missing(question: QuestionnaireItem) -> str:
    return page_copy.load(question.version).short[question.id].missing
