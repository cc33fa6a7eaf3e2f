"""Choosing, checking, booking and cancelling a time through the pages."""

import datetime
import re

import pytest
from django.test import Client

from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import MessageKind, RequestStatus
from consultations.models import Absence, Appointment, Availability, Clinician, Location, SlotHold
from consultations.services import scheduling
from tests.consultations.perform import perform
from tests.consultations.views.conftest import HOSTILE, LATER, MONDAY, TUESDAY, key, status_of, text_of
from tests.personas import at, open_privately

TAKEN = "Someone just took that time."
GONE = "That time is no longer held for you."
NEAREST = "These are the nearest free times."
NONE_FREE = "No other time is free now: call us, and we find one with you."
NOT_HELD = "We hold no time for you at the moment. A time you choose is kept for ten minutes: choose one again."

pytestmark = pytest.mark.usefixtures("monday")


def keys_on(page):
    return re.findall(r'name="slot"[^>]* value="([^"]+)"', page.content.decode())


class TestChoosing:
    def test_shows_the_first_free_day_and_books_nothing(self, patient, clinician):
        page = patient.get(at(patient, "times/"))
        text = text_of(page)
        assert "Tuesday 24 November" in text
        assert "Times are in Eastern Time (New York)." in text
        assert keys_on(page)[0] == key(TUESDAY, clinician)
        assert len(keys_on(page)) == 4
        assert not SlotHold.objects.exists()

    def test_a_day_can_be_chosen(self, patient):
        assert "Wednesday 2 December" in text_of(patient.get(at(patient, "times/?day=2026-12-02")))

    @pytest.mark.parametrize("query", ["day=2026-11-22", "day=0001-01-01", "day=9999-12-31", "month=0001-01", "day=x"])
    def test_a_day_without_times_leads_to_the_first_that_has_some(self, patient, query):
        page = patient.get(at(patient, f"times/?{query}"))
        assert page.status_code == 200
        assert "Tuesday 24 November" in text_of(page)

    @pytest.mark.parametrize("month", ["2027-03", "2030-01", "9999-12"])
    def test_a_month_after_all_times_shows_the_last_that_has_some(self, patient, month):
        text = text_of(patient.get(at(patient, f"times/?month={month}")))
        assert "Monday 1 February 2027" in text
        assert "no free times" not in text

    def test_a_clinic_without_any_free_time_says_so_with_a_telephone_number(self, patient, settings):
        Availability.objects.all().delete()
        for query in ("", "?month=2026-12", "?month=2030-01"):
            text = text_of(patient.get(at(patient, f"times/{query}")))
            assert "There is no free time up to Sunday 21 February 2027." in text
            assert f"call us, and we find one with you: {settings.CLINIC_PHONE}" in text

    @pytest.mark.parametrize("value", HOSTILE)
    def test_nothing_typed_into_the_address_breaks_the_page(self, patient, value):
        if len(value) < 6000:
            for name in ("day", "month"):
                assert patient.get(at(patient, "times/"), {name: value}).status_code == 200

    def test_what_is_taken_is_not_shown(self, patient, rival, clinician):
        rival.post(at(rival, "times/"), {"slot": key(TUESDAY, clinician)})
        assert key(TUESDAY, clinician) not in keys_on(patient.get(at(patient, "times/?day=2026-11-24")))

    def test_ones_own_held_time_still_is(self, patient, clinician):
        patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
        assert key(TUESDAY, clinician) in keys_on(patient.get(at(patient, "times/?day=2026-11-24")))

    @pytest.mark.parametrize("status", sorted(set(RequestStatus) - {RequestStatus.OFFERED}))
    def test_there_is_nothing_to_choose_unless_a_visit_is_offered(self, client, make_request, clinician, visit, status):
        consultation_request = make_request(status=status, appointment_type=visit)
        open_privately(client, consultation_request)
        assert client.get(at(client, "times/")).headers["Location"] == at(client)
        assert client.post(at(client, "times/"), {"slot": key(TUESDAY, clinician)}).headers["Location"] == at(client)
        assert client.get(at(client, "times/check/")).headers["Location"] == at(client)
        assert client.post(at(client, "times/check/")).headers["Location"] == at(client)
        assert not SlotHold.objects.exists()
        assert not Appointment.objects.exists()

    def test_a_visit_that_was_never_offered_has_no_times(self, client, alice, clinician):
        open_privately(client, alice)
        assert client.get(at(client, "times/")).headers["Location"] == at(client)
        assert client.post(at(client, "times/check/")).headers["Location"] == at(client)


