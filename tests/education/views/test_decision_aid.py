"""The decision aid: options in equal detail, nothing stored, nothing recommended."""

import logging
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from clinic.core import clock
from clinic.core.models import AuditEvent
from education import library
from education.content import shipped
from education.models import Page
from education.presenters.page_renderer import PageRenderer
from education.views.decision_aid import QUESTIONS, RATINGS, STATEMENTS, DecisionAidForm, text_of
from tests.access.conftest import everything
from tests.content_fixtures import SHIPPED

AID = "/tools/decision-aid/"
POINTS = ("What it involves:", "What may get better:", "What can go wrong:", "What we do not know:")
CARRIED = 2000
"""What the check takes of it."""
SECRET = "I am afraid of needles"
ANSWERS: dict[str, Any] = {
    "pain": "3", "no_harm": "5", "tested": "5", "questions": ["wait", "harm"], "own": f"{SECRET}\r\nWill it last?",
}  # fmt: skip
BODY = next(page["body"] for page in SHIPPED.pages if page["path"] == AID)
OPTIONS = BODY.split("## Options in equal detail")[1].split("\n## ")[0].split("\n### ")[1:]

pytestmark = pytest.mark.usefixtures("content")


def words_on(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class TestPage:
    def test_every_option_answers_the_same_points_in_the_same_order(self) -> None:
        assert len(OPTIONS) == 6
        assert OPTIONS[0].startswith("No new treatment")
        for option in OPTIONS:
            assert re.findall(r"^- \*\*(.+?)\*\*", option, re.MULTILINE) == list(POINTS)

    def test_no_option_gets_three_times_the_words_of_another(self) -> None:
        lengths = [len(option.split()) for option in OPTIONS]
        assert max(lengths) < 3 * min(lengths)

    def test_the_checklist_has_its_twelve_points_and_says_what_is_missing(self, client: Client) -> None:
        table = BODY.split("## How this aid measures up")[1]
        rows = [line for line in table.splitlines() if line.startswith("| ")]
        assert len(rows) == 1 + 12
        assert "has not been tested with patients yet" in client.get(AID).content.decode()

    def test_headings_stand_in_the_list_of_contents_in_their_order(self, client: Client) -> None:
        html = client.get(AID).content.decode()
        wanted = ["the-decision", "options-in-equal-detail", "what-matters-to-me", "my-questions", "print"]
        assert [html.index(f'href="#{name}"') for name in wanted] == sorted(
            html.index(f'href="#{name}"') for name in wanted
        )
        assert [html.index(f'id="{name}"') for name in wanted] == sorted(html.index(f'id="{name}"') for name in wanted)

    def test_nothing_is_chosen_beforehand(self, client: Client) -> None:
        html = client.get(AID).content.decode()
        assert html.count('type="radio"') == len(STATEMENTS) * len(RATINGS)
        assert not re.search(r"<input[^>]* checked", html)

    def test_a_page_taken_back_takes_no_answers(self, client: Client) -> None:
        Page.objects.filter(path=AID).update(state="withdrawn", live=None, closed_at=clock.now(), closed_reason="x")
        assert client.get(AID).status_code == client.post(AID, ANSWERS).status_code == 410

    def test_another_page_cannot_show_the_form(self) -> None:
        shown = PageRenderer(library.current(), []).page("::: decision-form :::")
        assert "cannot be shown" in shown.html
        assert not shown.headings


class TestSummary:
    def test_what_matters_most_comes_first(self, client: Client) -> None:
        text = words_on(client.post(AID, ANSWERS).content.decode())
        places = [
            text.index(part) for part in ("Very much", str(STATEMENTS["no_harm"]), "Some ", str(STATEMENTS["pain"]))
        ]
        assert places == sorted(places)
        assert "What happens if I do nothing new for three months?" in text
        assert SECRET in text

    def test_every_option_is_pointed_to_whatever_is_answered(self, client: Client) -> None:
        """Nothing is recommended: the list is the same for everybody."""
        lists = set()
        for rating in ("", "1", "5"):
            html = client.post(AID, {"no_operation": rating, "new": rating}).content.decode()
            lists.add(re.search(r"not an order of merit.*?</ul>", html, re.DOTALL)[0])
        assert len(lists) == 1
        assert lists.pop().count("<li>") == len(OPTIONS)

    def test_nothing_answered_is_allowed_and_there_is_nothing_to_carry(self, client: Client) -> None:
        page = client.post(AID, {})
        assert page.status_code == 200
        assert "You have not answered anything yet" in words_on(page.content.decode())
        assert "/check/carry/" not in page.content.decode()

    def test_no_cache_and_no_search_engine_keeps_it(self, client: Client) -> None:
        page = client.post(AID, ANSWERS)
        assert page.headers["Cache-Control"] == "no-store, private"
        assert '<meta name="robots" content="noindex">' in page.content.decode()

    def test_change_leads_back_to_the_form_as_it_was_filled_in(self, client: Client) -> None:
        html = client.post(AID, {**ANSWERS, "change": "yes"}).content.decode()
        assert len(re.findall(r'type="radio"[^>]* checked', html)) == 3
        assert len(re.findall(r'type="checkbox"[^>]* checked', html)) == 2
        assert f"{SECRET}\nWill it last?" in html

    def test_the_longest_page_can_be_carried(self) -> None:
        for spread in (["5"] * 8, ["1", "2", "3", "4", "5", "1", "2", "3"]):
            groups = [
                (
                    rating_label,
                    [label for label, given in zip(STATEMENTS.values(), spread, strict=True) if given == rating],
                )
                for rating, rating_label in RATINGS
            ]
            longest = text_of(groups, [text for _, text in QUESTIONS], "a" * 1000)
            assert len(longest) <= CARRIED


class TestNothingIsStored:
    @pytest.mark.parametrize("extra", [{}, {"change": "yes"}, {"own": "a" * 1001}])
    def test_no_row_no_session_no_cookie_no_log(self, client: Client, caplog: Any, extra: dict[str, str]) -> None:
        caplog.set_level(logging.DEBUG)
        before, events = everything(), AuditEvent.objects.count()
        client.get(AID)
        client.post(AID, {**ANSWERS, **extra})
        assert everything() == before
        assert AuditEvent.objects.count() == events
        assert not Session.objects.exists()
        assert set(client.cookies) <= {"csrf", "__Host-csrf"}
        assert SECRET not in caplog.text

    @pytest.mark.parametrize("extra", [None, {"change": "yes"}])
    def test_the_page_cache_keeps_no_form(self, client: Client, extra: dict[str, str] | None) -> None:
        answered = client.get(AID) if extra is None else client.post(AID, {**ANSWERS, **extra})
        assert not hasattr(answered, "content_revision")
        assert answered.headers["Cache-Control"] == "no-store, private"
        assert SECRET not in Client().get(AID).content.decode()

    def test_answers_never_stand_in_an_address(self, client: Client) -> None:
        html = client.get(AID).content.decode()
        form = re.search(r"<form[^>]*my-answers[^>]*>", html)[0]
        assert 'method="post"' in form
        assert "?" not in form
        assert not re.search(r"<input[^>]* checked", client.get(AID, ANSWERS).content.decode())


class TestOddInput:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"own": "a" * 1001}, "Use at most 1,000 characters. Yours has 1001."),
            ({"own": "\x1b[31mred"}, "it has hidden characters"),
            ({"pain": "6"}, "Choose one of the five answers."),
            ({"pain": "５"}, "Choose one of the five answers."),
            ({"questions": ["wait", "nonsense"]}, "Tick questions from the list."),
        ],
    )
    def test_gets_a_sentence(self, client: Client, changes: dict[str, Any], sentence: str) -> None:
        page = client.post(AID, {**ANSWERS, **changes})
        text = words_on(page.content.decode())
        assert page.status_code == 200
        assert text.startswith("Error: ")
        assert sentence in text

    def test_nul_is_refused(self, client: Client) -> None:
        assert client.post(AID, {"own": "a\x00b"}).status_code == 400

    def test_markup_is_shown_as_text(self, client: Client) -> None:
        html = client.post(AID, {"own": "<script>alert(1)</script></textarea>{{ 7*7 }}"}).content.decode()
        assert "<script>alert" not in html
        assert "{{ 7*7 }}" in html

    def test_the_lines_for_help_stand_beside_the_box(self, client: Client) -> None:
        html = client.get(AID).content.decode()
        assert "Nobody but you sees this. If you feel you might harm yourself:" in html
        assert 'href="sms:988"' in html

    def test_another_site_cannot_fill_it_in(self) -> None:
        assert Client(enforce_csrf_checks=True).post(AID, ANSWERS).status_code == 403


def test_the_form_speaks_for_caution_and_for_trying() -> None:
    assert {"no_harm", "tested", "new"} <= set(DecisionAidForm().fields)


def test_it_is_linked_from_where_people_decide(content: shipped.Shipped, client: Client) -> None:
    for address in ("/treatments/", "/stem-cells/questions/", "/"):
        assert f'href="{AID}"' in client.get(address).content.decode()
