"""The waiting list: a time that came free goes to one person at a time, in fair order, until somebody takes it."""

import datetime
from typing import Any

import pytest

from clinic.core.models import OutboxMessage
from consultations.actions.move_offered import take_offered
from consultations.enums import Outcome, RequestStatus, SafeToContact
from consultations.models import (
    Appointment,
    ConsultationRequest,
    Occupation,
    ReleasedTime,
    SlotHold,
    TimeOffer,
    WaitingEntry,
)
from consultations.services import scheduling, waiting
from consultations.services.waiting import OfferGone, Wishes, offering
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW, TOMORROW_AT_NINE, Desk
from tests.mailbox import write
from tests.personas import book_directly, make_patient

MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)
IN_A_WEEK = TOMORROW_AT_NINE + 7 * DAY
ANY = Wishes()
ON_THURSDAY = TOMORROW_AT_NINE + 2 * DAY


class List:
    """People who wait, and a time to give up."""

    def __init__(self, desk: Desk, time_machine: Any) -> None:
        self.desk, self.time_machine = desk, time_machine

    def waiter(
        self,
        name: str = "Alice Winther",
        *,
        booked: datetime.datetime | None = IN_A_WEEK,
        wishes: Wishes = ANY,
        **more: Any,
    ) -> ConsultationRequest:
        """Each asks a second after the one before."""
        patient = make_patient(name, **more.pop("contact", {}))
        status = RequestStatus.BOOKED if booked else RequestStatus.OFFERED
        more.setdefault("answered_again_at", NOW - 5 * MINUTE)
        request = self.desk.make_request(status=status, patient=patient, appointment_type=self.desk.visit, **more)
        if booked:
            while Appointment.objects.filter(starts_at=booked).exists():
                booked += 40 * MINUTE
            book_directly(request, self.desk.clinician, booked)
        self.time_machine.shift(1)
        perform("wait_for_earlier", request, wishes=wishes)
        return request

    def free(self, starts_at: datetime.datetime = TOMORROW_AT_NINE) -> ConsultationRequest:
        """Staff cancel somebody's visit then, and the worker looks."""
        request = self.given_up(starts_at)
        waiting.offer_due()
        return request

    def given_up(self, starts_at: datetime.datetime = TOMORROW_AT_NINE) -> ConsultationRequest:
        request = self.desk.make_request(
            status=RequestStatus.BOOKED, appointment_type=self.desk.visit, patient=make_patient("Carl Gone")
        )
        book_directly(request, self.desk.clinician, starts_at)
        perform("cancel_booking", request, reason="", by=self.desk.doctor)
        return request

    def turn(self) -> None:
        waiting.end_due()
        waiting.offer_due()


@pytest.fixture
def waitlist(desk: Desk, time_machine: Any) -> List:
    return List(desk, time_machine)


def offered_to() -> list[str]:
    """The first names of who has a time kept now."""
    return [
        offer.entry.consultation_request.patient.first_name
        for offer in TimeOffer.objects.live().select_related("entry__consultation_request__patient").order_by("pk")
    ]


def ends() -> list[str | None]:
    return list(TimeOffer.objects.order_by("pk").values_list("ended_as", flat=True))


def take(request: ConsultationRequest) -> Appointment:
    request.refresh_from_db()
    offer = waiting.live_offer(request)
    return take_offered(consultation_request=request, seen=scheduling.slot_of(offer).key if offer else "")


