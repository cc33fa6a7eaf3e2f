"""The status page: where the request stands, in words, and what the patient can do. Never what was answered."""

import datetime
import re
from zoneinfo import ZoneInfo

import pytest

from clinic.core import clock
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.actions.book import book_held
from consultations.enums import AppointmentStatus, FilledFor, MessageKind, Outcome, RequestStatus, ReviewDecision
from consultations.models import Appointment, ClinicalReview, SlotHold
from consultations.services import scheduling
from consultations.status_copy import HEADINGS
from tests.consultations.perform import perform
from tests.consultations.transitions import sources
from tests.consultations.views.conftest import MONDAY, UNSAFE, ask, text_of
from tests.personas import at, book_directly, make_patient, open_privately, private_url

pytestmark = pytest.mark.usefixtures("monday")

NEXT = {
    "received": "A person reads it by",
    "in_triage": "A nurse is reading it.",
    "with_doctor": "A doctor is reading it.",
    "information_asked": "Our question",
    "offered": "See free times",
    "not_suitable": "We do not think a consultation here would help you now.",
    "urgent": "We will try to call you",
    "booked": "Add to calendar",
    "completed": "What comes next",
    "no_show": "Your visit did not take place.",
    "withdrawn": "We do not contact you about this request any more.",
    "cancelled": "This request has ended.",
}
ANSWERS = {"ab_age": 56, "rf_cancer": "yes", "ex_note": "My spine hums like a wasp."}
STARTS = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=datetime.UTC)


def review(consultation_request, doctor, note, **changes):
    values = {"decision": ReviewDecision.NOT_SUITABLE, "reason": "For staff: doubtful.", "decided_at": clock.now()}
    values |= changes
    return ClinicalReview.objects.create(
        consultation_request=consultation_request,
        suggestion=consultation_request.outcome,
        patient_note=note,
        decided_by=doctor,
        **values,
    )


@pytest.fixture
def see(client):
    """Open the private page of one request and return what it says."""

    def seen(consultation_request):
        open_privately(client, consultation_request)
        page = client.get(at(client))
        assert page.status_code == 200
        return text_of(page)

    return seen


class TestACallThatIsOwed:
    """Whoever needs a doctor today is promised a call today only before closing, also when they come back to look."""

    SOON = MONDAY + datetime.timedelta(hours=2)
    EVENING = MONDAY + datetime.timedelta(hours=9)
    TOMORROW = datetime.datetime(2026, 11, 24, 15, 30, tzinfo=datetime.UTC)
    PROMISED = "We will try to call you by Monday 23 November, 12 pm. If we have not called by then: go to"
    MISSED = "We said that you would hear from us by Monday 23 November, 12 pm. We have no record that we reached you."
    NOT_TODAY = "We cannot call you today. Do not wait for us: go to an urgent care center or call your doctor today."

    @pytest.mark.parametrize("status", ["received", "in_triage", "with_doctor", "urgent"])
    @pytest.mark.parametrize(
        ("at_time", "due", "phrase"),
        [
            (MONDAY, SOON, PROMISED),
            (SOON + datetime.timedelta(hours=1), SOON, MISSED),
            (MONDAY, TOMORROW, NOT_TODAY),
            (EVENING, TOMORROW, NOT_TODAY),
        ],
    )
    def test_is_promised_for_today_only_before_closing(
        self, see, make_request, time_machine, status, at_time, due, phrase
    ):
        consultation_request = make_request(status=status, outcome=Outcome.SAME_DAY, due_at=due)
        time_machine.move_to(at_time, tick=False)
        assert phrase in see(consultation_request).replace(" .", ".")

    @pytest.mark.parametrize("status", ["received", "urgent", "offered"])
    @pytest.mark.parametrize(
        ("outcome", "line", "not_the_line"),
        [
            (Outcome.EMERGENCY, "Call 911 or go to the nearest emergency room.", "urgent care center"),
            (Outcome.SAME_DAY, "go to an urgent care center or call your doctor today.", "nearest emergency room. We"),
        ],
    )
    def test_until_then_an_emergency_is_sent_to_emergency_care_alone(
        self, see, make_request, status, outcome, line, not_the_line
    ):
        due = {"due_at": self.TOMORROW, "danger_due_at": self.TOMORROW}
        text = see(make_request(status=status, outcome=outcome, **due))
        assert f"Do not wait for us: {line} We will try to call you after we open" in text
        assert not_the_line not in text

    def test_one_that_was_missed_sends_an_emergency_to_emergency_care(self, see, make_request, time_machine):
        consultation_request = make_request(outcome=Outcome.EMERGENCY, due_at=self.SOON)
        time_machine.move_to(self.SOON + datetime.timedelta(hours=1), tick=False)
        text = see(consultation_request)
        assert "If you get worse: Call 911 or go to the nearest emergency room." in text
        assert "urgent care center" not in text

    def test_without_a_number_none_is(self, see, make_request):
        consultation_request = make_request(outcome=Outcome.SAME_DAY, patient=make_patient(phone=""))
        assert "You gave no phone number, so we cannot call you." in see(consultation_request)

    @pytest.mark.parametrize(
        "changes", [{"outcome": Outcome.URGENT_REVIEW}, {"outcome": Outcome.SAME_DAY, "flag_level": ""}]
    )
    def test_none_is_owed_to_others(self, see, make_request, changes):
        text = see(make_request(**changes))
        assert "try to call you" not in text
        assert "cannot call you" not in text


