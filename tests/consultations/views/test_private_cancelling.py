"""A patient cancels a booked time on the private page."""

import datetime

import pytest
from django.test import Client

from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import WrongStatus
from consultations.enums import Actor, AppointmentStatus, MessageKind, RequestStatus
from consultations.models import Appointment
from consultations.views import private_times
from tests.consultations.perform import perform
from tests.consultations.services.test_patient_texts import PLAIN, SELF_HARM
from tests.consultations.views.conftest import LATER, MONDAY, TUESDAY, key, status_of, text_of
from tests.personas import at, book_directly, open_privately

pytestmark = pytest.mark.usefixtures("monday")

NOT_CANCELLED = "Your time was cancelled already, or the visit has begun. What you wrote was not sent: it stands below."


CRISIS = "If you feel you might harm yourself, or cannot stay safe, get help now: call or text 988"


class TestCancelling:
    @pytest.fixture
    def booked(self, patient, offered, clinician):
        patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
        patient.post(at(patient, "times/check/"))
        OutboxMessage.objects.all().delete()
        return Appointment.objects.get()

    def test_says_what_it_means_and_offers_to_keep_first(self, patient, booked):
        text = text_of(patient.get(at(patient, "cancel-time/")))
        assert "You have Tuesday 24 November, 9 am with Dr Ines Halloran." in text
        assert text.index("Keep my appointment") < text.rindex("Cancel this time")
        booked.refresh_from_db()
        assert booked.status == AppointmentStatus.BOOKED

    def test_cancels_once_however_often_pressed_and_the_offer_stands(self, patient, booked, offered):
        for then in (at(patient, "?cancelled"), at(patient)):
            answer = patient.post(at(patient, "cancel-time/"), {"reason": "I am away."})
            assert answer.headers["Location"] == then
        booked.refresh_from_db()
        assert (booked.status, booked.cancelled_by, booked.cancel_reason) == (
            AppointmentStatus.CANCELLED, Actor.PATIENT, "I am away.",
        )  # fmt: skip
        assert status_of(offered) == RequestStatus.OFFERED
        assert OutboxMessage.objects.get().kind == MessageKind.APPOINTMENT_CANCELLED
        assert AuditEvent.objects.filter(action="request.cancel_booking").count() == 1
        text = text_of(patient.get(at(patient)))
        assert "See free times" in text
        assert "was cancelled by the clinic" not in text
        assert "Your time is cancelled." not in text
        assert "Your time is cancelled." in text_of(patient.get(at(patient, "?cancelled")))

    def test_it_is_not_said_of_a_time_that_stands(self, patient, booked):
        assert "Your time is cancelled." not in text_of(patient.get(at(patient, "?cancelled")))

    def test_needs_no_reason(self, patient, booked):
        patient.post(at(patient, "cancel-time/"))
        booked.refresh_from_db()
        assert booked.status == AppointmentStatus.CANCELLED

    def test_a_reason_too_long_is_named_and_cancels_nothing(self, patient, booked):
        page = patient.post(at(patient, "cancel-time/"), {"reason": "x" * 301})
        assert "Shorten this to 300 characters or fewer." in text_of(page)
        booked.refresh_from_db()
        assert booked.status == AppointmentStatus.BOOKED

    @pytest.mark.parametrize(("text", "is_helped"), [(SELF_HARM, True), (PLAIN, False)])
    def test_a_reason_too_long_meets_help(self, patient, booked, text, is_helped):
        page = patient.post(at(patient, "cancel-time/"), {"reason": text + " x" * 200})
        assert "Shorten this to 300 characters or fewer." in text_of(page)
        assert (CRISIS in text_of(page)) == is_helped

    @pytest.mark.parametrize(("text", "is_helped"), [(SELF_HARM, True), (PLAIN, False)])
    def test_a_reason_for_another_time_stays_and_meets_help(self, patient, booked, text, is_helped):
        page = patient.post(at(patient, "cancel-time/"), {"reason": text, "seen": "20261124T0000Z-1-1"})
        assert page.status_code == 409
        assert (text in page.content.decode(), CRISIS in text_of(page)) == (True, is_helped)
        booked.refresh_from_db()
        assert booked.status == AppointmentStatus.BOOKED

    @pytest.mark.parametrize("way", ["before", "at that moment", "begun", "withdrawn at that moment"])
    @pytest.mark.parametrize(("text", "is_helped"), [(SELF_HARM, True), (PLAIN, False)])
    def test_a_reason_that_came_too_late_is_given_back(
        self, patient, booked, offered, nurse, monkeypatch, time_machine, way, text, is_helped
    ):
        in_time = private_times.perform_action

        def overtaken(*given, **more):
            if way == "at that moment":
                perform("cancel_booking", offered, reason="Doctor ill", by=nurse)
            else:
                perform("withdraw", offered)
            return in_time(*given, **more)

        if way == "before":
            perform("cancel_booking", offered, reason="Doctor ill", by=nurse)
        elif way == "begun":
            time_machine.move_to(TUESDAY, tick=False)
            patient = Client()
            open_privately(patient, offered)
        else:
            monkeypatch.setattr(private_times, "perform_action", overtaken)
        page = patient.post(at(patient, "cancel-time/"), {"reason": text})
        assert page.status_code == 409
        assert NOT_CANCELLED in text_of(page)
        assert f">\n{text}</textarea>" in page.content.decode()
        assert (CRISIS in text_of(page)) == is_helped

    def test_another_reason_after_ones_own_is_given_back(self, patient, booked):
        patient.post(at(patient, "cancel-time/"), {"reason": "I am away."})
        page = patient.post(at(patient, "cancel-time/"), {"reason": "I feel worse."})
        assert page.status_code == 409
        assert ">\nI feel worse.</textarea>" in page.content.decode()

    @pytest.mark.usefixtures("booked")
    def test_a_cancelled_time_can_be_booked_again_by_anybody(self, patient, rival, clinician):
        patient.post(at(patient, "cancel-time/"))
        rival.post(at(rival, "times/"), {"slot": key(TUESDAY, clinician)})
        rival.post(at(rival, "times/check/"))
        assert Appointment.objects.live().get().consultation_request == rival.request_row
        patient.post(at(patient, "times/"), {"slot": key(LATER, clinician)})
        patient.post(at(patient, "times/check/"))
        assert Appointment.objects.live().count() == 2

    @pytest.mark.usefixtures("booked")
    def test_nobody_cancels_the_time_of_another(self, rival, offered):
        assert rival.get(at(rival, "cancel-time/")).headers["Location"] == at(rival)
        assert rival.post(at(rival, "cancel-time/"), {"request": offered.pk}).headers["Location"] == at(rival)
        assert status_of(offered) == RequestStatus.BOOKED

    def test_a_time_the_clinic_cancelled_is_said_on_the_status_page(self, patient, booked, offered, nurse):
        perform("cancel_booking", offered, reason="Doctor ill", by=nurse)
        text = text_of(patient.get(at(patient)))
        assert "Your time on Tuesday 24 November, 9 am was cancelled by the clinic." in text
        assert "Doctor ill" not in text

    def test_a_visit_that_has_begun_cannot_be_cancelled_and_the_page_says_whom_to_ring(
        self, offered, booked, time_machine, settings
    ):
        for now, is_late in ((TUESDAY - datetime.timedelta(seconds=1), False), (TUESDAY, True)):
            time_machine.move_to(now, tick=False)
            on_the_day = Client()
            open_privately(on_the_day, offered)
            page = on_the_day.get(at(on_the_day))
            assert (at(on_the_day, "cancel-time/") in page.content.decode()) != is_late
            ring = f"If you are late or could not come, call us: {settings.CLINIC_PHONE}"
            assert (ring in text_of(page)) == is_late
            assert ("It has begun" in text_of(page)) == is_late
            assert (at(on_the_day, "withdraw/") in page.content.decode()) != is_late
        for address in (at(on_the_day, "cancel-time/"), at(on_the_day, "withdraw/")):
            assert on_the_day.get(address).headers["Location"] == at(on_the_day)
            assert on_the_day.post(address, {"sure": "on"}).headers["Location"] == at(on_the_day)
        with pytest.raises(WrongStatus):
            perform("withdraw", offered)
        booked.refresh_from_db()
        assert booked.status == AppointmentStatus.BOOKED
        assert status_of(offered) == RequestStatus.BOOKED

    def test_a_time_that_has_passed_stays_as_it_was(self, client, make_request, clinician):
        consultation_request = make_request(status=RequestStatus.COMPLETED)
        visit = book_directly(consultation_request, clinician, MONDAY - datetime.timedelta(days=3))
        Appointment.objects.filter(pk=visit.pk).update(status=AppointmentStatus.FULFILLED)
        open_privately(client, consultation_request)
        assert client.post(at(client, "cancel-time/")).headers["Location"] == at(client)
        visit.refresh_from_db()
        assert visit.status == AppointmentStatus.FULFILLED
