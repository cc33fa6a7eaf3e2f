"""The waiting list on the private page: asked for, offered, taken and declined by one press each, never by a look."""

from typing import Any

import pytest
from django.test import Client

from consultations.enums import RequestStatus
from consultations.models import Appointment, ConsultationRequest, SlotHold, TimeOffer, WaitingEntry
from consultations.services import scheduling, waiting
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW, TOMORROW_AT_NINE, Desk
from tests.consultations.services.test_waiting import IN_A_WEEK, MINUTE, List
from tests.consultations.views.conftest import text_of
from tests.personas import open_privately, private_url

pytestmark = pytest.mark.django_db
WISHES = {"weekdays": ["1", "3"], "part_of_day": "morning", "doctor": "any", "notice": "24"}


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def waitlist(make_request: Any, clinician: Any, visit: Any, doctor: Any, time_machine: Any) -> List:
    return List(Desk(make_request, clinician, visit, doctor), time_machine)


@pytest.fixture
def offered(waitlist: List) -> ConsultationRequest:
    """Alice is booked in a week, and tomorrow at nine is kept for her."""
    alice = waitlist.waiter()
    waitlist.free()
    return alice


def opened(client: Client, request: ConsultationRequest) -> ConsultationRequest:
    open_privately(client, request)
    return request


def seen(request: ConsultationRequest) -> dict[str, str]:
    offer = waiting.live_offer(request)
    return {"seen": scheduling.slot_of(offer).key if offer else ""}


def booked_at(request: ConsultationRequest) -> Any:
    return Appointment.objects.live().get(consultation_request=request).starts_at


class TestAsking:
    def test_says_what_one_gets_and_keeps_what_would_do(self, client: Client, waitlist: List) -> None:
        alice = opened(client, waitlist.waiter())
        perform("leave_waiting_list", alice)
        page = text_of(client.get(private_url(alice)))
        assert "Ask for an earlier time" in page
        assert "The time that is booked stays until you take another one." in page
        page = text_of(client.get(private_url(alice, "earlier/")))
        assert "We send you an email, at these hours: 8 am to 8 pm." in page
        assert "Tuesday 1 December, 9 am stays booked until then." in page
        assert "We send you an email, at these hours: 8 am to 8 pm." in page
        assert "You can leave the waiting list at any time" in page
        answer = client.post(private_url(alice, "earlier/"), WISHES, follow=True)
        assert "What would do: Tuesday, Thursday; mornings; told before: at least a day" in text_of(answer)
        entry = waiting.entry_of(alice)
        assert entry is not None
        assert (entry.weekdays, entry.part_of_day, entry.own_doctor_only, entry.notice_hours) == (
            "13", "morning", False, 24,
        )  # fmt: skip

    def test_changing_it_costs_no_place(self, client: Client, waitlist: List, time_machine: Any) -> None:
        alice = opened(client, waitlist.waiter())
        asked_at = WaitingEntry.objects.get().asked_at
        time_machine.shift(600)
        client.post(private_url(alice, "earlier/"), {**WISHES, "doctor": "own"})
        entry = WaitingEntry.objects.get()
        assert (entry.asked_at, entry.own_doctor_only) == (asked_at, True)

    def test_for_who_found_no_time(self, client: Client, waitlist: List) -> None:
        alice = opened(client, waitlist.waiter(booked=None))
        perform("leave_waiting_list", alice)
        assert "Ask for a time that comes free" in text_of(client.get(private_url(alice)))
        assert "Ask for a time that comes free" in text_of(client.get(private_url(alice, "times/")))
        client.post(private_url(alice, "earlier/"), WISHES)
        assert waiting.entry_of(alice) is not None

    def test_leaving_takes_one_press(self, client: Client, offered: ConsultationRequest) -> None:
        alice = opened(client, offered)
        answer = client.post(private_url(alice, "earlier/leave/"), follow=True)
        assert "Off the waiting list. Everything else stays as it is." in text_of(answer)
        assert waiting.entry_of(alice) is None
        assert not SlotHold.objects.exists()
        assert booked_at(alice) == IN_A_WEEK

    @pytest.mark.parametrize("status", [RequestStatus.RECEIVED, RequestStatus.WITHDRAWN])
    def test_not_before_a_time_is_offered_nor_after_the_end(
        self, client: Client, make_request: Any, status: RequestStatus
    ) -> None:
        alice = opened(client, make_request(status=status))
        assert "earlier time" not in text_of(client.get(private_url(alice)))
        assert client.get(private_url(alice, "earlier/")).status_code == 302
        client.post(private_url(alice, "earlier/"), WISHES)
        assert not WaitingEntry.objects.exists()


