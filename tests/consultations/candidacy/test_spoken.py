"""What to say when calling: grammatical and closed, whatever was ticked, and never a name that the rules do not "
"give."""

import hashlib
import itertools
import random
import re
from typing import Any

import pytest

from clinic.core import defaults
from consultations.candidacy import display, engine, spoken
from consultations.questionnaire import definition
from tests.consultations.candidacy.cases import ROUTINE

SAFETY = [
    (question.id, option.code)
    for version in definition.versions()
    for question in definition.load(version).questions
    if question.is_safety
    for option in question.options
    if option.code != "none"
]
LEAD = "I have a problem with my back. A safety check told me to get emergency help, because of this: "
NAMED = "I was told these can be signs of cauda equina syndrome."
ONSETS = {
    "lt2w": "It began or got worse in the last two weeks.",
    "w2_m3": "It began or got worse between two weeks and three months ago.",
    "gt3m": "It has been the same for more than three months.",
    "not_sure": "I am not sure when it began.",
}
SUBJECT = re.compile(r"(I|it|It|my|one of my legs) ")


def said(**changes: Any) -> str:
    return spoken.what_to_say(engine.assess({**ROUTINE, **changes}, version="1.0.0"), region="US")


def given(*ticked: tuple[str, str]) -> dict[str, Any]:
    """Answers of one kind for all: a tuple where several may be ticked."""
    answers: dict[str, Any] = {}
    questions = definition.load("1.0.0")
    for question, code in ticked:
        is_multi = questions[question].kind == "multi"
        answers[question] = (*answers.get(question, ()), code) if is_multi else code
    return answers


