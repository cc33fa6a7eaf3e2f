"""What a page told before is folded, and no name of a column stands before words that speak for themselves."""

import re

import pytest
from django.test import Client

from education.content import shipped
from education.library import Library
from education.presenters.page_renderer import PageRenderer

SUBJECT = re.compile(
    r"back|spin|stem.cell|disc|sciatica|cells|facet|experts|independent|this information|corrections", re.I
)


@pytest.fixture
def renderer(content: shipped.Shipped) -> PageRenderer:
    from education import library

    published: Library = library.current()
    return PageRenderer(published, [])


def test_a_statement_is_told_in_full_once(renderer: PageRenderer) -> None:
    html = str(renderer.page("::: evidence E1 :::\n\nWords.\n\n::: evidence E1 E2 :::").html)

    assert html.count('aria-label="Evidence E1"') == 2
    assert html.count("fold--again") == 1
    assert "Told above: Cells grown in a laboratory, injected into a disc (pain, 12 months)" in html
    assert html.index("fold--again") < html.index('aria-label="Evidence E2"')


def test_a_table_folds_what_a_box_told(renderer: PageRenderer) -> None:
    html = str(renderer.page("::: evidence E1 :::\n\n::: compare E1 E4 :::").html)

    assert html.count('<details class="fold fold--again"><summary>Told above</summary>') == 1


def test_another_page_tells_it_in_full_again(content: shipped.Shipped) -> None:
    from education import library

    for _ in range(2):
        assert "fold--again" not in PageRenderer(library.current(), []).page("::: evidence E1 :::").html


def test_only_short_cells_have_the_name_of_their_column_beside_them(content: shipped.Shipped, client: Client) -> None:
    labels: set[str] = set()
    for path in ("/", "/treatments/", "/stem-cells/evidence/", "/conditions/degenerative-disc-disease/"):
        html = client.get(path).content.decode()
        labels |= set(re.findall(r'data-label="\s*([^"]+)"', html))

    assert labels <= {
        "Pain", "Pain, daily function", "Pain, daily function, the disc on a scan", "The disc on a scan",
        "Daily function, the disc on a scan", "Serious harm", "Harm, and what it takes", "People",
    }  # fmt: skip
    assert "Serious harm" in labels


def test_the_home_page_folds_its_text_by_heading(content: shipped.Shipped, client: Client) -> None:
    html = client.get("/").content.decode()

    assert re.findall(r'<details class="fold" id="([a-z-]+)">', html) == [
        "find-your-condition", "compare-treatments", "thinking-about-stem-cells-start-here",
        "how-we-make-this-information", "sources",
    ]  # fmt: skip
    assert html.count("Read what to do now") == 1


@pytest.mark.parametrize(("path", "folds"), [("/stem-cells/evidence/", True), ("/back-pain/when-to-get-help/", False)])
def test_a_long_list_of_sources_is_folded(path: str, folds: bool, content: shipped.Shipped, client: Client) -> None:
    html = client.get(path).content.decode()

    assert ('<details class="fold mt-5" id="sources">' in html) is folds
    assert 'id="source-1"' in html


def test_every_title_names_its_subject() -> None:
    titles = [page["title"] for page in shipped.read().pages]

    assert [title for title in titles if not SUBJECT.search(title)] == []
    assert len(titles) == len(set(titles))
