"""What readers see of a graded statement: direction before grade, a course for each condition, no editors' labels."""

import re
from typing import Any

import pytest
from django.test import Client

from education.content import shipped
from education.presenters import statements

SHIPPED = shipped.read()
LABELS = r"Not stated|Any outcome|Any time|Guideline advice,|nothing to grade|Outcome: "
COURSES = {
    "New back pain": "52 out of 100 at the start to 23 after 6 weeks",
    "Long-lasting back pain": "We have read no reliable figure",
    "Degenerative disc disease": "13 of 100 were better, 8 slightly better, 67 the same and 12 worse",
    "Sciatica": "49 to 58 of 100 people were better in one study",
    "Herniated disc": "49 to 58 of 100 people were better in one study",
    "Spinal stenosis": "About 1 in 3 people got better, about half stayed the same, and 10 to 20 of 100 got worse",
    "Facet joint arthritis": "There are no numbers to show",
    "Any back condition": "It depends on the condition",
}


def said(client: Client, path: str) -> str:
    html = client.get(path).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def tables(client: Client) -> dict[str, str]:
    """The words of each table on the page of treatments, by its heading."""
    html = client.get("/treatments/").content.decode()
    results = re.findall(r"<h3>([^<]+)</h3>\s*<div class=\"tbl-card mb-4\">(.*?)</table>", html, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", table).split()) for name, table in results}


def test_each_condition_has_its_own_natural_course(content: shipped.Shipped, client: Client) -> None:
    tables_found = tables(client)

    assert tables_found.keys() == COURSES.keys()
    for name, phrase in COURSES.items():
        assert phrase in tables_found[name].partition("No new treatment")[2], name


def test_no_other_condition_is_told_that_new_pain_improves(content: shipped.Shipped, client: Client) -> None:
    told = [name for name, table in tables(client).items() if "probably improves a lot" in table]

    assert told == ["New back pain"]


@pytest.mark.parametrize(
    "path",
    ["/", "/treatments/injections/", "/treatments/surgery/", "/treatments/exercise/", "/conditions/spinal-stenosis/"],
)
def test_doing_nothing_new_is_not_said_twice(path: str, content: shipped.Shipped, client: Client) -> None:
    text = said(client, path)

    assert "What usually happens without treatment is on this page" not in text
    assert "Time, with no new treatment Pain" not in text
    assert "No new treatment" in text


@pytest.mark.parametrize("path", [page["path"] for page in SHIPPED.pages])
def test_no_page_shows_a_label_that_says_nothing(path: str, content: shipped.Shipped, client: Client) -> None:
    assert re.findall(LABELS, said(client, path)) == []


def test_the_grade_table_of_the_home_page_says_what_was_found(content: shipped.Shipped, client: Client) -> None:
    html = client.get("/").content.decode()
    start = html.index('aria-labelledby="home-evidence"')
    text = " ".join(re.sub(r"<[^>]+>", " ", html[start : html.index("</table>", start)]).split())

    assert "Degenerative disc disease Little or no difference Low certainty" in text
    assert text.count("Harm reported Very low certainty") == 4
    assert "Less pain" not in text
    assert "Rate of serious harm" not in text


@pytest.mark.parametrize(
    ("record", "phrase"),
    [
        (None, "Not fairly tested"),
        ({"grade": 0, "direction": "unclear"}, "Not fairly tested"),
        ({"grade": 2, "direction": "no_difference"}, "Little or no difference"),
        ({"grade": 1, "direction": "unclear"}, "Not known"),
        ({"grade": 3, "direction": "helps"}, "Better"),
        ({"grade": 1, "direction": "harms"}, "Harm reported"),
        ({"grade": -1, "direction": "unclear"}, ""),
    ],
)
def test_a_direction_in_words(record: dict[str, Any] | None, phrase: str) -> None:
    assert statements.direction_words(record) == phrase


ALL_TEXT = "\n".join(
    [page["body"] + page["summary"] + str(page["key_facts"]) for page in SHIPPED.pages]
    + [str(record) for table in (SHIPPED.evidence, SHIPPED.questions, SHIPPED.trials) for record in table]
)


@pytest.mark.parametrize(
    "wrong",
    [
        "2,740", "12 people in", "three US states", "in the end [@peul2007]", "of these passed", "of them passed",
        "look uncommon", "most fair tests", "still need people", "More than 30", "To fail one test is enough",
        "kind of exercise is better than another",
    ],
)  # fmt: skip
def test_what_was_corrected_stays_away(wrong: str) -> None:
    assert wrong not in ALL_TEXT + "\n".join(note["text"] for note in SHIPPED.regulations)


THREE = r"\b(?:3|three) (?:fair )?(?:tests|trials)"
COUNTED = re.compile(rf"{THREE} (?:found|compared|they|it\b)|{THREE} .{{0,40}}pretend", re.IGNORECASE)


@pytest.mark.parametrize("page", SHIPPED.pages, ids=[page["key"] for page in SHIPPED.pages])
def test_a_page_that_counts_the_three_counts_the_makers_too(page: dict[str, Any]) -> None:
    text = page["body"] + page["summary"] + str(page["key_facts"])

    assert not COUNTED.search(text) or re.search(r"makers", text)


@pytest.mark.parametrize("word", ["Mesoblast", "rexlemestrocel", "RMAT", "Ryoncil"])
def test_what_readers_of_the_news_search_for_is_there(word: str) -> None:
    assert word in ALL_TEXT + "\n".join(note["text"] for note in SHIPPED.regulations)


def test_a_complaint_is_not_answered_with_an_approval(client: Client, db: None) -> None:
    html = client.get("/complaints/").content.decode()
    text = html[html.index("<main") : html.index("</main>")]

    assert "the body that registers them where you live" in text
    assert "Food and Drug Administration" not in text


def test_a_trial_row_says_what_was_recorded_when(content: shipped.Shipped, client: Client) -> None:
    text = said(client, "/stem-cells/trials/")

    assert "Recruiting, as recorded on 27 January 2026." in text
    assert "Active, no longer recruiting, as recorded on 13 January 2026." in text
    assert "Listed, on a record without a date." in text
    assert "checked 27 January" not in text


def test_the_exception_comes_before_the_four_tests(content: shipped.Shipped, client: Client) -> None:
    text = said(client, "/stem-cells/regulation/")

    assert 0 < text.index("same surgical procedure") < text.index("They are not mixed with another product")
    assert "We found no ruling on marrow that is put into a disc." in text


def test_nobody_sets_a_day_on_which_nobody_looked() -> None:
    """The days of trials are those of records read before 28 November 2026."""
    later = [trial["key"] for trial in SHIPPED.trials if str(trial.get("checked_on", "")) > "2026-11-27"]

    assert later == []
