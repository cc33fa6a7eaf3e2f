"""Everything that a person told us, what a doctor settled of it, and which red flags stand.

Each assessment is a source: of the form, of being asked again, of a call; of all requests and named cases of a person.
"""

import dataclasses
import datetime
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from clinic.accounts.models import User
from clinic.core.encrypted_rows import with_keys
from clinic.core.encryption import DamagedRecord
from consultations.candidacy import asked_again, engine
from consultations.candidacy import rules as rule_files
from consultations.candidacy.standing import (
    UNANSWERED_RULE,
    Flag,
    Said,
    Standing,
    flags_from,
    flags_of,
    signs_in,
    standing,
)
from consultations.candidacy.union import ONSET, Sign, merged, without
from consultations.enums import (
    OUTCOME_RISK,
    URGENT_OUTCOMES,
    AssessmentOrigin,
    Effect,
    Outcome,
    SettledHow,
)
from consultations.models import (
    Assessment,
    ConsultationRequest,
    Patient,
    QuestionnaireResponse,
    SafetyCase,
    Settlement,
)
from consultations.models.stored import result_of
from consultations.questionnaire import definition
from consultations.questionnaire.definition import UnknownVersion

logger = logging.getLogger(__name__)
UNREADABLE_RULE: Final = "UNREADABLE"
"""Stands for what a damaged assessment may hold: its headline is plain."""
TOLD_RULE: Final = "TOLD-LATER"
"""Stands for a danger that was ticked and that fires no rule with the answers it is laid on."""
SHOWN_RULE: Final = "SHOWN-EARLIER"
"""Stands for a headline that the person was shown and that no kept assessment has."""
EFFECTS: Final = {
    Outcome.EMERGENCY: Effect.EMERGENCY,
    Outcome.SAME_DAY: Effect.SAME_DAY,
    Outcome.URGENT_REVIEW: Effect.URGENT,
}


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerSource:
    """One assessment: `said` are the raw answers of that moment alone, `ticks` what was ticked when asked again."""

    pk: int
    at: datetime.datetime
    origin: AssessmentOrigin
    response_id: int
    said: Mapping[str, Any]
    ticks: tuple[str, ...]
    flags: tuple[Flag, ...]
    signs: frozenset[Sign]
    asked_by: User | None


@dataclasses.dataclass(frozen=True, slots=True)
class Settled:
    """What a doctor settled, sign by sign: when last, and which were entered by mistake."""

    last: Mapping[Sign, datetime.datetime]
    mistakes: Mapping[Sign, datetime.datetime]
    emptied_as_none: frozenset[str]


# --- What was said ----------------------------------------------------------------------------------------------------


def responses_of_person(response: QuestionnaireResponse) -> list[int]:
    """This response and those of the same person's other requests and named cases."""
    # Each by its own index: an "or" over both tables would read every patient of the clinic.
    sent_by = ConsultationRequest.objects.filter(response=response.pk).values_list("patient")
    told_by = SafetyCase.objects.filter(response=response.pk).values_list("patient")
    persons = Patient.objects.filter(pk__in=sent_by.union(told_by)).values("person")
    rows = Patient.objects.filter(person__in=persons)
    sent = ConsultationRequest.objects.filter(patient__in=rows).values_list("response", flat=True)
    told = SafetyCase.objects.filter(patient__in=rows).values_list("response", flat=True)
    return sorted({response.pk, *sent, *told})


def told_and_settled(
    response: QuestionnaireResponse, *, responses: Collection[int] | None = None
) -> tuple[list[AnswerSource], Settled]:
    """Both over the same responses of the person, which are looked up where nobody did yet."""
    responses = responses_of_person(response) if responses is None else responses
    return _sources_in(responses), _settled_in(responses)


def sources_of(response: QuestionnaireResponse) -> list[AnswerSource]:
    """Everything that this person told us, oldest first. One that cannot be read still counts by its headline."""
    return _sources_in(responses_of_person(response))


def _sources_in(responses: Collection[int]) -> list[AnswerSource]:
    rows = Assessment.objects.filter(response__in=responses)
    assessments = with_keys(rows.select_related("asked_by").order_by("assessed_at", "response_id", "revision"))
    return [_source(row) for row in assessments]


