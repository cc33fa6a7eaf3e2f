"""A database that can be read and not written, for want of space or being a stand-by: every form, filled in right."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import InternalError, OperationalError, connection, transaction

from clinic.accounts.models import User
from tests.access.conftest import everything
from tests.access.forms import FORMS, Stage
from tests.consultations.views.conftest import text_of
from tests.personas import MakeRequest

NOTHING_TO_WRITE = {"appearance", "preview", "carried screen"}
"""A cookie, a refusal, and a page that carries its answers with it."""


class ReadOnly(Exception):
    """What PostgreSQL's driver raises."""

    pgcode = "25006"


def read_only() -> Exception:
    problem = InternalError("cannot execute INSERT in a read-only transaction")
    problem.__cause__ = ReadOnly()
    return problem


def disk_full() -> Exception:
    return OperationalError("database or disk is full")


@contextmanager
def no_writes(problem: Exception) -> Iterator[None]:
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) or "FOR UPDATE" in sql:
            raise problem
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield
    # The statement never reached the database, so the transaction that this test stands in is whole.
    transaction.set_rollback(False)


@pytest.fixture
def stage(monday: None, make_request: MakeRequest, clinician: Any, doctor: User) -> Stage:
    return Stage(make_request, clinician, doctor)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_answered_calmly_and_can_be_sent_again(stage: Stage, settings: Any, name: str) -> None:
    client, path, data = FORMS[name](stage)
    problem = read_only() if len(name) % 2 else disk_full()
    before = everything()
    with no_writes(problem):
        answer = client.post(path, data)
    words = text_of(answer)
    if name in NOTHING_TO_WRITE:
        assert answer.status_code in (200, 302)
    else:
        assert (name, answer.status_code) == (name, 503)
        # To staff the page that cannot say who reads it stands in their own frame, and says what to do meanwhile.
        for_staff = path.startswith("/admin/") and "Call patients who wait for an answer." in words
        assert settings.CLINIC_PHONE in words or for_staff
        assert settings.EMERGENCY_LINE in words or path.startswith("/admin/")
    assert everything() == before
    assert client.post(path, data).status_code in (200, 302)
