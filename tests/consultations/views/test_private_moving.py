"""A booked patient chooses another time through the pages, and never has none meanwhile."""

import datetime

import pytest
from django.test import Client

from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind, Outcome, RequestStatus
from consultations.models import Appointment, Availability, SlotHold
from consultations.services import scheduling
from tests.consultations.perform import perform
from tests.consultations.views.conftest import LATER, TUESDAY, key, status_of, text_of
from tests.consultations.views.test_private_times import keys_on
from tests.personas import at, book_directly, open_privately

pytestmark = pytest.mark.usefixtures("monday")
WEDNESDAY = TUESDAY + datetime.timedelta(days=1)
STANDS = "Your time on Tuesday 24 November, 9 am is still yours."


@pytest.fixture
def booked(make_request, clinician):
    """Alice has Tuesday at nine; whether anything is new was answered today."""
    consultation_request = make_request(status=RequestStatus.BOOKED)
    book_directly(consultation_request, clinician, TUESDAY)
    return consultation_request


@pytest.fixture
def mover(client, booked):
    open_privately(client, booked)
    perform("answer_again", booked, ticks=("none",))
    OutboxMessage.objects.all().delete()
    return client


def start_of(consultation_request):
    return Appointment.objects.live().get(consultation_request=consultation_request).starts_at


def choose(browser, starts_at, clinician):
    return browser.post(at(browser, "times/"), {"slot": key(starts_at, clinician)})


class TestMoving:
    def test_the_booked_card_offers_it_beside_cancelling(self, mover):
        page = mover.get(at(mover)).content.decode()
        assert page.index("Add to calendar") < page.index("Choose another time") < page.index("Cancel this time")
        assert f'href="{at(mover, "times/")}"' in page

    def test_the_times_say_that_the_old_one_stays(self, mover, clinician):
        page = mover.get(at(mover, "times/?day=2026-11-24"))
        assert "Tuesday 24 November, 9 am stays booked until you confirm another time." in text_of(page)
        assert keys_on(page) == [key(TUESDAY + step * datetime.timedelta(minutes=40), clinician) for step in (1, 2, 3)]

    def test_chosen_checked_and_confirmed(self, mover, booked, clinician):
        assert choose(mover, WEDNESDAY, clinician).headers["Location"] == at(mover, "times/check/")
        text = text_of(mover.get(at(mover, "times/check/")))
        assert "Nothing has changed yet: Tuesday 24 November, 9 am stays booked until you confirm." in text
        assert "New time Wednesday 25 November, 9 am" in text
        assert "In place of Tuesday 24 November, 9 am, with Dr Ines Halloran" in text
        assert start_of(booked) == TUESDAY

        moved = mover.post(at(mover, "times/check/"), {"slot": key(WEDNESDAY, clinician)})
        assert moved.headers["Location"] == f"{at(mover)}?moved"
        assert start_of(booked) == WEDNESDAY
        text = text_of(mover.get(f"{at(mover)}?moved"))
        assert "Your new time is booked. The old one is given back." in text
        assert "Wednesday 25 November, 9 am" in text
        assert OutboxMessage.objects.get().kind == MessageKind.APPOINTMENT_MOVED

    def test_pressed_twice_or_in_two_tabs_it_moves_once(self, mover, booked, clinician):
        choose(mover, WEDNESDAY, clinician)
        for _ in range(3):
            page = mover.post(at(mover, "times/check/"), {"slot": key(WEDNESDAY, clinician)})
            assert page.headers["Location"].startswith(at(mover))
        assert Appointment.objects.get().calendar_sequence == 1
        assert OutboxMessage.objects.count() == 1

    def test_an_old_tab_with_another_time_changes_nothing(self, mover, booked, clinician):
        choose(mover, LATER, clinician)
        choose(mover, WEDNESDAY, clinician)
        page = mover.post(at(mover, "times/check/"), {"slot": key(LATER, clinician)})
        assert page.status_code == 409
        assert "You chose another time since" in text_of(page)
        assert start_of(booked) == TUESDAY

    def test_looking_changes_nothing(self, mover, booked, clinician):
        choose(mover, WEDNESDAY, clinician)
        for address in ("times/", "times/check/"):
            for method in (mover.get, mover.head):
                assert method(at(mover, address)).status_code == 200
        assert start_of(booked) == TUESDAY

    def test_the_calendar_file_replaces_the_entry(self, mover, booked, clinician):
        before = mover.get(at(mover, "appointment.ics")).content.decode()
        choose(mover, WEDNESDAY, clinician)
        mover.post(at(mover, "times/check/"))
        after = mover.get(at(mover, "appointment.ics")).content.decode()
        uid = next(line for line in before.splitlines() if line.startswith("UID"))
        assert uid in after
        assert "SEQUENCE:0" in before
        assert "SEQUENCE:1" in after
        assert "DTSTART;TZID=America/New_York:20261125T090000" in after


