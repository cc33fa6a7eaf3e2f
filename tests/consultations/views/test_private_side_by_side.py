"""Several private links in one browser: each page acts on the request it was shown for, and on no other."""

import datetime
import re

import pytest
from django.core.signing import Signer
from django.test import Client

from clinic.core import clock
from consultations.actions.book import book_held
from consultations.enums import RequestStatus
from consultations.models import Appointment, InformationRequest, PrivateLink, SlotHold
from consultations.services import scheduling
from tests.access.conftest import routes
from tests.access.test_buttons import POLICY
from tests.consultations.perform import perform
from tests.consultations.views.conftest import MONDAY, text_of
from tests.consultations.views.test_private_access import link_to
from tests.database_snapshot import all_rows, store
from tests.personas import book_directly, make_patient, open_privately, private_url

pytestmark = pytest.mark.usefixtures("monday")

TUESDAY = datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC)
LATER = TUESDAY + datetime.timedelta(minutes=40)
LATEST = LATER + datetime.timedelta(minutes=40)
HAS_CLOSED = "This page has closed"
BOOKKEEPING = {"AuditEvent", "UnchainedEvent", "AuditEntry", "Session"}


@pytest.fixture
def three(make_request, clinician):
    """Requests of three people, each waiting for something else."""
    bob = make_patient("Bob Pell", birth_on=datetime.date(1955, 2, 28))
    asked = make_request(status=RequestStatus.INFORMATION_ASKED)
    ask(asked, clinician.user)
    offered = make_request(status=RequestStatus.OFFERED, patient=bob)
    booked = make_request(status=RequestStatus.BOOKED, patient=make_patient("Carol Abbot"))
    book_directly(booked, clinician, TUESDAY)
    return asked, offered, booked


@pytest.fixture
def shared(client, three):
    """One browser in which all three were opened, the booked one last."""
    for consultation_request in three:
        open_privately(client, consultation_request)
    return client


def ask(consultation_request, by, question="Which scan was it?"):
    return InformationRequest.objects.create(
        consultation_request=consultation_request,
        question=question,
        asked_at=clock.now(),
        asked_by=by,
        is_from_doctor=False,
    )


def slot_key(clinician, starts_at=LATER):
    return f"{starts_at:%Y%m%dT%H%MZ}-{clinician.pk}-{clinician.availabilities.first().location_id}"


def hidden(page, name):
    """The value of a hidden field, as the browser sends it back."""
    return re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())[1]


