"""One act shows all shipped pages as not yet reviewed, and touches nothing that people of the clinic did."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed
from education.content import shipped
from education.models import Page, SignOff
from education.services import loading, publication, records, shipped_pages
from tests.education.performing import perform

pytestmark = pytest.mark.django_db
CONTENT = shipped.read()


@pytest.fixture
def with_rules():
    """The pages as a new clinic has them."""
    loading.load(shipped=CONTENT, publish=False)


@pytest.fixture
def loaded(with_rules, monkeypatch):
    """The same without the claims rules, which take seconds for all pages."""
    monkeypatch.setattr(publication, "faults_of_words", lambda page: [])


def page_at(path):
    return Page.objects.get(path=path)


def test_all_shipped_pages_are_published_in_one_act(loaded, manager, client):
    assert client.get("/").status_code == 404
    result = shipped_pages.publish_shipped(by=manager)
    assert result.left == []
    assert len(result.published) == Page.objects.count() == Page.objects.public().count() == 35
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Not yet clinically reviewed" in client.get("/conditions/herniated-disc/").content.decode()
    assert not SignOff.objects.exists()


def test_each_page_is_on_record_with_who_did_it(loaded, manager):
    shipped_pages.publish_shipped(by=manager)
    events = AuditEvent.objects.filter(action="content.publish_unreviewed")
    assert events.count() == 35
    event = events.about(page_at("/")).get()
    assert event.actor_user == manager
    assert event.details == {"from": "in_review", "to": "published", "version": 1}
    version = page_at("/").live
    assert (version.reviewed_on, version.reviewed_by, version.published_by) == (None, "", "manager")


def test_a_second_time_changes_nothing(loaded, manager):
    shipped_pages.publish_shipped(by=manager)
    before = list(Page.objects.values_list("pk", "live", "state"))
    assert shipped_pages.publish_shipped(by=manager) == shipped_pages.ShippedPagesShown()
    assert list(Page.objects.values_list("pk", "live", "state")) == before


@pytest.mark.parametrize("who", ["editor", "reviewer"])
def test_others_than_managers_are_refused(loaded, request, who):
    with pytest.raises(NotAllowed, match="You may edit pages, but not publish them"):
        shipped_pages.publish_shipped(by=request.getfixturevalue(who))
    assert not Page.objects.public().exists()


def test_what_people_took_in_hand_stays(loaded, manager, editor, reviewer, make_page):
    own = make_page(key="own", path="/own/", state="in_review")
    edited, signed, sent_back, withdrawn = Page.objects.filter(kind="condition").order_by("pk")[:4]
    edited.title = "Another title"
    records.save_record(record=edited, by=editor, changed=["title"])
    perform(
        "sign_clinical", signed, decision="changes", comment="The number is odd.", digest=signed.digest, by=reviewer
    )
    perform("send_back", sent_back, by=editor)
    shipped_pages.publish_shipped(by=manager)
    perform("withdraw", withdrawn, reason="A number in it is wrong.", by=manager)
    result = shipped_pages.publish_shipped(by=manager)
    assert result.published == []
    assert sorted(result.left) == sorted(
        [("Another title", "staff edited it"), (signed.title, "reviewers have begun to sign it")]
    )
    states = {page.pk: page.state for page in Page.objects.all()}
    assert [states[page.pk] for page in (own, edited, signed, sent_back, withdrawn)] == [
        "in_review", "in_review", "in_review", "draft", "withdrawn",
    ]  # fmt: skip


def test_what_was_taken_off_the_site_does_not_come_back(loaded, manager, editor):
    shipped_pages.publish_shipped(by=manager)
    page = Page.objects.filter(kind="condition").first()
    perform("withdraw", page, reason="A number in it is wrong.", by=manager)
    perform("restore", page, by=editor)
    perform("submit", page, by=editor)
    result = shipped_pages.publish_shipped(by=manager)
    assert (result.published, result.left) == ([], [(page.title, "staff took it off the site")])


def ship_again(page):
    """As a later release that words a page anew."""
    words = next(values for values in CONTENT.pages if values["key"] == page.key)
    page.body = f"{words['body']}\n\nOne sentence more.\n"
    page.state = page.State.UPDATING
    page.save()


def test_a_later_release_corrects_what_was_not_reviewed(loaded, manager):
    shipped_pages.publish_shipped(by=manager)
    page = page_at("/experts/")
    ship_again(page)
    assert shipped_pages.publish_shipped(by=manager).published == [page.title]
    assert "One sentence more." in page_at("/experts/").live.words["body"]


def test_reviewed_words_are_never_replaced_by_words_that_are_not(loaded, manager):
    shipped_pages.publish_shipped(by=manager)
    page = page_at("/experts/")
    page.live.reviewed_by, page.live.reviewed_on = "Dr Ines Halloran", "2026-01-05"
    page.live.next_review_on = "2027-01-05"
    page.live.save()
    ship_again(page)
    assert shipped_pages.publish_shipped(by=manager).left == [(page.title, "readers see reviewed words")]


def test_words_with_a_fault_stay_away_with_the_fault(with_rules, manager):
    page = page_at("/experts/")
    Page.objects.exclude(pk=page.pk).delete()
    Page.objects.filter(pk=page.pk).update(body="## First\n\nThis always cures [@nowhere].\n")
    [(title, reason)] = shipped_pages.publish_shipped(by=manager).left
    assert title == page.title
    assert "nowhere" in reason


class TestCommand:
    def call(self, **options):
        out = StringIO()
        call_command("publish_shipped", stdout=out, **options)
        return out.getvalue()

    def test_it_says_how_many(self, loaded, manager):
        assert self.call(by="manager") == (
            "35 pages published by manager, as not yet clinically reviewed; 0 left alone.\n"
        )
        assert self.call(by="manager").startswith("0 pages published")

    def test_it_names_what_it_left(self, loaded, manager, editor):
        page = page_at("/experts/")
        records.save_record(record=page, by=editor, changed=["title"])
        assert f"Left alone: {page.title}: staff edited it.\n" in self.call(by="manager")

    def test_it_refuses_a_name_that_nobody_has(self, loaded):
        with pytest.raises(CommandError, match="No active member of staff has the user name “nobody”"):
            self.call(by="nobody")

    def test_it_refuses_whoever_may_not_publish(self, loaded, editor):
        with pytest.raises(CommandError, match="editor: You may edit pages, but not publish them"):
            self.call(by="editor")
