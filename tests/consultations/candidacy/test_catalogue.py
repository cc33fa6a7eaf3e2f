"""The shipped questionnaire and rules are the catalogue, word for word and condition for condition."""

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from consultations.candidacy import rules
from consultations.candidacy.rules import RuleError
from consultations.questionnaire import definition, page_copy
from consultations.questionnaire.conditions import ConditionError, parse
from consultations.questionnaire.definition import Questionnaire, QuestionnaireItem, UnknownVersion, load
from consultations.questionnaire.fhir_base import with_base
from tests.consultations.candidacy.cases import CATALOG

CHANGED_QUESTIONS = {
    "rf_risk": {
        "text": "Do you have, or have you had, any of these?",
        "help": "They can make an infection or a broken bone more likely.",
    },
    "hx_gate": {"text": "Which of these are true about your health?"},
}
CHANGED_LINES = {
    "RF-FRX-03": "You had a small fall, and your spine needs a check first.",
    "RF-MAL-07": "You are 50 or over and have new pain that is worse at night or keeps getting worse.",
    "RF-MAL-01": "You told us about cancer, or were not sure, and about a symptom to check quickly.",
    "RF-INF-03": ("You told us about a recent spine operation or injection, and night pain, worsening pain or sweats."),
    "SYS-01": "We could not read, or do not have, an answer to a safety question.",
}
"""What 1.1.0 says in other words than the catalogue; everything else is word for word the same."""
CHANGES = {"1.0.0": ({}, {}), "1.1.0": (CHANGED_QUESTIONS, CHANGED_LINES)}
NEW_QUESTIONS: dict[str, list[dict[str, Any]]] = {"1.0.0": [], "1.1.0": []}
NEW_RULES: dict[str, list[dict[str, Any]]] = {"1.0.0": [], "1.1.0": []}
"""What a version has besides the catalogue, which is that of 1.0.0, each in the catalogue's form."""
every_version = pytest.mark.parametrize("version", list(CHANGES))
SCORE_NAMES = {"peg": "peg_sum"}


IN_WORDS = {
    "missing": "unanswered", "answered": "answered", "ge": ">=", "lt": "<", "score_ge": ">=", "score_lt": "<",
    "count_ge": ">=", "count_eq": "=", "safety_missing": "any required safety question unanswered",
    "other_missing": "any other required question unanswered",
}  # fmt: skip


def in_words(condition: list[Any], *, is_inside: bool = False) -> str:
    """A catalogue condition in our own vocabulary."""
    verb, rest = condition[0], condition[1:]
    match verb:
        case "has":
            return f"{rest[0]} in {{{', '.join(rest[1])}}}"
        case "has_or_missing":
            return f"{rest[0]} in {{{', '.join(rest[1])}}} or unanswered"
        case "missing" | "answered":
            return f"{rest[0]} {IN_WORDS[verb]}"
        case "ge" | "lt":
            return f"{rest[0]} {IN_WORDS[verb]} {rest[1]}"
        case "score_ge" | "score_lt":
            return f"score {SCORE_NAMES.get(rest[0], rest[0])} {IN_WORDS[verb]} {rest[1]}"
        case "count_ge" | "count_eq":
            return f"count of {rest[0]} in {{{', '.join(rest[2])}}} {IN_WORDS[verb]} {rest[1]}"
        case "safety_missing" | "other_missing":
            return IN_WORDS[verb]
        case "not":
            return f"NOT ({in_words(rest[0])})"
        case _:
            joined = f" {verb.upper()} ".join(in_words(part, is_inside=True) for part in rest)
            return f"({joined})" if is_inside else joined


def entries(kind: str, new: dict[str, list[dict[str, Any]]]) -> pytest.MarkDecorator:
    each = [(version, entry) for version in CHANGES for entry in (*CATALOG[kind], *new[version])]
    return pytest.mark.parametrize(
        ("version", "entry"), each, ids=[f"{version}-{entry['id']}" for version, entry in each]
    )


