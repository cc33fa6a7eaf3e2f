"""The waiting list of staff: who waits, what is kept for whom until when, who was passed over, and whom to call."""

from typing import Any

import pytest

from clinic.core.models import OutboxMessage, RecordRead
from consultations.enums import Outcome
from consultations.models import Appointment, ConsultationRequest, TimeOffer
from consultations.presenters.waiting_list import WHY_FREED
from consultations.services import waiting
from consultations.services.slot_release import ReleaseReason
from consultations.services.waiting import Wishes
from tests.consultations.admin.conftest import act, page_of
from tests.consultations.services.conftest import NOW, TOMORROW_AT_NINE, Desk
from tests.consultations.services.test_waiting import IN_A_WEEK, List, offered_to
from tests.consultations.views.conftest import text_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/consultations/waitingentry/"
BY_PHONE = {"contact": {"email": ""}}


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def waitlist(make_request: Any, clinician: Any, visit: Any, doctor: Any, time_machine: Any) -> List:
    return List(Desk(make_request, clinician, visit, doctor), time_machine)


def booked_at(request: ConsultationRequest) -> Any:
    return Appointment.objects.live().get(consultation_request=request).starts_at


def test_says_who_waits_what_is_kept_and_who_was_passed_over(sign_in: Any, nurse: Any, waitlist: List) -> None:
    flagged = waitlist.waiter("Ulla Flagg", outcome=Outcome.SAME_DAY)
    alice = waitlist.waiter("Alice Winther", wishes=Wishes(weekdays="1", part_of_day="morning"))
    waitlist.free()
    page = text_of(sign_in(nurse).get(PAGE))
    assert f"1. Ulla Flagg {flagged.reference}" in page
    assert f"2. Alice Winther {alice.reference}" in page
    assert "Tuesday; mornings" in page
    assert "Tuesday 24 November, 9 am with Dr Ines Halloran, kept until Monday 23 November, 10:15 am" in page
    assert f"Not asked: {flagged.reference} , a red flag or an escalation is not settled" in page
    reading = RecordRead.objects.get(page="waiting")
    assert set(reading.shown["requests"]) == {flagged.pk, alice.pk}


def test_says_that_nobody_waits(sign_in: Any, nurse: Any, visit: Any) -> None:
    assert "Nobody waits for an earlier time." in text_of(sign_in(nurse).get(PAGE))
    assert not RecordRead.objects.filter(page="waiting").exists()


@pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
def test_staff_put_somebody_on_the_list_and_take_them_off(sign_in: Any, staff: Any, waitlist: List, group: str) -> None:
    request, client = waitlist.waiter(**BY_PHONE), sign_in(staff(group))
    act(client, request, "leave_waiting_list")
    assert waiting.entry_of(request) is None
    act(client, request, "wait_for_earlier", weekdays=["1"], part_of_day="any", doctor="any", notice="0")
    entry = waiting.entry_of(request)
    assert entry is not None
    assert (entry.asked_by, entry.weekdays) == (staff(group), "1")
    assert "On the waiting list since Monday 23 November, 10 am: Tuesday." in text_of(client.get(page_of(request)))


def test_every_reason_for_a_released_time_has_words() -> None:
    """Those that end an offer alone release nothing: the time that was offered is still released."""
    of_offers_alone = {"offer declined", "left the waiting list", "offer not sent", "offer no longer possible"}
    assert {reason.value for reason in WHY_FREED} == {reason.value for reason in ReleaseReason} - of_offers_alone


class TestWhoHasToBeCalled:
    def test_stands_on_today_and_whoever_is_on_duty_is_told(self, sign_in: Any, nurse: Any, waitlist: List) -> None:
        type(nurse).objects.filter(pk=nurse.pk).update(is_on_duty=True)
        request = waitlist.waiter("Petra Phone", **BY_PHONE)
        waitlist.free()
        line = "an earlier time is kept until Monday 23 November, 10:15 am: ask if they take it"
        assert f"Petra Phone {request.reference} , {line}" in text_of(sign_in(nurse).get("/admin/"))
        message = OutboxMessage.objects.get(kind="staff_alert")
        assert message.key == f"call-for-a-time-{TimeOffer.objects.get().pk}-{nurse.pk}"
        assert not OutboxMessage.objects.filter(kind="earlier_time").exists()

    @pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
    def test_takes_it_by_one_press_of_staff(self, sign_in: Any, staff: Any, waitlist: List, group: str) -> None:
        request = waitlist.waiter(**BY_PHONE)
        waitlist.free()
        page = sign_in(staff(group)).get(page_of(request))
        assert "move_offered" in {item.name for item in page.context["panel"].actions}
        act(sign_in(staff(group)), request, "move_offered")
        assert booked_at(request) == TOMORROW_AT_NINE
        assert waiting.entry_of(request) is None

    def test_books_it_where_nothing_is_booked_yet(self, sign_in: Any, nurse: Any, waitlist: List) -> None:
        request = waitlist.waiter(booked=None, **BY_PHONE)
        waitlist.free()
        act(sign_in(nurse), request, "book_offered")
        assert booked_at(request) == TOMORROW_AT_NINE

    @pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
    def test_declines_it_and_the_next_is_asked(self, sign_in: Any, staff: Any, waitlist: List, group: str) -> None:
        request = waitlist.waiter("Petra Phone", **BY_PHONE)
        waitlist.waiter("Bob Pell")
        waitlist.free()
        act(sign_in(staff(group)), request, "decline_offered_time")
        waitlist.turn()
        assert offered_to() == ["Bob"]
        assert booked_at(request) == IN_A_WEEK

    def test_it_is_gone_from_the_page_once_it_ran_out(
        self, sign_in: Any, nurse: Any, waitlist: List, time_machine: Any
    ) -> None:
        request = waitlist.waiter(**BY_PHONE)
        waitlist.free()
        time_machine.shift(16 * 60)
        act(sign_in(nurse), request, "move_offered")
        assert booked_at(request) == IN_A_WEEK
        assert "ask if they take it" not in text_of(sign_in(nurse).get("/admin/"))


@pytest.mark.parametrize("verb", ["book_offered", "move_offered", "decline_offered_time", "leave_waiting_list"])
def test_the_content_desk_has_no_such_button(sign_in: Any, editor: Any, waitlist: List, verb: str) -> None:
    request = waitlist.waiter()
    waitlist.free()
    act(sign_in(editor), request, verb)
    assert offered_to() == ["Alice"]
    assert booked_at(request) == IN_A_WEEK