class TestOneTime:
    def test_is_kept_for_who_waited_longest_and_told_by_one_neutral_mail(self, waitlist: List) -> None:
        alice, _bob = waitlist.waiter("Alice Winther"), waitlist.waiter("Bob Pell")
        waitlist.free()
        waitlist.turn()
        assert offered_to() == ["Alice"]
        held = SlotHold.objects.get(consultation_request=alice)
        assert held.starts_at == TOMORROW_AT_NINE
        assert Occupation.objects.filter(hold=held).count() == 2
        message = OutboxMessage.objects.get(kind="earlier_time")
        letter = write(message)
        assert letter.subject == f"Your request {alice.reference}: an earlier time"
        assert "We keep it until: Monday 23 November, 10:15 am" in letter.text
        assert "9 am" not in letter.text

    def test_a_mail_that_says_when_is_written_anew_for_who_chooses_neutral_mails(self, waitlist: List) -> None:
        alice = waitlist.waiter("Alice Winther")
        perform("choose_reminders", alice, choice="full")
        waitlist.free()
        message = OutboxMessage.objects.get(kind="earlier_time")
        assert "9 am" in write(message).text
        perform("choose_reminders", alice, choice="neutral")
        assert "9 am" not in write(message).text

    def test_is_taken_by_a_move_that_keeps_the_old_time_for_the_next(self, waitlist: List) -> None:
        alice, bob = waitlist.waiter("Alice Winther"), waitlist.waiter("Bob Pell", booked=IN_A_WEEK + 40 * MINUTE)
        waitlist.free()
        moved = take(alice)
        assert (moved.starts_at, moved.calendar_sequence) == (TOMORROW_AT_NINE, 1)
        assert ends() == ["taken"]
        assert waiting.entry_of(alice) is None
        assert not SlotHold.objects.exists()
        waitlist.turn()
        assert offered_to() == ["Bob"]
        assert take(bob).starts_at == IN_A_WEEK

    def test_is_booked_by_who_has_none_yet(self, waitlist: List) -> None:
        alice = waitlist.waiter(booked=None)
        waitlist.free()
        assert take(alice).starts_at == TOMORROW_AT_NINE
        alice.refresh_from_db()
        assert alice.status == RequestStatus.BOOKED

    def test_declined_run_out_taken(self, waitlist: List, time_machine: Any) -> None:
        """A chain of three; nobody who was asked loses what they had, or their place."""
        booked = {"Alice A": IN_A_WEEK + 2 * HOUR, "Bob B": IN_A_WEEK + HOUR, "Cara C": IN_A_WEEK}
        alice, bob, cara = (waitlist.waiter(name, booked=at) for name, at in booked.items())
        waitlist.free()
        perform("decline_offered_time", alice)
        waitlist.turn()
        assert offered_to() == ["Bob"]
        time_machine.shift(15 * MINUTE - 1 * DAY / 86400)
        waitlist.turn()
        assert offered_to() == ["Bob"]
        time_machine.shift(MINUTE)
        waitlist.turn()
        assert offered_to() == ["Cara"]
        take(cara)
        waitlist.turn()
        assert ends() == ["declined", "expired", "taken", None]
        assert offered_to() == ["Alice"]
        for request in (alice, bob):
            assert waiting.entry_of(request) is not None
            assert Appointment.objects.live().filter(consultation_request=request).exists()

    def test_declined_while_the_worker_still_goes_through_the_list_is_offered_to_the_next(
        self, waitlist: List, monkeypatch: Any
    ) -> None:
        alice = waitlist.waiter("Alice Winther")
        waitlist.waiter("Bob Pell")
        done = offering._done

        def declined_just_before(*args: Any) -> None:
            perform("decline_offered_time", alice, slot_key="")
            done(*args)

        with monkeypatch.context() as patched:
            patched.setattr(offering, "_done", declined_just_before)
            waitlist.free()
        assert ends() == ["declined"]
        waitlist.turn()
        assert offered_to() == ["Bob"]

    def test_is_free_for_all_once_everybody_was_asked(self, waitlist: List, time_machine: Any) -> None:
        alice = waitlist.waiter()
        waitlist.free()
        perform("decline_offered_time", alice)
        waitlist.turn()
        assert offered_to() == []
        assert ReleasedTime.objects.get().settled_at is not None
        assert not SlotHold.objects.exists()
        time_machine.shift(DAY / 24)
        waitlist.turn()
        assert ends() == ["declined"]

    def test_four_hours_when_the_visit_is_more_than_a_day_away(self, waitlist: List) -> None:
        waitlist.waiter()
        waitlist.free(ON_THURSDAY)
        offer = TimeOffer.objects.get()
        assert offer.expires_at - offer.made_at == 4 * HOUR

    def test_after_it_ran_out_nobody_takes_it_by_the_old_page(self, waitlist: List, time_machine: Any) -> None:
        alice = waitlist.waiter()
        waitlist.free()
        offer = TimeOffer.objects.get()
        time_machine.shift(16 * MINUTE)
        with pytest.raises(OfferGone):
            take_offered(consultation_request=alice, seen=scheduling.slot_of(offer).key)

    def test_twice_pressed_is_taken_once(self, waitlist: List) -> None:
        alice = waitlist.waiter()
        waitlist.free()
        key = scheduling.slot_of(TimeOffer.objects.get()).key
        first = take_offered(consultation_request=alice, seen=key)
        alice.refresh_from_db()
        assert take_offered(consultation_request=alice, seen=key) == first
        assert OutboxMessage.objects.filter(kind="appointment_moved").count() == 1


class TestWhoIsNotAsked:
    def test_who_gave_it_up(self, waitlist: List) -> None:
        gone = waitlist.given_up()
        perform("wait_for_earlier", gone, wishes=Wishes())
        waitlist.turn()
        assert offered_to() == []
        assert list(ReleasedTime.objects.get().passed_over.values()) == ["gave_up"]

    @pytest.mark.parametrize(
        ("more", "why"),
        [
            ({"outcome": Outcome.SAME_DAY}, "flag"),
            ({"booked": TOMORROW_AT_NINE - 40 * MINUTE}, "earlier"),
            ({"contact": {"email": "", "phone": ""}}, "unreachable"),
            ({"contact": {"email": "", "safe_to_contact": SafeToContact.EMAIL_ONLY}}, "unreachable"),
            ({"wishes": Wishes(weekdays="0234")}, "wishes"),
            ({"wishes": Wishes(part_of_day="afternoon")}, "wishes"),
            ({"wishes": Wishes(notice_hours=24)}, "wishes"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_who_cannot_have_it_is_passed_over_with_the_reason(self, waitlist: List, more: Any, why: str) -> None:
        first = waitlist.waiter("Alice Winther", **more)
        waitlist.waiter("Bob Pell")
        waitlist.free()
        assert offered_to() == ["Bob"]
        entry = WaitingEntry.objects.get(consultation_request=first)
        assert ReleasedTime.objects.get().passed_over == {str(entry.pk): why}

    def test_who_comes_later_is_not_said_to_be_passed_over(self, waitlist: List) -> None:
        waitlist.waiter("Alice Winther")
        waitlist.waiter("Bob Pell")
        waitlist.free()
        assert ReleasedTime.objects.get().passed_over == {}