class TestWords:
    def test_every_status_has_its_words(self):
        assert set(NEXT) == set(HEADINGS) == set(RequestStatus.values)

    @pytest.mark.parametrize("status", RequestStatus.values)
    def test_says_where_the_request_stands_and_what_comes_next(self, see, make_request, clinician, status):
        consultation_request = make_request(status=status)
        if status == "booked":
            book_directly(consultation_request, clinician, STARTS)
        if status == "information_asked":
            ask(consultation_request, clinician.user)
        text = see(consultation_request)
        assert f"Alice, {HEADINGS[status]}" in text
        assert NEXT[status] in text
        assert all(text.count(other) == 0 for other in set(NEXT.values()) - {NEXT[status]})
        assert consultation_request.reference in text
        assert ("Getting worse?" in text) == consultation_request.is_closed
        assert ("Something has changed" in text) == (not consultation_request.is_closed)

    @pytest.mark.parametrize("status", RequestStatus.values)
    def test_withdrawing_is_offered_while_the_request_is_open(self, see, make_request, status):
        assert ("Withdraw my request" in see(make_request(status=status))) == (status in sources("withdraw"))

    @pytest.mark.parametrize("status", RequestStatus.values)
    @pytest.mark.parametrize("outcome", list(Outcome))
    def test_never_says_what_was_answered_or_what_the_rules_make_of_it(self, see, make_request, status, outcome):
        consultation_request = make_request(status=status, outcome=outcome, answers=ANSWERS)
        text = see(consultation_request).replace(consultation_request.reference, "")  # it may hold the digits of a year
        for secret in (
            "wasp",
            "cancer",
            outcome.value,
            str(outcome.label),
            consultation_request.assessment.urgency.upper(),
        ):
            assert secret not in text
        for secret in (consultation_request.patient.phone, consultation_request.patient.email, "27 March", "1970"):
            assert secret not in text

    @pytest.mark.parametrize(
        ("helper", "heading"),
        [
            ({}, "Alice, a doctor looks at your request first"),
            ({"helper_name": "Otto Holm", "filled_for": FilledFor.OTHER}, "a doctor looks at Alice’s request first"),
        ],
    )
    def test_while_a_red_flag_stands_no_time_is_promised(self, see, make_request, helper, heading):
        text = see(make_request(status=RequestStatus.OFFERED, outcome=Outcome.SAME_DAY, **helper))
        assert heading in text
        assert "After a doctor has looked" in text
        assert "you can choose a time" not in text
        assert "Nothing is booked until you choose" not in text

    def test_names_a_date_in_the_clinics_time(self, see, make_request):
        late_evening = datetime.datetime(2026, 11, 27, 2, 0, tzinfo=datetime.UTC)
        assert "A person reads it by Thursday 26 November" in see(make_request(due_at=late_evening))

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (RequestStatus.RECEIVED, ["A person reads it by", "A person reads it by"]),
            (RequestStatus.IN_TRIAGE, ["You hear from us by", "You hear from us by"]),
            (RequestStatus.URGENT, ["We will try to call you after we open, by"]),
        ],
    )
    def test_the_tracker_promises_what_the_page_promises(self, see, make_request, status, said):
        promises = r"A person reads it by|You hear from us by|We will try to call you (?:by|after we open, by)"
        promised = re.findall(promises, see(make_request(status=status)))
        assert promised == said

    @pytest.mark.parametrize("note", ["", "A surgeon's view would serve you better."])
    def test_promises_the_doctors_note_only_where_there_is_one(self, see, make_request, doctor, note):
        consultation_request = make_request(status=RequestStatus.NOT_SUITABLE)
        review(consultation_request, doctor, note)
        assert ("The doctor’s note is below." in see(consultation_request)) == bool(note)

    def test_a_name_is_text(self, see, make_request, client):
        consultation_request = make_request(patient=make_patient("<b>Alice Winther"))
        see(consultation_request)
        body = client.get(at(client)).content.decode()
        assert "&lt;b&gt;Alice, we have" in body
        assert "<b>Alice" not in body

    def test_says_that_a_person_without_email_is_phoned(self, see, make_request):
        text = see(make_request(patient=make_patient(email="")))
        assert "Then you hear from us by phone." in text
        assert "by email or phone" not in text


