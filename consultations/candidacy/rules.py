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
from consultations.questionnaire import definition, page_copy
from consultations.questionnaire.conditions import Condition, ConditionError, parse
from consultations.questionnaire.definition import Questionnaire
from consultations.questionnaire.files import FileError, text_of

RULES: Final = Path(__file__).parent / "rules"
FIELDS: Final = ("id", "group", "effect", "when", "staff", "patient", "source")


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
    """`content_hash` covers questions and rules, and the copy where the rules name it: a changed word changes it.

    `signed_by` is the medical director who signed the rules; empty for a draft.
    """

    version: str
    questionnaire: Questionnaire
    rules: tuple[Rule, ...]
    by_id: dict[str, Rule]
    content_hash: str
    signed_by: str = ""

    def __getitem__(self, rule_id: str) -> Rule:
        return self.by_id[rule_id]


def versions() -> list[str]:
    """Every version there is a file of."""
    return sorted(path.stem for path in RULES.glob("*.toml"))


@cache
def load(version: str) -> Ruleset:
    """Read one published ruleset. Raises UnknownRuleset, RuleError, and what the questionnaire's own reader raises."""
    path = RULES / f"{version}.toml"
    if path.parent != RULES or not path.is_file():
        raise UnknownRuleset(f"There are no rules {version!r}.")
    try:
        document = tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as problem:
        raise RuleError(f"{path.name} is not TOML: {problem}.") from None
    except FileError as problem:
        raise RuleError(str(problem)) from None
    for name in ("version", "questionnaire"):
        if not isinstance(document.get(name), str):
            raise RuleError(f"{path.name} does not say its {name}.")
    if document["version"] != version:
        raise RuleError(f"{path.name} says that it is version {document['version']}.")
    about = document["questionnaire"]
    if document.get("copy", about) != about:
        raise RuleError(f"{path.name} names the copy of {document['copy']!r}, but the questions of {about}.")
    return build(document, definition.raw(about), *([page_copy.raw(about)] if "copy" in document else []))


def build(document: dict[str, Any], questionnaire_document: dict[str, Any], *others: dict[str, Any]) -> Ruleset:
    """Make a ruleset of its documents; `others` are hashed with the first two. Raises RuleError, DefinitionError."""
    questionnaire = definition.build(questionnaire_document)
    entries = document.get("rule")
    if not isinstance(entries, list) or not entries:
        raise RuleError("There is no [[rule]] at all.")
    rules = tuple(_rule(entry, questionnaire) for entry in entries)
    by_id = {rule.id: rule for rule in rules}
    if len(by_id) != len(rules):
        raise RuleError("A rule id stands twice.")
    signed_by = document.get("signed_by", "")
    if not isinstance(signed_by, str):
        raise RuleError(f"The rules {document['version']} are signed by {signed_by!r}, which is no name.")
    hashed = content_hash(document, questionnaire_document, *others)
    return Ruleset(document["version"], questionnaire, rules, by_id, hashed, signed_by.strip())


def content_hash(document: dict[str, Any], questionnaire_document: dict[str, Any], *others: dict[str, Any]) -> str:
    """SHA-256 over rules, questionnaire and what else was given, as canonical JSON (sorted keys, no spaces, UTF-8).

    A signature is about the rules and no part of them: signing changes no hash.
    """
    unsigned = {name: value for name, value in document.items() if name != "signed_by"}
    documents = [unsigned, questionnaire_document, *others]
    text = json.dumps(documents, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _rule(entry: dict[str, Any], questionnaire: Questionnaire) -> Rule:
    for name in FIELDS:
        if not isinstance(entry.get(name), str):
            raise RuleError(f"{entry.get('id', 'A rule')} does not say its {name}.")
    if entry["effect"] not in set(Effect):
        raise RuleError(f"{entry['id']} has the effect {entry['effect']!r}. Effects are: {', '.join(Effect)}.")
    try:
        when = parse(entry["when"])
    except ConditionError as problem:
        raise RuleError(f"{entry['id']}: {problem}") from None
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