class TestThreePeople:
    def test_each_page_says_whose_it_is_and_what_else_is_open(self, shared, three):
        asked, offered, booked = three
        pages = (
            (asked, ""),
            (offered, ""),
            (offered, "times/"),
            (booked, "cancel-time/"),
            (asked, "withdraw/"),
        )
        for own, page in pages:
            others = [item for item in three if item != own]
            text = text_of(shared.get(private_url(own, page)))
            assert own.reference in text
            assert own.patient.first_name in text
            for other in others:
                assert f"{other.reference} ({other.patient.first_name})" in text

    def test_nobody_else_reads_what_is_open(self, shared, three):
        stranger = Client()
        open_privately(stranger, three[0])
        text = text_of(stranger.get(private_url(three[0])))
        assert "Also open here" not in text
        for other in three[1:]:
            assert other.reference not in text

    def test_withdrawing_withdraws_the_one_on_the_page(self, shared, three):
        asked, offered, booked = three
        gone = shared.post(private_url(asked, "withdraw/"), {"sure": "on"})
        assert gone.headers["Location"] == private_url(asked)
        for consultation_request, status in ((asked, "withdrawn"), (offered, "offered"), (booked, "booked")):
            consultation_request.refresh_from_db()
            assert consultation_request.status == status

    def test_an_answer_goes_to_the_question_on_the_page(self, shared, three, clinician):
        asked, other = three[0], three[1]
        type(other).objects.filter(pk=other.pk).update(status=RequestStatus.INFORMATION_ASKED)
        ask(other, clinician.user, "Bob, which scan?")
        open_privately(shared, other)
        assert shared.post(private_url(asked, "answer/"), {"answer": "Alice's words."}).status_code == 302
        assert list(InformationRequest.objects.order_by("pk").values_list("consultation_request", "answered_at")) == [
            (asked.pk, MONDAY),
            (other.pk, None),
        ]
        assert InformationRequest.objects.get(consultation_request=asked).answer == "Alice's words."

    def test_a_time_is_held_and_booked_for_the_one_on_the_page(self, shared, three, clinician):
        _, offered, booked = three
        answer = shared.post(private_url(offered, "times/"), {"slot": slot_key(clinician)})
        assert answer.headers["Location"] == private_url(offered, "times/check/")
        assert SlotHold.objects.get().consultation_request == offered
        done = shared.post(private_url(offered, "times/check/"))
        assert done.headers["Location"] == private_url(offered)
        assert set(Appointment.objects.live().values_list("consultation_request", "starts_at")) == {
            (offered.pk, LATER),
            (booked.pk, TUESDAY),
        }

    def test_cancelling_cancels_the_time_on_the_page(self, shared, three, clinician):
        _, offered, booked = three
        shared.post(private_url(offered, "times/"), {"slot": slot_key(clinician)})
        shared.post(private_url(offered, "times/check/"))
        shared.post(private_url(booked, "cancel-time/"), {"reason": "Away."})
        assert list(Appointment.objects.live().values_list("consultation_request", flat=True)) == [offered.pk]

    def test_the_calendar_file_is_of_the_one_on_the_page(self, shared, three):
        asked, _, booked = three
        open_privately(shared, asked)
        assert booked.reference in shared.get(private_url(booked, "appointment.ics"))["Content-Disposition"]
        assert shared.get(private_url(asked, "appointment.ics")).status_code == 404

    def test_replacing_a_link_ends_those_of_the_one_on_the_page(self, shared, three):
        asked = three[0]
        page = shared.post(private_url(asked, "replace-link/"))
        assert asked.patient.email in text_of(page)
        ended = PrivateLink.objects.exclude(replaced_at=None)
        assert {link.consultation_request for link in ended} == {asked}
        assert [shared.get(private_url(item)).status_code for item in three] == [200, 200, 200]

    def test_a_list_of_what_is_open_stands_at_a_plain_address(self, shared, three):
        text = text_of(shared.get("/request/"))
        for item in three:
            assert f"{item.reference} ({item.patient.first_name}) , until 10:30 am" in text

    def test_a_page_that_has_closed_leads_to_those_that_are_open(self, shared, three, make_request):
        closed = text_of(shared.get(private_url(make_request(patient=make_patient("Dora Quill")))))
        assert HAS_CLOSED in closed
        assert "Dora" not in closed
        assert all(f"{item.reference} ({item.patient.first_name})" in closed for item in three)

    def test_each_ends_half_an_hour_after_it_was_opened(self, client, alice, bob, time_machine):
        open_privately(client, alice)
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=20), tick=False)
        open_privately(client, bob)
        for minutes, statuses in ((29, [200, 200]), (30, [403, 200]), (49, [403, 200]), (50, [403, 403])):
            time_machine.move_to(MONDAY + datetime.timedelta(minutes=minutes), tick=False)
            assert [client.get(private_url(item)).status_code for item in (alice, bob)] == statuses, minutes

    def test_a_link_that_somebody_replaced_closes_only_its_own_tab(self, shared, three):
        offered = three[1]
        elsewhere = Client()
        open_privately(elsewhere, offered)
        elsewhere.post(private_url(offered, "replace-link/"))
        assert [shared.get(private_url(item)).status_code for item in three] == [200, 403, 200]

    def test_no_more_than_eight_stay_open_and_the_oldest_goes_first(self, client, make_request, time_machine):
        requests = [make_request(patient=make_patient(f"Patient {number}")) for number in range(9)]
        born = {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}
        for consultation_request in requests:
            open_by_link(client, consultation_request, born)
        statuses = [client.get(private_url(item)).status_code for item in requests]
        assert statuses == [403, *[200] * 8]
        assert len(client.session["private"]) == 8

    def test_what_has_ended_is_dropped_when_another_is_opened(self, client, alice, bob, time_machine):
        open_privately(client, alice)
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=31), tick=False)
        open_by_link(client, bob, {"birth_on_month": "2", "birth_on_day": "28", "birth_on_year": "1955"})
        assert list(client.session["private"]) == [bob.reference]


def open_by_link(client, consultation_request, born):
    assert client.post(link_to(consultation_request), born).headers["Location"] == private_url(consultation_request)