class TestTwoDoctors:
    """The same hours with two doctors: every choice says with whom, where a reader can see it."""

    @pytest.fixture
    def colleague(self, clinician, other_doctor):
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        for window in clinician.availabilities.all():
            window.pk, window.clinician = None, colleague
            window.save()
        return colleague

    def test_the_times_of_a_day_stand_under_the_doctor(self, patient, clinician, colleague):
        html = patient.get(at(patient, "times/?day=2026-11-24")).content.decode()
        sessions = html.split('class="session"')[1:]
        assert [re.search("<h3[^>]*>(.+?)</h3>", item)[1] for item in sessions] == [
            "With Dr Ines Halloran, Orchard Row",
            "With Dr Sam Okafor, Orchard Row",
        ]
        for entry, doctor in zip(sessions, (clinician, colleague), strict=True):
            shown = re.findall(r'name="slot"[^>]* value="([^"]+)"', entry)
            assert shown == [key(TUESDAY + step * datetime.timedelta(minutes=40), doctor) for step in range(4)]

    @pytest.mark.usefixtures("colleague")
    def test_no_two_choices_have_the_same_name_or_id(self, patient):
        html = patient.get(at(patient, "times/?day=2026-11-24")).content.decode()
        names = re.findall(r'<label for="(slot-[^"]+)">(.+?)</label>', html, re.DOTALL)
        assert len(names) == 8
        assert len({name for name, _ in names}) == len({label for _, label in names}) == 8

    @pytest.mark.usefixtures("colleague")
    def test_the_count_of_a_day_is_the_number_of_choices_it_shows(self, patient):
        page = patient.get(at(patient, "times/?day=2026-11-24"))
        assert re.search(r'aria-current="date">.*?<small>(\d+) free', page.content.decode(), re.DOTALL)[1] == "8"
        assert len(keys_on(page)) == 8

    def test_the_nearest_times_name_the_doctor(self, patient, rival, clinician, colleague):
        rival.post(at(rival, "times/"), {"slot": key(TUESDAY, clinician)})
        html = patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)}).content.decode()
        near = re.findall(r'<label for="near-\d+">(.+?)<small>(.+?)</small>', html)
        assert near[0] == ("Tuesday 24 November, 9 am", "Dr Sam Okafor, Orchard Row")
        assert len(set(near)) == len(near) == 6

    def test_one_doctor_is_named_too(self, patient):
        assert "With Dr Ines Halloran, Orchard Row" in text_of(patient.get(at(patient, "times/")))


