"""What search engines, feed readers and link previews find, and what they must not."""

import re
import struct
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from education.content import shipped
from education.fixed_pages import FIXED_PAGES
from education.models import Page
from education.services import records, snapshot, versions
from education.views.feeds import LATEST
from tests.content_fixtures import SHIPPED
from tests.education.performing import perform

ADDRESSES = [*sorted(page["path"] for page in SHIPPED.pages), *FIXED_PAGES]
OTHERS = ["/privacy/", "/accessibility/", "/complaints/", "/check/"]
ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NOINDEX = '<meta name="robots" content="noindex">'

REASON = "A trial that it rests on was taken back."


def head_of(html: str) -> str:
    return html.partition("</head>")[0]


def meta(html: str, name: str) -> list[str]:
    return re.findall(rf'<meta (?:name|property)="{name}" content="([^"]*)">', head_of(html))


class TestEveryPublicPage:
    @pytest.fixture
    def pages(self, content: shipped.Shipped, client: Client) -> dict[str, str]:
        return {address: client.get(address).content.decode() for address in (*ADDRESSES, *OTHERS)}

    def test_it_names_its_one_address(self, pages):
        for address, html in pages.items():
            assert re.findall(r'<link rel="canonical" href="([^"]*)">', html) == [f"http://testserver{address}"]
            assert meta(html, "og:url") == [f"http://testserver{address}"]
            assert NOINDEX not in html, address

    def test_it_says_what_it_is_about(self, pages):
        for address, html in pages.items():
            [described] = meta(html, "description")
            assert 20 <= len(described) <= 300, address
            assert meta(html, "og:description") == [described]
            assert meta(html, "og:title")[0] in re.search(r"<title>(.*?)</title>", html)[1]
            assert meta(html, "og:type") == ["website"]
            assert meta(html, "og:site_name") == ["Larchwell Spine Clinic"]
        descriptions = [meta(html, "description")[0] for html in pages.values()]
        assert len(set(descriptions)) == len(descriptions)

    def test_it_shows_where_it_stands_and_where_news_are(self, pages):
        for address, html in pages.items():
            assert f'href="{reverse("education:updates")}"' in head_of(html), address
            if address in ADDRESSES and address != "/":
                assert html.count('<nav class="crumbs" aria-label="Breadcrumb">') == 1, address
        assert "New and changed pages (feed)" in pages["/"]


def test_the_address_leaves_out_what_was_asked_for(content: shipped.Shipped, client: Client) -> None:
    html = client.get("/stem-cells/evidence/?condition=ddd").content.decode()

    assert '<link rel="canonical" href="http://testserver/stem-cells/evidence/">' in html


def test_the_picture_is_our_own_of_the_size_that_is_said_and_light(content: shipped.Shipped, client: Client) -> None:
    html = client.get("/").content.decode()
    file = Path(finders.find("clinic/share.png"))

    assert meta(html, "og:image") == ["http://testserver/static/clinic/share.png"]
    assert struct.unpack(">II", file.read_bytes()[16:24]) == (1200, 630)
    assert (meta(html, "og:image:width"), meta(html, "og:image:height")) == (["1200"], ["630"])
    assert file.stat().st_size < 120_000


class TestNotToBeFound:
    @pytest.mark.parametrize("address", ["/no-such-page/", "/check/emergency/", "/request/link/", "/admin/login/"])
    def test_pages_for_one_person_and_errors(self, address, content, client):
        response = client.get(address)
        assert 'content="noindex' in head_of(response.content.decode())
        assert "canonical" not in response.content.decode()
        if response.status_code == 200:
            assert response["X-Robots-Tag"] == "noindex"

    def test_a_preview(self, content, client, manager):
        client.force_login(manager)
        html = client.get("/stem-cells/?preview").content.decode()
        assert NOINDEX in html
        assert 'rel="canonical"' not in html
        assert not meta(html, "og:url")

    def test_public_pages_are_not_marked_by_header(self, content, client):
        for address in ("/", "/faq/", "/check/"):
            assert "X-Robots-Tag" not in client.get(address)


def allowed(rules: str, path: str) -> bool:
    """As RFC 9309 says: the longest rule that matches wins, and of two as long the one that allows."""
    results = [(0, True)]
    for line in rules.splitlines():
        verb, _, pattern = line.partition(": ")
        if verb in ("Allow", "Disallow"):
            shape = re.escape(pattern).replace(r"\*", ".*").replace(r"\$", "$")
            if re.match(shape, path):
                results.append((len(pattern), verb == "Allow"))
    return max(results)[1]


