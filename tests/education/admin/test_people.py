"""Reviewers, and the files on those whose words or story a page tells, in the staff area."""

import pytest
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from education.models import CaseAccount, Reviewer
from tests.education.conftest import MakePage
from tests.personas import make_user


class TestPeople:
    def test_only_clinicians_who_are_not_entered_can_be(self, reviewer: User, manager: User, client: Client) -> None:
        free = make_user("free", "doctor", name="Sam Okafor")
        make_user("gone", "doctor", is_active=False)
        client.force_login(manager)
        form = client.get(reverse("admin:education_reviewer_add")).context["adminform"].form
        assert list(form.fields["user"].queryset) == [free]
        assert "Sam Okafor (free)" in str(form["user"])

    def test_a_manager_enters_one(self, manager: User, client: Client) -> None:
        free = make_user("free", "doctor")
        client.force_login(manager)
        values = {
            "user": free.pk, "name": "Dr A", "role": "surgeon", "register": "R", "register_number": "1",
            "checked_on": str(clock.today()), "interests": "None",
        }  # fmt: skip
        assert client.post(reverse("admin:education_reviewer_add"), values).status_code == 302
        assert Reviewer.objects.get().user == free
        assert [event.action for event in AuditEvent.objects.filter(action__startswith="content.")] == ["content.edit"]

    @pytest.mark.parametrize(("name", "kind"), [("caseaccount", "account"), ("clinicianstatement", "statement")])
    def test_a_file_is_for_a_page_of_its_kind_that_has_none(
        self, name: str, kind: str, make_page: MakePage, editor: User, client: Client
    ) -> None:
        wanted = make_page(kind=kind)
        make_page(key="b", path="/b/", kind="about")
        make_page(key="c", path="/c/", kind=kind, state="retired", closed_at=clock.now(), closed_reason="Old.")
        client.force_login(editor)
        form = client.get(reverse(f"admin:education_{name}_add")).context["adminform"].form
        assert list(form.fields["page"].queryset) == [wanted]

    def test_what_the_database_refuses_comes_back_in_sentences(
        self, make_page: MakePage, editor: User, client: Client
    ) -> None:
        page = make_page(kind="account")
        client.force_login(editor)
        values = {
            "page": page.pk, "result": "better", "consent_on": str(clock.today()), "consent_covers": "This page",
            "consent_taken_by": "Ines", "treated_by": "Ines", "payment": "None", "sampling": "All",
            "asked": "2", "agreed": "3",
        }  # fmt: skip
        html = client.post(reverse("admin:education_caseaccount_add"), values).content.decode()
        assert "Somebody else than the clinician" in html
        assert "No more people can agree" in html
        assert "Constraint" not in html
        assert not CaseAccount.objects.exists()

    @pytest.mark.parametrize("group", ["editor", "doctor", "triage"])
    def test_reviewers_are_entered_by_managers(self, group: str, db: None, client: Client) -> None:
        client.force_login(make_user(f"a_{group}", group))
        assert client.get(reverse("admin:education_reviewer_add")).status_code == 403
