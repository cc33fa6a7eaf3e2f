"""Nothing starts on unsigned rules unless somebody is named who accepts them, and then staff read the name."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from clinic.accounts.models import User
from consultations.candidacy import rules
from consultations.models import ConsultationRequest
from consultations.presenters.findings import signature_line
from tests.consultations.admin.conftest import page_of
from tests.consultations.views.conftest import text_of
from tests.personas import SignIn

UNSIGNED = "The medical director has not signed the rules 1.0.0 and 1.1.0."


def problems() -> list[str]:
    return [str(run_check.msg) for run_check in run_checks(tags=["clinic"]) if run_check.id == "consultations.E004"]


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if both files said who signed them."""
    build = rules.build
    monkeypatch.setattr(
        rules, "build", lambda document, *others: build({**document, "signed_by": "Dr Rosa Alarcon"}, *others)
    )
    rules.load.cache_clear()
    yield
    monkeypatch.undo()
    rules.load.cache_clear()


class TestStart:
    @pytest.mark.parametrize("nobody", ["", "-", "1", "\u200b"])
    def test_is_refused_while_nobody_signed_and_nobody_accepts(self, settings: Any, nobody: str) -> None:
        settings.UNSIGNED_RULES_ACCEPTED_BY = nobody
        assert problems() == [UNSIGNED]
        with pytest.raises(SystemCheckError, match=re.escape(UNSIGNED)):
            call_command("check")

    def test_goes_on_when_somebody_accepts(self, settings: Any) -> None:
        settings.UNSIGNED_RULES_ACCEPTED_BY = "Dr Rosa Alarcon"
        assert problems() == []

    def test_goes_on_for_trying_the_site(self, settings: Any) -> None:
        settings.DEBUG, settings.UNSIGNED_RULES_ACCEPTED_BY = True, ""
        assert problems() == []

    @pytest.mark.usefixtures("signed")
    def test_goes_on_once_the_rules_are_signed(self, settings: Any) -> None:
        settings.UNSIGNED_RULES_ACCEPTED_BY = ""
        assert problems() == []
        assert signature_line("1.1.0") == ""
        assert rules.load("1.0.0").content_hash == "a5dddacd0ffc125139f0d9f0257f5f9592011d49fb86941f5cf683c0296fc5d0"


class TestStaffRead:
    def test_who_accepts_the_rules_on_today(self, db: None, sign_in: SignIn, nurse: User, settings: Any) -> None:
        settings.UNSIGNED_RULES_ACCEPTED_BY = "Dr Rosa Alarcon"
        assert "Rules 1.1.0: not yet signed; accepted by Dr Rosa Alarcon" in text_of(sign_in(nurse).get("/admin/"))
        settings.UNSIGNED_RULES_ACCEPTED_BY = ""
        page = text_of(sign_in(nurse).get("/admin/"))
        assert "Rules 1.1.0: not yet signed" in page
        assert "accepted by" not in page

    def test_who_accepts_the_rules_that_judged_a_request(
        self, sign_in: SignIn, nurse: User, make_request: Any, settings: Any
    ) -> None:
        settings.UNSIGNED_RULES_ACCEPTED_BY = "Dr Rosa Alarcon"
        consultation_request: ConsultationRequest = make_request()
        assert consultation_request.assessment.ruleset_version == "1.0.0"
        assert "Rules 1.0.0: not yet signed; accepted by Dr Rosa Alarcon." in text_of(
            sign_in(nurse).get(page_of(consultation_request))
        )

    @pytest.mark.usefixtures("signed")
    def test_nothing_of_it_once_they_are_signed(self, db: None, sign_in: SignIn, nurse: User) -> None:
        assert "not yet signed" not in text_of(sign_in(nurse).get("/admin/"))

    def test_nothing_of_rules_that_are_no_longer_there(self) -> None:
        assert signature_line("0.9.0") == ""