def _source(row: Assessment) -> AnswerSource:
    origin = AssessmentOrigin(row.origin)
    try:
        record, result = row.record, result_of(row.result)
        said = record["answers"] if origin == AssessmentOrigin.FORM else record["said"]
        ticks = tuple(record.get("ticks", ()))
        ruleset = _ruleset(row.ruleset_version)
        fired = [(rule["id"], rule["effect"], rule["because"]) for rule in result["fired"]]
        fired = _of_what_was_asked(fired, record["answers"], origin=origin, is_early=row.is_early_exit)
        cleaned = record["cleaned"] if origin == AssessmentOrigin.FORM else _with_said(record["cleaned"], said)
        flags = _named_by_tick(flags_from(fired, cleaned, ruleset=ruleset), ticks)
        flags += _told_alone(flags, ticks)
    except (DamagedRecord, KeyError, TypeError, AttributeError):
        sign = Sign(UNREADABLE_RULE, str(row.pk))
        flags = _flag_of_headline(UNREADABLE_RULE, row.outcome, sign)
        return AnswerSource(
            row.pk, row.assessed_at, origin, row.response_id, {}, (), flags, frozenset({sign}), row.asked_by
        )
    signs = _signs(said, ticks, flags, origin=origin, version=row.questionnaire_version)
    return AnswerSource(row.pk, row.assessed_at, origin, row.response_id, said, ticks, flags, signs, row.asked_by)


