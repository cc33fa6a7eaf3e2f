import pytest

from education.library import Library
from education.markdown import Renderer, page_sources, parts

LIBRARY = Library.of(
    "",
    {
        "sources": [{"key": "one", "is_verified": True}, {"key": "two", "is_verified": True}],
        "terms": [{"slug": "disc", "term": "Disc"}],
        "evidence": [],
        "questions": [],
        "trials": [],
        "pages": [],
    },
)
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,AAAA)",
    "<a href='x' onclick='y'>z</a>",
    "<svg/onload=alert(1)>",
    "<style>*{}</style>",
    "<iframe src=//evil></iframe>",
    "![x](http://evil.test/x.png)",
    "[[disc|<b onclick=x>]]",
    "[@one<script>]",
    '## <img src=x onerror="alert(1)">',
    "<div style='position:fixed'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


def render(body: str) -> str:
    return str(Renderer(LIBRARY, page_sources([], body, LIBRARY)).page(body).html)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("frame", ["{}", "::: note\n{}\n:::", "- {}", "| a |\n|---|\n| {} |"])
def test_nothing_unsafe_survives(payload: str, frame: str) -> None:
    html = render(frame.format(payload)).lower()

    for sign in ("<script", "<img", "<iframe", "<style", "<svg/", 'onerror="', "onclick='", "javascript:", "data:text"):
        assert sign not in html.replace("&lt;", "(").replace('<svg class="icon"', "")
    assert " style=" not in html


def test_citations_are_numbered_in_order_and_named_for_screen_readers() -> None:
    html = render("First [@two]. Then [@one]. Again [@two].")

    assert html.count('href="#source-1" aria-label="Source 1">1</a>') == 2
    assert html.count('href="#source-2"') == 1


def test_a_citation_that_leads_nowhere_leaves_no_mark() -> None:
    renderer = Renderer(LIBRARY, ["one"])

    assert renderer.text("Fact [@ghost].") == "<p>Fact .</p>\n"


def test_terms_link_to_the_glossary() -> None:
    assert '<a class="term" href="/glossary/#disc">worn discs</a>' in render("Some [[disc|worn discs]].")
    assert "ghosts" in render("Some [[ghost|ghosts]].")
    assert "href" not in render("Some [[ghost|ghosts]].")


def test_headings_get_names_that_do_not_repeat() -> None:
    rendered = Renderer(LIBRARY, []).page("## Same\n\nx\n\n## Same\n\ny\n")

    assert rendered.headings == (("same", "Same"), ("same-2", "Same"))


def test_links_keep_their_own_scheme_only() -> None:
    html = render("[a](https://x.test) [b](mailto:a@b.test) [c](tel:+1) [d](/here/) [e](ftp://x)")

    assert all(sign in html for sign in ('href="https://x.test"', 'href="mailto:', 'href="tel:', 'href="/here/"'))
    assert "ftp:" not in html


def test_body_is_cut_into_its_parts() -> None:
    body = "Text.\n\n::: care-card :::\n\nMore.\n\n::: note\nInside.\n:::\n"

    assert [(part.name, part.text.strip()) for part in parts(body)] == [
        ("", "Text."),
        ("care-card", ""),
        ("", "More."),
        ("note", "Inside."),
    ]


def test_block_that_is_never_closed_is_refused() -> None:
    with pytest.raises(ValueError, match="never closed"):
        list(parts("::: note\nInside."))


def test_number_pairs_say_both_groups_in_words() -> None:
    html = render("::: pair 74 69 | given cells | given a sham | felt better [@one] :::")

    assert "74 of 100 people given cells and 69 of 100 given a sham felt better." in html
    assert html.count('class="on"') == 74 + 69