class TestLosing:
    def test_a_time_that_somebody_has_leads_to_the_nearest_and_the_old_one_stands(
        self, mover, rival, booked, clinician
    ):
        rival.post(at(rival, "times/"), {"slot": key(LATER, clinician)})
        page = choose(mover, LATER, clinician)
        assert page.status_code == 409
        assert f"Someone just took that time. {STANDS} These are the nearest free times." in text_of(page)
        assert key(TUESDAY, clinician) not in keys_on(page)
        assert start_of(booked) == TUESDAY

    def test_so_does_one_that_went_while_its_hold_had_run_out(self, mover, rival, booked, clinician, time_machine):
        choose(mover, LATER, clinician)
        time_machine.shift(scheduling.HOLD_TIME)
        rival.post(at(rival, "times/"), {"slot": key(LATER, clinician)})
        page = mover.post(at(mover, "times/check/"), {"slot": key(LATER, clinician)})
        assert page.status_code == 409
        assert f"That time is no longer held for you. {STANDS}" in text_of(page)
        assert start_of(booked) == TUESDAY
        assert not OutboxMessage.objects.exists()

    def test_nor_is_it_lost_where_no_other_time_is_free(self, mover, booked, clinician, settings):
        chosen = {"slot": key(LATER, clinician)}
        Availability.objects.all().delete()
        page = mover.post(at(mover, "times/"), chosen)
        assert f"{STANDS} No other time is free now: call us, and we find one with you." in text_of(page)
        assert start_of(booked) == TUESDAY

    def test_a_hold_that_ran_out_is_not_shown_as_held(self, mover, booked, clinician, time_machine):
        choose(mover, LATER, clinician)
        time_machine.shift(scheduling.HOLD_TIME)
        page = mover.get(at(mover, "times/check/"), follow=True)
        assert "We hold no time for you at the moment." in text_of(page)
        assert start_of(booked) == TUESDAY


class TestBefore:
    def test_a_danger_stops_it_and_the_booked_time_stays(self, mover, booked, clinician):
        choose(mover, WEDNESDAY, clinician)
        mover.post(at(mover, "changed/"), {"ticks": "fever"})
        assert not SlotHold.objects.exists()
        page = mover.get(at(mover, "times/"))
        assert page.status_code == 409
        assert "Tuesday 24 November, 9 am stays booked" in text_of(page)
        assert mover.post(at(mover, "times/check/"), {"slot": key(WEDNESDAY, clinician)}).status_code == 409
        assert start_of(booked) == TUESDAY
        assert "Choose another time" not in text_of(mover.get(at(mover)))

    @pytest.mark.parametrize(("hours", "is_late"), [(12.01, False), (12, True), (3, True)])
    def test_within_the_notice_of_the_type_the_card_says_to_call(
        self, booked, clinician, time_machine, settings, hours, is_late
    ):
        time_machine.move_to(TUESDAY - datetime.timedelta(hours=hours), tick=False)
        browser = Client()
        open_privately(browser, booked)
        text = text_of(browser.get(at(browser)))
        assert ("Choose another time" in text) != is_late
        assert (f"To move this time, call us: {settings.CLINIC_PHONE}" in text) == is_late
        page = browser.get(at(browser, "times/"))
        assert (page.headers.get("Location") == at(browser)) == is_late

    def test_a_flag_of_another_request_of_the_person_counts_too(self, client, make_request, clinician):
        flagged = make_request(status=RequestStatus.BOOKED, outcome=Outcome.SAME_DAY)
        book_directly(flagged, clinician, TUESDAY)
        open_privately(client, flagged)
        assert client.get(at(client, "times/")).status_code == 409

    def test_nobody_moves_the_time_of_another(self, mover, rival, booked, clinician):
        rival.post(at(rival, "times/"), {"slot": key(LATER, clinician)})
        rival.post(at(rival, "times/check/"), {"slot": key(LATER, clinician)})
        assert start_of(booked) == TUESDAY
        assert status_of(rival.request_row) == RequestStatus.BOOKED


def test_staff_move_it_on_the_phone_and_the_patient_is_told(sign_in, nurse, booked, clinician):
    desk = sign_in(nurse)
    page = desk.get(f"/admin/consultations/consultationrequest/{booked.pk}/change/")
    assert "Move on the phone" in text_of(page)
    chosen = key(WEDNESDAY, clinician)
    done = desk.post(
        f"/admin/consultations/consultationrequest/{booked.pk}/move/",
        {"slot_key": chosen, "seen": RequestStatus.BOOKED},
        follow=True,
    )
    assert "The time is moved and the patient is told of the new one." in text_of(done)
    assert "it was Tuesday 24 November, 9 am" in text_of(done)
    assert start_of(booked) == WEDNESDAY
    assert OutboxMessage.objects.get().kind == MessageKind.APPOINTMENT_MOVED
