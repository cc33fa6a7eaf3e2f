"""The database goes away when the work of a request is done, or half of it: nobody reads that it was not saved."""

from contextlib import contextmanager
from typing import Any

import pytest
from django.db import InternalError, OperationalError, connection, transaction
from django.test import Client

from clinic.core import database_errors
from consultations.models import ConsultationRequest, QuestionnaireResponse
from tests.access.test_session_not_written import no_session_is_written
from tests.consultations.views.conftest import Visitor, text_of

NOT_SAVED = "We could not save what you sent just now."
PERHAPS = "What you sent just now may not have been saved."
LOST = OperationalError("server closed the connection unexpectedly")
CHANGE = "/admin/consultations/consultationrequest/{}/{}/"


def claim(client: Client, consultation_request: ConsultationRequest) -> Any:
    return client.post(CHANGE.format(consultation_request.pk, "claim"), {"seen": consultation_request.status})


def test_an_action_of_staff_is_not_an_error_for_want_of_its_message(alice, nurse, sign_in):
    client = sign_in(nurse)
    with no_session_is_written():
        answer = claim(client, alice)
    assert (answer.status_code, answer["Location"]) == (302, CHANGE.format(alice.pk, "change"))
    alice.refresh_from_db()
    assert (alice.status, alice.claimed_by) == ("in_triage", nurse)
    assert "Release" in text_of(client.get(CHANGE.format(alice.pk, "change")))


def test_a_page_that_only_takes_its_messages_away_is_shown(alice, nurse, sign_in):
    client = sign_in(nurse)
    claim(client, alice)
    with no_session_is_written():
        page = client.get(CHANGE.format(alice.pk, "change"))
    assert page.status_code == 200
    assert "The request is yours." in text_of(page)


@contextmanager
def lost_after(table: str, verb: str) -> Any:
    """Whatever follows this statement meets a database that is gone."""
    seen: list[str] = []

    def lose(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if seen:
            raise LOST
        if sql.startswith(verb) and table in sql:
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(lose):
        yield
    transaction.set_rollback(False)


def test_answers_that_were_written_may_be_saved(db):
    visitor = Visitor(Client(raise_request_exception=False))
    visitor.answer(until="nerves")
    with lost_after("consultations_questionnaireresponse", "UPDATE"):
        answer = visitor.give("nerves", rf_ce="none")
    words = text_of(answer)
    assert answer.status_code == 503
    assert PERHAPS in words
    assert NOT_SAVED not in words


def test_a_number_for_a_call_that_was_written_may_be_there(db):
    visitor = Visitor(Client(raise_request_exception=False))
    visitor.answer(rf_now=["chest"])
    with lost_after("core_auditevent", "INSERT"):
        words = text_of(visitor.client.post(f"{visitor.check}/call-back/", {"name": "Bob", "phone": "202-555-0142"}))
    assert PERHAPS in words
    assert "We may not have your number. Do not wait for our call." in words


def test_what_was_counted_before_the_work_is_no_work(db):
    """Limits are counted in a transaction of their own, before anything of the form is written."""
    visitor = Visitor(Client(raise_request_exception=False))
    visitor.begin()

    with lost_after("core_ratebucket", "UPDATE"):
        words = text_of(visitor.client.post("/request/link/", {"email": "alice@example.com"}))
    assert QuestionnaireResponse.objects.count() == 1
    assert NOT_SAVED in words
    assert PERHAPS not in words


class FromServer(Exception):
    pgcode = "25006"


def test_a_database_that_takes_no_writes_is_away():
    problem = InternalError("cannot execute INSERT in a read-only transaction")
    assert not database_errors.is_away(problem)
    problem.__cause__ = FromServer()
    assert database_errors.is_away(problem)
    assert database_errors.reason_of(problem) == "25006"


@pytest.mark.parametrize("words", ["database or disk is full", "attempt to write a readonly database"])
def test_the_log_says_why_nothing_could_be_written(words):
    assert database_errors.is_away(OperationalError(words))
    assert database_errors.reason_of(OperationalError(words)) == words
