"""From draft to readers: who may do what, and what stands in its way."""

import datetime
from typing import Any

import pytest
from django.test import Client

from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed, WrongStatus
from education.actions.reopen import reopen
from education.content import shipped
from education.models import Page, PageVersion, Reviewer, SignOff, Snapshot
from education.services import publication, records, waivers
from education.services.refusals import NotComplete, ReasonRefused
from tests.education.conftest import MakePage, Sign
from tests.education.performing import perform
from tests.personas import make_user


class TestSending:
    def test_a_complete_draft_goes_to_review(self, make_page: MakePage, editor) -> None:
        assert perform("submit", make_page(), by=editor).row.state == Page.State.IN_REVIEW

    @pytest.mark.parametrize(
        ("body", "problem"), [("Fact [@ghost].", "ghost"), ("It will cure you.", "C01"), ("::: ghost :::", "no block")]
    )
    def test_an_unfinished_or_boastful_one_stays(self, body: str, problem: str, make_page: MakePage, editor) -> None:
        page = make_page(body=body)
        with pytest.raises(NotComplete, match=problem):
            perform("submit", page, by=editor)
        page.refresh_from_db()
        assert page.state == Page.State.DRAFT

    def test_reviewers_send_nothing(self, make_page: MakePage, reviewer) -> None:
        with pytest.raises(NotAllowed):
            perform("submit", make_page(), by=reviewer)

    def test_it_can_be_handed_back(self, make_page: MakePage, editor, manager) -> None:
        page = perform("submit", make_page(), by=editor).row
        assert perform("send_back", page, by=editor).row.state == Page.State.DRAFT
        assert perform("send_back", page, by=editor).is_repeat
        with pytest.raises(WrongStatus):
            perform("send_back", page, by=manager)


class TestSigning:
    def give(self, page: Page, by: Any, **changes: Any) -> SignOff:
        given = {"part": "clinical", "decision": "approved", "comment": "", "digest": page.digest, **changes}
        return perform(f"sign_{given.pop('part')}", page, by=by, **given).result

    @pytest.fixture
    def waiting(self, make_page: MakePage) -> Page:
        return make_page(state="in_review")

    def test_a_clinical_sign_off_carries_name_role_and_number(self, waiting: Page, reviewer) -> None:
        given = self.give(waiting, reviewer)

        assert given.signature == "Dr Ines Halloran, spine surgeon (Demonstration register 77)"
        assert AuditEvent.objects.filter(action="content.sign_clinical", actor_user=reviewer).count() == 1

    @pytest.mark.parametrize(("part", "group"), [("clinical", "editor"), ("clinical", "manager"), ("second", "doctor")])
    def test_each_part_is_for_its_people(self, waiting: Page, part: str, group: str) -> None:
        with pytest.raises(NotAllowed, match="for others"):
            self.give(waiting, make_user(f"the_{group}", group), part=part)

    def test_nobody_reviews_without_a_register_entry(self, waiting: Page) -> None:
        with pytest.raises(NotAllowed, match="Reviewers"):
            self.give(waiting, make_user("new", "doctor"))

    def test_a_register_entry_holds_for_a_year(self, waiting: Page, reviewer) -> None:
        Reviewer.objects.update(checked_on=clock.today() - datetime.timedelta(days=366))
        with pytest.raises(NotAllowed, match="more than a year"):
            self.give(waiting, reviewer)

    def test_a_writer_cannot_sign(self, waiting: Page, reviewer) -> None:
        waiting.drafted_by.add(reviewer)
        with pytest.raises(NotAllowed, match="You wrote"):
            self.give(waiting, reviewer)

    def test_the_named_author_cannot_sign(self, waiting: Page, reviewer) -> None:
        Page.objects.filter(pk=waiting.pk).update(author=reviewer.username)
        waiting.refresh_from_db()
        with pytest.raises(NotAllowed, match="You wrote"):
            self.give(waiting, reviewer)

    def test_one_person_cannot_give_both(self, waiting: Page, db: None) -> None:
        both = make_user("both", "doctor")
        both.groups.add(make_user("m", "manager").groups.get())
        Reviewer.objects.create(
            user=both, name="B", role="x", register="R", register_number="1", checked_on=clock.today(), interests="None"
        )
        self.give(waiting, both)
        with pytest.raises(NotAllowed, match="the other sign-off"):
            self.give(waiting, both, part="second")

    def test_only_the_version_that_was_read_is_signed(self, waiting: Page, reviewer) -> None:
        with pytest.raises(ReasonRefused, match="edited while you read"):
            self.give(waiting, reviewer, digest="0" * 64)

    def test_wanting_changes_needs_words(self, waiting: Page, reviewer) -> None:
        with pytest.raises(ReasonRefused, match="what has to change"):
            self.give(waiting, reviewer, decision="changes", comment="no")
        self.give(waiting, reviewer, decision="changes", comment="The second number lacks its time.")
        assert any("lacks its time" in said for said in publication.publication_blockers(waiting))

    def test_the_last_word_of_a_reviewer_counts(self, waiting: Page, reviewer) -> None:
        self.give(waiting, reviewer, decision="changes", comment="The second number lacks its time.")
        self.give(waiting, reviewer)
        assert publication.publication_blockers(waiting) == []

    @pytest.mark.parametrize("state", ["draft"])
    def test_a_draft_is_not_signed(self, state: str, make_page: MakePage, reviewer) -> None:
        with pytest.raises(WrongStatus):
            self.give(make_page(state=state), reviewer)

    @pytest.mark.parametrize("field", ["title", "short_title", "summary", "body", "author", "key_facts", "related"])
    def test_any_edit_voids_it(self, field: str, waiting: Page, reviewer, editor) -> None:
        self.give(waiting, reviewer)
        assert publication.current_sign_offs(waiting)
        setattr(waiting, field, ["x"] if field in ("key_facts", "related") else f"{getattr(waiting, field)} more")

        records.save_record(record=waiting, by=editor, changed=[field])

        assert publication.current_sign_offs(waiting) == {}
        assert any("review these very words" in said for said in publication.publication_blockers(waiting))

    def test_the_same_words_again_are_the_same_version(self, waiting: Page, reviewer, editor) -> None:
        self.give(waiting, reviewer)
        records.save_record(record=waiting, by=editor, changed=[])
        assert set(publication.current_sign_offs(waiting)) == {"clinical"}


