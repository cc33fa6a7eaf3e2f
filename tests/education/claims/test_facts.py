"""Numbers of a sentence and of its sources, on made-up content."""

import datetime
from fractions import Fraction

import pytest

from education.claims import facts
from education.claims.facts import CitingSentence, Exemption, UnsourcedNumbers
from education.claims.numbers import held_by, numbers_in

SOURCES = {
    "review": {"key": "review", "year": 2020, "supports": "25 trials, 2,470 people; pain fell in 63% (CI 49-77)"},
    "trial": {"key": "trial", "year": 2025, "supports": "114 people; 74% v 69% (p=0.77); about one-third had pain"},
    "survey": {"key": "survey", "year": None, "supports": "619 million people (UI 554-694m) in 2020; 12 of 4,891"},
}
NOBODY = {"evidence": [], "trials": [], "regulations": []}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("No number, one word.", []),
        ("It took 3 to 6 weeks, or 1.5 months.", ["3", "6", "1.5"]),
        ("In 2,470 people and 1,234,567 more.", ["2,470", "1,234,567"]),
        ("About 63 of 100 and 1 in 400.", ["63 of 100", "1 in 400"]),
        ("74 and 69 of 100; 2 out of every 5 people.", ["74", "69 of 100", "2 out of every 5"]),
        ("Four points out of 10, twenty-one trials.", ["Four", "twenty-one"]),
        ("About a third, two-thirds, half, a third of them.", ["a third", "two-thirds", "half", "a third"]),
        ("A third trial is an ordinal.", []),
        (
            "$5 million, 600 thousand, two hundred, a million.",
            ["5 million", "600 thousand", "two hundred", "a million"],
        ),
        ("20% or 30 per cent.", ["20%", "30 per cent"]),
        ("NCT03737461, MSB-DR003, BRTX-100, L5 and 303b are names.", []),
        ("In 2021, or 49–77 of them.", ["2021", "49", "77"]),
        ("A 45-year study of these two groups.", ["45"]),
        ("2 of 3 trials, 2 in 3 months.", ["2", "3", "2", "3"]),
    ],
)
def test_every_number_is_found_however_it_is_written(text: str, words: list[str]) -> None:
    assert [number.text for number in numbers_in(text)] == words


def test_what_a_text_holds() -> None:
    numbers = held_by("10-20% worse, 49–77, 2,219 people, p=0.77, 12 of 4,891, one-third, 694m")

    assert {Fraction(10, 100), Fraction(20, 100), Fraction(12, 4891), Fraction(1, 3)} <= numbers.shares
    assert {Fraction(49), Fraction(77), Fraction(2219), Fraction("0.77"), Fraction(694_000_000)} <= numbers.values
    assert Fraction(219) not in numbers.values


def test_a_number_that_is_denied_is_not_held() -> None:
    numbers = held_by("25 trials, 2,470 people (not 2,740), not 9% but 8%")

    assert Fraction(2470) in numbers.values
    assert not {Fraction(2740), Fraction(9)} & numbers.values
    assert numbers.shares == {Fraction(8, 100)}


@pytest.mark.parametrize(
    "text",
    [
        "It shrank in 63 of 100 people in 25 trials [@review].",
        "Between 49 and 77 [@review].",
        "Twenty-five trials, and 2,470 people, in 2020 [@review].",
        "63% of them [@review].",
        "About a third of 114 people had pain, and 74 of 100 got better [@trial].",
        "1 in 3 had pain [@trial].",
        "About 619 million, 12 of 4,891 [@survey].",
        "Two trials say so [@trial] [@review].",
        "[Read all 9 of them](/faq/17/) is not cited.",
        "## A heading of 9 words\n\nWords [@trial].",
    ],
)
def test_a_number_that_its_source_holds_is_no_finding(text: str) -> None:
    assert _missing(text) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("In 25 trials with 2,740 people [@review].", [("2,740",)]),
        ("This comes from 2,740 people. The effect is small [@review].", [("2,740",)]),
        ("The effect is small [@review]. This comes from 2,740 people.", [("2,740",)]),
        ("It shrank in 63 of 100 people, or 36 of 100 [@review].", [("36 of 100",)]),
        ("25 of 100 people got worse [@review].", [("25 of 100",)]),
        ("About half got better [@trial].", [("half",)]),
        ("p was 0.07 [@trial].", [("0.07",)]),
        ("Three trials [@trial] [@review].", [("Three",)]),
        ("- 74 of 100 [@review]\n- 74 of 100 [@trial]", [("74 of 100",)]),
        ("| a | b |\n|---|---|\n| 9 people | words [@trial] |", [("9",)]),
        ("::: pair 74 96 | given cells | given none | felt better [@trial] :::", [("96 of 100",)]),
        ("::: note\nIn 2021 it was said [@trial].\n:::", [("2021",)]),
    ],
)
def test_a_wrong_number_is_found(text: str, missing: list[tuple[str, ...]]) -> None:
    assert _missing(text) == missing


