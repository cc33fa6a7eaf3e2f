"""What must be on file behind an account of a real person or a clinician's statement: each rule broken alone."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed, WrongStatus
from education.content import shipped
from education.models import CaseAccount, ClinicianStatement, Page
from education.services import consent_records, publication, records
from tests.education.conftest import MakePage, Sign
from tests.education.performing import perform

MakeAccount = Callable[..., CaseAccount]


@pytest.fixture
def make_account(make_page: MakePage) -> MakeAccount:
    """An account that lacks nothing, but for what a test takes away."""

    def make(*, key: str = "one", body: str = "## First\n\nWords.\n", **changes: Any) -> CaseAccount:
        page = make_page(key=key, path=f"/stories/{key}/", kind="account", body=body, title=f"Story {key}")
        today = clock.today()
        values: dict[str, Any] = {
            "result": "no_change", "consent_on": today, "consent_covers": "This page", "consent_taken_by": "Nora",
            "treated_by": "Ines", "payment": "A gift card of 20", "read_by_person_on": today,
            "privacy_reviewed_on": today, "privacy_reviewed_by": "Mara", "sampling": "Every tenth who agreed",
            "asked": 31, "agreed": 17, "has_timeline": True, "has_all_treatments": True, "has_dated_scores": True,
            "has_unwanted_events": True, "has_own_view": True,
        }  # fmt: skip
        return CaseAccount.objects.create(page=page, **{**values, **changes})

    return make


@pytest.fixture
def make_statement(make_page: MakePage, content: shipped.Shipped) -> Callable[..., ClinicianStatement]:
    def make(*, body: str = "## First\n\nI would wait.\n", **changes: Any) -> ClinicianStatement:
        page = make_page(key="said", path="/stories/said/", kind="statement", body=body, title="What one surgeon says")
        values: dict[str, Any] = {
            "name": "Dr Invented", "role": "surgeon", "register": "Made-up register", "register_number": "77",
            "register_checked_on": clock.today(), "approved_on": clock.today(), "interests": "Owns no shares",
            "evidence": "E9",
        }  # fmt: skip
        return ClinicianStatement.objects.create(page=page, **{**values, **changes})

    return make


def problems(page: Page) -> list[str]:
    return records.problems_of(Page.objects.get(pk=page.pk))


class TestAccounts:
    def test_a_whole_one_lacks_nothing(self, make_account: MakeAccount) -> None:
        assert problems(make_account().page) == []

    def test_a_page_without_a_file_says_so(self, make_page: MakePage) -> None:
        (said,) = problems(make_page(kind="account"))
        assert "Nothing is on file" in said

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"has_timeline": False}, "lacks a timeline"),
            ({"has_all_treatments": False}, "lacks all treatments"),
            ({"has_dated_scores": False}, "lacks outcome scores"),
            ({"has_unwanted_events": False}, "lacks unwanted events"),
            ({"has_own_view": False}, "lacks the person's own view"),
            ({"read_by_person_on": None}, "has not read the final text"),
            ({"privacy_reviewed_on": None}, "reviewed the account for privacy"),
            ({"privacy_reviewed_by": ""}, "reviewed the account for privacy"),
            ({"asked": 0, "agreed": 0}, "how many people were asked"),
            ({"agreed": 0}, "how many people were asked"),
            ({"consent_on": datetime.date(2020, 1, 1)}, "Consent ran out on"),
            ({"body": "See [a check](/check/)."}, "never leads to booking"),
            ({"body": "See [times](https://clinic.example/request/times/)."}, "never leads to booking"),
            ({"result": "better"}, "only beside another"),
        ],
    )
    def test_each_rule_stands_alone(self, changes: dict[str, Any], sentence: str, make_account: MakeAccount) -> None:
        (said,) = problems(make_account(**changes).page)
        assert sentence in said

    def test_consent_ends_after_24_months(self, make_account: MakeAccount, time_machine: Any) -> None:
        account = make_account()
        start = clock.now()
        time_machine.move_to(start + datetime.timedelta(days=730))
        assert problems(account.page) == []
        time_machine.move_to(start + datetime.timedelta(days=731))
        (said,) = problems(account.page)
        assert "Ask the person anew" in said

    def test_good_ones_never_outnumber_the_others(self, make_account: MakeAccount, manager: User, sign: Sign) -> None:
        def show(account: CaseAccount) -> None:
            sign(account.page)
            perform("publish", account.page, by=manager)

        show(make_account(key="other"))
        show(make_account(key="good", result="better"))
        third = make_account(key="third", result="better")
        assert any("only beside another" in said for said in problems(third.page))
        show(make_account(key="harmed", result="worse"))
        assert problems(third.page) == []

    @pytest.mark.parametrize(
        "changes", [{"agreed": 9, "asked": 2}, {"consent_taken_by": "Ines"}, {"result": "wonderful"}]
    )
    def test_the_database_has_the_last_word(self, changes: dict[str, Any], make_account: MakeAccount) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            make_account(**changes)


class TestStatements:
    def test_a_whole_one_lacks_nothing(self, make_statement: Any) -> None:
        assert problems(make_statement().page) == []

    def test_a_page_without_a_file_says_so(self, make_page: MakePage) -> None:
        (said,) = problems(make_page(kind="statement"))
        assert "who said it" in said

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"approved_on": None}, "has not approved these words"),
            ({"evidence": "E99"}, "no graded statement"),
            ({"evidence": ""}, "no graded statement"),
            ({"body": "It works."}, "says more than the grade"),
        ],
    )
    def test_each_rule_stands_alone(self, changes: dict[str, Any], sentence: str, make_statement: Any) -> None:
        (said,) = problems(make_statement(**changes).page)
        assert sentence in said

    def test_the_register_number_holds_for_a_year(self, make_statement: Any) -> None:
        day = clock.today() - datetime.timedelta(days=365)
        statement = make_statement(register_checked_on=day)
        assert problems(statement.page) == []
        statement.register_checked_on = day - datetime.timedelta(days=1)
        statement.save()
        (said,) = problems(statement.page)
        assert "more than a year ago" in said

    @pytest.mark.parametrize("name", ["name", "register", "register_number", "interests"])
    def test_nobody_speaks_without_a_name(self, name: str, make_statement: Any) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            make_statement(**{name: ""})


class TestKeeping:
    def test_a_change_voids_the_sign_offs(self, make_account: MakeAccount, editor: User, sign: Sign) -> None:
        account = make_account()
        sign(account.page)
        account.page.refresh_from_db()
        assert set(publication.current_sign_offs(account.page)) == {"clinical", "second"}
        account.payment = "A free treatment"

        consent_records.save_consent_record(record=account, by=editor, changed=["payment"])

        page = Page.objects.get(pk=account.page_id)
        assert publication.current_sign_offs(page) == {}
        assert page.drafted_by.filter(pk=editor.pk).exists()
        assert AuditEvent.objects.filter(action="content.edit", actor_user=editor).count() == 1

    def test_reviewers_keep_nothing(self, make_account: MakeAccount, reviewer: User) -> None:
        account = make_account()
        account.payment = "More"
        with pytest.raises(NotAllowed):
            consent_records.save_consent_record(record=account, by=reviewer, changed=["payment"])
        account.refresh_from_db()
        assert account.payment == "A gift card of 20"

    def test_a_retired_page_is_closed(self, make_account: MakeAccount, editor: User) -> None:
        account = make_account()
        Page.objects.filter(pk=account.page_id).update(
            state="retired", closed_at=clock.now(), closed_reason="No longer needed."
        )
        account.payment = "More"
        with pytest.raises(WrongStatus):
            consent_records.save_consent_record(record=account, by=editor, changed=["payment"])
        account.refresh_from_db()
        assert account.payment == "A gift card of 20"


class TestWhatReadersSee:
    def show(self, page: Page, manager: User, sign: Sign, client: Client) -> str:
        sign(page)
        perform("publish", page, by=manager)
        return client.get(page.path).content.decode()

    def test_an_account_carries_its_panel_and_no_way_to_book(
        self, make_account: MakeAccount, content: shipped.Shipped, manager: User, sign: Sign, client: Client
    ) -> None:
        html = self.show(make_account().page, manager, sign, client)
        main = html.split("<main")[1].split("</main>")[0]
        for phrase in (
            "One person’s story cannot show that a treatment works", "No change", "Every tenth who agreed",
            "17 of 31 people who were asked", "A gift card of 20",
        ):  # fmt: skip
            assert phrase in main
        assert '<meta name="robots" content="noindex">' in html
        assert "/check/" not in main
        assert "/request/" not in main

    def test_nothing_on_file_but_the_panel_is_printed(
        self, make_account: MakeAccount, content: shipped.Shipped, manager: User, sign: Sign, client: Client
    ) -> None:
        account = make_account(consent_taken_by="Zelda Consenter", treated_by="Quincy Treater")
        html = self.show(account.page, manager, sign, client)
        assert "Zelda" not in html
        assert "Quincy" not in html

    def test_an_opinion_stands_beside_the_evidence(
        self, make_statement: Any, manager: User, sign: Sign, client: Client
    ) -> None:
        html = self.show(make_statement().page, manager, sign, client)
        for phrase in ("Opinion", "Dr Invented", "Made-up register 77", "Owns no shares", "Statement E9"):
            assert phrase in html
