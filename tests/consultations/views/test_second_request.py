"""Whoever begins a second request is told of the open one, and nobody else learns of it."""

import datetime
from typing import Any

import pytest
from django.test import Client

from clinic.core import clock
from consultations.enums import FilledFor, RequestStatus
from consultations.services import persons
from tests.consultations.services.test_verified_emails import open_mailed_link
from tests.consultations.views.conftest import Visitor, text_of
from tests.personas import make_patient, open_privately, private_url

pytestmark = pytest.mark.django_db


def told(page: Any, consultation_request: Any) -> bool:
    return f"Your request {consultation_request.reference} is open." in text_of(page)


def test_behind_the_own_link_it_is_offered_to_add_to_the_open_one(make_request: Any) -> None:
    mine, client = make_request(), Client()
    visitor = Visitor(client)
    visitor.answer()
    visitor.tell_contact()
    pages = ["/check/", "/check/new/", f"{visitor.check}/answers/"]
    assert not any(told(client.get(page), mine) for page in pages)

    open_privately(client, mine)

    for page in pages:
        shown = client.get(page)
        assert told(shown, mine), page
        assert f'href="{private_url(mine)}#messages"' in shown.content.decode()
    assert 'id="messages"' in client.get(private_url(mine)).content.decode()


def test_nobody_else_learns_of_it(make_request: Any) -> None:
    """The same name, birth date and address are no key to it: only the link is."""
    mine = make_request()
    stranger = Visitor(Client())
    stranger.answer()
    stranger.tell_contact()
    for page in ("/check/", f"{stranger.check}/answers/"):
        assert mine.reference not in text_of(stranger.client.get(page))


def test_what_has_ended_is_not_offered(make_request: Any) -> None:
    ended, client = make_request(status=RequestStatus.WITHDRAWN), Client()
    open_privately(client, ended)
    assert not told(client.get("/check/"), ended)


class TestOnTheStatusPage:
    @pytest.fixture
    def pair(self, make_request: Any) -> Any:
        def make(**values: Any) -> Any:
            sent = clock.now() - datetime.timedelta(days=3)
            return make_request(patient=make_patient(), submitted_at=sent), make_request(
                patient=make_patient(), **values
            )

        return make

    def shows(self, consultation_request: Any, other: Any) -> bool:
        client = Client()
        open_privately(client, consultation_request)
        page = text_of(client.get(private_url(consultation_request)))
        return "You have another request with us that is open" in page and other.reference in page

    def test_the_other_one_whose_link_was_opened_too(self, pair: Any) -> None:
        one, two = pair()
        open_mailed_link(one)
        open_mailed_link(two)
        assert self.shows(two, one)
        assert self.shows(one, two)

    def test_not_what_staff_have_joined(self, pair: Any, nurse: Any) -> None:
        one, two = pair()
        persons.join(patient=one.patient, other=two.patient, reason="Same voice.", by=nurse)
        assert not self.shows(two, one)

    def test_not_a_helpers(self, pair: Any) -> None:
        one, two = pair(filled_for=FilledFor.OTHER, helper_name="Hanna Berg")
        open_mailed_link(one)
        open_mailed_link(two)
        assert not self.shows(two, one)

    def test_not_what_has_ended(self, pair: Any) -> None:
        one, two = pair(status=RequestStatus.WITHDRAWN)
        open_mailed_link(one)
        open_mailed_link(two)
        assert not self.shows(one, two)
