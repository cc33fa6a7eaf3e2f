import re
from html import unescape
from html.parser import HTMLParser

import pytest

from education.library import Library
from education.markup.markdown import heading_levels, parts
from education.markup.references import page_sources
from education.presenters.page_renderer import PageRenderer

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


ELEMENTS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "code", "table", "thead", "tbody", "tr"} | {
    "th",
    "td",
    "div",
    "span",
    "svg",
    "use",
    "br",
    "hr",
    "blockquote",
    "path",
}


class Reader(HTMLParser):
    """What a browser would see: elements, attributes and link targets."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def render(body: str) -> str:
    return str(PageRenderer(LIBRARY, page_sources([], body, LIBRARY)).page(body).html)


def read(body: str) -> Reader:
    reader = Reader()
    reader.feed(render(body))
    return reader


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("frame", ["{}", "::: note\n{}\n:::", "- {}", "| a |\n|---|\n| {} |"])
def test_nothing_unsafe_survives(payload: str, frame: str) -> None:
    reader = read(frame.format(payload))

    assert reader.elements <= ELEMENTS
    assert not {name for name in reader.attributes if name.startswith("on") or name == "style"}
    assert all(target.startswith(("#", "/", "https://")) for target in reader.targets)


def test_the_reader_of_this_test_would_see_what_is_unsafe() -> None:
    reader = Reader()
    reader.feed("<a href='javascript:x' onclick='y'>z</a><script>1</script>")

    assert reader.elements == {"a", "script"}
    assert reader.attributes == {"href", "onclick"}
    assert reader.targets == ["javascript:x"]


@pytest.mark.parametrize(
    "typed", ["`[@one] [[disc|x]]`", "[words](/here/ '[@one]')", "[words](/here/ '[[disc|x]]')", "    [@one]"]
)
def test_a_mark_means_nothing_in_code_or_in_a_title(typed: str) -> None:
    assert not any(target.startswith(("#source", "/glossary")) for target in read(typed).targets)


def test_marks_work_in_tables_and_lists_and_emphasis() -> None:
    assert read("| a |\n|---|\n| [@one] [[disc\\|discs]] |").targets == ["#source-1", "/glossary/#disc"]
    for frame in ("- {}", "**bold {}**", "## Heading {}"):
        assert read(frame.format("[@one] [[disc|discs]]")).targets == ["#source-1", "/glossary/#disc"]


def test_what_is_typed_cannot_borrow_our_classes_or_names() -> None:
    reader = read("[x](/here/){.cite} <a class='term' aria-label='x'>y</a>")

    assert reader.attributes == {"class", "href"}  # the class is the frame's own
    assert reader.targets == ["/here/"]


def test_headings_never_take_the_name_of_a_source() -> None:
    rendered = PageRenderer(LIBRARY, ["one"]).page("## Source 1")

    assert rendered.headings == (("source-1-2", "Source 1"),)


def test_citations_are_numbered_in_order_and_named_for_screen_readers() -> None:
    html = render("First [@two]. Then [@one]. Again [@two].")

    assert html.count('href="#source-1" aria-label="Source 1">1</a>') == 2
    assert html.count('href="#source-2"') == 1


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("It may help [@one].", "It may help.1"),
        ("It may help [@one] [@two], or not.", "It may help,1\xa02 or not."),
        ("It may help\n[@one] a little.", "It may help1 a little."),
        ("It **may** [@one] help.", "It may1 help."),
        ("**It may help** [@one].", "It may help.1"),
        ("- It may help [@one]; or not [@two]!", "It may help;1 or not2!"),
        ("[@one] says so.", "1 says so."),
    ],
)
def test_a_mark_stands_at_its_word_and_after_the_stop(typed: str, shown: str) -> None:
    html = PageRenderer(LIBRARY, ["one", "two"]).text(typed)
    assert unescape(re.sub(r"<[^>]+>", "", html)).strip() == shown


def test_a_citation_that_leads_nowhere_leaves_no_mark() -> None:
    renderer = PageRenderer(LIBRARY, ["one"])

    assert renderer.text("Fact [@ghost].") == "<p>Fact.</p>\n"


def test_terms_link_to_the_glossary() -> None:
    assert '<a class="term" href="/glossary/#disc">worn discs</a>' in render("Some [[disc|worn discs]].")
    assert "ghosts" in render("Some [[ghost|ghosts]].")
    assert "href" not in render("Some [[ghost|ghosts]].")


def test_a_table_names_its_rows_and_columns() -> None:
    html = render("| Grade [@one] | Words |\n|---|:-:|\n| High | **sure** [@one] |")

    assert '<div class="tbl-card"><table class="tbl">' in html
    assert '<th scope="col">Words</th>' in html
    assert '<th scope="row"><span>High</span></th>' in html
    assert '<td data-label="Words"><span><strong>sure</strong>' in html
    assert "style" not in html


def test_headings_get_names_that_do_not_repeat() -> None:
    rendered = PageRenderer(LIBRARY, []).page("## Same\n\nx\n\n## Same\n\ny\n")

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


def test_block_that_is_never_closed_reaches_to_the_end() -> None:
    (part,) = parts("::: note\nInside.")

    assert (part.name, part.text, part.is_closed) == ("note", "Inside.", False)


@pytest.mark.parametrize(
    "body",
    [
        "::: note\nInside.",
        "::: ghost :::",
        "::: ghost\nInside.\n:::",
        "::: figure ghost :::",
        "::: pair 200 1 | a | b | c :::",
        "::: pair ² ³ | a | b | c :::",
        "::: pair :::",
        "::: know\n### One\n:::",
        "::: know\n:::",
        "::: steps\nwords\n:::",
        "::: evidence X9 :::",
        "::: faq X9 :::",
        "::: page :::",
    ],
)
def test_an_unfinished_block_never_breaks_the_preview(body: str) -> None:
    assert "Before." in render(f"Before.\n\n{body}")


def test_a_block_that_cannot_be_shown_says_so() -> None:
    assert "The block “ghost” cannot be shown" in render("::: ghost :::")


def test_heading_levels_are_read_as_markdown_reads_them() -> None:
    assert heading_levels("## Two\n\n```\n# code\n```\n\n#### Four\n") == [2, 4]


def test_number_pairs_say_both_groups_in_words() -> None:
    html = render("::: pair 74 69 | given cells | given a sham | felt better [@one] :::")

    assert "74 of 100 people given cells and 69 of 100 given a sham felt better." in " ".join(html.split())
    assert html.count('class="on"') == 74 + 69