def assert_can_be_read_aloud(text: str) -> None:
    assert text.startswith(LEAD)
    assert text.endswith(".")
    assert not re.search(r"undefined|None|[{}_\[\]()“”\"]|  |\.\.| [.,;]|,,|;;|;\.", text)
    whole = text.removeprefix(LEAD)
    clauses = [part for sentence in re.split(r"(?<=\.) ", whole) for part in re.split(r"; (?:and )?", sentence)]
    for clause in clauses:
        assert SUBJECT.match(clause.removeprefix("Also, ")), clause
    for sentence in re.split(r"(?<=\.) ", whole):
        listed = sentence.split("; ")
        if len(listed) > 1:
            assert [item.startswith("and ") for item in listed] == [*[False] * (len(listed) - 1), True]


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("spoken.toml", "40a36c395c63573f18401a5291bfec8fb8c00a287199156e75bde2e7cfb7b5df"),
        ("sentences.toml", "a7b212165dfe64f8c00a7f8544e6d4c403b6e5d7d1c44ce47db1d6c2f1813e87"),
    ],
)
def test_the_words_are_these(name: str, digest: str) -> None:
    """A change of a word is a clinical change: it comes with a new hash here, signed by the medical director."""
    assert hashlib.sha256((display.DISPLAY / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(("question", "code"), SAFETY)
def test_every_option_can_be_said_alone(question: str, code: str) -> None:
    table = display.document("spoken")
    if question == "rf_ce_when":
        text = spoken.say(["rf_ce", "rf_ce_when"], {"rf_ce": ("saddle",), "rf_ce_when": code})
        assert text.endswith(f" {ONSETS[code]}")
    else:
        text = spoken.say([question], given((question, code)))
        assert table[question][code].split("{")[0] in text
    assert_can_be_read_aloud(text)


@pytest.mark.parametrize("region", [*defaults.REGIONS, "elsewhere"])
def test_any_number_of_them_can_be_said_at_once(region: str) -> None:
    draw = random.Random(f"aloud in {region}")
    asked = list(dict.fromkeys(question for question, _ in SAFETY))
    for _ in range(300):
        ticked = [item for item in SAFETY if draw.random() < draw.choice((0.1, 0.5, 0.9))]
        if not any(question != "rf_ce_when" for question, _ in ticked):
            continue
        text = spoken.say(asked, given(*ticked), names_cauda_equina=draw.random() < 0.5, region=region)
        assert_can_be_read_aloud(text)


def test_a_single_sign_a_pair_and_three() -> None:
    assert said(rf_now=["cold_leg"]) == f"{LEAD}one of my legs has suddenly gone cold, pale or blue."
    assert said(rf_now=["chest", "cold_leg"]) == (
        f"{LEAD}I have chest pain, or it is hard to breathe; and one of my legs has suddenly gone cold, pale or blue."
    )
    assert said(rf_now=["belly", "fever"], rf_risk=["steroids"]) == (
        f"{LEAD}I have sudden, very bad pain in my belly or side as well as my back; I have a high temperature, or I "
        f"feel hot and shivery; and I take steroid tablets."
    )


def test_nerve_signs_come_last_with_when_they_began_and_what_they_can_be() -> None:
    text = said(rf_now=["chest"], rf_ce=["bladder_leak", "bowel"], rf_ce_when="lt2w")
    assert text == (
        f"{LEAD}I have chest pain, or it is hard to breathe. Also, I leak pee, or I can’t tell when my bladder is "
        f"full; and I can’t control my poop, or I can’t feel when I need to go. {ONSETS['lt2w']} {NAMED}"
    )


@pytest.mark.parametrize("when", [*ONSETS, None])
def test_when_it_began_is_said_exactly_so_and_nothing_when_unanswered(when: str | None) -> None:
    text = spoken.say(["rf_ce", "rf_ce_when"], {"rf_ce": ("saddle",)} | ({"rf_ce_when": when} if when else {}))
    assert [onset for onset in ONSETS.values() if onset in text] == ([ONSETS[when]] if when else [])


def test_when_it_began_is_not_said_of_other_signs() -> None:
    assert (
        said(rf_now=["chest"], rf_ce=["both_legs"], rf_ce_when="gt3m")
        == f"{LEAD}I have chest pain, or it is hard to breathe."
    )


@pytest.mark.parametrize(
    ("changes", "is_named"),
    [
        ({"rf_ce": ["saddle"], "rf_ce_when": "lt2w"}, True),
        ({"rf_ce": ["both_legs"], "rf_ce_when": "not_sure"}, True),
        ({"rf_ce": ["both_legs"], "rf_ce_when": "w2_m3", "rf_weak": "worse"}, True),
        ({"rf_ce": ["sexual"], "rf_ce_when": "lt2w", "rf_cancer": "current"}, False),
        ({"rf_now": ["collapse"]}, False),
        ({"rf_injury": "major_new"}, False),
        ({"rf_cancer": "over5", "rf_systemic": ["unsteady"]}, False),
    ],
)
def test_the_name_is_said_only_when_its_rules_fired(changes: dict[str, Any], is_named: bool) -> None:
    text = said(**changes)
    assert_can_be_read_aloud(text)
    assert (text.endswith(NAMED), "cauda" in text) == (is_named, is_named)


def test_not_sure_is_said_only_where_nothing_else_is() -> None:
    assert "not sure" not in said(rf_now=["chest", "not_sure"])


def test_without_an_emergency_there_is_nothing_to_say() -> None:
    assert said(rf_now=["fever"]) == ""


def test_the_words_of_the_region() -> None:
    ticked = given(("rf_now", "belly"), ("rf_ce", "bowel"))
    at_home = {region: spoken.say(["rf_now", "rf_ce"], ticked, region=region) for region in ("US", "GB", "AU")}
    assert ["belly" in text and "poop" in text for text in at_home.values()] == [True, False, False]
    assert ["tummy" in text and "poo," in text for text in at_home.values()] == [False, True, True]


def test_every_emergency_has_something_to_say() -> None:
    pairs = itertools.product(SAFETY, SAFETY)
    for first, second in pairs:
        answers = {**ROUTINE, "rf_ce_when": None, **given(*dict.fromkeys((first, second)))}
        answers = {name: list(value) if isinstance(value, tuple) else value for name, value in answers.items()}
        assessment = engine.assess(answers, version="1.0.0")
        text = spoken.what_to_say(assessment, region="US")
        assert bool(text) == (assessment.outcome == "EMERGENCY"), (first, second)
        if text:
            assert_can_be_read_aloud(text)
