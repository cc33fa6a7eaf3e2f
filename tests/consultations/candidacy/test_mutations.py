"""Deleting any rule, or any option from any rule, is noticed by some case. The cases are shown to be able to fail."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from consultations.candidacy import engine, rules
from consultations.candidacy.scores import scores
from consultations.questionnaire import definition
from consultations.questionnaire.answers import walk
from consultations.questionnaire.conditions import Condition, Facts, parse
from tests.consultations.candidacy.cases import CATALOG, ROUTINE, SWEEP, VIGNETTES

VERSION = "1.1.0"  # its conditions are those of 1.0.0, which the catalogue test shows
DOCUMENT = tomllib.loads((rules.RULES / f"{VERSION}.toml").read_text(encoding="utf-8"))
QUESTIONNAIRE = definition.raw(VERSION)
SET = re.compile(r"(\w+) in \{([^}]*)\}")

# What each rule's conditions need beside the option in question, where a routine person does not meet it.
SETTINGS: dict[str, dict[str, Any]] = {
    "RF-MAL-07": {"ab_age": 60, "pn_duration": "lt6w", "rf_systemic": ["night_pain"]},
    "RF-SPA-01": {"ab_age": 40},
    "RF-SPA-02": {"ab_age": 40},
    "CS-LSS": {"ab_age": 62},
    "CX-PREG-01": {"ab_age": 40},
    "CX-PREG-02": {"ab_age": 40},
    "CX-ALG-01": {"hx_gate": ["allergy"]},
    "CX-DM-01": {"hx_gate": ["diabetes"]},
    "CX-DM-02": {"hx_gate": ["diabetes"]},
    "CX-SURG-01": {"tx_tried": ["surgery"]},
    "CX-SURG-02": {"tx_tried": ["surgery"]},
    "CX-SURG-03": {"tx_tried": ["surgery"]},
    "CX-MRI-07": {"im_mri": "never"},
    "CS-DISC": {"dx_told": ["facet"]},
    "CX-CONS-04": {"tx_tried": ["tablets"]},
}
BY_NUMBERS: list[dict[str, Any]] = [
    {**ROUTINE, "hx_height_cm": 170, "hx_weight_kg": weight} for weight in (45, 104, 120)
] + [{name: value for name, value in ROUTINE.items() if name != "ex_expect"}]
# "None yet" never stands beside a treatment: cleaning takes it away. Dropping a treatment from the NOT changes nothing.
EQUIVALENT = {("CX-CONS-01", 1)}


def rule_text(rule_id: str) -> str:
    return next(rule["when"] for rule in DOCUMENT["rule"] if rule["id"] == rule_id)


def without_rule(rule_id: str) -> rules.Ruleset:
    document = {**DOCUMENT, "rule": [rule for rule in DOCUMENT["rule"] if rule["id"] != rule_id]}
    return rules.build(document, QUESTIONNAIRE)


def without_option(rule_id: str, index: int, option: str) -> Condition | None:
    """One rule's condition with one option gone from one of its sets; None when nothing would be left of the set."""
    text = rule_text(rule_id)
    match = list(SET.finditer(text))[index]
    left = [name for name in match.group(2).split(", ") if name != option]
    if not left:
        return None
    start, end = match.span(2)
    return parse(text[:start] + ", ".join(left) + text[end:])


def options_of_rules() -> Iterator[tuple[str, int, str]]:
    for rule in DOCUMENT["rule"]:
        for index, match in enumerate(SET.finditer(rule["when"])):
            for option in match.group(2).split(", "):
                if (rule["id"], index) not in EQUIVALENT:
                    yield rule["id"], index, option


ALL_ANSWERS = [vignette["answers"] for vignette in VIGNETTES] + [case["answers"] for case in SWEEP]


def is_set_of_kind(question_id: str) -> bool:
    return definition.load(VERSION)[question_id].kind == "multi"


def built_answers(rule_id: str) -> Iterator[dict[str, Any]]:
    """Answers made from a rule's own words: every combination of one option from each of its sets."""
    sets = [(match.group(1), match.group(2).split(", ")) for match in SET.finditer(rule_text(rule_id))]
    base = {**ROUTINE, **SETTINGS.get(rule_id, {})}
    counted = re.search(r"count of (\w+) in \{[^}]*\} (?:>=|=) (\d)", rule_text(rule_id))
    for position, (question, options) in enumerate(sets):
        for option in options:
            for other in range(max((len(names) for _, names in sets), default=1)):
                answers = dict(base)
                for index, (name, names) in enumerate(sets):
                    if f"NOT ({name} in" in rule_text(rule_id) and index != 0 and name != question:
                        continue
                    choice = option if index == position else names[other % len(names)]
                    answers[name] = _with(answers, name, choice, is_first=index == 0 or sets[index - 1][0] != name)
                if counted and counted.group(1) == question:
                    answers[question] = _counted(option, options, int(counted.group(2)))
                yield answers
                alone = [option] if is_set_of_kind(question) else option
                yield {**answers, question: alone}
                yield {**base, question: alone}


def _with(answers: dict[str, Any], name: str, choice: str, *, is_first: bool) -> Any:
    if not is_set_of_kind(name):
        return choice
    earlier = [] if is_first else [code for code in answers.get(name, []) if code != "none"]
    return [*earlier, choice]


def _counted(option: str, options: list[str], number: int) -> list[str]:
    return [option, *[name for name in options if name != option][: number - 1]]


def fires(condition: Condition, answers: dict[str, Any]) -> bool:
    done = walk(definition.load(VERSION), answers)
    return condition.test(Facts(done.cleaned, scores(done.cleaned))) is not None


@pytest.mark.parametrize("rule_id", [rule["id"] for rule in CATALOG["rules"]])
def test_deleting_a_rule_changes_a_case(rule_id: str) -> None:
    mutant = without_rule(rule_id)

    for answers in [*built_answers(rule_id), *BY_NUMBERS, *ALL_ANSWERS]:
        before = {fired.id for fired in engine.assess(answers, version=VERSION).fired}
        if rule_id in before:
            assert before - {fired.id for fired in engine.evaluate(answers, mutant).fired} == {rule_id}
            return
    pytest.fail(f"No case fires {rule_id}.")


@pytest.mark.parametrize(("rule_id", "index", "option"), list(options_of_rules()))
def test_dropping_an_option_changes_a_case(rule_id: str, index: int, option: str) -> None:
    original, mutant = rules.load(VERSION)[rule_id].when, without_option(rule_id, index, option)

    for answers in [*built_answers(rule_id), *ALL_ANSWERS]:
        if fires(original, answers) != (mutant is not None and fires(mutant, answers)):
            return
    pytest.fail(f"No case needs {option} in {rule_id}.")