def test_every_version_says_how_it_differs_from_the_catalogue() -> None:
    assert set(CHANGES) == set(NEW_QUESTIONS) == set(NEW_RULES) == set(rules.versions()), (
        "say in CHANGES, NEW_QUESTIONS and NEW_RULES what the new version changes and adds"
    )


@entries("questions", NEW_QUESTIONS)
def test_question_is_the_catalogues(version: str, entry: dict[str, Any]) -> None:
    question = load(version)[entry["id"]]
    entry = {**entry, **CHANGES[version][0].get(entry["id"], {})}

    assert question.section == entry["section"]
    assert question.text == entry["text"]
    assert question.kind == entry["type"]
    assert [[option.code, option.label] for option in question.options] == entry["options"]
    assert question.is_required == entry["required"]
    assert question.is_safety == entry["safety"]
    assert question.help == (entry["help"] or "")
    assert question.unit == entry.get("unit", "")
    assert list(question.anchors or []) == entry.get("anchors", [])
    assert (question.shown_when.text if question.shown_when else None) == (
        in_words(entry["show"]) if entry["show"] else None
    )
    if "min" in entry:
        assert (question.minimum, question.maximum) == (entry["min"], entry["max"])


@entries("rules", NEW_RULES)
def test_rule_is_the_catalogues(version: str, entry: dict[str, Any]) -> None:
    rule = rules.load(version)[entry["id"]]
    entry = {**entry, "patient": CHANGES[version][1].get(entry["id"], entry["patient"])}

    assert rule.when.text == in_words(entry["when"])
    assert (rule.group, rule.effect, rule.staff, rule.patient, rule.source) == (
        entry["group"],
        entry["effect"],
        entry["staff"],
        entry["patient"] or "",
        entry["src"] or "",
    )


@every_version
def test_questions_and_rules_stand_in_the_catalogues_order(version: str) -> None:
    new = {entry["id"] for entry in (*NEW_QUESTIONS[version], *NEW_RULES[version])}
    questions = [question.id for question in load(version).questions if question.id not in new]
    found = [rule.id for rule in rules.load(version).rules if rule.id not in new]
    assert questions == [entry["id"] for entry in CATALOG["questions"]]
    assert found == [entry["id"] for entry in CATALOG["rules"]], "a new rule stands in NEW_RULES"
    assert {section.id: section.title for section in load(version).sections} == CATALOG["sections"]


@every_version
def test_no_rule_reads_free_text_but_to_say_that_there_is_some(version: str) -> None:
    assert [rule.id for rule in rules.load(version).rules if "ex_note" in rule.when.questions] == ["SYS-03"]


def test_simple_conditions_agree_with_their_fhir_enable_when() -> None:
    seen = 0
    for group in definition.raw("1.0.0")["item"]:
        for item in group["item"]:
            if "enableWhen" not in item:
                continue
            condition = load("1.0.0")[item["linkId"]].shown_when
            assert condition is not None
            wanted = {
                tuple(entry["answerCoding"]["code"].split("."))
                for entry in item["enableWhen"]
                if "answerCoding" in entry
            }
            assert condition.options == wanted
            seen += 1
    assert seen >= 10


def test_each_region_is_asked_in_the_catalogues_words_but_for_these() -> None:
    plain = {(q.id, o.code): o.label for q in load("1.1.0").questions for o in q.options}
    changed = {
        region: {
            (question.id, option.code): option.label
            for question in definition.worded("1.1.0", region).questions
            for option in question.options
            if option.label != plain[question.id, option.code]
        }
        for region in ("US", "GB", "AU", "NZ", "CA", "EU", "default")
    }
    assert changed == {
        "US": {
            ("rf_now", "belly"): "Sudden, very bad pain in your belly or side as well as your back",
            ("rf_ce", "bowel"): "You can't control your poop, or you can't feel when you need to go",
            ("rf_systemic", "band"): (
                "Pain in the middle of your back, or pain like a tight band around your chest or belly"
            ),
        },
        **{region: {} for region in ("GB", "AU", "NZ", "CA", "EU", "default")},
    }