class TestNote:
    def test_the_clinics_words_are_shown_as_written_and_escaped(self, see, client, make_request, clinician):
        consultation_request = make_request(status=RequestStatus.NOT_SUITABLE)
        review(consultation_request, clinician.user, UNSAFE)
        see(consultation_request)
        body = client.get(at(client)).content.decode()
        assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;rest&quot;\nSecond line" in body
        assert "<script>alert" not in body
        assert "Dr Ines Halloran, Monday 23 November" in body

    def test_what_is_for_staff_stays_with_staff(self, see, make_request, doctor):
        consultation_request = make_request(status=RequestStatus.NOT_SUITABLE)
        review(consultation_request, doctor, "Walk every day.")
        text = see(consultation_request)
        assert "Walk every day." in text
        assert "doubtful" not in text

    def test_the_newest_note_counts_and_a_question_is_none(self, see, make_request, doctor):
        consultation_request = make_request(status=RequestStatus.OFFERED)
        review(consultation_request, doctor, "First note.", decided_at=MONDAY - datetime.timedelta(days=2))
        review(consultation_request, doctor, "Second note.", decided_at=MONDAY - datetime.timedelta(days=1))
        review(consultation_request, doctor, "A question?", decision=ReviewDecision.ASK)
        text = see(consultation_request)
        assert "Second note." in text
        assert "First note." not in text
        assert "A question?" not in text

    def test_the_note_of_another_patient_is_not_shown(self, see, alice, bob, doctor):
        review(bob, doctor, "Only for Bob.")
        assert "Only for Bob." not in see(alice)


class TestWithdrawing:
    def test_says_what_it_means_and_offers_to_keep_first(self, client, alice):
        open_privately(client, alice)
        text = text_of(client.get(at(client, "withdraw/")))
        assert f"We stop working on request {alice.reference}" in text
        assert text.index("Keep my request") < text.index("Yes, withdraw my request")
        assert "What you sent stays in our records for as long as the law requires." in text
        alice.refresh_from_db()
        assert alice.status == RequestStatus.RECEIVED

    @pytest.mark.parametrize("data", [{}, {"sure": ""}, {"unsure": "on"}])
    def test_needs_its_tick(self, client, alice, data):
        open_privately(client, alice)
        page = client.post(at(client, "withdraw/"), data)
        assert "Tick the box if you want to withdraw your request." in text_of(page)
        alice.refresh_from_db()
        assert alice.status == RequestStatus.RECEIVED

    @pytest.mark.parametrize("status", sources("withdraw"))
    def test_ends_an_open_request_once_however_often_pressed(self, client, make_request, status):
        consultation_request = make_request(status=status)
        open_privately(client, consultation_request)
        for _ in range(2):
            assert client.post(at(client, "withdraw/"), {"sure": "on"}).headers["Location"] == at(client)
        consultation_request.refresh_from_db()
        assert consultation_request.status == RequestStatus.WITHDRAWN
        assert OutboxMessage.objects.get().kind == MessageKind.REQUEST_CLOSED
        assert AuditEvent.objects.filter(action="request.withdraw").count() == 1

    @pytest.mark.parametrize("status", ["not_suitable", "completed", "no_show", "cancelled"])
    def test_cannot_end_what_has_ended(self, client, make_request, status):
        consultation_request = make_request(status=status)
        open_privately(client, consultation_request)
        page = client.post(at(client, "withdraw/"), {"sure": "on"})
        assert page.status_code == 409
        assert "This request has ended already." in text_of(page)
        consultation_request.refresh_from_db()
        assert consultation_request.status == status

    def test_gives_the_booked_and_the_held_time_back(self, client, make_request, clinician):
        consultation_request = make_request(status=RequestStatus.BOOKED)
        booked = book_directly(consultation_request, clinician, STARTS)
        SlotHold.objects.create(
            consultation_request=consultation_request,
            clinician=clinician,
            location=booked.location,
            starts_at=STARTS + datetime.timedelta(hours=1),
            ends_at=STARTS + datetime.timedelta(hours=2),
            expires_at=MONDAY,
        )
        open_privately(client, consultation_request)
        assert "give your time on Monday 30 November, 9 am to someone else" in text_of(
            client.get(at(client, "withdraw/"))
        )
        client.post(at(client, "withdraw/"), {"sure": "on"})
        assert Appointment.objects.get().status == AppointmentStatus.CANCELLED
        assert not SlotHold.objects.exists()

    def test_leaves_the_requests_of_others_alone(self, client, alice, bob):
        open_privately(client, alice)
        client.post(at(client, "withdraw/"), {"sure": "on", "request": bob.pk})
        bob.refresh_from_db()
        assert bob.status == RequestStatus.RECEIVED


