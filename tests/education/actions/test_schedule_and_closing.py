"""A page that is published at a set time, and one that is taken off the site."""

import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed, WrongStatus
from education.actions.schedule import publish_due
from education.admin.pages import PageAdmin
from education.content import shipped
from education.models import Page, Reviewer, Snapshot
from education.services import loading, records
from education.services.refusals import NotComplete, ReasonRefused
from tests.education.conftest import MakePage, Sign
from tests.education.performing import perform
from tests.personas import make_user

REASON = "A trial that it rests on was taken back."


class TestSchedule:
    @pytest.fixture
    def planned(self, make_page: MakePage, manager, sign: Sign, time_machine: Any) -> Page:
        time_machine.move_to(datetime.datetime(2026, 12, 7, 15, 0, tzinfo=datetime.UTC), tick=False)
        Reviewer.objects.update(checked_on=clock.today())
        page = make_page()
        sign(page)
        return perform("schedule", page, at=clock.now() + datetime.timedelta(hours=2), by=manager).row

    def test_it_is_published_when_it_is_due_and_not_before(
        self, planned: Page, client: Client, time_machine: Any
    ) -> None:
        call_command("worker", once=True)
        assert client.get("/a-page/").status_code == 404

        time_machine.shift(datetime.timedelta(hours=2))
        call_command("worker", once=True)

        assert client.get("/a-page/").status_code == 200
        planned.refresh_from_db()
        assert planned.publish_at is None
        assert publish_due() == 0

    def test_an_edit_ends_the_schedule(self, planned: Page, editor, client: Client, time_machine: Any) -> None:
        planned.title = "Other"
        records.save_record(record=planned, by=editor, changed=["title"])
        time_machine.shift(datetime.timedelta(hours=3))

        assert publish_due() == 0
        assert client.get("/a-page/").status_code == 404

    def test_it_is_checked_again_when_due(self, planned: Page, manager, time_machine: Any) -> None:
        manager.groups.clear()
        time_machine.shift(datetime.timedelta(hours=3))

        assert publish_due() == 0
        planned.refresh_from_db()
        assert (planned.publish_at, planned.state) == (None, Page.State.IN_REVIEW)
        assert AuditEvent.objects.filter(action="content.schedule_failed").count() == 1

    def test_only_a_publishable_page_and_a_time_to_come(
        self, planned: Page, make_page: MakePage, manager, editor
    ) -> None:
        later = clock.now() + datetime.timedelta(days=1)
        with pytest.raises(ReasonRefused, match="still to come"):
            perform("schedule", planned, at=clock.now(), by=manager)
        with pytest.raises(NotAllowed):
            perform("schedule", planned, at=later, by=editor)
        unsigned = make_page(key="b", path="/b/", state="in_review")
        with pytest.raises(NotComplete):
            perform("schedule", unsigned, at=later, by=manager)


