"""Small records: an edit waits for a second person, and what no longer holds reopens the pages that rest on it."""

import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from clinic.core import clock
from clinic.core.models import AuditEvent, Heartbeat
from clinic.core.refusals import NotAllowed
from education.actions.reopen import reopen, reopen_due
from education.content import shipped
from education.models import ClaimWaiver, EvidenceStatement, GlossaryTerm, Page, Reopening, Source, Trial
from education.services import loading, publication, records, reopening, snapshot
from education.services.refusals import NotComplete
from tests.education.conftest import Sign
from tests.education.performing import perform


def change(record: Any, by: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(record, name, value)
    records.save_record(record=record, by=by, changed=list(values))
    return record


def publish(record: Any, *, by: Any) -> None:
    """As somebody does who looked at the record as it stands."""
    perform("publish_record", record, by=by, digest=records.digest_of(type(record).objects.get(pk=record.pk)))


class TestSmallRecords:
    def test_an_edit_waits_until_another_publishes_it(
        self, content: shipped.Shipped, editor, manager, client: Client
    ) -> None:
        term = change(GlossaryTerm.objects.get(slug="disc"), editor, definition="A pad between two bones.")
        assert "A pad between two bones." not in client.get("/glossary/").content.decode()

        publish(term, by=manager)
        publish(term, by=manager)

        assert "A pad between two bones." in client.get("/glossary/").content.decode()
        assert AuditEvent.objects.filter(action="content.publish_record").count() == 1

    def test_an_edit_of_an_older_copy_takes_nothing_back(self, content: shipped.Shipped, editor, manager) -> None:
        change(GlossaryTerm.objects.get(slug="disc"), editor, definition="A pad between two bones.")
        older = GlossaryTerm.objects.get(slug="disc")
        publish(older, by=manager)
        change(older, editor, definition="A cushion between two bones.")
        assert GlossaryTerm.objects.get(slug="disc").shown["definition"] == "A pad between two bones."

    def test_the_writer_cannot_publish_it(self, content: shipped.Shipped, manager) -> None:
        term = change(GlossaryTerm.objects.get(slug="disc"), manager, definition="Other.")
        with pytest.raises(NotAllowed, match="somebody else"):
            publish(term, by=manager)

    def test_editors_cannot_publish(self, content: shipped.Shipped, editor) -> None:
        with pytest.raises(NotAllowed):
            publish(GlossaryTerm.objects.get(slug="disc"), by=editor)

    @pytest.mark.parametrize(
        ("values", "problem"),
        [
            ({"plain_text": "Cells cure back pain."}, "C01"),
            ({"plain_text": "Cells will help.", "grade": 1}, "P10"),
            ({"sources": ["ghost"]}, "does not exist"),
        ],
    )
    def test_one_that_claims_too_much_stays_hidden(
        self, values: dict[str, Any], problem: str, content: shipped.Shipped, editor, manager
    ) -> None:
        statement = change(EvidenceStatement.objects.get(code="E9"), editor, **values)
        with pytest.raises(NotComplete, match=problem):
            publish(statement, by=manager)

    def test_shipped_changes_wait_in_production(self, content: shipped.Shipped, client: Client) -> None:
        GlossaryTerm.objects.filter(slug="disc").update(shipped_digest="old", definition="As it was.")
        term = GlossaryTerm.objects.get(slug="disc")
        GlossaryTerm.objects.filter(slug="disc").update(shown={**term.shown, "definition": "As it was."})

        loading.load(shipped=content, publish=False)
        assert "As it was." in client.get("/glossary/").content.decode()
        GlossaryTerm.objects.filter(slug="disc").update(shipped_digest="old")
        loading.load(shipped=content, publish=True)
        assert "As it was." not in client.get("/glossary/").content.decode()

    def test_a_record_knows_its_pages(self, content: shipped.Shipped, editor, client: Client) -> None:
        paths = {page.path for page in reopening.pages_using("evidence", "E9")}
        assert {"/conditions/spinal-stenosis/", "/stem-cells/", "/stem-cells/evidence/"} <= paths
        assert "/conditions/facet-joint-arthritis/" not in paths
        assert "/stem-cells/evidence/" in {
            page.path for page in reopening.pages_using("trials", Trial.objects.all()[0].key)
        }

        client.force_login(editor)
        statement = EvidenceStatement.objects.get(code="E9")
        html = client.get(reverse("admin:education_evidencestatement_change", args=[statement.pk])).content.decode()
        assert "Spinal stenosis" in html


class TestReopening:
    def reopened(self) -> set[str]:
        return set(Reopening.objects.filter(closed_at__isnull=True).values_list("page__path", flat=True))

    def test_a_retracted_source_reopens_every_page_that_cites_it(
        self, content: shipped.Shipped, editor, manager, sign: Sign, client: Client
    ) -> None:
        source = change(Source.objects.get(key="levi2025"), editor, retracted_on=clock.today())
        assert self.reopened() == set()
        publish(source, by=manager)

        citing = {page.path for page in reopening.pages_using("sources", "levi2025")}
        assert self.reopened() == citing
        assert "/conditions/degenerative-disc-disease/" in citing
        page = Page.objects.get(path="/conditions/degenerative-disc-disease/")
        assert page.state == Page.State.UPDATING
        assert client.get(page.path).status_code == 200
        sign(page)
        with pytest.raises(NotComplete, match="took back"):
            perform("publish", page, by=manager)

    def test_publishing_a_changed_statement_reopens_its_pages(self, content: shipped.Shipped, editor, manager) -> None:
        statement = change(EvidenceStatement.objects.get(code="E9"), editor, size_text="Nothing found.")
        publish(statement, by=manager)
        assert self.reopened() == set()
        change(statement, editor, plain_text="We do not know if cells help. No study was found.")
        publish(statement, by=manager)

        assert "/conditions/spinal-stenosis/" in self.reopened()
        assert "/conditions/facet-joint-arthritis/" not in self.reopened()

    def test_an_expired_grade_reopens_its_pages_on_the_day(
        self, content: shipped.Shipped, manager, sign: Sign, time_machine: Any
    ) -> None:
        for trial in Trial.objects.all():
            Trial.objects.filter(pk=trial.pk).update(shown={**trial.shown, "checked_on": "2029-01-01"})
        for item in EvidenceStatement.objects.exclude(code="E9"):
            EvidenceStatement.objects.filter(pk=item.pk).update(shown={**item.shown, "searched_on": "2029-01-01"})
        searched = EvidenceStatement.objects.get(code="E9").searched_on
        noon = datetime.datetime.combine(searched, datetime.time(17), tzinfo=datetime.UTC)
        time_machine.move_to(noon + datetime.timedelta(days=365))
        assert reopen_due() == 0

        time_machine.move_to(noon + datetime.timedelta(days=366))

        assert reopen_due() > 0
        assert reopen_due() == 0
        assert "/conditions/spinal-stenosis/" in self.reopened()
        page = Page.objects.get(path="/conditions/spinal-stenosis/")
        assert any("E9 ran out" in said for said in publication.publication_blockers(page))

    def test_trials_nobody_looked_at_reopen_their_pages(
        self, content: shipped.Shipped, manager, time_machine: Any
    ) -> None:
        ClaimWaiver.objects.filter(rule="P15").delete()
        today = clock.today()
        for trial in Trial.objects.all():
            Trial.objects.filter(pk=trial.pk).update(shown={**trial.shown, "checked_on": today.isoformat()})
        snapshot.refresh_snapshot()
        time_machine.move_to(clock.now() + datetime.timedelta(days=90))
        assert reopen_due() == 0

        time_machine.move_to(clock.now() + datetime.timedelta(days=1))

        assert reopen_due() >= 1
        assert "/stem-cells/evidence/" in self.reopened()

    def test_the_worker_looks_once_a_day(self, content: shipped.Shipped, time_machine: Any) -> None:
        Heartbeat.objects.filter(name="housekeeping").delete()
        ClaimWaiver.objects.update(until=datetime.date(2030, 1, 1))
        time_machine.move_to(clock.now() + datetime.timedelta(days=400))

        call_command("worker", once=True)

        assert self.reopened()

    def test_publishing_answers_what_reopened_a_page(self, content: shipped.Shipped, manager, sign: Sign) -> None:
        page = Page.objects.get(path="/about/content/")
        assert reopen(page=page, cause="source:x", reason="Look again.")
        assert not reopen(page=page, cause="source:x", reason="Look again.")
        sign(page)
        perform("publish", page, by=manager)

        assert not page.reopenings.filter(closed_at__isnull=True).exists()
        page.refresh_from_db()
        assert page.is_published

    def test_a_page_readers_do_not_see_is_not_reopened(self, make_page: Any) -> None:
        assert not reopen(page=make_page(), cause="source:x", reason="Look again.")


def test_the_desk_shows_what_waits(
    content: shipped.Shipped, editor, manager, client: Client, time_machine: Any
) -> None:
    change(GlossaryTerm.objects.get(slug="disc"), editor, definition="A pad between two bones.")
    publish(change(Source.objects.get(key="levi2025"), editor, retracted_on=clock.today()), by=manager)
    time_machine.move_to(clock.now() + datetime.timedelta(days=400))
    client.force_login(editor)

    html = client.get(reverse("admin:education_page_desk")).content.decode()

    for phrase in (
        "was taken back by its journal", "Retracted sources", "Expired grades", "Trials nobody looked at",
        "Edits that readers do not see yet", "Update in progress",
    ):  # fmt: skip
        assert phrase in html


def test_the_desk_is_for_those_who_may_see_pages(content: shipped.Shipped, client: Client) -> None:
    from tests.personas import make_user

    client.force_login(make_user("n", "triage"))
    assert client.get(reverse("admin:education_page_desk")).status_code == 403
