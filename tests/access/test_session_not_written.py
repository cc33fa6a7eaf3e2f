"""The database goes away between the work of a request and the writing of its session: the very statement fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test import Client

from consultations.models import ConsultationRequest, PrivateLink, QuestionnaireResponse
from consultations.views.private_session import url_of
from tests.access.conftest import TOKEN, get_as
from tests.consultations.views.conftest import CONSENTS, Visitor, text_of

BIRTH = {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}
CALM = "We cannot show this page right now"
NEVER = "Your browser sent something"
SEARCH = "/admin/consultations/consultationrequest/search/"
LOST = [OperationalError("server closed the connection unexpectedly"), InterfaceError("connection already closed")]


def opens(client: Client, site: dict[str, Any]) -> bool:
    answer = client.post(f"/request/open/{TOKEN}/", BIRTH, follow=True)
    return answer.status_code == 200 and answer.redirect_chain == [(url_of("status", site["patient"]), 302)]


@contextmanager
def no_session_is_written(problem: Exception = LOST[0]) -> Iterator[None]:
    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "django_session" in sql and not sql.startswith("SELECT"):
            raise problem
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield
    # The statement never reached the database, so the transaction that this test stands in is whole.
    transaction.set_rollback(False)


@pytest.fixture
def calm() -> Client:
    return Client(raise_request_exception=False)


def is_calm(response: Any, settings: Any) -> bool:
    text = text_of(response)
    return (
        response.status_code == 503
        and CALM in text
        and settings.EMERGENCY_LINE in text
        and settings.CLINIC_PHONE in text
        and NEVER not in text
        and response["Retry-After"] == "30"
        and settings.SESSION_COOKIE_NAME not in response.cookies
    )


@pytest.mark.parametrize("problem", LOST, ids=["operational", "interface"])
def test_a_request_that_was_sent_is_confirmed(site, calm, settings, problem):
    """Sending needs no session to be written: the first press leads to the confirmation, and so does a second."""
    visitor = Visitor(calm)
    visitor.answer()
    visitor.tell_contact()
    before = ConsultationRequest.objects.count()
    with no_session_is_written(problem):
        sent = visitor.send()
    again = calm.post(f"{visitor.check}/answers/", CONSENTS)
    assert sent.headers["Location"] == again.headers["Location"] == f"{visitor.check}/sent/"
    assert ConsultationRequest.objects.order_by("-pk")[0].reference in text_of(calm.get(f"{visitor.check}/sent/"))
    assert ConsultationRequest.objects.count() == before + 1


@pytest.mark.parametrize("problem", LOST, ids=["operational", "interface"])
def test_a_check_begins_at_the_second_press(site, calm, settings, problem):
    with no_session_is_written(problem):
        assert is_calm(calm.post("/check/"), settings)
    assert calm.post("/check/").headers["Location"].endswith("/q/now/")


def test_a_new_check_in_a_browser_that_has_one_begins_at_the_second_press(site, calm, settings):
    visitor = Visitor(calm)
    visitor.answer(until="weakness")
    first = visitor.response.pk
    with no_session_is_written():
        assert is_calm(visitor.begin(again="yes"), settings)
    assert visitor.response.pk == first, "the check of before is where it was"
    assert visitor.begin(again="yes").status_code == 302


def test_words_carried_into_the_check_are_given_back_and_taken_at_the_second_press(site, calm, settings):
    words = {"words": "What matters to me is walking."}
    with no_session_is_written():
        lost = calm.post("/check/carry/", words)
    assert is_calm(lost, settings)
    assert words["words"] in text_of(lost)
    assert calm.post("/check/carry/", words).status_code == 302
    assert QuestionnaireResponse.objects.order_by("-pk")[0].brought


def test_a_private_link_opens_at_the_second_press(site, calm, settings):
    with no_session_is_written():
        assert is_calm(calm.post(f"/request/open/{TOKEN}/", BIRTH), settings)
    assert opens(calm, site)


def test_a_private_link_opens_too_where_the_browser_has_a_session_already(site, calm, settings):
    visitor = Visitor(calm)
    visitor.answer(until="weakness")
    with no_session_is_written():
        assert is_calm(calm.post(f"/request/open/{TOKEN}/", BIRTH), settings)
    assert opens(calm, site)
    assert visitor.response.pk


def test_a_link_that_was_replaced_is_replaced_and_mailed_once(site, settings):
    client = get_as("patient", site)
    before = PrivateLink.objects.count()
    with no_session_is_written():
        assert is_calm(client.post(url_of("replace_link", site["patient"])), settings)
    again = client.post(url_of("replace_link", site["patient"]))
    assert "open the private link in the newest email from us" in text_of(again)
    assert PrivateLink.objects.count() == before + 1


def test_private_pages_are_left_at_the_second_press(site, settings):
    client = get_as("patient", site)
    with no_session_is_written():
        assert is_calm(client.post("/request/leave/"), settings)
    assert client.post("/request/leave/").status_code == 302
    assert client.get(url_of("status", site["patient"])).status_code == 403


def test_staff_sign_in_and_out_at_the_second_press(site, calm, settings):
    get_as("triage", site)
    given = {"username": "the_triage", "password": "a quiet passphrase"}
    with no_session_is_written():
        assert is_calm(calm.post("/admin/login/", given), settings)
    assert calm.post("/admin/login/", given).headers["Location"] == "/admin/"
    with no_session_is_written():
        assert is_calm(calm.post("/admin/logout/"), settings)
    assert calm.post("/admin/logout/").status_code in (200, 302)
    assert calm.get("/admin/").status_code == 302


def test_a_search_of_staff_is_made_at_the_second_press(site, settings):
    client = get_as("triage", site)
    url = SEARCH
    with no_session_is_written():
        assert is_calm(client.post(url, {"q": "Carol"}), settings)
    assert "Carol Abbot" in text_of(client.post(url, {"q": "Carol"}, follow=True))


class TestEndedMeanwhile:
    """The session was there when the request began and is gone when it ends: signing out in another tab."""

    @staticmethod
    @contextmanager
    def ended_by_another_tab() -> Iterator[None]:
        """Before the session is written, its row goes."""

        def end(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith("UPDATE") and "django_session" in sql:
                Session.objects.all().delete()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(end):
            yield

    def test_a_patient_reads_that_and_what_was_done_is_kept(self, site):
        client = get_as("patient", site)
        before = PrivateLink.objects.count()
        with self.ended_by_another_tab():
            response = client.post(url_of("replace_link", site["patient"]))
        text = text_of(response)
        assert response.status_code == 409
        assert "Your page was closed meanwhile" in text
        assert "What you had sent is kept." in text
        assert NEVER not in text
        assert PrivateLink.objects.count() == before + 1

    def test_staff_read_that_they_were_signed_out(self, site):
        client = get_as("triage", site)
        with self.ended_by_another_tab():
            response = client.post(SEARCH, {"q": "Carol"})
        assert response.status_code == 409
        assert "You were signed out meanwhile" in text_of(response)
