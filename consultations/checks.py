"""System checks of the questionnaire and the rules: nothing starts on a file that a patient would find broken.

Whoever looks after the server reads them, in English, as every other output of a command.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from clinic.core import defaults
from clinic.core.name_folding import has_letter
from clinic.core.text_lists import and_list
from consultations.candidacy import engine, rules
from consultations.candidacy.rules import RuleError, UnknownRuleset
from consultations.questionnaire import definition, page_copy
from consultations.questionnaire.definition import DefinitionError, UnknownVersion
from consultations.services import target_order as targets

UNCHANGED = "A published version is never changed: put the file back as it was, and publish a change as a new version."
UNJUDGED = (
    "Give a new version its row in RULESET_OF_QUESTIONNAIRE (consultations/candidacy/engine.py), to rules about it."
)


@register("clinic")
def check_questionnaires(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Every version there is a file of, and the one that new sessions are begun on, can be read and asked."""
    messages: list[CheckMessage] = []
    for version in sorted({*definition.versions(), *page_copy.versions(), definition.CURRENT_VERSION}):
        messages += _problem("consultations.E001", partial(_ask_all, version))
    return messages


@register("clinic")
def check_rules(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Every set of rules can be read, and every questionnaire is judged by rules that are about it."""
    messages: list[CheckMessage] = []
    for version in sorted({*rules.versions(), *engine.RULESET_OF_QUESTIONNAIRE.values()}):
        messages += _problem("consultations.E002", partial(rules.load, version))
    if not messages:
        for version in sorted({*definition.versions(), *engine.RULESET_OF_QUESTIONNAIRE}):
            messages += _problem("consultations.E003", partial(_judge, version))
    return messages


@register("clinic")
def check_signatures(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """No patient is judged by rules that nobody signed, unless somebody is named who accepts that."""
    if settings.DEBUG or has_letter(settings.UNSIGNED_RULES_ACCEPTED_BY):
        return []
    unsigned = [version for version in sorted(set(engine.RULESET_OF_QUESTIONNAIRE.values())) if _is_unsigned(version)]
    if not unsigned:
        return []
    return [
        Error(
            f"The medical director has not signed the rules {and_list(unsigned)}.",
            hint="Have them signed (signed_by in the file), or set UNSIGNED_RULES_ACCEPTED_BY to the name of whoever "
            "accepts that patients are judged by them. Staff pages show that name.",
            id="consultations.E004",
        )
    ]


def _is_unsigned(version: str) -> bool:
    """Rules that cannot be read are told by `check_rules`."""
    try:
        return not rules.load(version).signed_by
    except (DefinitionError, RuleError, UnknownVersion, UnknownRuleset):
        return False


def _ask_all(version: str) -> None:
    """The copy fits the questions, and every regional wording is of a region that a clinic can be in."""
    page_copy.load(version)
    for question in definition.load(version).questions:
        for region, _ in (wording for option in question.options for wording in option.regional):
            if region not in defaults.REGIONS:
                raise DefinitionError(f"{question.id} in {version}.json has words for {region!r}, which is no region.")


@register("clinic")
def check_reply_targets(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """On the urgency axis no more urgent headline has a later target."""
    messages: list[CheckMessage] = []
    for more, less in targets.in_order():
        if targets.is_later(more, less):
            sentence = f"REPLY_TARGETS gives {more} a later target than {less}, which is less urgent."
            hint = f"Give {more} at most as long as {less}. A day of the clinic counts with its shortest opening."
            messages.append(Error(sentence, hint=hint, id="consultations.E010"))
    return messages


@register("clinic")
def check_own_calendars(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Clinicians' own calendars are read at a pace that keeps them of use, and told of before a week has passed."""
    messages: list[CheckMessage] = []
    for name, most in (("CALENDAR_EVERY_MINUTES", 240), ("CALENDAR_STALE_HOURS", 168)):
        if not 1 <= getattr(settings, name) <= most:
            sentence = f"{name} must be from 1 to {most}."
            messages.append(Error(sentence, hint="Leave it out for the usual value.", id="consultations.E011"))
    return messages


def _judge(version: str) -> None:
    about = engine.ruleset_for(version).questionnaire.version
    if about != version:
        raise RuleError(f"Questionnaire {version} is judged by rules that are about {about}.")
    engine.assess({}, version=version)


def _problem(number: str, read: Callable[[], object]) -> list[CheckMessage]:
    try:
        read()
    except (DefinitionError, RuleError, UnknownVersion, UnknownRuleset) as problem:
        return [Error(str(problem), hint=UNJUDGED if number == "consultations.E003" else UNCHANGED, id=number)]
    return []
