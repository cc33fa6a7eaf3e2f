"""A patient cancels a booked time on the private page."""

import datetime

import pytest
from django.test import Client

from clinic.core import delivery
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import WrongStatus
from consultations.enums import Actor, AppointmentStatus, MessageKind, RequestStatus
from consultations.models import Absence, Appointment, AppointmentType, SlotHold
from consultations.services import scheduling, slot_release
from consultations.views import private_cancelling
from tests.consultations.perform import perform
from tests.consultations.services.test_patient_texts import PLAIN, SELF_HARM
from tests.consultations.views.conftest import LATER, MONDAY, TUESDAY, key, status_of, text_of
from tests.personas import at, book_directly, open_privately

pytestmark = pytest.mark.usefixtures("monday")

NOT_CANCELLED = (
    "Your time was cancelled already, or it is too late to cancel it here. "
    "What you wrote was not sent: it stands below."
)


CRISIS = "If you feel you might harm yourself, or cannot stay safe, get help now: call or text 988"


@pytest.fixture
def booked(patient, offered, clinician):
    patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
    patient.post(at(patient, "times/check/"))
    OutboxMessage.objects.all().delete()
    return Appointment.objects.get()


class TestCancelling:
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
        assert "Your time on Tuesday 24 November, 9 am is cancelled." in text.replace("  ", " ")
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
        in_time = private_cancelling.perform_action

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
            monkeypatch.setattr(private_cancelling, "perform_action", overtaken)
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
    def test_a_cancelled_time_can_be_booked_again_by_anybody(self, patient, rival, clinician, time_machine):
        patient.post(at(patient, "cancel-time/"))
        time_machine.shift(scheduling.TIME_TO_UNDO)
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
        settings.CANCEL_NOTICE_HOURS = 0
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


