"""A check that its pages carry, opened again in another browser or tab."""

import pytest
from django.test import Client

from clinic.core import limits
from consultations.enums import Outcome
from consultations.models import ConsultationRequest, QuestionnaireResponse
from consultations.services import intake
from tests.consultations.services.test_carried import CONTACT as KEPT_CONTACT
from tests.consultations.views.conftest import CONSENTS, CONTACT, HERE, ROUTINE, Reader, fields_of


class TestAnotherBrowser:
    """Somebody who has the hidden field of another browser's page goes on with its answers, never with its row."""

    @staticmethod
    def other(reader: Reader) -> Reader:
        other = Reader(Client())
        other.page = reader.page
        return other

    def test_it_does_not_get_the_row_that_the_first_wrote(self, reader: Reader) -> None:
        reader.begin()
        reader.fill(**fields_of("now", ROUTINE))
        before = reader.page
        reader.press(f"{HERE}q/now/")
        reader.fill(ab_age="57", rf_now=["chest"])
        first = QuestionnaireResponse.objects.get()
        intake.save_contact(response=first, contact=intake.Contact.from_json(KEPT_CONTACT))
        reader.page = before
        other = self.other(reader)
        other.fill(**fields_of("nerves", ROUTINE))
        assert other.page.status_code == 200
        assert other.answers["ab_age"] == 56
        assert "checks" not in other.client.session
        other.page = other.client.post(f"{HERE}q/now/", {"carried": other.state, "look": "yes"})
        other.fill(ab_age="58", rf_now=["fever"])
        other.answer()
        assert QuestionnaireResponse.objects.count() == 2
        (token,) = other.client.session["checks"].values()
        own = QuestionnaireResponse.objects.get(token=token)
        assert (own.answers["ab_age"], own.contact) == (58, {})
        first.refresh_from_db()
        assert (first.answers["ab_age"], first.answers["rf_now"]) == (57, ["chest"])

    @pytest.mark.parametrize("path", ["contact/", "answers/", "q/now/", "emergency/", "sent/", "call-back/"])
    def test_no_page_of_it_shows_the_stored_contact_details(self, reader: Reader, path: str) -> None:
        reader.begin()
        before = reader.page
        reader.fill(ab_age="56", rf_now=["chest"])
        response = QuestionnaireResponse.objects.get()
        intake.save_contact(response=response, contact=intake.Contact.from_json(KEPT_CONTACT))
        reader.page = before
        for data in ({"look": "yes"}, {}):
            page = Client().post(f"{HERE}{path}", {"carried": reader.state, **data}, follow=True)
            assert "Alice" not in page.content.decode()
            assert "checks" not in page.client.session

    def test_contact_details_in_the_page_do_not_come_along(self, reader: Reader) -> None:
        reader.begin()
        reader.answer()
        reader.press(f"{HERE}contact/")
        reader.fill(**CONTACT)
        other = self.other(reader)
        other.page = other.client.post(f"{HERE}contact/", {"carried": reader.state, "look": "yes"})
        assert "Alice" not in other.body
        assert other.answers["ab_age"] == 56

    def test_the_one_that_writes_first_is_not_found_by_the_other(self, reader: Reader) -> None:
        reader.begin()
        other = self.other(reader)
        other.fill(ab_age="58", rf_now=["chest"])
        reader.fill(ab_age="56", rf_now=["chest"])
        ages = [item.answers["ab_age"] for item in QuestionnaireResponse.objects.order_by("pk")]
        assert ages == [58, 56]

    def test_the_start_page_does_not_open_it_either(self, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
        reader.begin()
        state = reader.state
        reader.fill(ab_age="56", rf_now=["chest"])
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: True)
        other = Client()
        for _ in range(2):
            other.post("/check/", {"carried": state, "again": "yes"})
        assert QuestionnaireResponse.objects.count() == 2
        (token,) = set(other.session["checks"].values())
        assert QuestionnaireResponse.objects.get(token=token).answers == {}

    def test_control_a_browser_with_the_check_keeps_it_under_a_new_csrf_cookie(self, reader: Reader) -> None:
        reader.begin()
        old = reader.page
        reader.fill(ab_age="56", rf_now=["chest"])
        (key,) = reader.client.session["checks"]
        reader.client.cookies["csrf"] = "c" * 32
        reader.page = old
        assert reader.fill(ab_age="56", rf_now=["none"]).headers["Location"] == f"/check/{key}/q/nerves/"
        assert QuestionnaireResponse.objects.count() == 1


def test_what_only_a_second_tab_had_is_added_to_the_stored_check(reader: Reader) -> None:
    reader.begin()
    first = reader.page
    reader.answer()
    reader.press(f"{HERE}contact/")
    reader.fill(**CONTACT)
    second, reader.page = reader.page, first
    reader.fill(ab_age="56", rf_now=["chest"])
    reader.page = second
    reader.fill(**CONSENTS)
    response = QuestionnaireResponse.objects.get()
    assert (response.contact["name"], response.answers["peg_p"]) == ("Alice Winther", 6)
    assert (response.answers["rf_now"], response.highest_outcome) == (["chest"], Outcome.EMERGENCY)
    assert not ConsultationRequest.objects.exists()
