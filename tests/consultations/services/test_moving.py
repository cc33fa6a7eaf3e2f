"""A booked time is moved: the old one stands until the new one is sure, whatever comes in between."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.outbox import NotWanted
from clinic.core.refusals import NotAllowed, WrongStatus
from consultations import ics
from consultations.actions.book import BookData
from consultations.actions.move import Move, move_held
from consultations.enums import MessageKind, Outcome, RequestStatus
from consultations.models import Absence, Appointment, ConsultationRequest, Occupation, Room, SlotHold
from consultations.services import message_kinds, scheduling, visit_needs
from consultations.services.scheduling import AskFirst, SlotTaken
from consultations.services.transitions import FlagsStand
from consultations.services.visit_needs import Needs
from tests.consultations.perform import book_on_the_phone, perform
from tests.consultations.services.conftest import TOMORROW_AT_NINE, Desk
from tests.database_snapshot import all_rows
from tests.personas import book_directly

MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE
TUESDAY = datetime.date(2026, 11, 24)


def key(desk: Desk, starts_at: datetime.datetime) -> str:
    return f"{starts_at:%Y%m%dT%H%MZ}-{desk.clinician.pk}-{desk.clinician.availabilities.first().location_id}"


@pytest.fixture
def booked(desk: Desk) -> ConsultationRequest:
    """A visit tomorrow at nine; whether anything is new was asked and answered."""
    consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
    perform("answer_again", consultation_request, ticks=("none",))
    return consultation_request


def visit_of(consultation_request: ConsultationRequest) -> Appointment:
    return Appointment.objects.live().get(consultation_request=consultation_request)


def on_the_phone(consultation_request: ConsultationRequest, slot_key: str, by: User) -> Appointment | None:
    data = BookData(scheduling.find(consultation_request, slot_key))
    return Move().from_page(consultation_request, data, by=by, seen="").result


class TestByThePatient:
    def test_the_new_time_is_held_while_the_old_one_stands(self, desk: Desk, booked: ConsultationRequest) -> None:
        later = TOMORROW_AT_NINE + 80 * MINUTE
        held = scheduling.hold(consultation_request=booked, slot_key=key(desk, later))
        assert (held.starts_at, visit_of(booked).starts_at) == (later, TOMORROW_AT_NINE)

        moved = move_held(consultation_request=booked, seen=key(desk, later))
        assert moved == visit_of(booked)
        assert (moved.starts_at, moved.ends_at) == (later, later + 40 * MINUTE)
        assert Appointment.objects.filter(consultation_request=booked).count() == 1
        assert not SlotHold.objects.exists()
        assert [row.starts_at for row in Occupation.objects.all()] == [later, later]

    def test_the_calendar_entry_goes_on_and_one_message_tells_of_it(
        self, desk: Desk, booked: ConsultationRequest
    ) -> None:
        before = visit_of(booked)
        scheduling.hold(consultation_request=booked, slot_key=key(desk, TOMORROW_AT_NINE + 80 * MINUTE))
        moved = move_held(consultation_request=booked)
        assert (moved.calendar_uid, moved.calendar_sequence) == (before.calendar_uid, 1)
        assert b"SEQUENCE:1" in ics.appointment_file(moved)
        assert [message.kind for message in OutboxMessage.objects.all()] == [MessageKind.APPOINTMENT_MOVED]
        event = AuditEvent.objects.about(booked).get(action="request.move")
        assert (event.actor, event.details["was"]) == ("patient", "2026-11-24T14:00:00+00:00")
        booked.refresh_from_db()
        assert booked.status == RequestStatus.BOOKED

    @pytest.mark.parametrize("minutes", [-40, -15, 15, 40])
    def test_its_own_old_time_is_in_nobodys_way(self, desk: Desk, booked: ConsultationRequest, minutes: int) -> None:
        """Overlapping or touching, with the minutes that are kept free around it."""
        desk.visit.buffer_after_minutes, desk.visit.step_minutes = 5, 5
        desk.visit.save()
        Appointment.objects.update(buffer_after_minutes=5)
        new = TOMORROW_AT_NINE + minutes * MINUTE
        desk.clinician.availabilities.update(opens=clock.local(new).time())
        scheduling.hold(consultation_request=booked, slot_key=key(desk, new))
        assert visit_of(booked).starts_at == TOMORROW_AT_NINE
        assert move_held(consultation_request=booked).starts_at == new
        whose = Occupation.objects.values_list("starts_at", "ends_at").order_by("pk")
        assert list(whose) == [(new, new + 45 * MINUTE), (new, new + 40 * MINUTE)]

    def test_pressed_twice_it_moves_once(self, desk: Desk, booked: ConsultationRequest) -> None:
        chosen = key(desk, TOMORROW_AT_NINE + 80 * MINUTE)
        scheduling.hold(consultation_request=booked, slot_key=chosen)
        move_held(consultation_request=booked, seen=chosen)
        before = all_rows()
        assert move_held(consultation_request=booked, seen=chosen) == visit_of(booked)
        assert all_rows() == before

    def test_a_longer_visit_may_begin_when_it_did_before(self, desk: Desk, booked: ConsultationRequest) -> None:
        """Who asks for more time once a visit is booked finds its own beginning among the times, and gets it longer."""
        lasted = visit_of(booked).ends_at - TOMORROW_AT_NINE
        visit_needs.keep(patient=booked.patient, needs=Needs(codes=("longer",)), by=None)
        same = key(desk, TOMORROW_AT_NINE)
        scheduling.hold(consultation_request=booked, slot_key=same)
        for _ in range(2):
            move_held(consultation_request=booked, seen=same)
        assert visit_of(booked).starts_at == TOMORROW_AT_NINE
        assert visit_of(booked).ends_at - TOMORROW_AT_NINE > lasted
        assert AuditEvent.objects.filter(action="request.move").count() == 1

    def test_a_hold_that_ran_out_still_moves_while_the_time_is_free(
        self, desk: Desk, booked: ConsultationRequest, time_machine: Any
    ) -> None:
        later = TOMORROW_AT_NINE + 80 * MINUTE
        scheduling.hold(consultation_request=booked, slot_key=key(desk, later))
        time_machine.shift(11 * MINUTE)
        assert move_held(consultation_request=booked).starts_at == later

    def test_what_it_gave_back_is_free_for_others(self, desk: Desk, booked: ConsultationRequest) -> None:
        other = desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)
        with pytest.raises(SlotTaken):
            scheduling.find(other, key(desk, TOMORROW_AT_NINE))
        scheduling.hold(consultation_request=booked, slot_key=key(desk, TOMORROW_AT_NINE + 80 * MINUTE))
        move_held(consultation_request=booked)
        visit = book_on_the_phone(other, slot_key=key(desk, TOMORROW_AT_NINE), by=desk.doctor)
        assert visit is not None


class TestTheOldTimeStands:
    """Whatever becomes of the new one."""

    @pytest.fixture
    def chosen(self, desk: Desk, booked: ConsultationRequest) -> str:
        slot_key = key(desk, TOMORROW_AT_NINE + 80 * MINUTE)
        scheduling.hold(consultation_request=booked, slot_key=slot_key)
        return slot_key

    def test_when_the_hold_ran_out_and_somebody_took_the_time(
        self, desk: Desk, booked: ConsultationRequest, chosen: str, time_machine: Any
    ) -> None:
        time_machine.shift(scheduling.HOLD_TIME)
        other = desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)
        book_on_the_phone(other, slot_key=chosen, by=desk.doctor)
        before = all_rows()
        with pytest.raises(SlotTaken) as taken:
            move_held(consultation_request=booked, seen=chosen)
        assert taken.value.nearest
        assert TOMORROW_AT_NINE not in [slot.starts_at for slot in taken.value.nearest]
        assert all_rows() == before
        assert visit_of(booked).starts_at == TOMORROW_AT_NINE

    def test_when_the_doctor_is_away_then(self, desk: Desk, booked: ConsultationRequest, chosen: str) -> None:
        starts_at = TOMORROW_AT_NINE + 80 * MINUTE
        Absence.objects.create(clinician=desk.clinician, starts_at=starts_at, ends_at=starts_at + HOUR)
        with pytest.raises(SlotTaken):
            move_held(consultation_request=booked, seen=chosen)
        assert visit_of(booked).starts_at == TOMORROW_AT_NINE

    def test_when_the_audit_event_cannot_be_written(
        self, booked: ConsultationRequest, chosen: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(**kwargs: Any) -> None:
            raise OSError

        before = all_rows()
        monkeypatch.setattr(audit, "record", fail)
        with pytest.raises(OSError):
            move_held(consultation_request=booked, seen=chosen)
        assert all_rows() == before

    def test_when_a_danger_is_told_meanwhile(self, booked: ConsultationRequest, chosen: str) -> None:
        perform("answer_again", booked, ticks=("fever",))
        assert not SlotHold.objects.exists()
        with pytest.raises((SlotTaken, FlagsStand)):
            move_held(consultation_request=booked, seen=chosen)
        assert visit_of(booked).starts_at == TOMORROW_AT_NINE

    def test_when_another_tab_shows_another_time(self, desk: Desk, booked: ConsultationRequest, chosen: str) -> None:
        scheduling.hold(consultation_request=booked, slot_key=key(desk, TOMORROW_AT_NINE + 2 * HOUR))
        with pytest.raises(scheduling.AnotherTime):
            move_held(consultation_request=booked, seen=chosen)
        assert visit_of(booked).starts_at == TOMORROW_AT_NINE

    def test_when_the_clinic_cancelled_it_the_new_time_can_still_be_booked(
        self, desk: Desk, booked: ConsultationRequest, chosen: str
    ) -> None:
        perform("cancel_booking", booked, reason="Ill.", by=desk.doctor)
        booked.refresh_from_db()
        with pytest.raises(WrongStatus):
            move_held(consultation_request=booked, seen=chosen)
        assert scheduling.held_slot(consultation_request=booked)[0].key == chosen
        assert Occupation.objects.filter(hold__isnull=False).count() == 2


class TestWhoAndWhen:
    def test_nobody_moves_without_being_asked_before(self, desk: Desk) -> None:
        consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
        consultation_request.answered_again_at = None
        consultation_request.save()
        seen = key(desk, TOMORROW_AT_NINE + 80 * MINUTE)
        scheduling.hold(consultation_request=consultation_request, slot_key=seen)
        with pytest.raises(AskFirst):
            move_held(consultation_request=consultation_request, seen=seen)
        assert scheduling.booked(consultation_request).starts_at == TOMORROW_AT_NINE

    def test_nor_while_a_red_flag_stands(self, desk: Desk) -> None:
        consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True, outcome=Outcome.SAME_DAY)
        with pytest.raises(FlagsStand):
            scheduling.hold(
                consultation_request=consultation_request, slot_key=key(desk, TOMORROW_AT_NINE + 80 * MINUTE)
            )
        with pytest.raises(FlagsStand):
            on_the_phone(consultation_request, key(desk, TOMORROW_AT_NINE + 80 * MINUTE), desk.doctor)

    @pytest.mark.parametrize(("minutes", "may", "is_held"), [(-1, True, True), (0, False, True), (20, False, False)])
    def test_the_patient_until_the_notice_of_the_type(
        self, desk: Desk, booked: ConsultationRequest, time_machine: Any, minutes: int, may: bool, is_held: bool
    ) -> None:
        """Whoever saw the page in time has twenty minutes to choose."""
        time_machine.move_to(TOMORROW_AT_NINE - 12 * HOUR + minutes * MINUTE, tick=False)
        perform("answer_again", booked, ticks=("none",))
        assert scheduling.may_move(visit_of(booked)) is may
        next_day = key(desk, TOMORROW_AT_NINE + 24 * HOUR)
        if is_held:
            scheduling.hold(consultation_request=booked, slot_key=next_day)
        else:
            with pytest.raises(WrongStatus, match="too late to move"):
                scheduling.hold(consultation_request=booked, slot_key=next_day)
        assert SlotHold.objects.exists() is is_held

    def test_staff_until_the_visit_begins(
        self, desk: Desk, booked: ConsultationRequest, nurse: User, time_machine: Any
    ) -> None:
        next_day = key(desk, TOMORROW_AT_NINE + 24 * HOUR)
        slot = scheduling.find(booked, next_day)
        time_machine.move_to(TOMORROW_AT_NINE, tick=False)
        with pytest.raises(WrongStatus, match="has begun"):
            Move().from_page(booked, BookData(slot), by=nurse, seen="")
        time_machine.move_to(TOMORROW_AT_NINE - MINUTE, tick=False)
        moved = Move().from_page(booked, BookData(slot), by=nurse, seen="").result
        assert moved is not None
        assert (moved.starts_at, moved.booked_by) == (TOMORROW_AT_NINE + 24 * HOUR, nurse)

    def test_nobody_who_edits_pages(self, desk: Desk, booked: ConsultationRequest, editor: User) -> None:
        with pytest.raises(NotAllowed):
            on_the_phone(booked, key(desk, TOMORROW_AT_NINE + 80 * MINUTE), editor)

    def test_its_own_time_is_no_other_one(self, desk: Desk, booked: ConsultationRequest) -> None:
        slots = scheduling.free_slots(
            appointment_type=desk.visit, since=TUESDAY, until=TUESDAY + datetime.timedelta(days=1), ignoring=booked
        )
        assert [f"{slot.starts_at:%H:%M}" for slot in slots] == ["14:40", "15:20", "16:00"]

    def test_a_colleague_on_the_phone_ends_what_the_patient_is_choosing(
        self, desk: Desk, booked: ConsultationRequest, nurse: User
    ) -> None:
        scheduling.hold(consultation_request=booked, slot_key=key(desk, TOMORROW_AT_NINE + 2 * HOUR))
        on_the_phone(booked, key(desk, TOMORROW_AT_NINE + 80 * MINUTE), nurse)
        assert not SlotHold.objects.exists()
        assert Occupation.objects.count() == 2


def test_a_room_goes_along(desk: Desk, booked: ConsultationRequest) -> None:
    location = desk.clinician.availabilities.first().location
    room = Room.objects.create(name="Room 1", location=location)
    desk.visit.needs_room = True
    desk.visit.save()
    desk.visit.rooms.add(room)
    Appointment.objects.update(room=room)
    later = TOMORROW_AT_NINE + 80 * MINUTE
    scheduling.hold(consultation_request=booked, slot_key=key(desk, later))
    assert move_held(consultation_request=booked).room == room
    assert Occupation.objects.filter(resource=room.pk).get().starts_at == later


def test_a_second_move_overtakes_the_message_of_the_first(desk: Desk, booked: ConsultationRequest) -> None:
    for minutes in (80, 120):
        scheduling.hold(consultation_request=booked, slot_key=key(desk, TOMORROW_AT_NINE + minutes * MINUTE))
        move_held(consultation_request=booked)
    first, second = OutboxMessage.objects.order_by("pk")
    with pytest.raises(NotWanted, match="moved again"):
        message_kinds.ensure_wanted_by_patient(first)
    message_kinds.ensure_wanted_by_patient(second)


def test_nobody_else_can_take_a_part_of_either_time(desk: Desk, booked: ConsultationRequest) -> None:
    """The database itself refuses, while the old time stands and the new one is held."""
    new = TOMORROW_AT_NINE + 80 * MINUTE
    scheduling.hold(consultation_request=booked, slot_key=key(desk, new))
    for starts_at in (TOMORROW_AT_NINE + 20 * MINUTE, new - 20 * MINUTE):
        other = desk.make_request(status=RequestStatus.BOOKED, appointment_type=desk.visit)
        with pytest.raises(IntegrityError), transaction.atomic():
            book_directly(other, desk.clinician, starts_at)
    assert Appointment.objects.live().get().starts_at == TOMORROW_AT_NINE
