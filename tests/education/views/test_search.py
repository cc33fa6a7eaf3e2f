"""The search page: what a visitor sees, where danger words lead, what people may type, what is written down of it."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import lines
from clinic.core.danger_words import dangers_in
from clinic.core.models import AuditEvent
from education.content import shipped
from education.models import Page, SearchEntry
from education.search import engine
from tests.education.performing import perform

REASON = "A trial that it rests on was taken back."

HOSTILE = {
    "nothing": "",
    "blanks": " \t\r\n ",
    "punctuation": "?!.,;:-_()[]{}<>|\\/@#$%^&*+=~`'\"",
    "stop words": "what is it and why the",
    "one quote": '"',
    "open quotation": '"slipped disc',
    "FTS operators": "disc AND OR NOT NEAR(disc pain, 2)",
    "FTS columns": "title:disc {title summary}: disc - ^disc",
    "FTS prefix": "disc* OR *",
    "tsquery": "disc & pain | !stenosis <-> :* (a:A)",
    "tsquery weights": "'disc':*ABCD",
    "SQL": "'; DROP TABLE education_searchentry; --",
    "percent": "100% %s %(a)s {} {0} {query}",
    "NUL": "disc\x00pain",
    "control": "\x1b[31mdisc\x7f\x85",
    "lone surrogate": "disc \ud800 pain",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 💉",
    "right to left": "\u202eألم الظهر\u202c שלום",
    "combining flood": "disc" + "\u0338\u0322" * 3000,
    "ligature": "ﷺ" * 200,
    "other digits": "١٢ ² ½ Ⅷ",
    "underscores": "_" * 50 + "disc_pain",
    "one long word": "x" * 10_000,
    "many words": "disc pain nerve " * 4_000,
    "long mixture": "disc ' \" * ( " * 1_000,
    "markup": "<script>alert(1)</script>",
    "template": "{{ 7*7 }}{% load x %}",
    "numbers": "9" * 4_000,
    "hyphens": "stem-cell -- and/or - x-y-z",
    "no character": "disc\uffff\ufffe",
    "CJK": "背中の痛み 腰痛",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
class TestAnyTextIsAQuestion:
    def test_find_answers(self, content: shipped.Shipped, text: str) -> None:
        results = engine.find(text)

        assert results.query == text[: engine.LONGEST_KEPT]
        assert results.total >= 0
        assert SearchEntry.objects.exists()

    def test_the_page_answers(self, content: shipped.Shipped, client: Client, text: str) -> None:
        query = quote(text[:3000].encode("utf-8", "surrogatepass"))
        for more in ("", "&kind=page", "&kind=page&page=2", "&kind=x&page=-1"):
            response = client.get(f"/search/?q={query}{more}")
            refused = "\x00" in text[:3000] or "\ud800" in text[:3000]
            assert response.status_code == (400 if refused else 200)
            assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "1e9", "9" * 400, "²", "١", "", "x", "999"])
def test_a_page_that_is_no_page_is_no_error(content: shipped.Shipped, client: Client, number: str) -> None:
    assert client.get("/search/", {"q": "pain", "kind": "source", "page": number}).status_code == 200


class TestDanger:
    @pytest.mark.parametrize(
        "phrase",
        [
            "can't pee", "cant pee", "can’t pee", "cannot urinate", "unable to pass urine", "lost bladder control",
            "leaking pee", "incontinence", "bowel problem", "numb between legs", "numbness in my groin",
            "saddle numbness", "no feeling in my bottom", "weak legs", "both legs numb", "foot drop", "cannot walk",
            "chest pain", "tight chest", "hard to breathe", "short of breath", "fever after injection", "fever",
            "shivering", "high temperature", "pus after surgery", "red swollen wound", "fainted", "suicidal",
            "I want to die", "harm myself", "cauda equina", "red flags", "emergency", "fell and back pain",
            "night sweats", "unexplained weight loss", "paralysed",
        ],
    )  # fmt: skip
    def test_signs_put_help_first(self, phrase: str) -> None:
        assert dangers_in(phrase)

    @pytest.mark.parametrize(
        "phrase",
        [
            "", "stem cells", "slipped disc", "cost of stem cells", "is it safe", "exercise", "sciatica leg pain",
            "how long does it take", "infection", "surgery", "walking with stenosis", "can I work", "scan", "injection",
        ],
    )  # fmt: skip
    def test_ordinary_words_do_not(self, phrase: str) -> None:
        assert not dangers_in(phrase)

    def test_a_way_to_talk_stands_first_for_words_about_self_harm(
        self, content: shipped.Shipped, client: Client
    ) -> None:
        html = client.get("/search/", {"q": "I don’t want to wake up"}).content.decode()

        assert 0 < html.index('id="support"') < html.index(lines.crisis().html)
        assert 'class="care"' not in html
        assert 'id="support"' not in client.get("/search/?q=wake+up+stiff").content.decode()

    @pytest.mark.parametrize("phrase", ["i want to kill myself", "quiero morir"])
    def test_words_about_self_harm_are_never_put_into_other_words_or_counted(
        self, content: shipped.Shipped, client: Client, phrase: str
    ) -> None:
        html = client.get("/search/", {"q": phrase}).content.decode()

        assert "<h1>Get help now</h1>" in html
        assert "<title>Search – " in html
        assert not [
            said for said in ("Did you mean", "We looked for", "Nothing here has “", "Check the") if said in html
        ]
        assert f'value="{phrase}"' in html

    def test_danger_late_in_a_pasted_paragraph_counts_and_nothing_is_lost(
        self, content: shipped.Shipped, client: Client
    ) -> None:
        pasted = "My disc has slipped and I read your page about exercise with great interest. " * 12 + "I cannot pee."
        response = client.get("/search/", {"q": pasted})

        assert 'class="care"' in response.content.decode()
        assert response.context["results"].query == pasted

    def test_the_card_stands_before_the_results(self, content: shipped.Shipped, client: Client) -> None:
        html = client.get("/search/", {"q": "fever after injection"}).content.decode()

        assert 0 < html.index('class="care"') < html.index("need help fast") < html.index('class="results"')
        assert 'class="care"' not in client.get("/search/?q=stem+cells").content.decode()

    @pytest.mark.parametrize("phrase", ["what can't I pee?", "feverr", "incontinense", "can not pee zzyzx"])
    def test_also_when_nothing_is_found_or_a_letter_is_wrong(
        self, content: shipped.Shipped, client: Client, phrase: str
    ) -> None:
        assert 'class="care"' in client.get("/search/", {"q": phrase}).content.decode()


class TestPage:
    def test_nothing_asked_shows_where_to_start(self, content: shipped.Shipped, client: Client) -> None:
        html = client.get(reverse("education:search")).content.decode()

        assert "<title>Search" in html
        assert re.search(r'<form [^>]*role="search" method="get"', html)
        assert '<label class="form-label" for="q">' in html
        assert "/conditions/herniated-disc/" in html.partition("Places to start")[2].partition("<footer")[0]

    def test_starting_points_are_pages_that_readers_see(
        self, content: shipped.Shipped, client: Client, manager: User
    ) -> None:
        perform("withdraw", Page.objects.get(path="/conditions/herniated-disc/"), reason=REASON, by=manager)

        main = client.get("/search/").content.decode().partition("<main")[2].partition("</main")[0]

        assert "/conditions/herniated-disc/" not in main
        assert "/conditions/spinal-stenosis/" in main

    def test_results_are_counted_named_and_listed(self, content: shipped.Shipped, client: Client) -> None:
        total = engine.find("slipped disc").total
        html = client.get("/search/?q=slipped+disc").content.decode()

        assert "<title>slipped disc – Search" in html
        assert f"<h1>{total} results for “slipped disc”</h1>" in html
        assert 'value="slipped disc"' in html
        assert html.count("<h1") == 1
        result = engine.find("slipped disc")
        assert result.best
        assert '<h2 id="best">Best answers</h2>' in html
        assert html.count('<ol class="results">') == 1 + len(result.groups)
        assert "Very low certainty" in html

    def test_nothing_found_helps_on(self, content: shipped.Shipped, client: Client, settings) -> None:
        html = client.get("/search/?q=zzyzx").content.decode()
        main = html.partition("<main")[2].partition("</main")[0]

        assert "Nothing found for “zzyzx”" in main
        assert 'value="zzyzx"' in main
        assert "Check the spelling" in main
        assert settings.CLINIC_PHONE in main
        assert "/back-pain/when-to-get-help/" in main

    def test_words_that_say_nothing_are_told_so(self, content: shipped.Shipped, client: Client) -> None:
        assert "stand on every page" in client.get("/search/?q=what+is+it").content.decode()

    def test_all_of_one_kind_come_a_page_at_a_time(self, content: shipped.Shipped, client: Client) -> None:
        (group,) = [group for group in engine.find("pain").groups if group.kind == "source"]
        assert group.total > engine.PAGE_LENGTH
        assert 'href="/search/?' not in client.get("/search/?q=pain").content.decode()

        first = client.get("/search/?q=pain&kind=source").content.decode()
        second = client.get("/search/?q=pain&kind=source&page=2").content.decode()

        assert "?q=pain&amp;kind=source&amp;page=2" in first
        links = [re.findall(r'<h3><a href="([^"]+)"', html) for html in (first, second)]
        assert len(links[0]) == engine.PAGE_LENGTH
        assert not set(links[0]) & set(links[1])
        assert "Previous results" in second

    def test_a_search_is_kept_nowhere(self, content: shipped.Shipped, client: Client) -> None:
        response = client.get("/search/?q=my+private+pain")

        assert response["Cache-Control"] == "no-store, private"
        assert response["X-Robots-Tag"] == "noindex"
        assert response["Referrer-Policy"] == "same-origin"
        assert not response.cookies
        assert '<meta name="robots" content="noindex">' in response.content.decode()
        assert "private pain" not in json.dumps([str(row) for row in AuditEvent.objects.values()])

    def test_another_appearance_keeps_the_words(self, content: shipped.Shipped, client: Client) -> None:
        html = client.get("/search/", {"q": "slipped disc", "kind": "page"}).content.decode()
        stored = unescape(re.search(r'name="next" value="([^"]*)"', html)[1])
        assert stored == "/search/?q=slipped+disc&kind=page"
        assert client.post("/appearance/", {"theme": "dark", "next": stored})["Location"] == stored

    def test_a_post_is_refused(self, db: None, client: Client) -> None:
        assert client.post("/search/", {"q": "pain"}).status_code == 405

    @pytest.mark.parametrize(
        ("phrase", "queries"), [("", 1), ("stem cells", 3), ("what is", 1), ("stenossis", 4), ("zzyzx qwvx", 4)]
    )
    def test_it_costs_few_queries(
        self, content: shipped.Shipped, client: Client, django_assert_max_num_queries, phrase: str, queries: int
    ) -> None:
        client.get("/search/?q=pain")
        client.get("/search/")
        with django_assert_max_num_queries(queries):
            client.get("/search/", {"q": phrase})

    def test_before_any_content_it_finds_nothing(self, db: None, client: Client) -> None:
        assert "Nothing found" in client.get("/search/?q=pain").content.decode()

    @pytest.mark.parametrize("path", ["/", "/faq/", "/search/", "/privacy/"])
    def test_every_page_leads_to_it(self, content: shipped.Shipped, client: Client, path: str) -> None:
        assert client.get(path).content.decode().count('href="/search/"') == 2

    def test_also_the_page_that_is_not_there(self, db: None, client: Client) -> None:
        html = client.get("/no-such-page/").content.decode()

        assert re.search(r'<form [^>]*role="search" action="/search/" method="get"', html)
        assert 'name="q"' in html


def test_the_web_server_writes_no_query_into_its_log() -> None:
    nginx = (shipped.CONTENT.parents[1] / "deploy" / "nginx.conf").read_text()

    (stored,) = re.findall(r"log_format clinic escape=json ([^;]+);", nginx)
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer|arg_\w+)\b", stored)
    assert set(re.findall(r"access_log\s+(\S+ ?\S*);", nginx)) == {"/var/log/nginx/clinic.log clinic"}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1120, 1239, 1240])
def test_the_header_keeps_on_one_line(content: Any, page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/search/")

    heights = page.locator(".site-nav > a").evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")
    assert len(heights) == 6
    assert max(heights) < 60
    assert page.evaluate("document.documentElement.scrollWidth") == width