class TestHolding:
    def test_holds_the_time_for_ten_minutes_and_shows_it(self, patient, offered, clinician):
        assert patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)}).headers["Location"] == (
            at(patient, "times/check/")
        )
        held = SlotHold.objects.get()
        assert (held.consultation_request, held.starts_at, held.expires_at) == (
            offered, TUESDAY, MONDAY + datetime.timedelta(minutes=10),
        )  # fmt: skip
        text = text_of(patient.get(at(patient, "times/check/")))
        assert "Tuesday 24 November, 9 am, Eastern Time (New York)" in text
        assert "We hold this time for you until 10:10 am . Nothing is booked yet." in text.replace("am.", "am .")
        assert "Dr Ines Halloran" in text
        assert "Orchard Row, 14 Orchard Row, Suite 2" in text
        assert status_of(offered) == RequestStatus.OFFERED

    def test_the_request_says_that_a_time_waits_until_it_no_longer_does(self, patient, clinician, time_machine):
        patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
        page = patient.get(at(patient))
        text = text_of(page)
        assert "Held for you until 10:10 am. Nothing is booked yet Tuesday 24 November, 9 am" in text
        assert "with Dr Ines Halloran" in text
        assert "Choose a time that suits you" not in text
        assert f'href="{at(patient, "times/check/")}"' in page.content.decode()

        time_machine.move_to(MONDAY + datetime.timedelta(minutes=11), tick=False)
        text = text_of(patient.get(at(patient)))
        assert "Choose a time that suits you" in text
        assert "Held for you" not in text

    def test_no_page_of_choosing_leads_out_of_it(self, patient, clinician):
        patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
        for page in ("times/", "times/check/"):
            foot = patient.get(at(patient, page)).content.decode().partition("<footer")[2]
            assert re.findall(r'href="(/[^"]*)"', foot) == ["/privacy/", "/accessibility/"], page

    def test_a_second_choice_takes_the_place_of_the_first(self, patient, clinician):
        for starts_at in (TUESDAY, LATER):
            patient.post(at(patient, "times/"), {"slot": key(starts_at, clinician)})
        assert SlotHold.objects.get().starts_at == LATER

    def test_no_choice_is_named(self, patient):
        page = patient.post(at(patient, "times/"), {})
        assert "Choose a time before you continue." in text_of(page)
        assert not SlotHold.objects.exists()

    def test_a_time_that_somebody_has_leads_to_the_nearest(self, patient, rival, clinician):
        rival.post(at(rival, "times/"), {"slot": key(TUESDAY, clinician)})
        page = patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
        assert page.status_code == 409
        assert f"{TAKEN} {NEAREST}" in text_of(page)
        assert "Bob" not in text_of(page)
        near = keys_on(page)[0]
        assert near == key(LATER, clinician)
        assert patient.post(at(patient, "times/"), {"slot": near}).headers["Location"] == at(patient, "times/check/")

    @pytest.mark.parametrize(
        "slot",
        [
            "20261124T1401Z-{clinician}-{place}",
            "20261122T1400Z-{clinician}-{place}",
            "20261123T1500Z-{clinician}-{place}",
            "20270601T1300Z-{clinician}-{place}",
            "20261124T1400Z-{clinician}-999999",
            "20261124T1400Z-999999-{place}",
            "00010101T0000Z-{clinician}-{place}",
            "00010105T0000Z-{clinician}-{place}",
            "99991225T0000Z-{clinician}-{place}",
            "99991231T2359Z-{clinician}-{place}",
            "20261124T1400Z",
            "-",
            "x",
            "'; DROP TABLE x; --",
        ],
    )
    def test_a_time_that_was_never_on_offer_cannot_be_held(self, patient, clinician, slot):
        location = clinician.availabilities.first().location_id
        page = patient.post(at(patient, "times/"), {"slot": slot.format(clinician=clinician.pk, place=location)})
        assert page.status_code == 409
        assert f"{TAKEN} {NEAREST}" in text_of(page)
        assert 'id="near-1"' in page.content.decode()
        assert not SlotHold.objects.exists()