def _with_said(cleaned: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The answers behind a result, with what was said then beside a more pressing answer that hides it."""
    both = {name: [cleaned[name], value] for name, value in said.items() if isinstance(cleaned.get(name), str)}
    return {**cleaned, **both}


def _signs(
    said: Mapping[str, Any], ticks: Iterable[str], flags: Iterable[Flag], *, origin: AssessmentOrigin, version: str
) -> frozenset[Sign]:
    """What was said at that moment. That a question has no answer is said by the form alone."""
    try:
        named = signs_in(said, definition.load(version))
    except UnknownVersion:
        named = frozenset(sign for flag in flags for sign in flag.signs)
    if origin != AssessmentOrigin.FORM:
        return named | {asked_again.ticks()[code].sign for code in ticks}
    return named | {sign for flag in flags if flag.rule_id == UNANSWERED_RULE for sign in flag.signs}


def _ruleset(version: str) -> rule_files.Ruleset | None:
    try:
        return rule_files.load(version)
    except (rule_files.UnknownRuleset, UnknownVersion):
        return None


def _of_what_was_asked(
    fired: Iterable[tuple[str, Effect, list[str]]],
    answers: Mapping[str, Any],
    *,
    origin: AssessmentOrigin,
    is_early: bool,
) -> list[tuple[str, Effect, list[str]]]:
    """A safety question that the check never put, because it stopped, is no answer that is missing; nor is one that
    nobody asked in a call.
    """
    asked_rules = []
    for rule_id, effect, because in fired:
        if rule_id == UNANSWERED_RULE and origin != AssessmentOrigin.FORM:
            continue
        asked = [name for name in because if name in answers] if rule_id == UNANSWERED_RULE and is_early else because
        if asked or not because:
            asked_rules.append((rule_id, effect, asked))
    return asked_rules


def _named_by_tick(flags: Iterable[Flag], ticks: Collection[str]) -> tuple[Flag, ...]:
    by_rule = {tick.rule: tick.sign for code, tick in asked_again.ticks().items() if tick.rule and code in ticks}
    return tuple(
        dataclasses.replace(flag, signs=frozenset({by_rule[flag.rule_id]})) if flag.rule_id in by_rule else flag
        for flag in flags
    )


def _told_alone(flags: Iterable[Flag], ticks: Iterable[str]) -> tuple[Flag, ...]:
    """A danger that was ticked stands until a doctor settles it, also where no rule fires for it."""
    known = {sign for flag in flags for sign in flag.signs}
    signs: set[Sign] = set()
    for code in ticks:
        tick = asked_again.ticks()[code]
        laid = {Sign(question, option) for question, option in tick.lays.items() if question != ONSET}
        if tick.danger == "yes" and not laid & known:
            signs |= laid
    return (Flag(TOLD_RULE, Effect.URGENT, frozenset(signs)),) if signs else ()


def _flag_of_headline(rule_id: str, outcome: str, sign: Sign) -> tuple[Flag, ...]:
    effect = EFFECTS.get(Outcome(outcome))
    return (Flag(rule_id, effect, frozenset({sign})),) if effect else ()


# --- What a doctor settled --------------------------------------------------------------------------------------------


def _settled_in(responses: Collection[int]) -> Settled:
    """By sign. What cannot be read settles nothing."""
    last: dict[Sign, datetime.datetime] = {}
    mistakes: dict[Sign, datetime.datetime] = {}
    said_in_call: dict[str, bool] = {}
    rows = Settlement.objects.filter(response__in=responses)
    for row in with_keys(rows.order_by("settled_at", "pk")):
        try:
            signs = [Sign(*pair) for pair in row.signs]
        except (DamagedRecord, TypeError):
            continue
        last |= dict.fromkeys(signs, row.settled_at)
        if row.how == SettledHow.MISTAKE:
            mistakes |= dict.fromkeys(signs, row.settled_at)
            said_in_call |= dict.fromkeys([sign.question for sign in signs], row.call_id is not None)
    return Settled(last, mistakes, frozenset(name for name, was_said in said_in_call.items() if was_said))


def base_of(response: QuestionnaireResponse) -> dict[str, Any]:
    """The raw answers that something said now is laid on: all sources, less what was entered by mistake."""
    return base_from(response, *told_and_settled(response))


def base_from(response: QuestionnaireResponse, sources: Sequence[AnswerSource], settled: Settled) -> dict[str, Any]:
    questionnaire = definition.load(response.questionnaire_version)
    told = [
        without(source.said, [sign for sign, at in settled.mistakes.items() if at >= source.at]) for source in sources
    ]
    return merged(_form_of(response), told, questionnaire=questionnaire, emptied_as_none=settled.emptied_as_none)


def _form_of(response: QuestionnaireResponse) -> Mapping[str, Any]:
    """The answers of the form; none where they cannot be read, so that a danger told later is heard all the same."""
    try:
        answers: Mapping[str, Any] = response.answers
    except DamagedRecord as damage:
        logger.error("damaged record: answers of response %s (%s)", response.pk, type(damage).__name__)
        return {}
    return answers


def unopened(response_id: int) -> QuestionnaireResponse:
    """A response without what it holds: a damaged one can be spoken about all the same."""
    return QuestionnaireResponse.objects.defer("answers", "asked", "contact", "brought").get(pk=response_id)


# --- What stands ------------------------------------------------------------------------------------------------------


def standing_of(
    response: QuestionnaireResponse, *, consultation_request: ConsultationRequest | None = None
) -> Standing:
    """The red flags that stand over everything that this person told us; `request` is the one of the response."""
    return standing_from(response, consultation_request, *told_and_settled(response))


def standing_from(
    response: QuestionnaireResponse,
    consultation_request: ConsultationRequest | None,
    sources: Sequence[AnswerSource],
    settled: Settled,
) -> Standing:
    told = [Said(source.at, source.signs, source.flags) for source in sources]
    told += _of_all_together(response, sources, settled)
    if consultation_request is not None:
        told += _shown_earlier(consultation_request, sources)
    return standing(told, settled.last)


def _of_all_together(response: QuestionnaireResponse, sources: Sequence[AnswerSource], settled: Settled) -> list[Said]:
    """What no source says by itself and all of them say together."""
    if len(sources) < 2:
        return []
    at = sources[-1].at
    try:
        assessed = engine.assess(base_from(response, sources, settled), version=response.questionnaire_version)
    except (DamagedRecord, UnknownVersion, rule_files.UnknownRuleset):
        return []
    known = {flag.rule_id for source in sources for flag in source.flags}
    new = [flag for flag in flags_of(assessed) if flag.rule_id not in known and flag.rule_id != UNANSWERED_RULE]
    return [Said(at, frozenset(), tuple(new))] if new else []


def _shown_earlier(consultation_request: ConsultationRequest, sources: Collection[AnswerSource]) -> list[Said]:
    """Headlines that the person saw on the way and that no kept source of the form has: answers were changed.

    Of all their requests. What was told later and is as pressing is another matter, with signs of its own.
    """
    responses = {consultation_request.response_id, *(source.response_id for source in sources)}
    rows = ConsultationRequest.objects.filter(response__in=responses, highest_outcome__in=URGENT_OUTCOMES)
    said = []
    for response_id, shown, at in rows.order_by("pk").values_list("response", "highest_outcome", "submitted_at"):
        forms = [item for item in sources if item.response_id == response_id and item.origin == AssessmentOrigin.FORM]
        levels = [OUTCOME_RISK[flag.level] for item in forms for flag in item.flags]
        if min(levels, default=len(OUTCOME_RISK)) > OUTCOME_RISK[Outcome(shown)]:
            sign = Sign(SHOWN_RULE, shown)
            said.append(Said(at, frozenset({sign}), _flag_of_headline(SHOWN_RULE, shown, sign)))
    return said
