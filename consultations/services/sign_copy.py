"""A sign of danger in words: the question, and the answer or tick that names it."""

from django.conf import settings
from django.utils.translation import gettext as _

from consultations.candidacy import asked_again
from consultations.candidacy.union import ASKED, Sign
from consultations.enums import Outcome
from consultations.questionnaire.definition import UnknownVersion, worded
from consultations.services.sources import SHOWN_RULE, UNREADABLE_RULE


def words_of(sign: Sign, *, version: str) -> tuple[str, str]:
    """What was asked, and what was said to it; the second is "" where one sentence says it all."""
    if sign.question == SHOWN_RULE:
        sentence = _("Shown “%(outcome)s” on the way; the answers were changed after that")
        return sentence % {"outcome": Outcome(sign.option).label}, ""
    if sign.question == UNREADABLE_RULE:
        return _("An assessment that cannot be read"), ""
    if sign.question == ASKED:
        return _("Ticked when asked again"), asked_again.ticks()[sign.option].words_in(settings.CLINIC_REGION)
    try:
        question = worded(version, settings.CLINIC_REGION)[sign.question]
    except (UnknownVersion, KeyError):
        return sign.question, sign.option
    label = next((option.label for option in question.options if option.code == sign.option), sign.option)
    return question.text, label if sign.option else _("No answer that can be read")


def line_of(sign: Sign, *, version: str) -> str:
    return " ".join(filter(None, words_of(sign, version=version)))