class TestOneRequestInTwoTabs:
    def test_two_requests_of_one_person_are_told_apart(self, client, make_request):
        one, two = make_request(patient=make_patient()), make_request(patient=make_patient())
        for item in (one, two):
            open_privately(client, item)
        client.post(private_url(one, "withdraw/"), {"sure": "on"})
        for entry, status in ((one, "withdrawn"), (two, "received")):
            entry.refresh_from_db()
            assert entry.status == status

    def test_a_second_link_of_the_same_request_opens_it_anew(self, client, alice, time_machine):
        born = {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}
        open_by_link(client, alice, born)
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=20), tick=False)
        open_by_link(client, alice, born)
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=49), tick=False)
        assert client.get(private_url(alice)).status_code == 200
        assert "Also open here" not in text_of(client.get(private_url(alice)))

    def test_book_books_the_time_on_the_page_or_none(self, shared, three, clinician):
        offered = three[1]
        check = private_url(offered, "times/check/")
        shared.post(private_url(offered, "times/"), {"slot": slot_key(clinician)})
        first = hidden(shared.get(check), "slot")
        shared.post(private_url(offered, "times/"), {"slot": slot_key(clinician, LATEST)})

        refused = shared.post(check, {"slot": first})

        assert refused.status_code == 409
        assert "You chose another time since, in another tab or window. Nothing is booked yet." in text_of(refused)
        assert not Appointment.objects.filter(consultation_request=offered).exists()
        assert shared.post(check, {"slot": hidden(refused, "slot")}).status_code == 302
        assert Appointment.objects.get(consultation_request=offered).starts_at == LATEST

    def test_cancel_cancels_the_time_on_the_page_or_none(self, shared, three, clinician):
        booked, cancel = three[2], private_url(three[2], "cancel-time/")
        first = hidden(shared.get(cancel), "seen")
        shared.post(cancel, {"reason": "", "seen": first})
        perform("answer_again", booked, ticks=("none",))
        scheduling.hold(consultation_request=booked, slot_key=slot_key(clinician))
        book_held(consultation_request=booked)

        refused = shared.post(cancel, {"reason": "Too <early>.", "seen": first})

        assert refused.status_code == 409
        assert "You booked another time since, in another tab or window. It is not cancelled." in text_of(refused)
        assert "Too &lt;early&gt;." in refused.content.decode()
        assert Appointment.objects.live().get(consultation_request=booked).starts_at == LATER
        assert shared.post(cancel, {"reason": "Away.", "seen": hidden(refused, "seen")}).status_code == 302
        assert not Appointment.objects.live().filter(consultation_request=booked).exists()

    def test_an_answer_to_an_earlier_question_is_not_given_to_a_later_one(self, shared, three, clinician, time_machine):
        asked = three[0]
        earlier = hidden(shared.get(private_url(asked)), "asked")
        answered_at = MONDAY + datetime.timedelta(seconds=30)
        store(InformationRequest, InformationRequest.objects.get().pk, answered_at=answered_at, answer="An MRI.")
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=1), tick=False)
        later = ask(asked, clinician.user, "Since when?")

        refused = shared.post(private_url(asked, "answer/"), {"answer": "An X-ray, then.", "asked": earlier})

        assert refused.status_code == 409
        assert "What you wrote now was not sent." in text_of(refused)
        assert "An X-ray, then." in text_of(refused)
        assert "Since when?" in text_of(refused)
        later.refresh_from_db()
        assert (later.answer, later.answered_at) == ("", None)
        again = {"answer": "Since May.", "asked": hidden(refused, "asked")}
        assert shared.post(private_url(asked, "answer/"), again).status_code == 302


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [
            "{reference}",
            "{reference}.",
            "{reference}.made-up",
            "{reference}.{signature}x",
            "{other}.{signature}",
            "{reference}:{signature}",
            ".{signature}",
            "{reference}.{foreign}",
            "withdraw",
            "a" * 5000,
            "\u202ex",
            "<script>.{signature}",
        ],
    )
    @pytest.mark.parametrize("page", ["", "withdraw/", "answer/", "replace-link/", "close/"])
    def test_a_made_up_key_opens_nothing_and_reads_like_one_without_a_grant(self, client, alice, bob, key, page):
        open_privately(client, alice)
        signature = private_url(alice).split("/")[2].rpartition(".")[2]
        foreign = Signer(sep=".").sign(alice.reference).rpartition(".")[2]
        made_up = key.format(reference=alice.reference, other=bob.reference, signature=signature, foreign=foreign)
        before = all_rows(without=BOOKKEEPING)

        given = client.post(f"/request/{made_up}/{page}", {"sure": "on", "answer": "x"}) if page else None
        seen = client.get(f"/request/{made_up}/{'' if page == '' else 'withdraw/'}")
        closed = client.get(private_url(bob))

        assert seen.status_code == closed.status_code == 403
        assert seen.content == closed.content
        assert given is None or given.status_code == 403
        assert all_rows(without=BOOKKEEPING) == before
        assert client.get(private_url(alice)).status_code == 200

    def test_the_page_is_the_same_whether_or_not_there_is_such_a_request(self, alice):
        real, none = Client().get(private_url(alice)), Client().get("/request/LS-9999-ZZ.x/")
        assert (real.status_code, real.content) == (403, none.content)
        assert alice.reference not in real.content.decode()

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_a_look_at_any_page_changes_nothing(self, shared, three, method):
        before, session = all_rows(without=BOOKKEEPING), dict(shared.session.items())
        for consultation_request in three:
            for page in ("", *LATE):
                assert getattr(shared, method)(private_url(consultation_request, page)).status_code in (200, 302)
        assert getattr(shared, method)("/request/leave/").status_code == 302
        assert all_rows(without=BOOKKEEPING) == before
        assert dict(shared.session.items()) == session


