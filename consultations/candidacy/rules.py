"""The rules, read from a file that a clinician can read, and checked against the questionnaire they are about."""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from consultations.candidacy.scores import NAMES
from consultations.enums import Effect
from consultations.questionnaire import definition
from consultations.questionnaire.conditions import Condition, parse
from consultations.questionnaire.definition import Questionnaire

RULES: Final = Path(__file__).parent / "rules"


class RuleError(ValueError):
    """A rule that cannot be right: it names something the questionnaire does not have, or repeats an id."""


class UnknownRuleset(LookupError):
    """No ruleset of this version was ever published."""


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    group: str
    effect: Effect
    when: Condition
    staff: str
    patient: str
    source: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """`content_hash` covers questions and rules: a changed word, option or threshold changes it."""

    version: str
    questionnaire: Questionnaire
    rules: tuple[Rule, ...]
    by_id: dict[str, Rule]
    content_hash: str

    def __getitem__(self, rule_id: str) -> Rule:
        return self.by_id[rule_id]


@cache
def load(version: str) -> Ruleset:
    """Read one published ruleset. Raises UnknownRuleset."""
    path = RULES / f"{version}.toml"
    if path.parent != RULES or not path.is_file():
        raise UnknownRuleset(version)
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return build(document, definition.raw(document["questionnaire"]))


def build(document: dict[str, Any], questionnaire_document: dict[str, Any]) -> Ruleset:
    """Make a ruleset of both documents. Raises RuleError, ConditionError."""
    questionnaire = definition.build(questionnaire_document)
    rules = tuple(_rule(entry, questionnaire) for entry in document["rule"])
    by_id = {rule.id: rule for rule in rules}
    if len(by_id) != len(rules):
        raise RuleError("A rule id stands twice.")
    return Ruleset(document["version"], questionnaire, rules, by_id, content_hash(document, questionnaire_document))


def content_hash(document: dict[str, Any], questionnaire_document: dict[str, Any]) -> str:
    """SHA-256 over rules and questionnaire as canonical JSON (sorted keys, no spaces, UTF-8)."""
    text = json.dumps([document, questionnaire_document], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _rule(entry: dict[str, Any], questionnaire: Questionnaire) -> Rule:
    when = parse(entry["when"])
    for question_id in when.questions:
        if question_id not in questionnaire.by_id:
            raise RuleError(f"{entry['id']} asks about {question_id!r}, which is no question.")
    for question_id, code in when.options:
        if code not in questionnaire[question_id].codes:
            raise RuleError(f"{entry['id']} names {code!r}, which is no option of {question_id!r}.")
    if unknown := when.scores - NAMES:
        raise RuleError(f"{entry['id']} reads {sorted(unknown)}, which is no score.")
    return Rule(
        entry["id"],
        entry["group"],
        Effect(entry["effect"]),
        when,
        entry["staff"],
        entry["patient"],
        entry["source"],
    )
