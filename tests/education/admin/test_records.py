"""Small records in the admin: an edit waits, another shows it, and two editors at once lose nothing."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from education.content.shipped import Shipped
from education.models import GlossaryTerm, Page, Reviewer
from education.services import waivers
from tests.education.admin.test_admin import form_of
from tests.education.conftest import MakePage
from tests.personas import make_user

SENTENCE = "Somebody else changed this while you wrote"


@pytest.fixture
def term(content: Shipped) -> GlossaryTerm:
    return GlossaryTerm.objects.get(slug="disc")


def url_of(term: GlossaryTerm, name: str = "change") -> str:
    return reverse(f"admin:education_glossaryterm_{name}", args=[term.pk])


def values(term: GlossaryTerm, **changes: Any) -> dict[str, Any]:
    return {"term": term.term, "definition": term.definition, "see_also": "", "seen": "", **changes}


def seen_by(client: Client, url: str) -> str:
    return str(client.get(url).context["adminform"].form["seen"].value() or "")


class TestPublishing:
    @pytest.fixture
    def edited(self, term: GlossaryTerm, editor: User, client: Client) -> GlossaryTerm:
        client.force_login(editor)
        sent = values(term, definition="A pad between two bones.")
        assert client.post(url_of(term), sent).status_code == 302
        term.refresh_from_db()
        return term

    def test_an_edit_waits_until_another_shows_it(self, edited: GlossaryTerm, manager: User, client: Client) -> None:
        assert edited.definition == "A pad between two bones."
        assert "A pad between two bones." not in client.get("/glossary/").content.decode()
        client.force_login(manager)
        assert "Let readers see this" in client.get(url_of(edited)).content.decode()

        page = client.get(url_of(edited))
        assert (
            client.post(
                url_of(edited, "publish"), {"digest": page.context["panel"][0].form["digest"].value()}
            ).status_code
            == 302
        )

        assert "A pad between two bones." in client.get("/glossary/").content.decode()
        assert "Let readers see this" not in client.get(url_of(edited)).content.decode()

    def test_words_that_changed_after_the_page_was_opened_are_not_shown_unseen(
        self, edited: GlossaryTerm, editor: User, manager: User, client: Client
    ) -> None:
        second = Client()
        second.force_login(manager)
        saw = second.get(url_of(edited)).context["panel"][0].form["digest"].value()
        client.post(url_of(edited), values(edited, definition="Words of later.", seen=seen_by(client, url_of(edited))))

        answer = second.post(url_of(edited, "publish"), {"digest": saw}, follow=True).content.decode()

        assert "Somebody changed this after you opened it." in answer
        assert "Words of later." in answer
        assert "Words of later." not in client.get("/glossary/").content.decode()

    def test_one_that_was_never_shown_does_not_speak_of_words_published_before(
        self, editor: User, client: Client
    ) -> None:
        client.force_login(editor)
        sent = {"slug": "pad", "term": "Pad", "definition": "Something soft.", "see_also": "", "seen": ""}
        client.post(reverse("admin:education_glossaryterm_add"), sent)
        new = GlossaryTerm.objects.get(slug="pad")

        html = client.get(url_of(new)).content.decode()

        assert "Readers see nothing of it yet." in html

    @pytest.mark.parametrize("group", ["editor", "doctor", "triage"])
    def test_others_cannot_show_it(self, group: str, edited: GlossaryTerm, client: Client) -> None:
        client.force_login(make_user(f"a_{group}", group))
        assert client.post(url_of(edited, "publish")).status_code == 403
        assert "A pad between two bones." not in client.get("/glossary/").content.decode()

    def test_nor_the_writer(self, term: GlossaryTerm, manager: User, client: Client) -> None:
        client.force_login(manager)
        client.post(url_of(term), values(term, definition="A pad between two bones."))
        assert client.post(url_of(term, "publish")).status_code == 403
        assert "A pad between two bones." not in client.get("/glossary/").content.decode()

    @pytest.mark.parametrize("name", ["publish", "waive"])
    def test_only_by_a_press(self, name: str, term: GlossaryTerm, manager: User, client: Client) -> None:
        client.force_login(manager)
        assert client.get(url_of(term, name)).headers["Location"] == url_of(term, "change")

    def test_a_claim_that_goes_too_far_is_not_even_saved(
        self, term: GlossaryTerm, editor: User, client: Client
    ) -> None:
        client.force_login(editor)
        html = client.post(url_of(term), values(term, definition="Cells cure back pain.")).content.decode()
        term.refresh_from_db()
        assert "C01" in html
        assert "Cells cure back pain." in html
        assert term.definition != "Cells cure back pain."


class TestTwoEditors:
    def test_the_second_of_a_term_loses_nothing(self, term: GlossaryTerm, editor: User, client: Client) -> None:
        other, second = make_user("other", "editor"), Client()
        client.force_login(editor)
        second.force_login(other)
        first_saw, second_saw = seen_by(client, url_of(term)), seen_by(second, url_of(term))
        client.post(url_of(term), values(term, definition="The first words.", seen=first_saw))

        html = second.post(url_of(term), values(term, definition="The second words.", seen=second_saw)).content.decode()

        assert SENTENCE in html
        assert "The second words." in html
        term.refresh_from_db()
        assert term.definition == "The first words."

    def test_the_second_of_a_page_loses_nothing(self, make_page: MakePage, editor: User, client: Client) -> None:
        page = make_page()
        url = reverse("admin:education_page_change", args=[page.pk])
        client.force_login(editor)
        saw = seen_by(client, url)
        assert client.post(url, form_of(page, body="The first words.", seen=saw)).status_code == 302

        html = client.post(url, form_of(page, body="The second words.", seen=saw)).content.decode()

        assert SENTENCE in html
        assert "The second words." in html
        assert Page.objects.get(pk=page.pk).body == "The first words."

        again = client.post(url, form_of(page, body="Both words.", seen=seen_by(client, url)))
        assert again.status_code == 302
        assert Page.objects.get(pk=page.pk).body == "Both words."

    def test_who_only_reads_sees_no_mark_of_it(self, make_page: MakePage, reviewer: User, client: Client) -> None:
        client.force_login(reviewer)
        html = client.get(reverse("admin:education_page_change", args=[make_page().pk])).content.decode()
        assert ">Seen<" not in html
        assert "Fill in the two self-checks" not in html


def test_findings_are_sentences(make_page: MakePage, editor: User, client: Client) -> None:
    page = make_page(body="Experts agree on little.")
    said = [waivers.sentence_of(waiver) for waiver in waivers.open_remarks(page)]
    assert all(item.endswith(".") and ".." not in item for item in said)
    client.force_login(editor)
    html = client.get(reverse("admin:education_page_change", args=[page.pk])).content.decode()
    assert "<mark>Experts agree</mark>" in html


def test_a_reviewer_keeps_their_account(reviewer: User, manager: User, client: Client) -> None:
    other = make_user("other", "doctor")
    stored = Reviewer.objects.get()
    client.force_login(manager)
    given = {
        "user": other.pk, "name": "Dr New", "role": stored.role, "register": stored.register, "register_number": "78",
        "checked_on": str(stored.checked_on), "interests": stored.interests,
    }  # fmt: skip
    assert client.post(reverse("admin:education_reviewer_change", args=[stored.pk]), given).status_code == 302
    stored.refresh_from_db()
    assert (stored.user, stored.name, stored.register_number) == (reviewer, "Dr New", "78")