class TestClosing:
    def test_a_withdrawn_page_says_why_and_is_nowhere_linked(
        self, content: shipped.Shipped, reviewer, client: Client
    ) -> None:
        page = Page.objects.get(path="/stem-cells/risks/")
        perform("withdraw", page, reason=REASON, by=reviewer)
        perform("withdraw", page, reason=REASON, by=reviewer)

        response = client.get("/stem-cells/risks/")
        assert response.status_code == 410
        assert REASON in response.content.decode()
        assert 'name="robots" content="noindex"' in response.content.decode()
        assert "/stem-cells/risks/" not in {entry["path"] for entry in Snapshot.objects.get().data["pages"]}
        assert AuditEvent.objects.filter(action="content.withdraw").count() == 1

    def test_an_edit_that_was_under_way_does_not_bring_it_back(
        self, content: shipped.Shipped, editor, reviewer, client: Client
    ) -> None:
        being_edited = Page.objects.get(path="/stem-cells/risks/")
        perform("withdraw", being_edited, reason=REASON, by=reviewer)
        being_edited.title = "Another title"
        records.save_record(record=being_edited, by=editor, changed=["title"])

        stored = Page.objects.get(pk=being_edited.pk)
        assert (stored.title, stored.state, stored.live, stored.closed_reason) == (
            "Another title",
            "withdrawn",
            None,
            REASON,
        )
        response = client.get("/stem-cells/risks/")
        assert response.status_code == 410

    def test_an_edit_of_a_page_retired_meanwhile_is_refused_and_given_back(
        self, content: shipped.Shipped, editor, manager, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = Page.objects.get(path="/stem-cells/procedure/")
        url = reverse("admin:education_page_change", args=[page.pk])
        client.force_login(editor)
        form = client.get(url).context["adminform"].form
        typed = {name: form[name].value() or "" for name in form.fields} | {"title": "Typed in vain"}
        perform("retire", page, reason="", moved_to="/stem-cells/", by=manager)
        monkeypatch.setattr(PageAdmin, "has_change_permission", lambda *args: True)

        response = client.post(url, typed)
        assert response.status_code == 403
        assert "Typed in vain" in response.content.decode()

    @pytest.mark.parametrize("group", ["triage", "editor"])
    def test_it_takes_a_clinician_or_a_manager(self, group: str, content: shipped.Shipped) -> None:
        with pytest.raises(NotAllowed):
            perform("withdraw", Page.objects.public()[0], reason=REASON, by=make_user("x", group))

    @pytest.mark.parametrize("reason", ["", "wrong", "It no longer cures anybody with back pain."])
    def test_the_reason_is_a_sentence_that_claims_nothing(self, reason: str, content: shipped.Shipped, manager) -> None:
        page = Page.objects.public()[0]
        if "cures" in reason:
            reason = "Our miracle therapy moved to another page."
        with pytest.raises(ReasonRefused):
            perform("withdraw", page, reason=reason, by=manager)

    def test_it_comes_back_only_through_review(
        self, content: shipped.Shipped, editor, manager, sign: Sign, client: Client
    ) -> None:
        page = Page.objects.get(path="/about/content/")
        perform("withdraw", page, reason=REASON, by=manager)
        with pytest.raises(WrongStatus):
            perform("publish", page, by=manager)
        perform("restore", page, by=editor)
        assert client.get("/about/content/").status_code == 404
        perform("submit", page, by=editor)
        sign(page)
        perform("publish", page, by=manager)

        assert client.get("/about/content/").status_code == 200
        assert page.versions.count() == 2

    def test_a_retired_page_leads_on(self, content: shipped.Shipped, manager, client: Client) -> None:
        page = Page.objects.get(path="/stem-cells/procedure/")
        with pytest.raises(ReasonRefused, match="no public page"):
            perform("retire", page, reason="", moved_to="/ghost/", by=manager)
        perform("retire", page, reason="", moved_to="/stem-cells/", by=manager)

        response = client.get("/stem-cells/procedure/")
        assert (response.status_code, response["Location"]) == (301, "/stem-cells/")

    def test_a_retired_page_without_another_says_so(self, content: shipped.Shipped, manager, client: Client) -> None:
        page = Page.objects.get(path="/stem-cells/procedure/")
        with pytest.raises(ReasonRefused, match="in a sentence"):
            perform("retire", page, reason="", moved_to="", by=manager)
        perform("retire", page, reason="Nobody offers this any more.", moved_to="", by=manager)

        assert client.get("/stem-cells/procedure/").status_code == 410
        with pytest.raises(WrongStatus):
            perform("restore", page, by=manager)

    def test_loading_again_does_not_bring_it_back(self, content: shipped.Shipped, manager, client: Client) -> None:
        page = Page.objects.get(path="/stem-cells/procedure/")
        perform("withdraw", page, reason=REASON, by=manager)
        Page.objects.filter(pk=page.pk).update(shipped_digest="old")

        loading.load(shipped=content, publish=True)

        assert client.get("/stem-cells/procedure/").status_code == 410