def test_robots_may_read_and_nothing_else(client: Client) -> None:
    response = client.get("/robots.txt")
    rules = response.content.decode()

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "Sitemap: http://testserver/sitemap.xml" in rules.splitlines()
    for path in (*ADDRESSES, *OTHERS, "/static/clinic/public.css", "/sitemap.xml", "/updates.atom"):
        assert allowed(rules, path), path
    for path in (
        "/admin/",
        "/admin/login/",
        "/check/0a1b2c3d/q/now/",
        "/check/carried/result/",
        "/request/",
        "/request/open/x/",
    ):
        assert not allowed(rules, path), path
    assert not allowed(rules, "/stem-cells/evidence/?condition=ddd")


def test_the_sitemap_lists_every_public_page_with_its_last_change(
    content: shipped.Shipped, client: Client, manager: User, django_assert_max_num_queries: Any
) -> None:
    perform(
        "withdraw",
        Page.objects.get(path="/stem-cells/risks/"),
        reason=REASON,
        by=manager,
    )
    with django_assert_max_num_queries(2):
        response = client.get("/sitemap.xml", headers={"host": "localhost"})

    results = {
        entry.find(f"{SITEMAP}loc").text: entry.find(f"{SITEMAP}lastmod")
        for entry in ElementTree.fromstring(response.content)
    }

    assert set(results) == {f"http://testserver{address}" for address in ADDRESSES if address != "/stem-cells/risks/"}
    for page in Page.objects.public():
        assert results[f"http://testserver{page.path}"].text == clock.local(page.live.published_at).date().isoformat()


class TestUpdates:
    def entries(self, client: Client) -> list[dict[str, str]]:
        response = client.get("/updates.atom", headers={"host": "localhost"})
        assert response["Content-Type"].startswith("application/atom+xml")
        return [
            {
                "title": entry.find(f"{ATOM}title").text,
                "summary": entry.find(f"{ATOM}summary").text,
                "link": entry.find(f"{ATOM}link").get("href"),
                "id": entry.find(f"{ATOM}id").text,
                "author": entry.find(f"{ATOM}author/{ATOM}name").text,
                "updated": entry.find(f"{ATOM}updated").text,
            }
            for entry in ElementTree.fromstring(response.content).iter(f"{ATOM}entry")
        ]

    def test_there_is_one_entry_for_each_published_version(self, content, client, manager):
        page = Page.objects.get(path="/stem-cells/")
        page.title = "Stem cells, told anew"
        records.save_record(record=page, by=manager, changed=["title"])
        assert len(self.entries(client)) == min(LATEST, len(SHIPPED.pages))

        versions.publish_unreviewed(page=Page.objects.get(path="/stem-cells/"), by="Somebody")
        snapshot.refresh_snapshot()

        entries = self.entries(client)
        assert len(entries) == min(LATEST, len(SHIPPED.pages) + 1)
        assert len({entry["id"] for entry in entries}) == len(entries)
        assert entries[0]["title"] == "Stem cells, told anew"
        assert entries[0]["summary"] == page.summary
        assert entries[0]["link"] == "http://testserver/stem-cells/"
        assert entries[0]["id"] == "http://testserver/stem-cells/#version-2"
        assert entries[0]["author"] == page.author
        assert [entry["updated"] for entry in entries] == sorted((e["updated"] for e in entries), reverse=True)

    @pytest.mark.parametrize(
        ("kind", "told"), [("evidence", "What changed and why: A trial of 2026 is in."), ("risks", "In short.")]
    )
    def test_what_changed_is_told_where_readers_of_the_page_are_told(self, kind, told, content, client):
        page = Page.objects.filter(kind=kind).first()
        page.summary, page.change_note = "In short.", "A trial of 2026 is in."
        page.save()

        versions.publish_unreviewed(page=page, by="Somebody")
        snapshot.refresh_snapshot()

        assert self.entries(client)[0]["summary"] == told

    def test_a_page_taken_back_leaves_it(self, content, client, manager):
        perform(
            "withdraw",
            Page.objects.get(path="/stem-cells/risks/"),
            reason=REASON,
            by=manager,
        )
        assert not [entry for entry in self.entries(client) if "/risks/" in entry["link"]]

    def test_it_costs_two_queries_and_answers_no_post(self, content, client, django_assert_max_num_queries):
        with django_assert_max_num_queries(2):
            client.get("/updates.atom")
        assert client.post("/updates.atom").status_code == 405
        assert client.post("/sitemap.xml").status_code == 405


def test_an_empty_site_answers_too(db: None, client: Client) -> None:
    assert client.get("/sitemap.xml").status_code == 200
    assert client.get("/updates.atom").status_code == 200
