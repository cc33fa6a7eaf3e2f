"""The operator's command for somebody who lost phone and recovery codes."""

import io
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from clinic.accounts.models import SecondFactorSecret, User
from clinic.core import delivery
from clinic.core.models import AuditEvent
from tests.clinic.accounts.second_factors import CODE, code_now, give_app, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("reset_second_step", *words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_second_steps_and_sessions_end_and_the_owner_is_told(manager: User, mailoutbox: list[Any]) -> None:
    give_app(manager)
    client = sign_in(Client(), "manager")
    client.post(CODE, {"code": code_now()})
    assert client.get("/admin/").status_code == 200

    said = run("manager", "--yes")

    assert said == "Mara Voss: 1 second step was taken away. Their sessions have ended.\n"
    assert client.get("/admin/").status_code == 302
    assert not Authenticator.objects.exists()
    assert not SecondFactorSecret.objects.exists()
    event = AuditEvent.objects.get(action="staff.second_factor_reset")
    assert (event.actor, event.target_id) == ("operator", str(manager.pk))
    delivery.deliver_due()
    assert ["was reset on the server" in mail.body for mail in mailoutbox] == [True]
    assert sign_in(Client(), "manager").get("/admin/second-step/").status_code == 200


@pytest.mark.parametrize("typed", ["", "y", "yes", "nurse"])
def test_nothing_happens_without_the_name_typed_once_more(
    manager: User, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    give_app(manager)
    monkeypatch.setattr("builtins.input", lambda question: typed)
    with pytest.raises(CommandError, match="Nothing was changed"):
        run("manager")
    assert Authenticator.objects.exists()


def test_a_name_that_is_nobodys_changes_nothing(manager: User) -> None:
    with pytest.raises(CommandError, match="Nobody signs in as “mara”"):
        run("mara", "--yes")
