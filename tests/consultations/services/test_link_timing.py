"""A token that opens nothing costs what a wrong date on a live link costs. `make bench` measures the times."""

import datetime
import hashlib
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.core import clock
from clinic.core.encryption import new_token
from clinic.core.models import AuditEvent
from consultations.models import ConsultationRequest
from consultations.services import private_links
from tests.consultations.views.private_links import BORN, link_to

WRONG = {**BORN, "birth_on_year": "1971"}


def statements_of(path: str) -> list[str]:
    """What a try asks of the database, without the values."""
    with CaptureQueriesContext(connection) as captured:
        assert Client().post(path, WRONG).status_code == 200
    return [shape(query["sql"]) for query in captured]


def shape(sql: str) -> str:
    without_values = re.sub(r"'[^']*'|::\w+(\(\d+\))?|\b\d+\b|\bNULL\b", "?", sql)
    return re.sub(r"\"?s\d+_x\d+\"?|\s+", " ", without_values)


@pytest.mark.parametrize("state", ["made up", "expired", "replaced", "locked"])
def test_it_asks_the_same_questions(alice: ConsultationRequest, state: str) -> None:
    now = clock.now()
    Client().post(f"/request/open/{new_token()}/", WRONG)  # the head of the audit chain is made with the first event
    wrong_date = statements_of(link_to(alice))
    changes = {
        "expired": {"created_at": now - datetime.timedelta(days=90), "expires_at": now},
        "replaced": {"replaced_at": now},
        "locked": {"locked_at": now},
    }.get(state)
    path = link_to(alice, **changes) if changes else f"/request/open/{new_token()}/"
    assert statements_of(path) == wrong_date
    assert len(wrong_date) > 8


def test_it_hashes_and_decrypts_as_often(alice: ConsultationRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[str] = []

    def noted(name: str, work: Any) -> Any:
        return lambda *args, **options: (worked.append(name), work(*args, **options))[1]

    def worked_on(path: str) -> list[str]:
        worked.clear()
        Client().post(path, WRONG)
        return list(worked)

    monkeypatch.setattr(hashlib, "sha256", noted("sha256", hashlib.sha256))
    monkeypatch.setattr(private_links, "open_all", noted("decrypt", private_links.open_all))
    known = worked_on(link_to(alice))
    assert worked_on(f"/request/open/{new_token()}/") == known
    assert "sha256" in known
    assert "decrypt" not in known


def test_both_are_on_record(alice: ConsultationRequest) -> None:
    Client().post(link_to(alice), WRONG)
    Client().post(f"/request/open/{new_token()}/", WRONG)
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["link.refused", "link.none"]