class TestBooking:
    @pytest.fixture
    def held(self, patient, clinician):
        patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})

    @pytest.mark.usefixtures("held")
    def test_books_the_held_time_and_tells_the_patient(self, patient, offered):
        assert patient.post(at(patient, "times/check/")).headers["Location"] == at(patient)
        booked = Appointment.objects.get()
        assert (booked.consultation_request, booked.starts_at, booked.booked_by) == (offered, TUESDAY, None)
        assert status_of(offered) == RequestStatus.BOOKED
        assert OutboxMessage.objects.get().kind == MessageKind.APPOINTMENT_BOOKED
        text = text_of(patient.get(at(patient)))
        assert "Tomorrow" in text
        assert "Tuesday 24 November, 9 am" in text

    @pytest.mark.usefixtures("held")
    def test_pressing_twice_books_once(self, patient):
        for _ in range(3):
            assert patient.post(at(patient, "times/check/")).headers["Location"] == at(patient)
        assert Appointment.objects.count() == 1
        assert OutboxMessage.objects.count() == 1
        assert AuditEvent.objects.filter(action="request.book").count() == 1

    @pytest.mark.usefixtures("held")
    def test_looking_at_the_details_books_nothing(self, patient, offered):
        for method in (patient.get, patient.head):
            assert method(at(patient, "times/check/")).status_code == 200
        assert status_of(offered) == RequestStatus.OFFERED

    def test_without_a_held_time_there_is_nothing_to_check(self, patient):
        assert NOT_HELD in text_of(patient.get(at(patient, "times/check/"), follow=True))
        page = patient.post(at(patient, "times/check/"))
        assert GONE in text_of(page)
        assert not Appointment.objects.exists()

    @pytest.mark.usefixtures("held")
    def test_a_hold_that_ran_out_still_books_while_the_time_is_free(self, patient, time_machine):
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=11), tick=False)
        assert patient.post(at(patient, "times/check/")).headers["Location"] == at(patient)
        assert Appointment.objects.get().starts_at == TUESDAY

    @pytest.mark.usefixtures("held")
    def test_a_hold_that_ran_out_is_not_shown_as_held(self, patient, time_machine):
        time_machine.move_to(MONDAY + scheduling.HOLD_TIME - datetime.timedelta(seconds=1), tick=False)
        assert "We hold this time for you until" in text_of(patient.get(at(patient, "times/check/")))
        time_machine.move_to(MONDAY + scheduling.HOLD_TIME, tick=False)
        text = text_of(patient.get(at(patient, "times/check/"), follow=True))
        assert NOT_HELD in text
        assert "We hold this time for you until" not in text
        assert NOT_HELD not in text_of(patient.get(at(patient, "times/")))

    @pytest.mark.usefixtures("held")
    def test_a_hold_that_ran_out_books_nothing_in_the_past(self, offered, time_machine):
        time_machine.move_to(TUESDAY + datetime.timedelta(minutes=5), tick=False)
        on_the_day = Client()
        open_privately(on_the_day, offered)
        perform("answer_again", offered, ticks=("none",))
        page = on_the_day.post(at(on_the_day, "times/check/"))
        assert page.status_code == 409
        assert GONE in text_of(page)
        assert not Appointment.objects.exists()
        assert status_of(offered) == RequestStatus.OFFERED

    @pytest.mark.usefixtures("held")
    def test_a_hold_that_ran_out_and_was_taken_leads_to_the_nearest(self, patient, rival, clinician, time_machine):
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=11), tick=False)
        rival.post(at(rival, "times/"), {"slot": key(TUESDAY, clinician)})
        rival.post(at(rival, "times/check/"))
        page = patient.post(at(patient, "times/check/"))
        assert page.status_code == 409
        assert GONE in text_of(page)
        assert Appointment.objects.get().consultation_request == rival.request_row
        assert key(TUESDAY, clinician) not in keys_on(page)
        assert key(LATER, clinician) in keys_on(page)

    @pytest.mark.usefixtures("held")
    def test_a_hold_that_the_choice_of_another_cleared_away_leads_to_the_nearest(
        self, patient, rival, clinician, time_machine
    ):
        time_machine.move_to(MONDAY + datetime.timedelta(minutes=11), tick=False)
        rival.post(at(rival, "times/"), {"slot": key(TUESDAY, clinician)})
        page = patient.post(at(patient, "times/check/"))
        assert page.status_code == 409
        assert f"{GONE} {NEAREST}" in text_of(page)
        near = re.findall(r'id="near-\d+" value="([^"]+)"', page.content.decode())
        assert near[0] == key(LATER, clinician)
        assert len(near) == 6

    @pytest.mark.usefixtures("held")
    @pytest.mark.parametrize("page", ["times/", "times/check/"])
    def test_where_no_other_time_is_free_it_says_so_and_whom_to_ring(self, patient, clinician, page, settings):
        Availability.objects.all().delete()
        SlotHold.objects.all().delete()
        location = Location.objects.get()
        refused = patient.post(at(patient, page), {"slot": f"20261124T1400Z-{clinician.pk}-{location.pk}"})
        text = text_of(refused)
        assert refused.status_code == 409
        assert NONE_FREE in text
        assert NEAREST not in text
        assert f"call us, and we find one with you: {settings.CLINIC_PHONE}" in text

    @pytest.mark.usefixtures("held")
    def test_an_absence_entered_meanwhile_is_respected(self, patient, clinician):
        Absence.objects.create(
            clinician=clinician, starts_at=TUESDAY, ends_at=TUESDAY + datetime.timedelta(hours=3), reason="Course"
        )
        page = patient.post(at(patient, "times/check/"))
        assert page.status_code == 409
        assert GONE in text_of(page)
        assert "Course" not in text_of(page)
        assert not Appointment.objects.exists()

    @pytest.mark.usefixtures("held")
    def test_an_offer_withdrawn_meanwhile_books_nothing(self, patient, offered):
        type(offered).objects.filter(pk=offered.pk).update(status=RequestStatus.CANCELLED)
        assert patient.post(at(patient, "times/check/")).headers["Location"] == at(patient)
        assert not Appointment.objects.exists()

    @pytest.mark.usefixtures("held")
    def test_the_time_one_patient_holds_is_not_booked_by_another(self, patient, rival):
        page = rival.post(at(rival, "times/check/"))
        assert GONE in text_of(page)
        assert not Appointment.objects.exists()
        assert SlotHold.objects.count() == 1
