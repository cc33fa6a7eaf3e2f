"""All that a visitor reads: the words of templates and file names, and every public page as it is rendered."""

import datetime
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from education.claims import linter, template_text
from education.content import shipped
from tests.content_fixtures import SHIPPED

TODAY = datetime.date(2026, 11, 25)
OTHERS = (
    "/faq/",
    "/glossary/",
    "/sources/",
    "/privacy/",
    "/accessibility/",
    "/complaints/",
    "/check/",
    "/nothing-here/",
)
ADDRESSES = sorted({page["path"] for page in SHIPPED.pages} | set(OTHERS))
TITLES = tuple(source["title"] for source in SHIPPED.sources)
CITATION = re.compile(r'<a class="cite"[^>]*>\d+</a>')
JUDGED = re.compile(r'<blockquote class="claim">.*?</blockquote>(?=.*?\bVerdict\b)', re.DOTALL)
THEIR_ADDRESSES = {source["url"] for source in SHIPPED.sources} - {""}
"""Addresses of sources are other people's names."""
LINKED_DATA = re.compile(r'<script[^>]*type="application/ld\+json"[^>]*>(.*?)</script>', re.DOTALL)


@pytest.mark.parametrize(
    ("template", "phrase"),
    [
        ("<p>One <b>two</b>,\n three.</p><p>Four</p>", "One two, three.\n\nFour"),
        ("<b>One</b><span>two</span>", "One two"),
        ("One<br>two", "One two"),
        ("{# note #}{% comment %}gone{% endcomment %}{% if x %}Yes{% else %}No{% endif %}", "Yes No"),
        ("Call {{ clinic.phone }} now", "Call _ now"),
        ("{{ only }}", ""),
        ('{% include "a/b.html" with title="Two words" kind=\'x\' %}', "Two words"),
        ('{{ name|default:"No name" }}', "No name"),
        ('<img alt="A spine" src="x.png"><a href="/" title="Home page" aria-label="Go home">x</a>',
         "x\n\nA spine\n\nHome page\n\nGo home"),
        ('<meta name="description" content="What it is"><input placeholder="Your name" value="Send it">',
         "What it is\n\nYour name\n\nSend it"),
        ("<svg><title>A disc</title><desc>Seen from above</desc><text>Front</text></svg>",
         "A disc\n\nSeen from above\n\nFront"),
        ('<svg role="img" aria-label="A disc" /><style>p { cure: 1 }</style><script src="x">cure</script>x',
         "x\n\nA disc"),
        ('<script type="application/ld+json">{"name": "A disc"}</script>', '{"name": "A disc"}'),
        ('<p class="a {% if x == "b" %}c{% endif %}">One &amp; two</p>', "One & two"),
    ],
)  # fmt: skip
def test_only_what_is_said_is_left(template: str, phrase: str) -> None:
    assert template_text.words_of(template) == phrase


def test_templates_and_files_of_visitors_are_read(tmp_path: Path) -> None:
    for path in (
        "clinic/core/templates/base.html",
        "clinic/core/templates/admin/base.html",
        "clinic/core/templates/registration/logged_out.html",
        "consultations/templates/consultations/staff/panel.html",
        "consultations/templates/consultations/mail/message.txt",
        "education/templates/education/figures/disc.svg",
        "clinic/core/static/clinic/a-miracle_cure.png",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("A cure", encoding="utf-8")

    read = dict(template_text.texts(tmp_path))

    assert read == {
        "templates.clinic/core/templates/base.html.text": "A cure",
        "templates.consultations/templates/consultations/mail/message.txt.text": "A cure",
        "templates.education/templates/education/figures/disc.svg.text": "A cure",
        "templates.clinic/core/static/clinic/a-miracle_cure.png.name": "a-miracle_cure.png\n\na miracle cure",
    }


def test_the_product_s_own_are_among_them() -> None:
    read = dict(template_text.texts())

    assert "No new treatment" in read["templates.education/templates/education/blocks/compare.html.text"]
    assert "templates.consultations/templates/consultations/check/start.html.text" in read
    assert "templates.clinic/core/static/clinic/icons.svg.name" in read
    assert not [where for where in read if "/admin/" in where]


@pytest.mark.slow
def test_they_are_linted_with_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_text, "texts", lambda: [("templates.x.html.text", "A cure, they say.")])

    results = [remark for remark in shipped.remarks(SHIPPED, today=TODAY) if remark.where == "templates.x.html.text"]

    assert [(item.rule, item.level, item.passage) for item in results] == [("C01", "block", "A cure, they say.")]


def said(html: str) -> list[str]:
    """The texts of a rendered page: shown, read out, and shown by others. A mark of a source is one again."""
    reader = template_text.Reader()
    reader.feed(CITATION.sub(" [@source]", LINKED_DATA.sub("", JUDGED.sub("", html))))
    reader.close()
    return [" ".join(text.split()) for text in reader.paragraphs()]


def strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from strings_of(item)
    elif isinstance(value, str):
        yield value


@cache
def rules_broken(text: str, *, is_cited: bool) -> tuple[str, ...]:
    """What stands on every page is looked at once."""
    result = linter.find(text, names=TITLES, is_cited=is_cited)
    return tuple(finding.rule for finding in result if finding.level == linter.BLOCK)


def blocked(texts: list[str], *, is_cited: bool = False) -> list[tuple[str, str]]:
    return [(rule, text) for text in texts for rule in rules_broken(text, is_cited=is_cited)]


@pytest.mark.slow
def test_no_rendered_page_claims_more_than_is_known(content: shipped.Shipped, client: Client) -> None:
    results = {}
    for address in ADDRESSES:
        html = client.get(address, follow=True).content.decode()
        # What machines read repeats what people read; there the sources stand in a field of their own.
        data = [text for block in LINKED_DATA.findall(html) for text in strings_of(json.loads(block))]
        data = [text for text in data if text not in THEIR_ADDRESSES]
        results[address] = blocked(said(html)) + blocked(data, is_cited=True)

    assert {address: item for address, item in results.items() if item} == {}


def test_the_crawl_reads_every_part_of_a_page() -> None:
    html = """<title>Cure 1</title><meta name="description" content="Cure 2"><h1>Cure 3</h1><img alt="Cure 4">
        <a aria-label="Cure 5">Cure 6</a><svg><title>Cure 7</title><text>Cure 8</text></svg>
        <p>Many people gain.<a class="cite" href="#source-1" aria-label="Source 1">1</a></p>
        <blockquote class="claim"><p>Cure 9</p></blockquote><p><strong>Verdict:</strong> unproven.</p>
        <blockquote class="claim"><p>Cure 10</p></blockquote>
        <script type="application/ld+json">{"about": [{"name": "Cure 11"}]}</script>"""

    assert {text for _, text in blocked(said(html))} == {f"Cure {number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10)}
    assert list(strings_of(json.loads(LINKED_DATA.findall(html)[0]))) == ["Cure 11"]
