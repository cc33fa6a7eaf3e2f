"""The ladder of the private link: the link alone shows nothing, link and date of birth open one request for a while."""

import datetime
import re

import pytest
from django.test import Client

from clinic.core import clock
from clinic.core.encryption import new_token
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import MessageKind
from consultations.models import PrivateLink
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

WRONG = {**BORN, "birth_on_year": "1971"}


class TestGet:
    @pytest.mark.parametrize("method", ["get", "head"])
    def test_shows_nothing_of_the_request_and_opens_nothing(self, client, alice, method):
        path = link_to(alice)
        page = getattr(client, method)(path)
        assert page.status_code == 200
        for secret in (alice.reference, "Alice", "Winther", alice.patient.email, "1970"):
            assert secret not in page.content.decode()
        assert client.get("/request/").headers["Location"] == "/request/link/"
        assert HAS_CLOSED in text_of(client.get(private_url(alice)))
        assert not AuditEvent.objects.exists()
        assert PrivateLink.objects.values_list("wrong_dates", "locked_at", "replaced_at").get() == (0, None, None)

    def test_looks_the_same_for_a_link_that_never_was(self, alice):
        real, made_up = Client().get(link_to(alice)), Client().get(f"/request/open/{new_token()}/")
        assert (real.status_code, bytes_of(real)) == (made_up.status_code, bytes_of(made_up))

    def test_a_link_longer_than_any_of_ours_is_not_found(self, client, db):
        assert client.get(f"/request/open/{'a' * 101}/").status_code == 404


class TestOpening:
    def test_the_right_date_leads_to_an_address_without_the_token(self, client, alice):
        path = link_to(alice)
        opened = client.post(path, BORN)
        assert (opened.status_code, opened.headers["Location"]) == (302, private_url(alice))
        assert alice.reference in text_of(client.get(at(client)))
        assert path.split("/")[3] not in client.get(at(client)).content.decode()
        assert AuditEvent.objects.get().action == "link.open"

    def test_the_session_gets_a_new_id(self, client, alice):
        session = client.session
        session["check"] = "kept"
        session.save()
        client.post(link_to(alice), BORN)
        assert client.session.session_key != session.session_key
        assert client.session["check"] == "kept"

    def test_a_link_opens_more_than_once(self, alice):
        path = link_to(alice)
        assert [Client().post(path, BORN).status_code for _ in range(2)] == [302, 302]

    def test_opens_that_one_request_and_no_other_of_the_same_person(self, client, alice, make_request):
        other = make_request(patient=make_patient("Alice Winther"))
        client.post(link_to(alice), BORN)
        page = text_of(client.get(at(client, f"?request={other.pk}")))
        assert client.get(private_url(other)).status_code == 403
        assert alice.reference in page
        assert other.reference not in page

    def test_a_second_link_opens_beside_the_first(self, client, alice, bob):
        client.post(link_to(alice), BORN)
        client.post(link_to(bob), BORN_BOB)
        for own, other in ((alice, bob), (bob, alice)):
            page = text_of(client.get(private_url(own)))
            assert f"{own.patient.first_name}, we have your request" in page
            assert f"Also open here: {other.reference} ({other.patient.first_name})" in page


