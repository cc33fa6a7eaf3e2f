"""The red flags of a person as staff see them: which stand, told where, since when, and what settled the others.

“No red flag” is said only while every source says so; nothing here says that a consultation can be offered while one
stands, a safety case is open, or something that was told cannot be read.
"""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from consultations.candidacy import rules
from consultations.candidacy.standing import StandingFlag
from consultations.candidacy.union import Sign
from consultations.enums import AssessmentOrigin, CaseStatus, SettledHow
from consultations.models import ConsultationRequest, SafetyCase, Settlement
from consultations.presenters.findings import EFFECT_KINDS
from consultations.presenters.formatting import Chip, name_of
from consultations.presenters.isolation import Unreadable, readable
from consultations.questionnaire.definition import UnknownVersion
from consultations.services import settling, sign_copy
from consultations.services.settling import SettlingEvidence
from consultations.services.sources import SHOWN_RULE, UNREADABLE_RULE, AnswerSource

ASKED_AGAIN_RULES: Final = {
    "ASK-UNWELL": gettext_lazy("Feels very unwell in another way, as told when asked again."),
    "ASK-UNSURE": gettext_lazy("Is not sure whether anything is new or worse, as told when asked again."),
}
OWN_RULES: Final = {
    **ASKED_AGAIN_RULES,
    SHOWN_RULE: gettext_lazy("A danger was shown on the way, and the answers were changed after that. Ask about it."),
    UNREADABLE_RULE: gettext_lazy("What the person told us cannot be read. Tell a manager, and call."),
}
SETTLED_HOW: Final = {
    SettledHow.EXAMINED: gettext_lazy("Examined by %(who)s at %(place)s on %(day)s"),
    SettledHow.SEEN_ELSEWHERE: gettext_lazy("Seen elsewhere at %(place)s told by %(told_by)s on %(day)s"),
    SettledHow.SPOKEN_TO: gettext_lazy("Spoken to in the call of %(caller)s on %(moment)s"),
    SettledHow.MISTAKE: gettext_lazy("Entered by mistake in the call of %(caller)s on %(moment)s"),
}
OWN_MISTAKE: Final = gettext_lazy("Entered by mistake as %(name)s, who entered it, says")


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
    """`kind` is "danger", "warn" or "", as the colour of the box; `is_clear` that there is no red flag anywhere.

    `told` is what all of it was made from.
    """

    told: SettlingEvidence
    title: str
    text: str
    kind: str
    is_clear: bool
    standing: tuple[FlagLine, ...] = ()
    settled: tuple[SettledLine, ...] = ()


def flags_view(consultation_request: ConsultationRequest, *, case: SafetyCase | None) -> FlagsView:
    told, version = settling.told_of(consultation_request), consultation_request.response.questionnaire_version
    standing = tuple(_line(item, told, version) for item in told.standing.flags)
    settled = tuple(_settled_lines(told, version))
    title, text, kind = _status(consultation_request, told, case=case, has_settled=bool(settled))
    is_clear = kind == ""
    return FlagsView(told, title, text, kind, is_clear, standing, settled)


def _status(
    consultation_request: ConsultationRequest, told: SettlingEvidence, *, case: SafetyCase | None, has_settled: bool
) -> tuple[str, str, str]:
    """Title, sentence and colour. What is most pressing is said, and nothing that it contradicts."""
    number = len(told.standing.flags)
    if number or consultation_request.flag_level:
        title = ngettext("%(number)d red flag stands", "%(number)d red flags stand", number) % {"number": number}
        stand = ngettext(
            "A consultation cannot be offered until a doctor has settled it.",
            "A consultation cannot be offered until a doctor has settled them.",
            number or 1,
        )
        return title if number else _("A red flag stands"), stand, "danger"
    if any(sign.question == UNREADABLE_RULE for source in told.sources for sign in source.signs):
        text = _("Something that the person told us cannot be read. Call, and do not rely on the rest.")
        return _("Red flags: cannot be read"), text, "danger"
    if consultation_request.is_escalated:
        text = _("No red flag stands, but a colleague escalated this request: a doctor settles that first.")
        return _("Settle the escalation first"), text, "warn"
    if case is not None and case.status != CaseStatus.CLOSED:
        return _("Safety case open"), _("No red flag stands, but the safety case is still open."), "warn"
    if told.standing.ever or has_settled:
        return _("Red flags settled"), _("No red flag stands: a doctor has settled what was told."), "warn"
    return _("No red flag"), _("No red flag in anything that the person told us."), ""


def _line(flag: StandingFlag, told: SettlingEvidence, version: str) -> FlagLine:
    return FlagLine(
        id=flag.flag.rule_id,
        chip=Chip(flag.flag.effect.label, EFFECT_KINDS.get(flag.flag.effect, "")),
        text=str(OWN_RULES.get(flag.flag.rule_id) or _text(flag.flag.rule_id, version)),
        since=clock.moment(flag.since),
        told=tuple(dict.fromkeys(_where(source) for source in _sources_with(flag.open_signs, told))),
        signs=tuple(sign_copy.words_of(sign, version=version) for sign in sorted(flag.open_signs)),
    )


def _text(rule_id: str, version: str) -> str:
    """In the words of the rules of now: an id that they do not know stands for itself."""
    try:
        rule = rules.load(version).by_id.get(rule_id)
    except (rules.UnknownRuleset, UnknownVersion):
        return rule_id
    return rule.staff if rule is not None else rule_id


def _sources_with(signs: Iterable[Sign], told: SettlingEvidence) -> list[AnswerSource]:
    sources = {source.pk: source for sign in signs for source in told.sources_with(sign)}
    return sorted(sources.values(), key=lambda source: (source.at, source.pk))


def _where(source: AnswerSource) -> str:
    """ "Questionnaire, Monday 23 November, 10 am", "Call by Nora Adeyemi, ..."."""
    moment = clock.moment(source.at)
    if source.origin == AssessmentOrigin.CALL:
        return _("Call by %(name)s, %(moment)s") % {"name": name_of(source.asked_by), "moment": moment}
    return _("%(origin)s, %(moment)s") % {"origin": AssessmentOrigin(source.origin).label, "moment": moment}


def _settled_lines(told: SettlingEvidence, version: str) -> Iterable[SettledLine]:
    rows = with_keys(Settlement.objects.filter(response__in=told.responses))
    for row in readable(
        rows.select_related("settled_by", "entered_by", "call__made_by").order_by("-settled_at", "-pk")
    ):
        if isinstance(row, Unreadable):
            yield SettledLine("", _("The record"), _("holds a settlement that cannot be read"), "", ())
            continue
        signs = tuple(sign_copy.line_of(Sign(*pair), version=version) for pair in row.signs)
        yield SettledLine(clock.moment(row.settled_at), name_of(row.settled_by), how_words(row), row.words, signs)


def how_words(row: Settlement) -> str:
    """ "Examined by Dr Halloran at the clinic on 23 November". Raises DamagedRecord."""
    proof = {"who": "", "place": "", "told_by": "", "seen_on": "", **row.proof}
    if row.entered_by is not None:
        return OWN_MISTAKE % {"name": name_of(row.entered_by)}
    return SETTLED_HOW[SettledHow(row.how)] % {
        **proof,
        "day": clock.day(datetime.date.fromisoformat(proof["seen_on"])) if proof["seen_on"] else "",
        "caller": name_of(row.call.made_by) if row.call else "",
        "moment": clock.moment(row.call.made_at) if row.call else "",
    }