class TestTakingItBack:
    """Three minutes, one press; nothing goes out before they are over, and the time is nobody else's until then."""

    @pytest.fixture
    def cancelled(self, patient, booked):
        patient.post(at(patient, "cancel-time/"), {"reason": "I am away."})
        return booked

    def test_the_page_says_until_when_and_has_one_button(self, patient, cancelled):
        page = patient.get(at(patient, "?cancelled"))
        text = text_of(page)
        assert "Your time on Tuesday 24 November, 9 am is cancelled." in text
        assert "You can take that back until 10:03 am" in text
        assert "and we send you an email that it is cancelled" in text
        assert f'action="{at(patient, "cancel-time/undo/")}"' in page.content.decode()
        assert "Delete it from your calendar" not in text
        assert patient.get(at(patient, "appointment.ics")).status_code == 404

    def test_one_press_and_it_stands_as_it_was(self, patient, cancelled, offered):
        answer = patient.post(at(patient, "cancel-time/undo/"))
        assert answer.headers["Location"] == at(patient, "?kept")
        cancelled.refresh_from_db()
        assert (cancelled.status, cancelled.starts_at, cancelled.cancelled_at, cancelled.calendar_sequence) == (
            AppointmentStatus.BOOKED, TUESDAY, None, 2,
        )  # fmt: skip
        assert status_of(offered) == RequestStatus.BOOKED
        assert not SlotHold.objects.exists()
        text = text_of(patient.get(at(patient, "?kept")))
        assert "Your time stands as before." in text
        assert "Tuesday 24 November, 9 am" in text

    def test_no_mail_of_either_ever_goes(self, patient, cancelled, time_machine, mailoutbox):
        message = OutboxMessage.objects.get()
        assert message.send_at == MONDAY + scheduling.TIME_TO_UNDO
        patient.post(at(patient, "cancel-time/undo/"))
        time_machine.shift(2 * scheduling.TIME_TO_UNDO)
        delivery.deliver_due()
        assert mailoutbox == []

    def test_else_the_mail_goes_once_it_cannot_be_taken_back(self, patient, cancelled, time_machine, mailoutbox):
        delivery.deliver_due()
        assert mailoutbox == []
        time_machine.shift(scheduling.TIME_TO_UNDO)
        delivery.deliver_due()
        assert "your time is cancelled" in mailoutbox[0].subject
        assert "Delete it from your calendar" in text_of(patient.get(at(patient)))
        assert b"METHOD:CANCEL" in patient.get(at(patient, "appointment.ics")).content

    def test_pressed_twice_or_in_two_tabs_it_says_the_same(self, patient, cancelled):
        for _ in range(3):
            assert patient.post(at(patient, "cancel-time/undo/")).headers["Location"] == at(patient, "?kept")
        assert AuditEvent.objects.filter(action="request.undo_cancel").count() == 1
        cancelled.refresh_from_db()
        assert cancelled.calendar_sequence == 2

    def test_following_its_address_takes_nothing_back(self, patient, cancelled, offered):
        assert patient.get(at(patient, "cancel-time/undo/")).status_code in (302, 405)
        assert status_of(offered) == RequestStatus.OFFERED

    def test_cancelled_again_after_that_it_is_mailed(self, patient, cancelled, time_machine, mailoutbox):
        patient.post(at(patient, "cancel-time/undo/"))
        patient.post(at(patient, "cancel-time/"))
        time_machine.shift(scheduling.TIME_TO_UNDO)
        delivery.deliver_due()
        assert len(mailoutbox) == 1

    def test_nobody_else_has_the_time_until_it_is_over(self, patient, cancelled, rival, clinician, time_machine):
        wanted = {"slot": key(TUESDAY, clinician)}
        time_machine.move_to(MONDAY + scheduling.TIME_TO_UNDO - datetime.timedelta(seconds=1), tick=False)
        assert rival.post(at(rival, "times/"), wanted).status_code == 409
        time_machine.shift(1)
        assert rival.post(at(rival, "times/"), wanted).headers["Location"] == at(rival, "times/check/")

    @pytest.mark.parametrize("has_worker", [True, False])
    def test_too_late_it_says_so_and_the_time_stays_cancelled(
        self, patient, cancelled, offered, time_machine, has_worker
    ):
        time_machine.shift(scheduling.TIME_TO_UNDO)
        if has_worker:
            slot_release.release_set_aside()
        assert "You can take that back" not in text_of(patient.get(at(patient)))
        page = patient.post(at(patient, "cancel-time/undo/"))
        assert page.status_code == 409
        assert "It was too late to take this back. The time is cancelled" in text_of(page)
        assert status_of(offered) == RequestStatus.OFFERED

    def test_choosing_another_time_ends_it_and_one_mail_tells_of_that(
        self, patient, cancelled, offered, clinician, time_machine, mailoutbox
    ):
        patient.post(at(patient, "times/"), {"slot": key(LATER, clinician)})
        assert scheduling.to_take_back(offered) is None
        patient.post(at(patient, "times/check/"), {"slot": key(LATER, clinician)})
        time_machine.shift(scheduling.TIME_TO_UNDO)
        delivery.deliver_due()
        assert ["your time is booked" in message.subject for message in mailoutbox] == [True]

    def test_what_keeps_the_time_is_no_time_that_was_chosen(self, patient, cancelled, offered):
        assert patient.get(at(patient, "times/check/")).headers["Location"] == at(patient, "times/?again")
        patient.post(at(patient, "times/check/"))
        assert status_of(offered) == RequestStatus.OFFERED

    def test_a_danger_told_meanwhile_does_not_take_it_away(self, patient, cancelled, offered):
        patient.post(at(patient, "changed/"), {"ticks": "fever"})
        assert "You can take that back" in text_of(patient.get(at(patient)))
        patient.post(at(patient, "cancel-time/undo/"))
        assert status_of(offered) == RequestStatus.BOOKED

    def test_nobody_takes_back_for_another(self, cancelled, rival, offered):
        rival.post(at(rival, "cancel-time/undo/"))
        assert status_of(offered) == RequestStatus.OFFERED

    def test_a_doctor_entered_as_away_meanwhile_is_not_booked_again(self, patient, cancelled, offered, clinician):
        Absence.objects.create(clinician=clinician, starts_at=TUESDAY, ends_at=TUESDAY + datetime.timedelta(hours=8))
        page = patient.post(at(patient, "cancel-time/undo/"))
        assert page.status_code == 409
        assert "It was too late to take this back. The time is cancelled" in text_of(page)
        assert status_of(offered) == RequestStatus.OFFERED
        assert not Appointment.objects.live().exists()

    @pytest.mark.parametrize(("minutes", "is_refused"), [(45, True), (25, False)])
    def test_nor_one_away_in_the_minutes_kept_free_around_it(
        self, patient, cancelled, offered, clinician, minutes, is_refused
    ):
        SlotHold.objects.update(buffer_before_minutes=30)
        away_until = TUESDAY - datetime.timedelta(minutes=55 - minutes)
        Absence.objects.create(
            clinician=clinician, starts_at=away_until - datetime.timedelta(hours=1), ends_at=away_until
        )
        assert (patient.post(at(patient, "cancel-time/undo/")).status_code == 409) == is_refused
        assert (status_of(offered) == RequestStatus.OFFERED) == is_refused

    def test_another_time_that_is_booked_since_is_not_said_to_stand_as_before(self, patient, cancelled, clinician):
        patient.post(at(patient, "times/"), {"slot": key(LATER, clinician)})
        patient.post(at(patient, "times/check/"), {"slot": key(LATER, clinician)})
        page = patient.post(at(patient, "cancel-time/undo/"), {"seen": key(TUESDAY, clinician)})
        assert page.status_code == 409
        assert "is not taken back: another one is booked since" in text_of(page)

    def test_its_button_names_the_time(self, patient, cancelled, clinician):
        shown = f'name="seen" value="{key(TUESDAY, clinician)}"'
        assert shown in patient.get(at(patient)).content.decode()
        pressed = {"seen": key(TUESDAY, clinician)}
        for _ in range(2):
            assert patient.post(at(patient, "cancel-time/undo/"), pressed).headers["Location"] == at(patient, "?kept")

    @pytest.mark.parametrize("way", ["withdrawn", "a danger"])
    def test_no_other_time_is_promised_where_none_can_be_chosen(self, patient, cancelled, offered, time_machine, way):
        if way == "withdrawn":
            perform("withdraw", offered)
        else:
            patient.post(at(patient, "changed/"), {"ticks": "fever"})
        time_machine.shift(scheduling.TIME_TO_UNDO)
        text = text_of(patient.post(at(patient, "cancel-time/undo/")))
        assert "It was too late to take this back. The time is cancelled." in text
        assert "you can choose another one" not in text

    def test_a_request_that_ended_meanwhile_has_one_mail(self, patient, cancelled, offered, time_machine, mailoutbox):
        perform("withdraw", offered)
        time_machine.shift(scheduling.TIME_TO_UNDO)
        delivery.deliver_due()
        assert ["there is news" in message.subject for message in mailoutbox] == [True]


