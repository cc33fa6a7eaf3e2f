"""Best bets: what editors keep of what people type, how it is governed, and what search makes of it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.core.models import AuditEvent
from education import library
from education.claims.publication_checks import best_bet_problems
from education.content import shipped
from education.models import BestBet, Page, Question
from education.search import engine
from education.search.answers import Answers
from education.search.spanish import MEANING, in_english, root
from education.search.spelling import Vocabulary, names_heard, slips, sound
from education.services import records, snapshot, versions
from tests.education.conftest import MakePage
from tests.education.performing import perform

KNOWN = Vocabulary({"stem": 9, "cell": 9, "cells": 9, "cost": 5, "back": 9, "pain": 9, "decision": 2, "radical": 1})


def best(phrase: str) -> list[str]:
    return [hit.path for hit in engine.find(phrase).best]


def bet(**values: Any) -> BestBet:
    return BestBet(**{"key": "herons", "target": "/stem-cells/risks/", "phrases": ["herons"], "spanish": [], **values})


class TestWhatIsFound:
    @pytest.mark.parametrize(
        ("phrase", "first"),
        [
            ("is stem cell therapy safe?", "/stem-cells/risks/"),
            ("how much do stem cells cost", "/stem-cells/costs/"),
            ("clinical trials near me", "/stem-cells/trials/"),
            ("FDA approved stem cells", "/stem-cells/regulation/"),
            ("side effects of stem cell injections", "/stem-cells/risks/"),
            ("does medicare pay for it", "/stem-cells/costs/"),
            ("I was harmed by a stem cell clinic", "/stem-cells/risks/#how-to-report-harm"),
            ("my friend got better after it", "/faq/?open=F10#F10"),
            ("what does fluoroscopy mean", "/glossary/#fluoroscopy"),
        ],
    )
    def test_the_plain_question(self, content: shipped.Shipped, phrase: str, first: str) -> None:
        assert best(phrase)[0] == first

    @pytest.mark.parametrize("phrase", ["zebra", "son", "weather tomorrow", "what is it", "?"])
    def test_what_no_place_answers_has_no_best_answer(self, content: shipped.Shipped, phrase: str) -> None:
        assert best(phrase) == []

    def test_an_answer_stands_once_and_not_again_below(self, content: shipped.Shipped) -> None:
        results = engine.find("sciatica")

        above = {(hit.kind, hit.key) for hit in results.best}
        below = {(hit.kind, hit.key) for group in results.groups for hit in group.hits}
        assert len(above) == len(results.best) > 0
        assert not above & below
        pages = next(group for group in results.groups if group.kind == "page")
        listed = engine.find("sciatica", kind="page")
        assert (listed.best, listed.total) == ((), pages.total)
        assert pages.others == pages.total - pages.above

    def test_a_place_that_readers_do_not_see_is_no_answer(self, content: shipped.Shipped) -> None:
        Page.objects.filter(path="/stem-cells/costs/").update(live=None, state=Page.State.IN_REVIEW)
        snapshot.refresh_snapshot()

        assert not [path for path in best("how much do stem cells cost") if path.startswith("/stem-cells/costs/")]

    def test_a_page_of_no_best_bet_is_found_by_its_name(self, make_page: MakePage) -> None:
        versions.publish_unreviewed(page=make_page(key="herons", path="/herons/", title="Grey herons"), by="Somebody")
        snapshot.refresh_snapshot()

        assert best("a grey heron") == ["/herons/"]

    def test_nobody_is_shown_the_phrases(self, content: shipped.Shipped, client: Client) -> None:
        html = client.get("/search/?q=miracle+cure").content.decode()

        assert "/stem-cells/claims-checked/" in html
        assert html.count("miracle cure") == 3  # title, heading and field: what was typed, and never a phrase of ours
        assert "too good to be true" not in html


class TestSpelling:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [("fasit", "facet"), ("treatmant", "treatment"), ("glosary", "glossary"), ("marow", "marrow")],
    )
    def test_words_written_by_ear(self, typed: str, meant: str) -> None:
        assert slips(typed, meant) <= 1

    def test_sounds(self) -> None:
        assert sound("sciatica") == sound("siatica") == sound("syatika")
        assert sound("pain") != sound("pan")

    def test_two_words_written_as_one_and_a_name_that_sounds_like_one(self) -> None:
        assert KNOWN.nearest("stemcells") == "stem cells"
        assert names_heard(["a", "stem", "sell"]) == ["a", "stem", "cell"]
        assert names_heard(["clinics", "sell", "stem", "cells"]) == ["clinics", "sell", "stem", "cells"]

    def test_a_correction_to_little_words_finds_nothing_and_breaks_nothing(self, content: shipped.Shipped) -> None:
        assert engine.find("abuot").query == "abuot"


class TestSpanish:
    @pytest.mark.parametrize(
        ("phrase", "english"),
        [
            ("celulas madre precio", "stem cells cost"),
            ("cuanto cuestan las celulas madre", "cost stem cells"),
            ("dolor de espalda", "back pain"),
            ("dolor de espladas", "back pain"),
        ],
    )
    def test_is_read_in_english(self, phrase: str, english: str) -> None:
        read = in_english(phrase.split(), KNOWN)

        assert read is not None
        assert " ".join(read.english) == english

    @pytest.mark.parametrize("phrase", ["decision", "stem cells", "no pain", "radical pain", "a son", "me"])
    def test_english_is_no_spanish(self, phrase: str) -> None:
        assert in_english(phrase.split(), KNOWN) is None

    def test_every_name_has_a_meaning_and_no_ending(self) -> None:
        assert all(name and english for name, english in MEANING.items())
        assert root("inyecciones") == root("inyeccion")
        assert root("segura") == root("seguras")

    def test_the_page_says_honestly_that_it_is_in_english(self, content: shipped.Shipped, client: Client) -> None:
        spanish = client.get("/search/?q=c%C3%A9lulas+madre+precio").content.decode()
        english = client.get("/search/?q=stem+cell+price").content.decode()

        assert '<p lang="es">Nuestras páginas están solo en inglés.' in spanish
        assert "Our pages are in English only. We looked for: stem cells cost." in spanish
        assert 'href="/stem-cells/costs/' in spanish
        assert "Nuestras" not in english


class TestAnswersStandOpen:
    def test_the_answer_that_a_result_leads_to(self, content: shipped.Shipped, client: Client) -> None:
        (path, *_) = best("exosomes")
        assert path == "/faq/?open=F23#F23"

        html = client.get(path.partition("#")[0]).content.decode()

        assert '<details class="faq" id="F23" open>' in html
        assert html.count('<details class="faq"') == Question.objects.count() == 24
        assert html.count('" open>') == 1
        assert '<link rel="canonical" href="http://testserver/faq/">' in html

    @pytest.mark.parametrize("query", ["", "?open=", "?open=F999", "?open=<script>"])
    def test_else_the_first_one(self, content: shipped.Shipped, client: Client, query: str) -> None:
        html = client.get(f"/faq/{query}").content.decode()

        assert '<details class="faq" id="F1" open>' in html
        assert '<details class="faq" id="F2">' in html


class TestGovernance:
    def test_an_edit_waits_until_another_publishes_it(self, content: shipped.Shipped, editor, manager) -> None:
        record = BestBet.objects.get(key="risks")
        record.phrases = [*record.phrases, "herons in the spine"]
        records.save_record(record=record, by=editor, changed=["phrases"])
        assert not [path for path in best("herons in the spine") if path.startswith("/stem-cells/risks/")]

        perform("publish_record", record, by=manager, digest=records.digest_of(record))

        assert best("herons in the spine")[0].startswith("/stem-cells/risks/")
        assert list(AuditEvent.objects.order_by("-pk").values_list("action", flat=True)[:2]) == [
            "content.publish_record",
            "content.edit",
        ]

    def test_editors_add_it_in_the_staff_area_and_try_it(
        self, content: shipped.Shipped, editor, client: Client
    ) -> None:
        client.force_login(editor)
        fields = {"key": "herons", "target": "/stem-cells/costs/", "phrases": "herons\nprice of a heron", "spanish": ""}
        response = client.post(reverse("admin:education_bestbet_add"), fields, follow=True)

        record = BestBet.objects.get(key="herons")
        assert (record.phrases, record.spanish, record.shown) == (["herons", "price of a heron"], [], None)
        page = client.get(reverse("admin:education_bestbet_change", args=[record.pk])).content.decode()
        assert "/search/?q=price+of+a+heron" in page
        assert response.status_code == 200

    @pytest.mark.parametrize(
        ("values", "problem"),
        [
            ({"target": "/no/such/page/"}, "no page"),
            ({"target": "/stem-cells/risks/#no-such-section"}, "not on /stem-cells/risks/"),
            ({"target": "/faq/#F999"}, "not on /faq/"),
            ({"target": "/glossary/#no-word"}, "not on /glossary/"),
            ({"phrases": []}, "Nobody can ask"),
            ({"phrases": ["?!"]}, "holds no word"),
            ({"phrases": ["x" * 121]}, "longer than 120"),
            ({"phrases": [f"word {number}" for number in range(81)]}, "80 are the most"),
        ],
    )
    def test_one_that_leads_nowhere_is_refused(
        self, content: shipped.Shipped, values: dict[str, Any], problem: str
    ) -> None:
        (result,) = records.problems_of(bet(**values))

        assert problem in result
        assert records.problems_of(bet()) == []

    def test_the_shipped_ones_lead_to_what_is_there(self) -> None:
        content = shipped.read()

        assert len(content.best_bets) >= 60
        answered = {best_bet["target"] for best_bet in content.best_bets}
        assert {page["path"] for page in content.pages} <= answered
        assert {f"/faq/#{question['code']}" for question in content.questions} <= answered

    def test_a_shipped_one_that_leads_nowhere_stops_the_load(self) -> None:
        empty = library.Library.of("", {})
        record = {"target": "/gone/", "phrases": ["gone"], "spanish": []}

        assert best_bet_problems(record, empty, sections={}) == [
            "It leads to /gone/, which is no page; correct the address."
        ]
        assert Answers(empty, []).to(["gone"]) == []
