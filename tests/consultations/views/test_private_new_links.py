"""A private link is replaced, or sent again to whoever lost it."""

import datetime
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind
from consultations.models import LinkAsked, PrivateLink
from consultations.services import private_links
from tests.consultations.views.conftest import MONDAY, text_of
from tests.consultations.views.private_links import (
    BORN,
    BORN_BOB,
    HAS_CLOSED,
    PAGES,
    REFUSED,
    bytes_of,
    link_to,
)
from tests.database_snapshot import all_rows
from tests.mailbox import path_of
from tests.personas import at, make_patient, open_privately, private_url

pytestmark = pytest.mark.usefixtures("monday")


class TestReplacing:
    def test_ends_every_link_and_mails_a_new_one(self, client, alice):
        paths = [link_to(alice), link_to(alice)]
        open_privately(client, alice)
        page = client.post(at(client, "replace-link/"))
        assert "alice@example.com" in text_of(page)
        assert all(REFUSED in text_of(Client().post(path, BORN)) for path in paths)
        fresh = path_of(OutboxMessage.objects.get())
        assert Client().post(fresh, BORN).headers["Location"] == private_url(alice)

    @pytest.mark.parametrize("same_link", [True, False])
    def test_every_other_browser_is_out_at_once(self, client, alice, same_link):
        path, other = link_to(alice), Client()
        client.post(path, BORN)
        other.post(path if same_link else link_to(alice), BORN)
        client.post(at(client, "replace-link/"))
        for page in (*PAGES, "appointment.ics"):
            assert HAS_CLOSED in text_of(other.get(at(other, page)))
        closed = other.post(at(other, "answer/"), {"answer": "Mine."})
        assert closed.status_code == 403
        assert "or the link was replaced" in text_of(closed)

    def test_this_browser_stays_in_and_no_longer_than_before(self, client, alice, time_machine):
        client.post(link_to(alice), BORN)
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=20), tick=False)
        assert "In this browser your request stays open until 10:30 am." in text_of(
            client.post(at(client, "replace-link/"))
        )
        for minutes, status in ((29, 200), (30, 403)):
            time_machine.move_to(MONDAY + datetime.timedelta(minutes=minutes), tick=False)
            assert client.get(at(client)).status_code == status

    def test_a_second_press_that_comes_too_late_is_harmless(self, client, alice, monkeypatch):
        """Both were sent before either was answered: the second comes with the session as the first found it."""
        client.post(link_to(alice), BORN)
        replace = private_links.replace

        def both(**press):
            fresh = replace(**press)
            assert replace(**press) is None
            return fresh

        monkeypatch.setattr(private_links, "replace", both)
        client.post(at(client, "replace-link/"))
        assert client.get(at(client)).status_code == 200
        fresh = path_of(OutboxMessage.objects.get())
        assert Client().post(fresh, BORN).headers["Location"] == private_url(alice)

    def test_leaves_the_links_of_others_alone(self, client, alice, bob):
        path = link_to(bob)
        open_privately(client, alice)
        client.post(at(client, "replace-link/"))
        assert client.post(path, BORN_BOB).headers["Location"] == private_url(bob)