def test_a_changed_regional_word_or_copy_changes_the_hash_of_1_1_0_and_a_signature_does_not() -> None:
    rule_document = tomllib.loads((rules.RULES / "1.1.0.toml").read_text())
    questions, copy = definition.raw("1.1.0"), page_copy.raw("1.1.0")
    other_words = json.loads(json.dumps(questions).replace("your poop", "your poo"))
    shipped = rules.load("1.1.0").content_hash
    assert rules.content_hash(rule_document, questions, copy) == shipped
    assert rules.content_hash({**rule_document, "signed_by": "Dr Rosa Alarcon"}, questions, copy) == shipped
    assert rules.content_hash(rule_document, other_words, copy) != shipped
    assert rules.content_hash(rule_document, questions, {**copy, "look_out": []}) != shipped


def test_a_ruleset_says_who_signed_it() -> None:
    document = tomllib.loads((rules.RULES / "1.1.0.toml").read_text())
    questions = definition.raw("1.1.0")
    signed = {version: rules.load(version).signed_by for version in rules.versions()}
    assert signed == {"1.0.0": "", "1.1.0": ""}, "list the new version here, with who signed it"
    assert rules.build({**document, "signed_by": "Dr Rosa Alarcon"}, questions).signed_by == "Dr Rosa Alarcon"
    with pytest.raises(RuleError, match="signed by True, which is no name"):
        rules.build({**document, "signed_by": True}, questions)


def as_read(questionnaire: Questionnaire) -> list[tuple[QuestionnaireItem, str]]:
    """The questions with their conditions as text: what is parsed is never equal to what is parsed again."""
    return [
        (replace(question, shown_when=None), question.shown_when.text if question.shown_when else "")
        for question in questionnaire.questions
    ]


def test_what_is_handed_out_has_the_base_that_was_named_and_is_read_the_same() -> None:
    for version in definition.versions():
        handed_out = with_base(definition.raw(version), "https://back.example/fhir/r4")
        text = json.dumps(handed_out)
        assert "https://clinic.example" not in text
        assert handed_out["url"] == "https://back.example/fhir/r4/Questionnaire/back-pain-candidacy"
        assert "https://back.example/fhir/r4/StructureDefinition/shown-when" in text
        assert "http://hl7.org/fhir/StructureDefinition/minValue" in text
        assert as_read(definition.build(handed_out)) == as_read(load(version))


def test_changed_words_change_the_hash() -> None:
    document = json.loads(json.dumps(definition.raw("1.0.0")))
    document["item"][0]["item"][0]["text"] += "!"
    rule_document = {"version": "1.0.0", "rule": []}

    assert rules.content_hash(rule_document, document) != rules.content_hash(rule_document, definition.raw("1.0.0"))


@pytest.mark.parametrize("version", ["", "9.9.9", "../1.0.0", "1.0.0.json"])
def test_unknown_version_is_refused(version: str) -> None:
    with pytest.raises(UnknownVersion):
        load(version)
    with pytest.raises(rules.UnknownRuleset):
        rules.load(version)


@pytest.mark.parametrize("when", ["nobody in {a}", "rf_now in {bogus}", "score nothing >= 3", "rf_weak in {chest}"])
def test_rule_about_something_unknown_is_refused(when: str) -> None:
    rule = {"id": "X", "group": "g", "effect": "note", "when": when, "staff": "", "patient": "", "source": ""}

    with pytest.raises(RuleError):
        rules.build({"version": "x", "rule": [rule]}, definition.raw("1.0.0"))


def test_rule_id_twice_is_refused() -> None:
    rule = {
        "id": "X", "group": "g", "effect": "note", "when": "ab_age >= 3", "staff": "", "patient": "", "source": ""
    }  # fmt: skip

    with pytest.raises(RuleError, match="twice"):
        rules.build({"version": "x", "rule": [rule, rule]}, definition.raw("1.0.0"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rf_now",
        "rf_now in",
        "rf_now in {",
        "rf_now in {a} AND",
        "(rf_now answered",
        "rf_now >= x",
        "a ? b",
        "rf_now answered rf_ce",
    ],
)
def test_condition_that_does_not_follow_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        parse(text)
