"""Reads a site as somebody who follows every link: one page of each kind, and what its elements are."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

from django.test import Client

ELSEWHERE = re.compile(r"(?:[a-z]+:|/static/|//)|.*logout")


class Element(NamedTuple):
    tag: str
    classes: frozenset[str]
    id: str


class Page(HTMLParser):
    """The elements, the links and the style sheets of one page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[Element] = set()
        self.links: list[str] = []
        self.sheets: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.add(Element(tag, frozenset(given.get("class", "").split()), given.get("id", "")))
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "link" and given.get("rel") == "stylesheet":
            self.sheets.append(given["href"])


def kind_of(path: str) -> str:
    """Addresses that differ in a number, a key or a filter lead to pages of one kind."""
    return re.sub(r"\d+|[0-9a-f]{8}", "0", path.partition("?")[0])


def crawl(client: Client, starts: Iterable[str], *, below: str, kinds: set[str]) -> Iterator[tuple[str, Page]]:
    """The pages that links lead to from `starts`, one of each kind that is not yet in `kinds`."""
    waiting = list(starts)
    while waiting:
        path = urldefrag(waiting.pop(0))[0]
        if kind_of(path) in kinds or not path.startswith(below):
            continue
        response = client.get(path)
        if response.status_code in (301, 302):
            waiting.insert(0, urljoin(path, response["Location"]))
            continue
        kinds.add(kind_of(path))
        if response["Content-Type"].startswith("text/html"):
            page = Page(response.content.decode())
            waiting += [urljoin(path, link) for link in page.links if not ELSEWHERE.match(link)]
            yield path, page