class TestCalendarFile:
    def test_holds_the_time_and_nothing_about_health(self, client, make_request, clinician):
        consultation_request = make_request(status=RequestStatus.BOOKED, answers=ANSWERS)
        booked = book_directly(consultation_request, clinician, STARTS)
        open_privately(client, consultation_request)
        answer = client.get(at(client, "appointment.ics"))
        text = answer.content.decode()
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{consultation_request.reference}.ics"'
        assert "DTSTART;TZID=America/New_York:20261130T090000" in text
        assert f"UID:{booked.calendar_uid}" in text
        for secret in (
            "Alice",
            "Winther",
            "spine hums",
            "consultation",
            consultation_request.reference,
            consultation_request.outcome,
        ):
            assert secret not in text

    def test_that_of_another_patient_cannot_be_reached(self, client, make_request, clinician, bob):
        consultation_request = make_request(status=RequestStatus.BOOKED)
        booked = book_directly(consultation_request, clinician, STARTS)
        open_privately(client, bob)
        for query in (
            "",
            f"?request={consultation_request.pk}",
            f"?appointment={booked.pk}",
            f"?uid={booked.calendar_uid}",
        ):
            assert client.get(at(client, f"appointment.ics{query}")).status_code == 404
        for address in (
            private_url(consultation_request, "appointment.ics"),
            f"/request/{consultation_request.reference}/appointment.ics",
        ):
            assert client.get(address).status_code == 403

    def test_a_cancelled_time_has_one_that_removes_the_entry(self, client, make_request, clinician, time_machine):
        """Once the cancellation cannot be taken back any more."""
        consultation_request = make_request(status=RequestStatus.BOOKED)
        booked = book_directly(consultation_request, clinician, STARTS)
        open_privately(client, consultation_request)
        client.post(at(client, "cancel-time/"), {"reason": ""})
        time_machine.shift(scheduling.TIME_TO_UNDO)
        page = client.get(at(client))
        assert "Delete it from your calendar" in text_of(page)
        assert f'href="{at(client, "appointment.ics")}"' in page.content.decode()
        text = client.get(at(client, "appointment.ics")).content.decode()
        assert "METHOD:CANCEL" in text
        assert f"UID:{booked.calendar_uid}\r\nSEQUENCE:1\r\n" in text

    @pytest.mark.parametrize("way", ["withdraw", "close"])
    def test_so_has_a_time_that_went_with_its_request(self, client, make_request, clinician, manager, way):
        consultation_request = make_request(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, STARTS)
        open_privately(client, consultation_request)
        if way == "withdraw":
            client.post(at(client, "withdraw/"), {"sure": "on"})
        else:
            perform("cancel_request", consultation_request, note="Moved away.", by=manager)
        assert "Delete it from your calendar" in text_of(client.get(at(client)))
        assert b"METHOD:CANCEL" in client.get(at(client, "appointment.ics")).content

    def test_a_time_that_is_over_has_none_and_is_not_spoken_of(self, client, make_request, clinician, time_machine):
        consultation_request = make_request(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, STARTS)
        perform("cancel_booking", consultation_request)
        time_machine.move_to(STARTS)
        open_privately(client, consultation_request)
        assert "your calendar" not in text_of(client.get(at(client)))
        assert client.get(at(client, "appointment.ics")).status_code == 404

    def test_after_a_new_booking_the_file_is_that_of_the_new_time(self, client, make_request, clinician):
        consultation_request = make_request(status=RequestStatus.BOOKED)
        first = book_directly(consultation_request, clinician, STARTS)
        perform("cancel_booking", consultation_request)
        consultation_request.refresh_from_db()
        perform("answer_again", consultation_request, ticks=("none",))
        soonest = scheduling.nearest(
            appointment_type=consultation_request.appointment_type, around=STARTS, ignoring=consultation_request
        )[0]
        scheduling.hold(consultation_request=consultation_request, slot_key=soonest.key)
        second = book_held(consultation_request=consultation_request)
        open_privately(client, consultation_request)
        text = client.get(at(client, "appointment.ics")).content.decode()
        assert "METHOD:REQUEST" in text
        assert f"UID:{first.calendar_uid}\r\nSEQUENCE:2\r\n" in text
        assert f"New_York:{second.starts_at.astimezone(ZoneInfo('America/New_York')):%Y%m%dT%H%M%S}" in text
        assert "Delete it from your calendar" not in text_of(client.get(at(client)))
