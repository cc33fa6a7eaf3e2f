"""The red flags of a person as staff see them: which stand, told where, since when, and what settled the others.

“No red flag” is said only while every source says so; nothing here says that a consultation can be offered while one
stands, a safety case is open, or something that was told cannot be read.
"""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Final

from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from consultations.candidacy import rules
from consultations.candidacy.standing import StandingFlag
from consultations.candidacy.union import Sign
from consultations.enums import AssessmentOrigin, CaseStatus
from consultations.models import ConsultationRequest, SafetyCase, Settlement
from consultations.presenters.findings import EFFECT_KINDS
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.words import Chip, count, name_of
from consultations.questionnaire.definition import UnknownVersion
from consultations.services import settling, sign_words
from consultations.services.settling import SettlingEvidence
from consultations.services.sources import SHOWN_RULE, UNREADABLE_RULE, AnswerSource, responses_of_person

ASKED_AGAIN_RULES: Final = {
    "ASK-UNWELL": "Feels very unwell in another way, as told when asked again.",
    "ASK-UNSURE": "Is not sure whether anything is new or worse, as told when asked again.",
}
OWN_RULES: Final = {
    **ASKED_AGAIN_RULES,
    SHOWN_RULE: "A danger was shown on the way, and the answers were changed after that. Ask about it.",
    UNREADABLE_RULE: "What the person told us cannot be read. Tell a manager, and call.",
}
STAND: Final = "A consultation cannot be offered until a doctor has settled them."
CASE_OPEN: Final = "No red flag stands, but the safety case is still open."
ESCALATED: Final = "No red flag stands, but a colleague escalated this request: a doctor settles that first."
SETTLED: Final = "No red flag stands: a doctor has settled what was told."
CANNOT_SAY: Final = "Something that the person told us cannot be read. Call, and do not rely on the rest."
NONE: Final = "No red flag in anything that the person told us."
HOW: Final = {
    "who": "by {}",
    "place": "at {}",
    "told_by": "told by {}",
}


@dataclasses.dataclass(frozen=True, slots=True)
class FlagLine:
    """One red flag that stands: the signs that nobody has settled, and where each was told."""

    id: str
    chip: Chip
    text: str
    since: str
    told: tuple[str, ...]
    signs: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class SettledLine:
    """What a doctor settled: when, who, how, what shows it, and which signs."""

    when: str
    who: str
    how: str
    words: str
    signs: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class FlagsView:
    """`kind` is "danger", "warn" or "", as the colour of the box; `is_clear` that there is no red flag anywhere."""

    title: str
    words: str
    kind: str
    is_clear: bool
    standing: tuple[FlagLine, ...] = ()
    settled: tuple[SettledLine, ...] = ()


def flags_view(consultation_request: ConsultationRequest, *, case: SafetyCase | None) -> FlagsView:
    told, version = settling.told_of(consultation_request), consultation_request.response.questionnaire_version
    standing = tuple(_line(item, told, version) for item in told.standing.flags)
    settled = tuple(_settled_lines(consultation_request, version))
    title, words, kind = _status(consultation_request, told, case=case, has_settled=bool(settled))
    is_clear = kind == ""
    return FlagsView(title, words, kind, is_clear, standing, settled)


def _status(
    consultation_request: ConsultationRequest, told: SettlingEvidence, *, case: SafetyCase | None, has_settled: bool
) -> tuple[str, str, str]:
    """Title, sentence and colour. What is most pressing is said, and nothing that it contradicts."""
    number = len(told.standing.flags)
    if number or consultation_request.flag_level:
        verb = "stands" if number == 1 else "stand"
        return f"{count(number, 'red flag')} {verb}" if number else "A red flag stands", STAND, "danger"
    if any(sign.question == UNREADABLE_RULE for source in told.sources for sign in source.signs):
        return "Red flags: cannot be read", CANNOT_SAY, "danger"
    if consultation_request.is_escalated:
        return "Escalated", ESCALATED, "warn"
    if case is not None and case.status != CaseStatus.CLOSED:
        return "Safety case open", CASE_OPEN, "warn"
    if told.standing.ever or has_settled:
        return "Red flags settled", SETTLED, "warn"
    return "No red flag", NONE, ""


def _line(each: StandingFlag, told: SettlingEvidence, version: str) -> FlagLine:
    return FlagLine(
        id=each.flag.rule_id,
        chip=Chip(each.flag.effect.label, EFFECT_KINDS.get(each.flag.effect, "")),
        text=OWN_RULES.get(each.flag.rule_id) or _text(each.flag.rule_id, version),
        since=clock.moment(each.since),
        told=tuple(dict.fromkeys(_where(source) for source in _sources_with(each.open_signs, told))),
        signs=tuple(sign_words.words_of(sign, version=version) for sign in sorted(each.open_signs)),
    )


def _text(rule_id: str, version: str) -> str:
    """In the words of the rules of now: an id that they do not know stands for itself."""
    try:
        rule = rules.load(version).by_id.get(rule_id)
    except (rules.UnknownRuleset, UnknownVersion):
        return rule_id
    return rule.staff if rule is not None else rule_id


def _sources_with(signs: Iterable[Sign], told: SettlingEvidence) -> list[AnswerSource]:
    found = {source.pk: source for sign in signs for source in told.sources_with(sign)}
    return sorted(found.values(), key=lambda source: (source.at, source.pk))


def _where(source: AnswerSource) -> str:
    """ "Questionnaire, Monday 23 November, 10 am", "Call by Nora Adeyemi, ..."."""
    place = AssessmentOrigin(source.origin).label
    if source.origin == AssessmentOrigin.CALL:
        place = f"Call by {name_of(source.asked_by)}"
    return f"{place}, {clock.moment(source.at)}"


def _settled_lines(consultation_request: ConsultationRequest, version: str) -> Iterable[SettledLine]:
    rows = with_keys(Settlement.objects.filter(response__in=responses_of_person(consultation_request.response)))
    for row in readable(
        rows.select_related("settled_by", "entered_by", "call__made_by").order_by("-settled_at", "-pk")
    ):
        if isinstance(row, Unreadable):
            yield SettledLine("", "The record", "holds a settlement that cannot be read", "", ())
            continue
        signs = tuple(sign_words.line_of(Sign(*pair), version=version) for pair in row.signs)
        yield SettledLine(clock.moment(row.settled_at), name_of(row.settled_by), how_words(row), row.words, signs)


def how_words(row: Settlement) -> str:
    """ "Examined by Dr Halloran at the clinic on 23 November". Raises DamagedRecord."""
    proof = row.proof
    parts = [row.get_how_display(), *(words.format(proof[name]) for name, words in HOW.items() if proof.get(name))]
    if proof.get("seen_on"):
        parts.append(f"on {clock.day(datetime.date.fromisoformat(proof['seen_on']))}")
    if row.call is not None:
        parts.append(f"in the call of {name_of(row.call.made_by)} on {clock.moment(row.call.made_at)}")
    if row.entered_by is not None:
        parts.append(f"as {name_of(row.entered_by)}, who entered it, says")
    return " ".join(parts)
