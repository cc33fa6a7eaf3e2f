"""Notes on the law: shown per country with their keeper and dates, and never without a source."""

import datetime
from typing import Any

import pytest

from education.claims import content_checks
from education.claims.publication_checks import page_problems, regulation_problems
from education.library import Library
from education.markup.references import page_sources
from education.presenters.page_renderer import PageRenderer
from tests.content_fixtures import SHIPPED

NOTE: dict[str, Any] = {
    "key": "a-note",
    "jurisdiction": "US-FL",
    "body": "A regulator",
    "title": "What it says",
    "text": "A law says so [@two].",
    "sources": ["one"],
    "owner": "Somebody",
    "effective_from": "2025-07-01",
    "reviewed_on": None,
    "next_due": "2027-11-23",
    "order": 2,
}
EARLIER = {**NOTE, "key": "earlier", "title": "What stands first", "order": 1, "effective_from": None}
ELSEWHERE = {**NOTE, "key": "elsewhere", "jurisdiction": "US", "title": "Another law"}
SOURCES = [{"key": key, "title": key, "is_verified": key != "unread"} for key in ("one", "two", "unread")]
LIBRARY = Library.of("", {"sources": SOURCES, "regulations": [NOTE, EARLIER, ELSEWHERE]})
BODY = "::: regulation US-FL :::"
PAGE = next(page for page in SHIPPED.pages if page["key"] == "stem-cells-regulation")


def render(body: str, library: Library = LIBRARY) -> str:
    return str(PageRenderer(library, page_sources([], body, library)).page(body).html)


def test_a_block_shows_the_notes_of_its_place_in_order() -> None:
    html = render(BODY)

    assert 0 < html.index("What stands first") < html.index("What it says")
    assert "Another law" not in html


def test_a_note_names_its_authority_its_keeper_and_its_dates() -> None:
    html = render(BODY)

    assert "A regulator" in html
    assert "Kept by: Somebody." in html
    assert html.count("Applies from 1 July 2025.") == 1
    assert html.count("Not yet reviewed by a lawyer.") == 2
    assert html.count("Next check due 23 November 2027.") == 2


def test_a_reviewed_note_says_when() -> None:
    library = Library.of("", {"regulations": [{**NOTE, "reviewed_on": "2026-12-01"}]})

    assert "Reviewed 1 December 2026." in render(BODY, library)
    assert "Not yet reviewed" not in render(BODY, library)


def test_the_sources_of_a_note_are_numbered_on_its_page() -> None:
    assert page_sources([], BODY, LIBRARY) == ["one", "two"]
    assert 'href="#source-2"' in render(BODY)


def test_a_place_without_notes_is_refused_and_says_so_in_a_preview() -> None:
    body = PAGE["body"] + "\n::: regulation FR :::\n"
    tables = ("sources", "evidence", "terms", "regulations")
    library = Library.of("", {table: getattr(SHIPPED, table) for table in tables})

    broken, whole = (page_problems(page, library, paths=set()) for page in ({**PAGE, "body": body}, PAGE))

    assert "There is no note about the law of “FR”; add one, or take the block out." in broken
    assert not any("There is no note about the law of" in said for said in whole)
    assert "The block “regulation” cannot be shown" in render("::: regulation FR :::")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"text": "Words."}, "cites no source"),
        ({"text": "Words [@ghost]."}, "not in the source library"),
        ({"text": "Words [@unread]."}, "nobody has checked"),
        ({"text": "## A heading\n\nWords [@one]."}, "holds a heading"),
        ({"sources": ["ghost"]}, "does not exist"),
    ],
)
def test_a_broken_note_says_what_is_wrong(changes: dict[str, Any], problem: str) -> None:
    assert not regulation_problems(NOTE, LIBRARY)

    assert any(problem in said for said in regulation_problems({**NOTE, **changes}, LIBRARY))


def test_every_country_of_the_page_has_its_notes() -> None:
    places = {note["jurisdiction"] for note in SHIPPED.regulations}

    assert places == {"US", "US-FL", "US-UT", "US-TX", "US-MT", "US-WY", "EU", "GB", "CA", "AU", "NZ"}
    assert all(f"::: regulation {jurisdiction} :::" in PAGE["body"] for jurisdiction in places)


@pytest.mark.parametrize("note", SHIPPED.regulations, ids=[note["key"] for note in SHIPPED.regulations])
def test_every_note_is_looked_at_again_within_a_year(note: dict[str, Any]) -> None:
    assert note["owner"]
    assert note["next_due"] <= datetime.date(2027, 11, 23)


def test_notes_are_read_by_the_claims_rules() -> None:
    boast = {**NOTE, "text": "It cures backs [@one]."}

    assert [
        content_check.where
        for content_check in content_checks.remarks_of("regulations", boast, LIBRARY, today=datetime.date(2026, 11, 25))
    ]