class TestAnOffer:
    def test_stands_first_with_both_presses(self, client: Client, offered: ConsultationRequest) -> None:
        alice = opened(client, offered)
        page = text_of(client.get(private_url(alice)))
        assert "An earlier time, kept for you until Monday 23 November, 10:15 am" in page
        assert "If you do not, Tuesday 1 December, 9 am stays booked." in page
        assert page.index("Take this time") < page.index("Keep what I have") < page.index("Add to calendar")

    def test_is_taken_by_one_press_and_said_once(self, client: Client, offered: ConsultationRequest) -> None:
        alice = opened(client, offered)
        data = seen(alice)
        answer = client.post(private_url(alice, "earlier/take/"), data, follow=True)
        assert "Your new time is booked. The old one is given back." in text_of(answer)
        assert booked_at(alice) == TOMORROW_AT_NINE
        client.post(private_url(alice, "earlier/take/"), data)
        assert booked_at(alice) == TOMORROW_AT_NINE

    def test_keeping_what_there_is_loses_nothing(self, client: Client, offered: ConsultationRequest) -> None:
        alice = opened(client, offered)
        answer = client.post(private_url(alice, "earlier/decline/"), seen(alice), follow=True)
        assert "Everything else stays as it is, your place on the list too." in text_of(answer)
        assert booked_at(alice) == IN_A_WEEK
        assert waiting.entry_of(alice) is not None
        assert not SlotHold.objects.exists()

    def test_a_look_takes_and_declines_nothing(self, client: Client, offered: ConsultationRequest) -> None:
        alice = opened(client, offered)
        for page in ("earlier/take/", "earlier/decline/", "earlier/leave/", "earlier/"):
            client.get(private_url(alice, page))
            client.head(private_url(alice, page))
        assert TimeOffer.objects.live().exists()
        assert booked_at(alice) == IN_A_WEEK

    def test_whoever_was_not_asked_if_anything_is_new_is_asked_first(
        self, client: Client, offered: ConsultationRequest
    ) -> None:
        ConsultationRequest.objects.filter(pk=offered.pk).update(answered_again_at=None)
        alice = opened(client, offered)
        page = client.post(private_url(alice, "earlier/take/"), seen(alice))
        assert "We keep Tuesday 24 November, 9 am until Monday 23 November, 10:15 am." in text_of(page)
        assert "Error" not in text_of(page)
        assert booked_at(alice) == IN_A_WEEK
        empty = client.post(private_url(alice, "earlier/take/"), {**seen(alice), "once": "a"})
        assert "Error: Take this time" in text_of(empty)
        assert booked_at(alice) == IN_A_WEEK
        client.post(private_url(alice, "earlier/take/"), {**seen(alice), "once": "a", "ticks": ["none"]})
        assert booked_at(alice) == TOMORROW_AT_NINE

    def test_before_a_follow_up_the_whole_safety_section_is_asked(
        self, client: Client, offered: ConsultationRequest
    ) -> None:
        ConsultationRequest.objects.filter(pk=offered.pk).update(follow_up_at=NOW)
        alice = opened(client, offered)
        page = text_of(client.post(private_url(alice, "earlier/take/"), seen(alice)))
        assert "Before each visit we ask this again" in page
        assert "Do you have any of these now" in page
        assert booked_at(alice) == IN_A_WEEK

    def test_a_danger_ends_it_and_the_next_is_asked(
        self, client: Client, waitlist: List, offered: ConsultationRequest
    ) -> None:
        waitlist.waiter("Bob Pell")
        alice, data = opened(client, offered), seen(offered)
        answer = client.post(private_url(alice, "earlier/take/"), {**data, "once": "a", "ticks": ["saddle"]})
        assert answer["Location"].endswith("changed/now/")
        waitlist.turn()
        live = TimeOffer.objects.live().get()
        assert live.entry.consultation_request.patient.first_name == "Bob"
        client.post(private_url(alice, "earlier/take/"), data)
        assert booked_at(alice) == IN_A_WEEK

    def test_another_tab_that_shows_an_old_one_changes_nothing(
        self, client: Client, waitlist: List, offered: ConsultationRequest
    ) -> None:
        alice, old = opened(client, offered), seen(offered)
        client.post(private_url(alice, "earlier/decline/"), old)
        waitlist.free(TOMORROW_AT_NINE + 40 * MINUTE)
        for press in ("take", "decline"):
            answer = client.post(private_url(alice, f"earlier/{press}/"), old)
            assert answer.status_code == 409
            assert "Another time is offered now. Look at it before you decide." in text_of(answer)
        assert TimeOffer.objects.live().get().starts_at == TOMORROW_AT_NINE + 40 * MINUTE
        assert booked_at(alice) == IN_A_WEEK

    def test_keeping_what_one_has_after_it_was_taken_in_another_tab_says_what_holds(
        self, client: Client, offered: ConsultationRequest
    ) -> None:
        alice, old = opened(client, offered), seen(offered)
        client.post(private_url(alice, "earlier/take/"), old)
        assert booked_at(alice) == TOMORROW_AT_NINE
        answer = client.post(private_url(alice, "earlier/decline/"), old)
        assert answer.status_code == 409
        assert "That time is no longer on offer to you." in text_of(answer)
        assert booked_at(alice) == TOMORROW_AT_NINE

    def test_after_it_ran_out_the_page_says_so_and_nothing_is_lost(
        self, client: Client, waitlist: List, offered: ConsultationRequest, time_machine: Any
    ) -> None:
        alice, data = opened(client, offered), seen(offered)
        time_machine.shift(16 * 60)
        waitlist.turn()
        answer = client.post(private_url(alice, "earlier/take/"), data)
        assert answer.status_code == 409
        page = text_of(answer)
        assert "We no longer keep that time for you." in page
        assert "The time that we kept until Monday 23 November, 10:15 am is kept no longer." in page
        assert booked_at(alice) == IN_A_WEEK

    def test_words_that_are_too_long_are_given_back_whatever_became_of_the_time(
        self, client: Client, waitlist: List, offered: ConsultationRequest, time_machine: Any
    ) -> None:
        alice = opened(client, offered)
        data = {**seen(alice), "once": "a", "message": "I want to kill myself. " + "Word " * 300}
        page = text_of(client.post(private_url(alice, "earlier/take/"), data))
        assert "Error: Take this time" in page
        assert "I want to kill myself." in page
        assert booked_at(alice) == IN_A_WEEK
        time_machine.shift(16 * 60)
        waitlist.turn()
        page = text_of(client.post(private_url(alice, "earlier/take/"), data))
        assert "We no longer keep that time for you." in page
        assert "I want to kill myself." in page

    def test_choosing_another_time_says_before_that_it_ends(self, client: Client, offered: ConsultationRequest) -> None:
        alice = opened(client, offered)
        for page in ("times/", "cancel-time/"):
            assert "Tuesday 24 November, 9 am until Monday 23 November, 10:15 am" in text_of(
                client.get(private_url(alice, page))
            )