class TestPublishing:
    def test_needs_the_permission(self, make_page: MakePage, editor, manager, sign: Sign) -> None:
        page = make_page()
        sign(page)
        with pytest.raises(NotAllowed):
            perform("publish", page, by=editor)
        perform("publish", page, by=manager)
        perform("publish", page, by=manager)

        page.refresh_from_db()
        assert page.is_published
        assert AuditEvent.objects.filter(action="content.publish", actor_user=manager).count() == 1

    def test_a_draft_is_not_published(self, make_page: MakePage, manager) -> None:
        with pytest.raises(WrongStatus):
            perform("publish", make_page(), by=manager)

    @pytest.mark.parametrize(
        ("parts", "kind", "missing"),
        [
            ((), "about", "A clinician who did not write it"),
            (("clinical",), "cost", "a second sign-off"),
            (("second",), "law", "A clinician who did not write it"),
        ],
    )
    def test_needs_its_sign_offs(
        self, parts: tuple[str, ...], kind: str, missing: str, make_page: MakePage, manager, sign: Sign
    ) -> None:
        page = make_page(kind=kind, state="in_review")
        if parts:
            sign(page, *parts)
        with pytest.raises(NotComplete, match=missing):
            perform("publish", page, by=manager)
        page.refresh_from_db()
        assert page.live is None

    def test_an_unfinished_page_stays(self, make_page: MakePage, manager, sign: Sign) -> None:
        page = make_page(body="Fact [@ghost].")
        sign(page)
        with pytest.raises(NotComplete, match="ghost"):
            perform("publish", page, by=manager)

    def test_a_warning_needs_its_reason_from_somebody_else(
        self, make_page: MakePage, editor, manager, sign: Sign
    ) -> None:
        page = make_page(body="Experts agree on little.")
        sign(page)
        with pytest.raises(NotComplete, match="C26"):
            perform("publish", page, by=manager)
        (remark,) = waivers.open_remarks(page)
        given = {"rule": remark.rule, "digest": remark.digest}
        with pytest.raises(NotAllowed):
            perform("waive", page, **given, reason="It denies that they agree.", by=editor)
        with pytest.raises(ReasonRefused):
            perform("waive", page, **given, reason="ok", by=manager)
        perform("waive", page, **given, reason="It denies that they agree.", by=manager)

        assert perform("publish", page, by=manager).row.is_published

    def test_a_reason_ends_with_the_next_review(self, make_page: MakePage, manager, time_machine: Any) -> None:
        page = make_page(body="Experts agree on little.", review_months=12)
        (remark,) = waivers.open_remarks(page)
        perform("waive", page, rule=remark.rule, digest=remark.digest, reason="It denies that they agree.", by=manager)
        assert waivers.open_remarks(page) == []

        time_machine.move_to(clock.now() + datetime.timedelta(days=370))

        assert [waiver.rule for waiver in waivers.open_remarks(page)] == ["C26"]

    def test_no_reason_lets_a_block_stand(self, make_page: MakePage, manager) -> None:
        page = make_page(body="It will cure you.")
        remark = next(waiver for waiver in waivers.open_remarks(page) if waiver.rule == "C01")
        with pytest.raises(ReasonRefused, match="change it"):
            perform("waive", page, rule="C01", digest=remark.digest, reason="We are sure that it does.", by=manager)

    def test_readers_keep_the_published_words_until_an_edit_is_published(
        self, content: shipped.Shipped, editor, manager, sign: Sign, client: Client
    ) -> None:
        page = Page.objects.get(path="/about/content/")
        before = page.title
        page.title = "Another title"

        records.save_record(record=page, by=editor, changed=["title"])

        assert page.state == Page.State.UPDATING
        html = client.get("/about/content/").content.decode()
        assert f"<h1>{before}</h1>" in html
        assert "Another title" not in html
        linked = {entry["path"]: entry["title"] for entry in Snapshot.objects.get().data["pages"]}
        assert linked["/about/content/"] == before

        sign(page)
        perform("publish", page, by=manager)

        assert "<h1>Another title</h1>" in client.get("/about/content/").content.decode()
        assert list(page.versions.values_list("number", "words__title")) == [(2, "Another title"), (1, before)]
        assert page.versions.get(number=2).published_by == manager.username
        assert page.drafted_by.count() == 0

    def test_what_waits_and_what_was_is_seen_by_staff_alone(
        self, content: shipped.Shipped, editor, manager, sign: Sign, client: Client
    ) -> None:
        page = Page.objects.get(path="/about/content/")
        before, page.title = page.title, "Another title"
        records.save_record(record=page, by=editor, changed=["title"])
        for query in ("?preview", "?version=1", "?version=9", "?version=x"):
            assert client.get(f"/about/content/{query}").status_code == 404

        client.force_login(editor)
        preview = client.get("/about/content/?preview")
        assert "<h1>Another title</h1>" in preview.content.decode()
        assert "no-store" in preview["Cache-Control"]
        assert "Another title" not in client.get("/about/content/").content.decode()
        sign(page)
        perform("publish", page, by=manager)
        old = client.get("/about/content/?version=1").content.decode()
        assert f"<h1>{before}</h1>" in old
        assert "Version 1, published" in old
        assert client.get("/about/content/?version=99999999999").status_code == 404

    def test_a_review_is_shown_only_when_there_was_one(
        self, content: shipped.Shipped, manager, sign: Sign, client: Client, time_machine: Any
    ) -> None:
        assert "Not yet clinically reviewed" in client.get("/about/content/").content.decode()
        page = Page.objects.get(path="/about/content/")
        reopen(page=page, cause="test", reason="Look again.")
        sign(page)
        perform("publish", page, by=manager)

        html = client.get("/about/content/").content.decode()
        assert "Reviewed by Dr Ines Halloran, spine surgeon (Demonstration register 77)" in html
        assert "Not yet clinically reviewed" not in html
        version = PageVersion.objects.get(live_page=page.pk)
        assert version.reviewed_on == clock.today()
        assert 365 * 3 - 2 <= (version.next_review_on - clock.today()).days <= 365 * 3 + 2
        assert "review of this page is overdue" not in html

        time_machine.move_to(clock.now() + datetime.timedelta(days=365 * 3 + 3))

        assert "review of this page is overdue" in client.get("/about/content/").content.decode()

    def test_evidence_pages_say_what_changed_and_why(
        self, content: shipped.Shipped, editor, manager, sign: Sign, client: Client
    ) -> None:
        page = Page.objects.get(path="/stem-cells/evidence/")
        page.summary += " More."
        records.save_record(record=page, by=editor, changed=["summary"])
        sign(page)
        with pytest.raises(NotComplete, match="what changed and why"):
            perform("publish", page, by=manager)
        page.change_note = "Added the third trial, because its results came out."
        records.save_record(record=page, by=editor, changed=["change_note"])
        perform("publish", page, by=manager)

        html = client.get("/stem-cells/evidence/").content.decode()
        assert "What changed and why" in html
        assert "Added the third trial" in html
        page.refresh_from_db()
        assert page.change_note == ""

    def test_nothing_is_kept_when_the_audit_event_cannot_be_written(
        self, make_page: MakePage, manager, sign: Sign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = make_page()
        sign(page)

        def fail(**kwargs: Any) -> None:
            raise RuntimeError("no audit")

        monkeypatch.setattr("clinic.core.audit.record", fail)
        with pytest.raises(RuntimeError):
            perform("publish", page, by=manager)

        page.refresh_from_db()
        assert not page.is_published