def test_records_rest_on_the_sources_they_list() -> None:
    statement = {
        "code": "T7", "treatment": "A needle", "comparator": "No needle", "outcome": "Pain", "timepoint": "Any time",
        "plain_text": "It may help.", "size_text": "63 of 100.", "harms_text": "Seen in 7 people.",
        "downgrade_reasons": "", "n_people": 2740, "n_trials": 25, "sources": ["review"],
    }  # fmt: skip
    unsourced = facts.findings(facts.sentences_of("evidence", statement), SOURCES)

    assert [(item.sentence.where, item.numbers) for item in unsourced] == [
        ("evidence.T7.harms_text", ("7",)),
        ("evidence.T7.n_people", ("2740",)),
    ]


def test_a_page_answers_for_its_summary_and_key_facts() -> None:
    page = {
        "key": "needle", "summary": "In 114 people.", "key_facts": [{"label": "How many", "text": "411 people."}],
        "body": "Nothing is cited here, in 9 words.", "sources": ["trial"],
    }  # fmt: skip
    unsourced = facts.findings(facts.sentences_of("pages", page), SOURCES)

    assert [(item.sentence.where, item.numbers) for item in unsourced] == [("pages.needle.key_facts.1", ("411",))]


def test_a_figure_answers_when_it_names_its_sources() -> None:
    figure = (
        "{# A chart #}{# sources: trial #}\n<li><b>74</b> of 100</li><text>50</text><figcaption>47 of 100</figcaption>"
    )
    unsourced = facts.findings(facts.sentences_of_template("a/chart.html", figure), SOURCES)

    assert [(item.sentence.where, item.numbers) for item in unsourced] == [("templates.a/chart.html", ("47 of 100",))]
    assert list(facts.sentences_of_template("a/chart.html", figure.replace("sources:", "from"))) == []


def test_an_exemption_covers_one_sentence_and_its_numbers() -> None:
    sentence = CitingSentence("pages.a.body", "About 2,500 of 9 [@review].", ("review",))
    unsourced = [UnsourcedNumbers(sentence, ("2,500", "9"))]
    given = Exemption("pages.a.body", sentence.digest, ("2,500",), "rounded from 2,470")

    assert facts.weighed(unsourced, [given]) == ([UnsourcedNumbers(sentence, ("9",))], [])
    assert facts.weighed([], [given]) == ([], [(given, ("2,500",))])


@pytest.mark.parametrize("text", ["About 2,600 of 9 [@review].", "About 2,500 of 9  [@review]."])
def test_an_edited_sentence_is_looked_at_anew(text: str) -> None:
    before = CitingSentence("pages.a.body", "About 2,500 of 9 [@review].", ("review",))
    given = Exemption("pages.a.body", before.digest, ("2,500", "9"), "rounded from 2,470")
    unsourced = [UnsourcedNumbers(CitingSentence("pages.a.body", text, ("review",)), ("2,600", "9"))]

    assert facts.weighed(unsourced, [given]) == (unsourced, [(given, ("2,500", "9"))])


def test_another_source_is_looked_at_anew() -> None:
    one = CitingSentence("evidence.T7.size_text", "About 2,500.", ("review",))
    other = CitingSentence("evidence.T7.size_text", "About 2,500.", ("trial",))

    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (datetime.date(2026, 5, 27), []),
        (datetime.date(2026, 5, 26), ["trials.a: recorded on 2026-05-26, more than 6 months ago"]),
        (None, ["trials.a: what we read has no date"]),
    ],
)
def test_an_old_record_is_named(day: datetime.date | None, said: list[str]) -> None:
    tables = {**NOBODY, "trials": [{"key": "a", "checked_on": day}]}

    assert facts.old_records(tables, today=datetime.date(2026, 11, 27), months=6) == said


def test_a_note_whose_check_is_due_is_named() -> None:
    tables = {**NOBODY, "regulations": [{"key": "us", "next_due": datetime.date(2026, 11, 26)}]}

    assert facts.old_records(tables, today=datetime.date(2026, 11, 27), months=6) == [
        "regulations.us: a check was due on 2026-11-26"
    ]
    assert facts.old_records(tables, today=datetime.date(2026, 11, 26), months=6) == []


def _missing(body: str) -> list[tuple[str, ...]]:
    page = {"key": "a", "summary": "", "key_facts": [], "body": body, "sources": []}
    return [fact.numbers for fact in facts.findings(facts.sentences_of("pages", page), SOURCES)]
