"""A page of ours fails after something was typed: the error page gives it back, and says of what is saved the truth."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from clinic.core import error_pages
from tests.consultations.views.conftest import text_of

HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
NOT_SAVED = "We could not save what you sent just now."
EARLIER = "Your answers on the earlier pages of this check are saved."
NOTHING = "Nothing of this check is saved with us."
NO_NUMBER = "We do not have your number, so nobody will call you."
OLD_CLAIM = "up to the last page"
CALL_BACK = {"name": "Winther", "phone": "01314960000"}


@pytest.fixture(params=[503, 500])
def fail(request: Any, db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every view fails: the database is away, or by a fault of our own. The error page asks the database nothing."""
    problem = OperationalError("server closed the connection") if request.param == 503 else RuntimeError("a fault")

    def send(path: str, data: dict[str, Any] | None, headers: Any = HERE) -> Any:
        def refuse(*args: Any) -> Any:
            raise AssertionError("the database was asked")

        client = Client(raise_request_exception=False)
        monkeypatch.setattr(
            "django.core.handlers.base.BaseHandler.make_view_atomic", lambda self, view: _failing(view, problem)
        )
        with connection.execute_wrapper(refuse):
            page = client.get(path) if data is None else client.post(path, data, headers=headers)
        assert page.status_code == request.param
        assert "session" not in page.cookies
        return page

    return send


def _failing(view: Any, problem: Exception) -> Any:
    def failing(*args: Any, **kwargs: Any) -> Any:
        raise problem

    return failing


def test_a_carried_page_is_saved_nowhere(fail):
    page = fail("/check/carried/q/now/", {"ab_age": "56", "rf_now": ["chest"], "carried": "dev:SEALED"})
    text = text_of(page)
    assert NOT_SAVED in text
    assert NOTHING in text
    assert "Here is what you typed" in text
    assert "56" in text
    assert "chest" in text.lower()
    for wrong in (EARLIER, OLD_CLAIM, "dev:SEALED"):
        assert wrong not in text


def test_a_stored_check_has_its_earlier_pages(fail):
    text = text_of(fail("/check/0a1b2c3d/q/hopes/", {"ex_expect": "info", "ex_note": "Kneeling."}))
    assert NOT_SAVED in text
    assert EARLIER in text
    assert "Kneeling." in text
    assert NOTHING not in text


def test_the_call_back_form_says_that_we_have_no_number(fail):
    text = text_of(fail("/check/0a1b2c3d/call-back/", CALL_BACK))
    assert NO_NUMBER in text
    assert "01314960000" in text
    assert "Winther" in text


def test_contact_details_of_one_word_come_back(fail):
    text = text_of(fail("/check/0a1b2c3d/contact/", {**CALL_BACK, "email": "alice@example.com"}))
    for typed in ("alice@example.com", "01314960000", "Winther"):
        assert typed in text


@pytest.mark.parametrize(
    ("path", "data", "typed"),
    [
        ("/request/x.y/answer/", {"answer": "Numb."}, "Numb."),
        ("/request/link/", {"email": "alice@example.com"}, "alice@example.com"),
        ("/admin/consultations/consultationrequest/1/note/", {"note": "Rang.", "password": "a quiet word"}, "Rang."),
        ("/admin/login/", {"username": "nora", "password": "a quiet word"}, "nora"),
    ],
)
def test_any_other_form_comes_back_without_a_claim_or_a_secret(fail, path, data, typed):
    text = text_of(fail(path, {**data, "csrfmiddlewaretoken": "tok" * 11}))
    assert NOT_SAVED in text
    assert typed in text
    for wrong in (EARLIER, NOTHING, NO_NUMBER, OLD_CLAIM, "a quiet word", "toktok"):
        assert wrong not in text


def test_a_form_without_word_of_its_origin_comes_back_when_its_token_was_right(fail):
    assert "Numb." in text_of(fail("/request/x.y/answer/", {"answer": "Numb."}, {}))


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_words_of_another_site_are_not_shown(fail, headers):
    assert "Numb." not in text_of(fail("/request/x.y/answer/", {"answer": "Numb."}, headers))


@pytest.mark.parametrize(("path", "is_said"), [("/check/0a1b2c3d/q/now/", True), ("/request/link/", False)])
def test_looking_at_a_page_sends_nothing(fail, path, is_said):
    text = text_of(fail(path, None))
    assert NOT_SAVED not in text
    assert (EARLIER in text) == is_said


def test_the_page_stands_when_the_form_is_what_cannot_be_read(fail, monkeypatch):
    def unreadable(request: Any) -> Any:
        raise ValueError("no form")

    monkeypatch.setattr(error_pages, "unsent_of", unreadable)
    assert NOT_SAVED in text_of(fail("/check/0a1b2c3d/contact/", CALL_BACK))


def test_a_session_that_was_not_written_may_have_been_kept(rf):
    request = rf.post("/check/0a1b2c3d/call-back/", CALL_BACK, headers=HERE)
    text = text_of(error_pages.service_unavailable(request, may_be_kept=True))
    assert "What you sent just now may not have been saved." in text
    assert "We may not have your number. Do not wait for our call." in text
    assert NOT_SAVED not in text


def test_the_page_of_the_proxy_claims_nothing():
    text = text_of(error_pages.service_unavailable())
    assert "If you sent something just now, it may not have been saved." in text
    assert OLD_CLAIM not in text