LATE = {
    "answer/": ({"answer": "My <b>leg</b> is numb."}, "Your answer", "My &lt;b&gt;leg&lt;/b&gt; is numb."),
    "message/": (
        {"message": "My <b>foot</b> tingles.", "once": "abc"},
        "Your message",
        "My &lt;b&gt;foot&lt;/b&gt; tingles.",
    ),
    "changed/": (
        {"ticks": "fever", "message": "My <b>back</b> burns.", "once": "abc"},
        "What else is new?",
        "My &lt;b&gt;back&lt;/b&gt; burns.",
    ),
    "how-it-went/": (
        {"seen": "seen_nothing", "found": "A <b>scan</b>."},
        "What did they find?",
        "A &lt;b&gt;scan&lt;/b&gt;.",
    ),
    "weekly/": ({}, "", ""),
    "withdraw/": ({"sure": "on"}, "Yes, withdraw my request", "Ticked"),
    "times/": ({"slot": "20261124T1440Z-1-1"}, "The time you chose", "Tuesday 24 November, 9:40 am"),
    "times/check/": ({"slot": "20261124T1440Z-1-1"}, "The time you chose", "Tuesday 24 November, 9:40 am"),
    "cancel-time/": ({"reason": "A &c. long story"}, "Why are you cancelling?", "A &amp;c. long story"),
    "cancel-time/undo/": ({}, "", ""),
    "will-come/": ({}, "", ""),
    "reminders/": ({}, "", ""),
    "needs/": (
        {"codes": "quiet", "more": "A <b>wide</b> chair."},
        "Anything else we should know to make the visit work",
        "A &lt;b&gt;wide&lt;/b&gt; chair.",
    ),
    "earlier/": (
        {"weekdays": "1", "part_of_day": "morning", "doctor": "any", "notice": "24"},
        "Which days would suit?",
        "Tuesday",
    ),
    "earlier/leave/": ({}, "", ""),
    "earlier/take/": (
        {"ticks": "fever", "message": "My <b>back</b> burns.", "once": "abc"},
        "What else is new?",
        "My &lt;b&gt;back&lt;/b&gt; burns.",
    ),
    "earlier/decline/": ({}, "", ""),
    "replace-link/": ({}, "", ""),
    "close/": ({}, "", ""),
}
"""Every form behind a private link: what is sent, and what is given back when it comes too late."""


def test_every_form_behind_a_private_link_is_listed() -> None:
    forms = {
        pattern.removeprefix("request/<str:key>/")
        for name, pattern in routes()
        if pattern.startswith("request/<str:key>/") and not POLICY[name].startswith("read")
    }
    assert forms == set(LATE)


@pytest.mark.parametrize("page", LATE)
@pytest.mark.parametrize("ending", ["time", "replaced", "left", "session gone"])
def test_a_form_that_comes_too_late_is_given_back_and_does_nothing(shared, three, page, ending, time_machine) -> None:
    data, label, given = LATE[page]
    if ending == "time":
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=30), tick=False)
    elif ending == "replaced":
        PrivateLink.objects.update(replaced_at=MONDAY)
    elif ending == "left":
        shared.post("/request/leave/")
    else:
        shared.session.flush()
    before = all_rows(without=BOOKKEEPING)

    for consultation_request in three:
        closed = shared.post(private_url(consultation_request, page), data)

        html = closed.content.decode()
        assert closed.status_code == 403
        assert "Nothing was sent and nothing was changed." in text_of(closed)
        assert label in html
        assert given in html
        assert ("What you had filled in" in html) == bool(data)
        assert closed.headers["Cache-Control"] == "no-store, private"
        assert "Send me a new link" in html
    assert all_rows(without=BOOKKEEPING) == before