class TestSendAgain:
    def test_gives_the_very_same_page_whether_or_not_the_address_is_known(self, alice):
        known = Client().post("/request/link/", {"email": "alice@example.com"})
        unknown = Client().post("/request/link/", {"email": "nobody@example.com"})
        assert known.status_code == unknown.status_code == 200
        assert bytes_of(known).replace(b"alice@", b"nobody@") == bytes_of(unknown)
        left_out = ("X-Request-ID", "Set-Cookie")
        headers = [{name: value for name, value in r.headers.items() if name not in left_out} for r in (known, unknown)]
        headers[0]["Content-Length"] = headers[1].get("Content-Length", "")
        headers[1].setdefault("Content-Length", "")
        assert headers[0] == headers[1]
        assert set(known.cookies) == set(unknown.cookies)

    @pytest.mark.usefixtures("alice")
    def test_asks_the_database_the_very_same_so_that_time_tells_nothing(self):
        asked = []
        for name, network in (("alice", "198.51.100.7"), ("nobody", "203.0.113.7")):
            with CaptureQueriesContext(connection) as queries:
                Client().post("/request/link/", {"email": f"{name}@example.com"}, REMOTE_ADDR=network)
            # Only values differ, and the names of savepoints.
            asked.append([re.sub(r"'[^']*'|\b\d+\b|\bs\d+_x\d+\b", "?", query["sql"]) for query in queries])
        assert asked[0] == asked[1]
        assert "patient" not in " ".join(asked[0])

    def test_what_was_typed_is_sealed_until_it_is_looked_up_and_then_gone(self, client, alice):
        client.post("/request/link/", {"email": "nobody@example.com"})
        assert "nobody@example.com" not in str(all_rows())
        assert LinkAsked.objects.get().email == "nobody@example.com"
        private_links.answer_asked()
        assert not LinkAsked.objects.exists()

    @pytest.mark.usefixtures("alice")
    def test_staff_do_not_see_that_an_unknown_address_asked(self, client, nurse):
        client.force_login(nurse)
        before = text_of(client.get("/admin/core/outboxmessage/"))
        Client().post("/request/link/", {"email": "nobody@example.com"})
        for _ in range(2):
            assert text_of(client.get("/admin/core/outboxmessage/")) == before
            private_links.answer_asked()

    def test_mails_only_the_address_in_the_request(self, client, alice):
        client.post("/request/link/", {"email": " ALICE@example.com "})
        private_links.answer_asked()
        mail = OutboxMessage.objects.get()
        assert (mail.recipient, mail.subject.consultation_request) == ("alice@example.com", alice)
        assert mail.kind == MessageKind.PRIVATE_LINK

    def test_an_unknown_address_gets_nothing(self, client, alice):
        client.post("/request/link/", {"email": "nobody@example.com"})
        private_links.answer_asked()
        assert not OutboxMessage.objects.exists()
        assert not PrivateLink.objects.exists()

    def test_older_links_keep_working(self, client, alice):
        path = link_to(alice)
        client.post("/request/link/", {"email": "alice@example.com"})
        private_links.answer_asked()
        assert client.post(path, BORN).status_code == 302

    def test_a_mailbox_over_its_limit_gets_the_same_page_and_no_mail(self, alice, time_machine):
        pages = []
        for minute in range(5):
            time_machine.move_to(MONDAY + datetime.timedelta(minutes=minute), tick=False)
            pages.append(Client().post("/request/link/", {"email": "alice@example.com"}))
            private_links.answer_asked()
        assert {page.status_code for page in pages} == {200}
        assert len({bytes_of(page) for page in pages}) == 1
        assert OutboxMessage.objects.count() == 3

    def test_a_network_over_its_limit_gets_a_sentence_known_or_not(self, client, alice):
        for number in range(20):
            client.post("/request/link/", {"email": f"someone-{number}@example.com"})
        pages = [client.post("/request/link/", {"email": f"{name}@example.com"}) for name in ("alice", "nobody")]
        assert [page.status_code for page in pages] == [429, 429]
        assert pages[0].content == pages[1].content
        assert "Wait a few minutes and try again." in text_of(pages[0])
        private_links.answer_asked()
        assert not OutboxMessage.objects.exists()

    @pytest.mark.parametrize("email", ["", "alice", "alice@", "@example.com", "alice@example.com, bob@example.com"])
    def test_what_is_no_address_is_named(self, client, alice, email):
        page = client.post("/request/link/", {"email": email})
        assert page.status_code == 200
        assert "Enter an email address in the right format, like name@example.com." in text_of(page)

    @pytest.mark.parametrize("length", [255, 400])
    def test_an_address_too_long_is_told_so_in_our_words(self, client, db, length):
        page = client.post("/request/link/", {"email": "@example.com".rjust(length, "a")})
        assert page.status_code == 200
        assert "Enter a shorter email address, of 254 characters or fewer, like name@example.com." in text_of(page)
        assert "Ensure" not in text_of(page)

    def test_an_empty_form_is_named_too(self, client, db):
        assert "Enter an email address in the right format" in text_of(client.post("/request/link/"))

    def test_one_person_with_two_requests_gets_a_link_for_each(self, client, make_request):
        requests = {make_request(patient=make_patient()).pk for _ in range(2)}
        private_links.send_again(email="alice@example.com")
        assert set(OutboxMessage.objects.values_list("subject__consultation_request", flat=True)) == requests