class TestRefusal:
    def test_a_wrong_date_gets_one_sentence_and_no_entry(self, client, alice):
        page = client.post(link_to(alice), WRONG)
        assert page.status_code == 200
        assert REFUSED in text_of(page)
        assert client.get(private_url(alice)).status_code == 403
        assert AuditEvent.objects.get().action == "link.refused"

    @pytest.mark.parametrize("state", ["expired", "replaced", "locked", "made up", "of another"])
    def test_every_other_reason_reads_the_same(self, alice, bob, state):
        now = clock.now()
        path = {
            "expired": lambda: link_to(alice, created_at=now - datetime.timedelta(days=90), expires_at=now),
            "replaced": lambda: link_to(alice, replaced_at=now),
            "locked": lambda: link_to(alice, locked_at=now),
            "made up": lambda: f"/request/open/{new_token()}/",
            "of another": lambda: link_to(bob),
        }[state]()
        client, wrong_date = Client(), Client().post(link_to(alice), WRONG)
        page = client.post(path, BORN)
        assert page.status_code == 200
        assert bytes_of(page) == bytes_of(wrong_date).replace(b'value="1971"', b'value="1970"')
        assert [client.get(private_url(item)).status_code for item in (alice, bob)] == [403, 403]

    def test_a_refused_link_does_not_close_what_was_open(self, client, alice):
        open_privately(client, alice)
        client.post(link_to(alice), WRONG)
        assert client.get(at(client)).status_code == 200

    @pytest.mark.parametrize(
        ("data", "phrase"),
        [
            ({}, "Enter the date of birth you gave with the request."),
            ({**BORN, "birth_on_day": ""}, "Enter the day of the date of birth as well."),
            ({**BORN, "birth_on_month": "2", "birth_on_day": "30"}, "Enter a date of birth that exists"),
            ({**BORN, "birth_on_month": "March"}, "Enter the date of birth in numbers"),
            (
                {"birth_on_month": "March 27, 1970"},
                "Enter the date of birth in numbers: month, day and year each in its own field",
            ),
            ({**BORN, "birth_on_day": "27 March", "birth_on_year": "in nineteen seventy"}, "in numbers"),
            ({**BORN, "birth_on_year": "1" * 5000}, "Enter the year of birth in four digits, like 1972."),
            ({**BORN, "birth_on_year": "70"}, "Enter the year of birth in four digits, like 1972."),
            ({**BORN, "birth_on_year": "1070"}, "Enter a year of birth from 1900 on."),
            ({**BORN, "birth_on_year": "2030"}, "Enter a date of birth in the past."),
        ],
    )
    def test_a_slip_of_the_pen_is_named_and_costs_no_try(self, client, alice, data, phrase):
        page = client.post(link_to(alice), data)
        assert page.status_code == 200
        assert phrase in text_of(page)
        assert "Ensure" not in text_of(page)
        assert "<title>Error: " in page.content.decode()
        assert PrivateLink.objects.get().wrong_dates == 0

    def test_five_wrong_dates_lock_the_link_and_mail_a_new_one(self, client, alice):
        path = link_to(alice)
        for tries in range(1, 5):
            client.post(path, WRONG)
            link = PrivateLink.objects.get()
            assert (link.wrong_dates, link.locked_at) == (tries, None)
        client.post(path, WRONG)
        assert PrivateLink.objects.get(wrong_dates=5).locked_at == MONDAY
        mail = OutboxMessage.objects.get()
        assert (mail.kind, mail.recipient) == (MessageKind.PRIVATE_LINK, "alice@example.com")
        assert mail.subject.consultation_request == alice
        assert REFUSED in text_of(client.post(path, BORN))
        fresh = path_of(mail)
        assert client.post(fresh, BORN).headers["Location"] == private_url(alice)

    def test_the_right_date_at_the_fifth_try_still_opens(self, client, alice):
        path = link_to(alice)
        for _ in range(4):
            client.post(path, WRONG)
        assert client.post(path, BORN).status_code == 302

    def test_tries_from_one_network_are_limited_with_a_sentence(self, client, alice):
        path = link_to(alice)
        for _ in range(20):
            client.post(f"/request/open/{new_token()}/", BORN)
        page = client.post(path, BORN)
        assert page.status_code == 429
        assert "Wait a few minutes and try again." in text_of(page)
        assert client.get(private_url(alice)).status_code == 403
        assert client.post(path, BORN, REMOTE_ADDR="198.51.100.7").status_code == 302


