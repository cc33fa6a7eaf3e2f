"""What the rules found in one set of answers, in the words staff read, with the answers that caused each."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.text_lists import semicolon_list
from consultations.candidacy import rules
from consultations.enums import AssessmentOrigin, Effect
from consultations.models import Assessment
from consultations.models.stored import Asked, FiredRule, Result, given_in, result_of
from consultations.presenters.formatting import Chip
from consultations.presenters.isolation import opened
from consultations.questionnaire.definition import SAFETY_SECTION, UnknownVersion

RED_FLAGS: Final = (Effect.EMERGENCY, Effect.SAME_DAY, Effect.URGENT)
EFFECT_KINDS: Final = {
    Effect.EMERGENCY: "danger",
    Effect.SAME_DAY: "danger",
    Effect.URGENT: "warn",
    Effect.EXCLUDE: "warn",
    Effect.DEFER: "warn",
    Effect.INFO: "warn",
    Effect.CAUTION: "warn",
    Effect.SUPPORT: "ok",
}
PEG_BANDS: Final = (
    (4.0, gettext_lazy("of 10, mild")),
    (7.0, gettext_lazy("of 10, moderate")),
    (11.0, gettext_lazy("of 10, severe")),
)
SCREEN_POSITIVE: Final = 3
SAFETY_UNANSWERED: Final = "SYS-01"
"""The rule about safety questions without a readable answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerBehind:
    question: str
    answer: str


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A fired rule: its id, what it does, its text for staff, and the answers behind it."""

    id: str
    effect: Effect
    chip: Chip
    text: str
    causes: tuple[AnswerBehind, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Findings:
    """All fired rules in the rules' own order; `is_damaged` when the result or the answers could not be read.

    `not_asked` are the safety questions that a check which stopped early never put: no answer to them is missing.
    """

    all: tuple[Finding, ...] = ()
    not_asked: tuple[str, ...] = ()
    scores: Mapping[str, float] = dataclasses.field(default_factory=dict)
    is_damaged: bool = False

    @property
    def red_flags(self) -> tuple[Finding, ...]:
        order = {effect: index for index, effect in enumerate(RED_FLAGS)}
        return tuple(sorted(self._with(RED_FLAGS), key=lambda finding: order[finding.effect]))

    @property
    def cautions(self) -> tuple[Finding, ...]:
        return self._with((Effect.CAUTION,))

    @property
    def barriers(self) -> tuple[Finding, ...]:
        return self._with((Effect.EXCLUDE, Effect.DEFER, Effect.INFO))

    def _with(self, effects: Iterable[Effect]) -> tuple[Finding, ...]:
        wanted = frozenset(effects)
        return tuple(finding for finding in self.all if finding.effect in wanted)


@dataclasses.dataclass(frozen=True, slots=True)
class Metric:
    label: str
    value: str
    hint: str


def findings_of(assessment: Assessment, asked: Sequence[Asked]) -> Findings:
    nothing = Result(fired=[], scores={})
    result, is_damaged = opened(lambda: result_of(assessment.result), nothing, of=assessment)
    by_id = {entry["id"]: entry for entry in asked}
    texts = _texts(assessment.ruleset_version)
    not_asked = _not_asked(assessment, asked)
    is_missing_no_more = not_asked
    if assessment.origin != AssessmentOrigin.FORM:
        # What was said later is laid on what was said before: what has an answer by now is no answer that is missing.
        is_missing_no_more |= frozenset(entry["id"] for entry in asked if entry["answer"])
    return Findings(
        tuple(_finding(fired, by_id, texts) for fired in _of_what_was_asked(result["fired"], is_missing_no_more)),
        tuple(entry["text"] for entry in asked if entry["id"] in not_asked),
        result["scores"],
        is_damaged,
    )


def _not_asked(assessment: Assessment, asked: Sequence[Asked]) -> frozenset[str]:
    """The rules count a safety question that was never put as unanswered; to staff that would look like a gap."""
    if not assessment.is_early_exit:
        return frozenset()
    safety = frozenset(entry["id"] for entry in asked if entry["section"] == SAFETY_SECTION)
    given, _damage = opened(lambda: given_in(assessment.record), safety, of=assessment)
    return safety - given


def _of_what_was_asked(fired: Iterable[FiredRule], not_asked: frozenset[str]) -> list[FiredRule]:
    rules = []
    for rule in fired:
        if rule["id"] == SAFETY_UNANSWERED and not_asked:
            because = [name for name in rule["because"] if name not in not_asked]
            if not because:
                continue
            rule = FiredRule(id=rule["id"], effect=rule["effect"], because=because)
        rules.append(rule)
    return rules


def signature_line(version: str) -> str:
    """That nobody signed these rules, and who accepts it; "" for signed ones and for rules we no longer have."""
    try:
        if rules.load(version).signed_by:
            return ""
    except (rules.UnknownRuleset, UnknownVersion):
        return ""
    accepted = settings.UNSIGNED_RULES_ACCEPTED_BY
    if accepted:
        return _("Rules %(version)s: not yet signed; accepted by %(name)s") % {"version": version, "name": accepted}
    return _("Rules %(version)s: not yet signed") % {"version": version}


def _texts(version: str) -> dict[str, str]:
    try:
        return {rule.id: rule.staff for rule in rules.load(version).rules}
    except (rules.UnknownRuleset, UnknownVersion):
        return {}


def _finding(fired: FiredRule, asked: Mapping[str, Asked], texts: Mapping[str, str]) -> Finding:
    effect = fired["effect"]
    causes = tuple(
        AnswerBehind(asked[name]["text"], answer_words(asked[name])) for name in fired["because"] if name in asked
    )
    text = texts.get(fired["id"]) or _("The text of this rule is not part of this version of the product.")
    return Finding(fired["id"], effect, Chip(effect.label, EFFECT_KINDS.get(effect, "")), text, causes)


def answer_words(entry: Asked) -> str:
    return semicolon_list(entry["answer"]) or _("Not answered")


def metrics_of(scores: Mapping[str, float]) -> list[Metric]:
    """PEG, PHQ-2, GAD-2, PHQ-4 and body mass, each with what its number is out of."""
    shown = []
    if "peg_mean" in scores:
        band = next(text for limit, text in PEG_BANDS if scores["peg_mean"] < limit)
        shown.append(Metric(_("PEG, past week"), _number(scores["peg_mean"], 1), str(band)))
    for name, label in (("phq2", _("PHQ-2, low mood")), ("gad2", _("GAD-2, worry"))):
        if name in scores:
            is_positive = scores[name] >= SCREEN_POSITIVE
            hint = _("of 6, positive (3 or more)") if is_positive else _("of 6, under 3")
            shown.append(Metric(label, _number(scores[name], 0), hint))
    if "phq4" in scores:
        shown.append(Metric(_("PHQ-4"), _number(scores["phq4"], 0), _("of 12")))
    if "bmi" in scores:
        hint = _("kg/m², from the patient’s own figures")
        shown.append(Metric(_("Body mass index"), _number(scores["bmi"], 1), hint))
    return shown


def _number(value: float, decimals: int) -> str:
    return formats.number_format(round(value, decimals), decimal_pos=decimals)


def sections_of(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """The answers in the order and words of the questions, grouped by section."""
    sections: list[dict[str, Any]] = []
    for entry in asked:
        if not sections or sections[-1]["id"] != entry["section"]:
            sections.append({"id": entry["section"], "title": entry["section_title"], "answers": []})
        sections[-1]["answers"].append({"id": entry["id"], "question": entry["text"], "lines": entry["answer"]})
    return sections
