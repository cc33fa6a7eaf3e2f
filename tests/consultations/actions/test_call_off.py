"""A clinician cannot come: every visit is called off once, nobody is lost, and who was told is not surprised."""

import datetime
from typing import Any

import pytest
from django.core import mail

from clinic.core import clock, delivery
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import ChangedMeanwhile, NotAllowed, TransitionNotAllowed, WrongStatus
from consultations.actions.call_off import call_off_all
from consultations.actions.undo_call_off import back_after_all
from consultations.enums import AppointmentStatus, CallOutcome, MessageKind, RequestStatus
from consultations.models import Absence, Appointment, Clinician, Patient, Room, SlotHold
from consultations.services import calling_off, calls, diary, occupation, other_times, scheduling, waiting
from consultations.services.calling_off import Stretch
from tests.consultations.admin.test_week import offered_time
from tests.consultations.perform import perform
from tests.database_snapshot import all_rows
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC)
"""Monday, seven in the morning."""
NINE = datetime.datetime(2026, 11, 23, 14, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
TODAY = datetime.date(2026, 11, 23)
VISIT = 40 * MINUTE


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def book(make_request: Any, clinician: Clinician) -> Any:
    def booked(name: str, starts_at: datetime.datetime, **more: Any) -> Appointment:
        patient = {key: more.pop(key) for key in ("email", "phone", "safe_to_contact") if key in more}
        request = make_request(status=RequestStatus.BOOKED, patient=make_patient(name, **patient), **more)
        return book_directly(request, clinician, starts_at)

    return booked


def call_off(clinician: Clinician, by: Any, *, until: datetime.date = TODAY, seen: Any = None) -> Any:
    stretch = calling_off.stretch_of(TODAY, until)
    named = [visit.consultation_request.reference for visit in calling_off.visits_in(clinician, stretch)]
    return call_off_all(clinician=clinician, stretch=stretch, seen=named if seen is None else seen, by=by)


def statuses() -> list[tuple[str, str]]:
    rows = Appointment.objects.order_by("starts_at")
    return list(rows.values_list("status", "consultation_request__status"))


class TestCallOff:
    def test_the_day_is_closed_and_each_visit_is_called_off(self, clinician: Any, nurse: Any, book: Any) -> None:
        first, second = book("Marta Quill", NINE), book("Jonas Pell", NINE + VISIT)
        other_day = book("Ada Brennan", NINE + datetime.timedelta(days=1))
        due = first.consultation_request.due_at
        done = call_off(clinician, nurse)
        assert (done.visits, done.holds, done.is_repeat) == (2, 0, False)
        assert statuses() == [("cancelled", "offered"), ("cancelled", "offered"), ("booked", "booked")]
        absence = Absence.objects.get()
        midnight = datetime.datetime(2026, 11, 24, 5, 0, tzinfo=datetime.UTC)
        assert (absence.starts_at, absence.ends_at, absence.called_off_at) == (MONDAY, midnight, MONDAY)
        assert absence.reason == ""
        first.refresh_from_db()
        assert (first.called_off_for, first.cancelled_by, first.cancelled_at) == (absence, "triage", MONDAY)
        request = first.consultation_request
        before = (request.submitted_at, request.risk, request.priority)
        request.refresh_from_db()
        assert (request.submitted_at, request.risk, request.priority) == before
        assert request.due_at >= due
        assert other_day.called_off_for is None
        assert OutboxMessage.objects.filter(kind=MessageKind.VISIT_CALLED_OFF).count() == 2
        actions = AuditEvent.objects.order_by("sequence").values_list("action", flat=True)
        assert list(actions) == ["request.call_off", "request.call_off", "diary.call_off"]
        assert AuditEvent.objects.get(action="diary.call_off").details == {"visits": 2, "holds": 0}
        assert second.consultation_request.appointments.count() == 1

    def test_nobody_books_in_it_and_what_was_held_ends(
        self, clinician: Any, nurse: Any, visit: Any, make_request: Any
    ) -> None:
        waiting = make_request(status=RequestStatus.OFFERED)
        held = SlotHold.objects.create(
            consultation_request=waiting, clinician=clinician, location=clinician.availabilities.first().location,
            starts_at=NINE, ends_at=NINE + VISIT, expires_at=MONDAY + 10 * MINUTE,
        )  # fmt: skip
        slot = scheduling.slot_of(held)
        assert call_off(clinician, nurse).holds == 1
        assert not SlotHold.objects.exists()
        days = {"since": TODAY, "until": TODAY + datetime.timedelta(days=1), "notice": MINUTE}
        assert scheduling.free_slots(appointment_type=visit, **days) == []
        with pytest.raises(scheduling.SlotTaken) as taken:
            scheduling.held_slot(consultation_request=waiting, seen=slot.key)
        assert len(taken.value.nearest) == 6

    def test_a_time_that_was_offered_to_the_waiting_list_is_offered_no_more(
        self, clinician: Any, nurse: Any, make_request: Any
    ) -> None:
        offer = offered_time(make_request(status=RequestStatus.OFFERED), clinician, NINE)
        assert call_off(clinician, nurse).holds == 1
        offer.refresh_from_db()
        assert (offer.ended_at, offer.ended_as) == (MONDAY, "impossible")
        assert not SlotHold.objects.exists()

    def test_a_time_with_a_colleague_stays_kept_for_whose_visit_is_called_off(
        self, clinician: Any, other_doctor: Any, nurse: Any, book: Any
    ) -> None:
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        request = book("Marta Quill", NINE + VISIT).consultation_request
        offer = offered_time(request, colleague, NINE)
        assert call_off(clinician, nurse).visits == 1
        offer.refresh_from_db()
        assert offer.ended_at is None
        assert SlotHold.objects.get().time_offer == offer
        assert waiting.live_offer(request) == offer

    def test_a_visit_that_has_begun_takes_its_course(
        self, clinician: Any, nurse: Any, book: Any, time_machine: Any
    ) -> None:
        book("Marta Quill", NINE)
        book("Jonas Pell", NINE + VISIT)
        time_machine.move_to(NINE + 10 * MINUTE, tick=False)
        assert calling_off.begun_in(clinician, calling_off.stretch_of(TODAY, TODAY)) == 1
        assert call_off(clinician, nurse).visits == 1
        assert statuses() == [("booked", "booked"), ("cancelled", "offered")]
        begun = Appointment.objects.order_by("starts_at")[0].consultation_request
        absence = Absence.objects.get()
        with pytest.raises(WrongStatus):
            perform("call_off", begun, absence=absence, by=nurse)

    def test_pressed_twice_or_by_two_it_is_done_once(self, clinician: Any, nurse: Any, manager: Any, book: Any) -> None:
        book("Marta Quill", NINE)
        call_off(clinician, nurse)
        before = all_rows()
        for who in (nurse, manager):
            assert call_off(clinician, who).is_repeat
        assert all_rows() == before

    def test_who_was_booked_since_the_page_was_shown_is_shown_first(
        self, clinician: Any, nurse: Any, book: Any
    ) -> None:
        seen = book("Marta Quill", NINE).consultation_request.reference
        book("Jonas Pell", NINE + VISIT)
        before = all_rows()
        with pytest.raises(ChangedMeanwhile, match="Somebody was booked since"):
            call_off(clinician, nurse, seen=[seen])
        assert all_rows() == before

    def test_until_a_date_it_may_be_made_longer(self, clinician: Any, nurse: Any, book: Any) -> None:
        book("Marta Quill", NINE)
        book("Ada Brennan", NINE + datetime.timedelta(days=2))
        call_off(clinician, nurse)
        assert call_off(clinician, nurse, until=TODAY + datetime.timedelta(days=2)).visits == 1
        assert statuses() == [("cancelled", "offered"), ("cancelled", "offered")]

    @pytest.mark.parametrize(
        ("who", "is_allowed"),
        [("nurse", True), ("manager", True), ("doctor", True), ("other_doctor", False), ("editor", False)],
    )
    def test_who_may(self, request: Any, clinician: Any, book: Any, who: str, is_allowed: bool) -> None:
        user = request.getfixturevalue(who)
        book("Marta Quill", NINE)
        if is_allowed:
            assert call_off(clinician, user).visits == 1
            return
        with pytest.raises(NotAllowed):
            call_off(clinician, user)
        assert statuses() == [("booked", "booked")]

    def test_a_record_that_cannot_be_read_stays_booked_and_stops_nobody(
        self, clinician: Any, nurse: Any, book: Any
    ) -> None:
        damaged = book("Marta Quill", NINE)
        book("Jonas Pell", NINE + VISIT)
        Patient.objects.filter(pk=damaged.consultation_request.patient_id).update(data_key="nonsense")
        assert call_off(clinician, nurse).visits == 1
        assert statuses() == [("booked", "booked"), ("cancelled", "offered")]


class TestMail:
    def sent(self) -> Any:
        delivery.deliver_due()
        (message,) = [item for item in mail.outbox if "cannot take place" in item.subject]
        return message

    def test_on_the_day_it_says_today_and_nothing_of_the_doctor(self, clinician: Any, nurse: Any, book: Any) -> None:
        reference = book("Marta Quill", NINE).consultation_request.reference
        call_off(clinician, nurse)
        message = self.sent()
        assert message.subject == f"Your request {reference}: your visit cannot take place"
        assert "We are sorry: your visit today cannot take place. Please choose another time." in message.body
        assert "Halloran" not in message.body
        assert "ill" not in message.body.lower().split()

    def test_of_a_later_day_it_says_no_day(self, clinician: Any, nurse: Any, book: Any) -> None:
        book("Marta Quill", NINE + datetime.timedelta(days=1))
        call_off(clinician, nurse, until=TODAY + datetime.timedelta(days=1))
        assert "your visit cannot take place at the time that was booked. Please choose" in self.sent().body

    def test_who_cannot_choose_is_told_of_a_call(self, clinician: Any, nurse: Any, book: Any) -> None:
        visit = book("Marta Quill", NINE)
        call_off(clinician, nurse)
        type(visit.consultation_request).objects.update(flag_level="SAME_DAY")
        body = self.sent().body
        assert "Somebody at the clinic will call you." in body
        assert "choose another time" not in body

    def test_not_once_another_time_is_booked(self, clinician: Any, nurse: Any, book: Any) -> None:
        visit = book("Marta Quill", NINE)
        call_off(clinician, nurse)
        slot = scheduling.nearest(
            appointment_type=visit.appointment_type, around=NINE, ignoring=visit.consultation_request
        )[0]
        from tests.consultations.perform import book_on_the_phone

        book_on_the_phone(visit.consultation_request, slot_key=slot.key, by=nurse)
        delivery.deliver_due()
        assert [item.subject.partition(": ")[2] for item in mail.outbox] == ["your time is booked"]


class TestBack:
    def test_who_was_not_told_has_the_visit_again(self, clinician: Any, nurse: Any, book: Any) -> None:
        visit = book("Marta Quill", NINE)
        sequence = visit.calendar_sequence
        absence = call_off(clinician, nurse).absence
        done = back_after_all(absence=absence, by=nurse)
        assert (done.restored, done.told) == (1, 0)
        visit.refresh_from_db()
        assert (visit.status, visit.called_off_for, visit.cancelled_at) == (AppointmentStatus.BOOKED, None, None)
        assert visit.calendar_sequence == sequence + 2
        delivery.deliver_due()
        assert mail.outbox == []
        absence.refresh_from_db()
        assert absence.ends_at == MONDAY
        assert scheduling.booked(visit.consultation_request) is not None
        assert back_after_all(absence=absence, by=nurse).restored == 0

    @pytest.mark.parametrize("told", ["mail", "call", "neither"])
    def test_who_was_told_is_asked_by_a_person(self, clinician: Any, nurse: Any, book: Any, told: str) -> None:
        visit = book("Marta Quill", NINE)
        absence = call_off(clinician, nurse).absence
        if told == "mail":
            delivery.deliver_due()
        else:
            outcome = CallOutcome.REACHED_OTHER if told == "call" else CallOutcome.NOT_REACHED
            calls.log(response=visit.consultation_request.response, outcome=outcome, note="", by=nurse)
        done = back_after_all(absence=absence, by=nurse)
        assert (done.restored, done.told) == ((1, 0) if told == "neither" else (0, 1))

    def test_not_once_somebody_else_has_the_time(
        self, clinician: Any, nurse: Any, book: Any, make_request: Any
    ) -> None:
        book("Marta Quill", NINE)
        absence = call_off(clinician, nurse).absence
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, NINE)
        done = back_after_all(absence=absence, by=nurse)
        assert (done.restored, done.told) == (0, 1)

    def test_only_who_may(self, clinician: Any, nurse: Any, other_doctor: Any, book: Any) -> None:
        book("Marta Quill", NINE)
        absence = call_off(clinician, nurse).absence
        with pytest.raises(NotAllowed):
            back_after_all(absence=absence, by=other_doctor)

    def test_rooms_are_locked_together_with_the_clinician_by_key(
        self, clinician: Any, nurse: Any, book: Any, monkeypatch: Any
    ) -> None:
        visit = book("Marta Quill", NINE)
        room = Room.objects.create(name="Room 1", location=visit.location)
        Appointment.objects.update(room=room)
        absence = call_off(clinician, nurse).absence
        locked: list[set[int]] = []
        lock = occupation.lock_resources
        monkeypatch.setattr(occupation, "lock_resources", lambda ids: (locked.append(set(ids)), lock(ids)))
        assert back_after_all(absence=absence, by=nurse).restored == 1
        assert locked[0] == {clinician.pk, room.pk}

    def test_the_absence_stays_on_record_with_who_was_called_off_for_it(
        self, clinician: Any, nurse: Any, manager: Any, book: Any
    ) -> None:
        visit = book("Marta Quill", NINE)
        absence = call_off(clinician, nurse).absence
        with pytest.raises(TransitionNotAllowed, match="Back after all"):
            diary.remove(entry=absence, by=manager)
        visit.refresh_from_db()
        assert visit.called_off_for == absence
        assert list(calling_off.waiting()) == [visit]

    def test_of_days_that_lie_ahead(self, clinician: Any, nurse: Any, book: Any) -> None:
        tomorrow = TODAY + datetime.timedelta(days=1)
        visit = book("Marta Quill", NINE + datetime.timedelta(days=1))
        reference = visit.consultation_request.reference
        stretch = calling_off.stretch_of(tomorrow, tomorrow)
        absence = call_off_all(clinician=clinician, stretch=stretch, seen=[reference], by=nurse).absence
        assert back_after_all(absence=absence, by=nurse).restored == 1
        absence.refresh_from_db()
        assert absence.ends_at == MONDAY


