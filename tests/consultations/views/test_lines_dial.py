"""No page of a patient prints an emergency or crisis number that cannot be tapped, whatever made the sentence."""

import re

import pytest
from django.test import Client

from consultations.enums import RequestStatus
from tests.consultations.views.conftest import OUTCOMES, ROUTINE, fields_of, slug_of
from tests.personas import make_patient, open_privately, private_url

NUMBERS = ("911", "988")
MOOD = {"phq2_1": "3", "phq2_2": "3"}


def untapped(html: str) -> list[str]:
    """The sentences that hold a number outside a link. Titles cannot hold links."""
    body = re.sub(r"<(head|script|textarea)\b.*?</\1>", "", html, flags=re.S)
    text = re.sub(r"<[^>]+>", "", re.sub(r"<a [^>]*>.*?</a>", "", body, flags=re.S))
    return [line.strip() for line in text.splitlines() if re.search(rf"\b({'|'.join(NUMBERS)})\b", line)]


def test_control_a_bare_number_is_seen():
    assert untapped("<p>Call <b>911</b></p>") == ["Call 911"]
    assert untapped('<p>Call <a class="dial" href="tel:911">911</a></p>') == []


@pytest.mark.django_db
class TestPages:
    @pytest.mark.parametrize("changes", [*OUTCOMES.values(), MOOD, {"ab_age": "15"}], ids=str)
    def test_of_a_check(self, visitor, changes):
        where, pages = visitor.begin().headers["Location"], []
        while slug := slug_of(where):
            pages.append(visitor.see(where))
            where = visitor.give(slug, **fields_of(slug, {**ROUTINE, **changes})).headers["Location"]
        pages.append(visitor.see(where))
        assert [item for page in pages for item in untapped(page.content.decode())] == []
        assert 'href="tel:911"' in pages[-1].content.decode()
        assert len(pages) > 1

    def test_of_a_check_that_is_sent(self, visitor):
        sent = visitor.complete(**MOOD).headers["Location"]
        html = visitor.see(sent).content.decode()
        assert untapped(html) == []
        assert 'href="tel:911"' in html
        assert html.count('href="sms:988"') >= 1

    @pytest.mark.parametrize("path", ["/check/", "/check/emergency/", "/check/00000000/q/now/", "/no-such-page/"])
    def test_anybody_may_open(self, client, path):
        html = client.get(path, follow=True).content.decode()
        assert untapped(html) == []
        assert 'href="tel:911"' in html

    @pytest.mark.parametrize("status", RequestStatus.values)
    def test_behind_a_private_link(self, make_request, status):
        consultation_request, client = make_request(status=status, patient=make_patient("Ada")), Client()
        open_privately(client, consultation_request)
        assert untapped(client.get(private_url(consultation_request)).content.decode()) == []
