"""The shipped questionnaire and rules are the catalogue, word for word and condition for condition."""

import json
from typing import Any

import pytest

from consultations.candidacy import rules
from consultations.candidacy.rules import RuleError
from consultations.questionnaire import definition
from consultations.questionnaire.conditions import ConditionError, parse
from consultations.questionnaire.definition import UnknownVersion, load
from tests.consultations.candidacy.cases import CATALOG

SCORE_NAMES = {"peg": "peg_sum"}


def in_words(condition: list[Any], *, is_inside: bool = False) -> str:
    """A catalogue condition in our own vocabulary."""
    verb, rest = condition[0], condition[1:]
    match verb:
        case "has":
            return f"{rest[0]} in {{{', '.join(rest[1])}}}"
        case "has_or_missing":
            return f"{rest[0]} in {{{', '.join(rest[1])}}} or unanswered"
        case "missing":
            return f"{rest[0]} unanswered"
        case "answered":
            return f"{rest[0]} answered"
        case "ge" | "lt":
            return f"{rest[0]} {'>=' if verb == 'ge' else '<'} {rest[1]}"
        case "score_ge" | "score_lt":
            return f"score {SCORE_NAMES.get(rest[0], rest[0])} {'>=' if verb == 'score_ge' else '<'} {rest[1]}"
        case "count_ge" | "count_eq":
            return f"count of {rest[0]} in {{{', '.join(rest[2])}}} {'>=' if verb == 'count_ge' else '='} {rest[1]}"
        case "safety_missing":
            return "any required safety question unanswered"
        case "other_missing":
            return "any other required question unanswered"
        case "not":
            return f"NOT ({in_words(rest[0])})"
        case _:
            joined = f" {verb.upper()} ".join(in_words(part, is_inside=True) for part in rest)
            return f"({joined})" if is_inside else joined


@pytest.mark.parametrize("entry", CATALOG["questions"], ids=lambda entry: entry["id"])
def test_question_is_the_catalogues(entry: dict[str, Any]) -> None:
    question = load("1.0.0")[entry["id"]]

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


@pytest.mark.parametrize("entry", CATALOG["rules"], ids=lambda entry: entry["id"])
def test_rule_is_the_catalogues(entry: dict[str, Any]) -> None:
    rule = rules.load("1.0.0")[entry["id"]]

    assert rule.when.text == in_words(entry["when"])
    assert (rule.group, rule.effect, rule.staff, rule.patient, rule.source) == (
        entry["group"],
        entry["effect"],
        entry["staff"],
        entry["patient"] or "",
        entry["src"] or "",
    )


def test_questions_and_rules_stand_in_the_catalogues_order() -> None:
    assert [question.id for question in load("1.0.0").questions] == [entry["id"] for entry in CATALOG["questions"]]
    assert [rule.id for rule in rules.load("1.0.0").rules] == [entry["id"] for entry in CATALOG["rules"]]
    assert {section.id: section.title for section in load("1.0.0").sections} == CATALOG["sections"]


def test_no_rule_reads_free_text_but_to_say_that_there_is_some() -> None:
    assert [rule.id for rule in rules.load("1.0.0").rules if "ex_note" in rule.when.questions] == ["SYS-03"]


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