class TestOtherTimes:
    def test_no_time_is_shown_to_two_and_who_waits_longer_has_the_first_choice(
        self, clinician: Any, nurse: Any, book: Any
    ) -> None:
        late = book("Marta Quill", NINE, submitted_at=MONDAY - 10 * MINUTE)
        early = book("Jonas Pell", NINE + VISIT, submitted_at=MONDAY - 500 * MINUTE)
        pressing = book("Ada Brennan", NINE + 2 * VISIT, submitted_at=MONDAY, risk=1)
        call_off(clinician, nurse)
        visits = list(Appointment.objects.select_related("consultation_request__patient", "appointment_type"))
        proposed = other_times.propose(visits, needs={})
        starts = {
            visit.pk: [slot.starts_at for slot in proposed[visit.consultation_request_id]]
            for visit in (pressing, early, late)
        }
        tuesday = [NINE + datetime.timedelta(days=1) + number * VISIT for number in range(4)]
        wednesday = [at + datetime.timedelta(days=1) for at in tuesday]
        assert starts[pressing.pk] == tuesday[:3]
        assert starts[early.pk] == [tuesday[3], *wednesday[:2]]
        assert len({at for times in starts.values() for at in times}) == 9

    def test_another_doctor_the_same_day_is_nearer(
        self, clinician: Any, other_doctor: Any, nurse: Any, book: Any
    ) -> None:
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        hours = clinician.availabilities.first()
        hours.pk, hours.clinician = None, colleague
        hours.save()
        visit = book("Marta Quill", NINE)
        call_off(clinician, nurse)
        proposed = other_times.propose([visit], needs={})[visit.consultation_request_id]
        assert [(slot.clinician_id, clock.time(slot.starts_at)) for slot in proposed] == [
            (colleague.pk, "9 am"), (colleague.pk, "9:40 am"), (colleague.pk, "10:20 am"),
        ]  # fmt: skip
        slot, is_near = other_times.find(visit.consultation_request, proposed[0].key)
        assert (slot, is_near) == (proposed[0], True)

    def test_none_that_an_invitation_to_a_follow_up_leaves_out(
        self, clinician: Any, other_doctor: Any, nurse: Any, book: Any
    ) -> None:
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        hours = clinician.availabilities.first()
        hours.pk, hours.clinician = None, colleague
        hours.save()
        wednesday = TODAY + datetime.timedelta(days=2)
        visit = book("Marta Quill", NINE, follow_up_at=MONDAY, follow_up_from=wednesday, follow_up_clinician=clinician)
        call_off(clinician, nurse)
        proposed = other_times.propose([visit], needs={})[visit.consultation_request_id]
        starts = [NINE + datetime.timedelta(days=2) + number * VISIT for number in range(3)]
        assert [(slot.clinician_id, slot.starts_at) for slot in proposed] == [(clinician.pk, at) for at in starts]
        assert other_times.find(visit.consultation_request, proposed[0].key) == (proposed[0], False)

    def test_a_longer_visit_has_longer_times(self, clinician: Any, nurse: Any, book: Any, settings: Any) -> None:
        from consultations.services.visit_needs import Needs

        settings.LONGER_VISIT_MINUTES = 20
        visit = book("Marta Quill", NINE)
        call_off(clinician, nurse)
        person = visit.consultation_request.patient.person_id
        (first, *_more) = other_times.propose([visit], needs={person: Needs(codes=("longer",))})[
            visit.consultation_request_id
        ]
        assert first.ends_at - first.starts_at == 60 * MINUTE


def test_a_stretch_begins_now_today_and_at_midnight_on_any_other_day() -> None:
    tomorrow = TODAY + datetime.timedelta(days=1)
    midnight = datetime.datetime(2026, 11, 24, 5, 0, tzinfo=datetime.UTC)
    assert calling_off.stretch_of(TODAY, TODAY) == Stretch(MONDAY, midnight)
    assert calling_off.stretch_of(tomorrow, tomorrow) == Stretch(midnight, midnight + datetime.timedelta(days=1))