@pytest.fixture
def booked_a_moment_ago(patient, offered, clinician):
    """Its mail has not gone yet."""
    patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
    patient.post(at(patient, "times/check/"))


@pytest.mark.usefixtures("booked_a_moment_ago")
class TestMailsThatWaited:
    """A visit that was cancelled and stands again has every mail that it would have had."""

    def pressed(self, patient, time_machine, *, is_taken_back):
        patient.post(at(patient, "cancel-time/"))
        delivery.deliver_due()
        if is_taken_back:
            patient.post(at(patient, "cancel-time/undo/"))
        time_machine.shift(2 * scheduling.TIME_TO_UNDO)
        delivery.deliver_due()

    @pytest.mark.parametrize(
        ("is_taken_back", "said"), [(True, "your time is booked"), (False, "your time is cancelled")]
    )
    def test_that_it_is_booked(self, patient, time_machine, mailoutbox, is_taken_back, said):
        self.pressed(patient, time_machine, is_taken_back=is_taken_back)
        assert [said in message.subject for message in mailoutbox] == [True]

    def test_that_it_was_moved(self, patient, clinician, time_machine, mailoutbox):
        delivery.deliver_due()
        patient.post(at(patient, "times/"), {"slot": key(LATER, clinician)})
        patient.post(at(patient, "times/check/"), {"slot": key(LATER, clinician)})
        self.pressed(patient, time_machine, is_taken_back=True)
        assert ["booked" in mailoutbox[0].subject, "your time has changed" in mailoutbox[1].subject] == [True, True]


def test_a_confirmation_is_said_only_of_a_visit_that_stands(patient, booked, offered, nurse):
    assert "We expect you" not in text_of(patient.get(at(patient, "?confirmed")))
    Appointment.objects.update(confirmed_for=TUESDAY)
    assert "We expect you at the time below" in text_of(patient.get(at(patient, "?confirmed")))
    perform("cancel_booking", offered, reason="Doctor ill", by=nurse)
    assert "We expect you" not in text_of(patient.get(at(patient, "?confirmed")))


@pytest.mark.parametrize("is_blocked", [True, False])
def test_no_other_time_is_promised_before_a_danger_is_settled(patient, booked, is_blocked):
    if is_blocked:
        patient.post(at(patient, "changed/"), {"ticks": "fever"})
    text = text_of(patient.get(at(patient, "cancel-time/")))
    assert ("you can choose another time" in text) != is_blocked
    assert ("A doctor has to look at what you told us before another time can be chosen." in text) == is_blocked


@pytest.mark.parametrize(("hours", "is_late"), [(2.01, False), (2, True), (0.5, True)])
def test_until_the_notice_it_is_cancelled_here_and_after_that_by_calling(
    offered, booked, time_machine, settings, hours, is_late
):
    time_machine.move_to(TUESDAY - datetime.timedelta(hours=hours), tick=False)
    browser = Client()
    open_privately(browser, offered)
    page = browser.get(at(browser))
    assert (at(browser, "cancel-time/") in page.content.decode()) != is_late
    late = f"This time can no longer be moved or cancelled here. Call us: {settings.CLINIC_PHONE}"
    assert (late in text_of(page)) == is_late


def test_where_it_can_be_moved_and_not_cancelled_the_card_says_just_that(offered, booked, time_machine, settings):
    AppointmentType.objects.update(notice_hours=1)
    time_machine.move_to(TUESDAY - datetime.timedelta(hours=1.5), tick=False)
    browser = Client()
    open_privately(browser, offered)
    text = text_of(browser.get(at(browser)))
    assert "Choose another time" in text
    assert f"To cancel this time, call us: {settings.CLINIC_PHONE}" in text
    assert "can no longer be moved" not in text


def test_whoever_opened_the_page_in_time_can_still_press_the_button(offered, booked, time_machine):
    for minutes, is_cancelled in ((21, False), (19, True)):
        time_machine.move_to(TUESDAY - datetime.timedelta(hours=2) + datetime.timedelta(minutes=minutes), tick=False)
        browser = Client()
        open_privately(browser, offered)
        browser.post(at(browser, "cancel-time/"))
        assert (status_of(offered) == RequestStatus.OFFERED) == is_cancelled