class TestSession:
    def test_ends_half_an_hour_after_it_began_however_busy(self, client, alice, time_machine):
        client.post(link_to(alice), BORN)
        for minutes, status in ((15, 200), (29, 200), (30, 403), (31, 403)):
            time_machine.move_to(MONDAY + datetime.timedelta(minutes=minutes), tick=False)
            for page in PAGES[:2]:
                answer = client.get(at(client, page))
                assert answer.status_code == status, (minutes, page)
                assert (HAS_CLOSED in text_of(answer)) == (status == 403)

    def test_nothing_can_be_done_when_it_is_over(self, client, alice, time_machine):
        open_privately(client, alice)
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=30), tick=False)
        assert client.post(at(client, "withdraw/"), {"sure": "on"}).status_code == 403
        alice.refresh_from_db()
        assert alice.status == "received"

    @pytest.mark.parametrize(("page", "field"), [("answer", "answer"), ("cancel-time", "reason")])
    def test_what_was_typed_is_given_back_when_it_is_over(self, client, alice, time_machine, page, field):
        path = link_to(alice)
        client.post(path, BORN)
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=30), tick=False)
        before = all_rows()
        closed = client.post(
            at(client, f"{page}/"), {field: "\nTwo lines,\n<b>mine</b>", "slot": "s-1", "token": "key-1"}
        )
        assert closed.status_code == 403
        assert closed.headers["Cache-Control"] == "no-store, private"
        assert "A private page stays open for 30 minutes after you open your link. That time is over" in text_of(closed)
        assert "Nothing was sent and nothing was changed." in text_of(closed)
        # A browser leaves out the first line break inside a text area; the second is the patient's own.
        assert ">\n\nTwo lines,\n&lt;b&gt;mine&lt;/b&gt;</textarea>" in closed.content.decode()
        assert "open the private link in the newest email from us again" in text_of(closed)
        for secret in (alice.reference, "Alice", alice.patient.email, path.split("/")[3], "s-1", "key-1"):
            assert secret not in closed.content.decode()
        assert all_rows() == before

    @pytest.mark.usefixtures("alice")
    def test_without_any_way_in_the_page_is_the_same(self, client, make_request, time_machine):
        open_privately(client, make_request())
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=30), tick=False)
        stranger = Client()
        for page in ("answer", "withdraw", "times", "times/check", "cancel-time"):
            for typed in ({"answer": "Mine."}, {}):
                late = client.post(at(client, f"{page}/"), typed)
                never = stranger.post(at(client, f"{page}/"), typed)
                made_up = stranger.post(f"/request/LS-0000-AA.made-up/{page}/", typed)
                assert (late.status_code, bytes_of(late)) == (403, bytes_of(never))
                assert (never.status_code, bytes_of(never)) == (403, bytes_of(made_up))
                assert ("<textarea" in never.content.decode()) == (page == "answer" and bool(typed))
        assert "sessionid" not in stranger.cookies

    def test_no_other_site_can_have_words_shown_on_that_page(self, db):
        page = Client(enforce_csrf_checks=True).post("/request/x.y/answer/", {"answer": "Ring 555 for your result."})
        assert page.status_code == 403
        assert "Ring 555" not in page.content.decode()

    def test_leaving_closes_every_page_of_this_browser_and_says_so(self, client, alice, bob):
        for item in (alice, bob):
            open_privately(client, item)
        left = client.post("/request/leave/", follow=True)
        assert "No private page is open in this browser." in text_of(left)
        assert not client.session.items()
        for item in (alice, bob):
            for page in (*PAGES, "appointment.ics"):
                assert HAS_CLOSED in text_of(client.get(private_url(item, page)))

    def test_closing_one_request_leaves_the_others_open(self, client, alice, bob):
        for item in (alice, bob):
            open_privately(client, item)
        closed = client.post(private_url(alice, "close/"), follow=True)
        assert "That request is closed in this browser. Others are still open." in text_of(closed)
        assert bob.reference in text_of(closed)
        assert alice.reference not in text_of(closed)
        assert [client.get(private_url(item)).status_code for item in (alice, bob)] == [403, 200]

    def test_leaving_is_no_link(self, client, alice):
        open_privately(client, alice)
        for page in ("/request/leave/", private_url(alice, "close/")):
            assert client.get(page).status_code == 302
        assert client.get(at(client)).status_code == 200

    @pytest.mark.parametrize("method", ["get", "head"])
    @pytest.mark.parametrize("page", ["replace-link/", "answer/", "close/"])
    def test_a_look_at_a_form_leads_to_the_page_it_stands_on(self, client, alice, page, method):
        open_privately(client, alice)
        links = list(PrivateLink.objects.values())
        assert getattr(client, method)(at(client, page)).headers["Location"] == at(client)
        assert list(PrivateLink.objects.values()) == links
        assert client.get(at(client)).status_code == 200

    def test_the_appearance_can_be_changed_on_a_refusal(self, client, alice):
        open_privately(client, alice)
        refused = client.post(at(client, "answer/"), {"answer": ""})
        following = re.search(r'name="next" value="([^"]*)"', refused.content.decode())
        page = client.post("/appearance/", {"theme": "dark", "next": following[1]}, follow=True)
        assert page.status_code == 200
        assert alice.reference in text_of(page)

    @pytest.mark.parametrize(
        "path", [*PAGES, "appointment.ics", "/request/", "/request/link/", "/request/open/some-token/"]
    )
    @pytest.mark.parametrize("is_open", [True, False])
    def test_no_cache_keeps_a_private_page_and_no_other_site_hears_of_it(self, client, alice, path, is_open):
        if is_open:
            open_privately(client, alice)
        headers = client.get(path if path.startswith("/") else private_url(alice, path)).headers
        assert headers["Cache-Control"] == "no-store, private"
        assert headers["Referrer-Policy"] == "same-origin"

    @pytest.mark.parametrize(
        "granted",
        [
            {"link": 10**9, "until": "2026-11-23T15:05:00+00:00"},
            {"request": 1, "until": "2026-11-23T15:05:00+00:00"},
            "2026-11-23T15:05:00+00:00",
            None,
        ],
    )
    def test_a_grant_for_no_link_opens_nothing(self, client, alice, granted):
        for private in ({alice.reference: granted}, granted):
            session = client.session
            session["private"] = private
            session.save()
            assert HAS_CLOSED in text_of(client.get(private_url(alice)))

    def test_the_grant_of_one_request_opens_no_other_by_its_name(self, client, alice, bob):
        open_privately(client, alice)
        session = client.session
        session["private"] = {bob.reference: session["private"][alice.reference]}
        session.save()
        assert HAS_CLOSED in text_of(client.get(private_url(bob)))
        assert HAS_CLOSED in text_of(client.get(private_url(alice)))

    def test_a_link_locked_by_a_guesser_closes_what_it_opened(self, client, alice):
        path = link_to(alice)
        client.post(path, BORN)
        for _ in range(5):
            Client().post(path, WRONG)
        assert HAS_CLOSED in text_of(client.get(at(client)))
