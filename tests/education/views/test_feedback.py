"""Did this page help you? What is kept of it, how, and what becomes of it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from education.content import shipped
from education.models import Feedback
from education.services.feedback import submit_feedback
from education.views import feedback
from tests.personas import make_user

URL = "/feedback/faq/"
WORDS = "The second answer is unclear to me."
HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE education_feedback; --",
    "{{ settings.SECRET_KEY }}",
    "\u202e\u0000x",
]


def sent(**changes: str) -> dict[str, str]:
    return {"helpful": "no", "text": WORDS, "token": "t" * 32, **changes}


class TestTheForm:
    def test_it_opens(self, content: shipped.Shipped, client: Client) -> None:
        response = client.get(URL)
        html = response.content.decode()
        assert response.status_code == 200
        assert "Did this page help you?" in html
        assert '<meta name="robots" content="noindex">' in html
        assert "no-store" in response["Cache-Control"]

    @pytest.mark.parametrize("key", ["nowhere", "admin", "e9"])
    def test_only_for_pages_that_readers_see(self, key: str, content: shipped.Shipped, client: Client) -> None:
        assert client.get(f"/feedback/{key}/").status_code == 404
        assert client.post(f"/feedback/{key}/", sent()).status_code == 404
        assert not Feedback.objects.exists()

    def test_every_page_leads_to_its_own(self, content: shipped.Shipped, client: Client) -> None:
        html = client.get("/conditions/spinal-stenosis/").content.decode()
        url = html.split('class="helped')[1].split('href="')[1].split('"')[0]
        assert "Spinal stenosis" in client.get(url).content.decode()

    @pytest.mark.parametrize("method", ["put", "delete", "patch"])
    def test_other_methods_are_refused(self, method: str, content: shipped.Shipped, client: Client) -> None:
        assert getattr(client, method)(URL).status_code == 405


class TestSending:
    def test_keeps_one_row_and_thanks(self, content: shipped.Shipped, client: Client) -> None:
        html = client.post(URL, sent()).content.decode()
        stored = Feedback.objects.get()
        assert (stored.path, stored.is_helpful, stored.text, stored.done_at) == ("/faq/", False, WORDS, None)
        assert "Thank you" in html
        assert AuditEvent.objects.filter(action="content.feedback", actor="reader").count() == 1

    def test_twice_keeps_one(self, content: shipped.Shipped, client: Client) -> None:
        for _ in range(2):
            assert "Thank you" in client.post(URL, sent()).content.decode()
        assert Feedback.objects.count() == 1

    def test_words_are_not_needed(self, content: shipped.Shipped, client: Client) -> None:
        client.post(URL, sent(helpful="yes", text=""))
        assert (Feedback.objects.get().is_helpful, Feedback.objects.get().text) == (True, "")

    def test_too_long_keeps_the_words_and_says_so(self, content: shipped.Shipped, client: Client) -> None:
        long = "word " * 500
        html = client.post(URL, sent(text=long)).content.decode()
        assert "Use at most 2,000 characters" in html
        assert long.strip() in html
        assert "<title>Error: " in html
        assert not Feedback.objects.exists()

    def test_an_answer_is_needed(self, content: shipped.Shipped, client: Client) -> None:
        html = client.post(URL, sent(helpful="")).content.decode()
        assert "Choose yes or no." in html
        assert WORDS in html
        assert not Feedback.objects.exists()

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hostile_words_stay_words(self, text: str, content: shipped.Shipped, editor: User, client: Client) -> None:
        response = client.post(URL, sent(text=text))
        assert response.status_code == (400 if "\0" in text else 200)
        client.force_login(editor)
        for stored in Feedback.objects.all():
            html = client.get(reverse("admin:education_feedback_change", args=[stored.pk])).content.decode()
            assert "<script>alert" not in html
        assert client.get(URL).status_code == 200

    @pytest.mark.parametrize("token", ["short", "x" * 65, "../../etc/passwd-and-more", "a b c d e f g h i j k l m"])
    def test_a_forged_token_keeps_nothing(self, token: str, content: shipped.Shipped, client: Client) -> None:
        assert client.post(URL, sent(token=token)).status_code == 200
        assert not Feedback.objects.exists()

    def test_many_from_one_network_are_too_many(self, content: shipped.Shipped, client: Client) -> None:
        for number in range(feedback.A_NETWORK_AN_HOUR):
            assert client.post(URL, sent(token=f"{number:032}")).status_code == 200
        response = client.post(URL, sent(token="z" * 32))
        assert response.status_code == 429
        html = response.content.decode()
        assert "Many remarks came from your network" in html
        assert WORDS in html
        assert Feedback.objects.count() == feedback.A_NETWORK_AN_HOUR

    def test_a_site_elsewhere_cannot_send(self, content: shipped.Shipped) -> None:
        assert Client(enforce_csrf_checks=True).post(URL, sent()).status_code == 403
        assert not Feedback.objects.exists()

    def test_the_database_holds_no_plain_words(self, content: shipped.Shipped, client: Client) -> None:
        client.post(URL, sent())
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM education_feedback")
            (row,) = cursor.fetchall()
            names = [column[0] for column in cursor.description]
        assert "unclear" not in str(row)
        assert not {"ip", "address", "user", "session", "email"} & set(names)


class TestFinishing:
    @pytest.fixture
    def stored(self, db: None) -> Feedback:
        return submit_feedback(token="t" * 32, path="/faq/", is_helpful=False, text=WORDS)

    def finish(self, client: Client, by: User, stored: Feedback, outcome: str) -> Any:
        client.force_login(by)
        response = client.post(
            reverse("admin:education_feedback_finish", args=[stored.pk]), {"outcome": outcome}, follow=True
        )
        stored.refresh_from_db()
        return response

    def test_an_editor_says_what_became_of_it(self, stored: Feedback, editor: User, client: Client) -> None:
        assert self.finish(client, editor, stored, " Made it clearer. ").status_code == 200
        assert (stored.outcome, stored.done_by) == ("Made it clearer.", editor)
        assert stored.done_at is not None

    def test_the_first_word_stands(self, stored: Feedback, editor: User, manager: User, client: Client) -> None:
        self.finish(client, editor, stored, "Made it clearer.")
        html = self.finish(client, manager, stored, "Nothing to change.").content.decode()
        assert (stored.outcome, stored.done_by) == ("Made it clearer.", editor)
        assert "editor has said what became of it already, so what you wrote was not saved." in html
        assert ">\nNothing to change.</textarea>" in html
        assert "Saved." in self.finish(client, editor, stored, "Made it clearer.").content.decode()

    def test_a_word_is_owed(self, stored: Feedback, editor: User, client: Client) -> None:
        assert "Write what became of it" in self.finish(client, editor, stored, "  ").content.decode()
        assert stored.done_at is None

    @pytest.mark.parametrize("group", ["triage", "doctor"])
    def test_it_is_for_those_who_write(self, group: str, stored: Feedback, client: Client) -> None:
        assert self.finish(client, make_user(f"a_{group}", group), stored, "Done.").status_code == 403
        assert stored.done_at is None

    def test_nobody_edits_what_a_reader_wrote(self, stored: Feedback, manager: User, client: Client) -> None:
        client.force_login(manager)
        url = reverse("admin:education_feedback_change", args=[stored.pk])
        assert WORDS in client.get(url).content.decode()
        assert client.post(url, {"text": "Lovely."}).status_code == 403
        looked = client.get(reverse("admin:education_feedback_finish", args=[stored.pk]))
        assert looked.headers["Location"] == reverse("admin:education_feedback_change", args=[stored.pk])


@pytest.mark.parametrize(
    ("text", "support", "signs"),
    [("Most nights I want to die.", True, False), ("I can't pee.", False, True), (WORDS, False, False)],
)
def test_words_about_danger_meet_help_on_the_next_page(
    content: shipped.Shipped, client: Client, text: str, support: bool, signs: bool
) -> None:
    html = client.post(URL, sent(text=text)).content.decode()
    assert ("If you feel you might harm yourself" in html, "If you feel very unwell" in html) == (support, signs)
