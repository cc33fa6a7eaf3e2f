"""A clinician's own calendar, from its address to the time that is not offered: the loudest complaint of all."""

import datetime
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from clinic.accounts.models import User
from clinic.core import clock, key_fingerprints
from clinic.core.calendars import reading
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed, WrongStatus
from consultations.actions.book import Book, BookData, book_held
from consultations.checks import check_own_calendars
from consultations.enums import CalendarKind, RequestStatus
from consultations.models import Absence, Appointment, BusyTime, Clinician, Location, OwnCalendar
from consultations.presenters import own_calendars as pages
from consultations.services import calendar_readings, own_calendars, readiness, scheduling, stranded
from consultations.services.calendar_readings import CalendarSource
from consultations.services.own_calendars import CalendarRefused
from consultations.services.scheduling import SlotTaken
from tests.calendar_server import CalendarServer, calendar, entry, running
from tests.consultations.perform import book_on_the_phone, perform
from tests.consultations.services.conftest import NOW, TOMORROW_AT_NINE, Desk
from tests.consultations.services.test_scheduling import free, keys, offered
from tests.personas import book_directly

HOUR = datetime.timedelta(hours=1)
TEN_TO_ELEVEN = entry("20261124T150000Z", "20261124T160000Z")
"""Tuesday 24 November, 10 to 11 in New York."""
ALL_TUESDAY = ["Tue 09:00", "Tue 09:40", "Tue 10:20", "Tue 11:00"]


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[CalendarServer]:
    """On this machine, which the settings allow; read in this process, because a process of its own takes a second."""
    settings.CALENDAR_PRIVATE_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(calendar_readings, "read_apart", reading.read)
    with running() as server:
        yield server


def source(address: str, **more: Any) -> CalendarSource:
    return CalendarSource(CalendarKind.ICS, address, **more)


@pytest.fixture
def connected(server: CalendarServer, desk: Desk) -> OwnCalendar:
    """One that is busy from ten to eleven on Tuesday."""
    address = server.serve(calendar(TEN_TO_ELEVEN), headers={"ETag": '"v1"'})
    return own_calendars.connect(clinician=desk.clinician, source=source(address), by=desk.doctor)


def read_again(time_machine: Any, *, after: datetime.timedelta = HOUR) -> OwnCalendar:
    time_machine.move_to(clock.now() + after, tick=False)
    assert calendar_readings.read_due() == 1
    return OwnCalendar.objects.get()


class TestBlocks:
    def test_from_the_address_to_the_time_that_is_not_offered(
        self, server: CalendarServer, desk: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the process of its own, and the worker."""
        monkeypatch.undo()
        settings.CALENDAR_PRIVATE_NETWORKS = ["127.0.0.0/8"]
        address = server.serve(calendar())
        known = own_calendars.connect(clinician=desk.clinician, source=source(address), by=desk.doctor)
        assert free(desk) == ALL_TUESDAY
        server.serve(calendar(TEN_TO_ELEVEN))
        OwnCalendar.objects.update(due_at=clock.now())
        call_command("worker", once=True)
        assert free(desk) == ["Tue 09:00", "Tue 11:00"]
        assert [*BusyTime.objects.values_list("calendar", "clinician", "starts_at", "ends_at")] == [
            (known.pk, desk.clinician.pk, TOMORROW_AT_NINE + HOUR, TOMORROW_AT_NINE + 2 * HOUR)
        ]

    def test_free_times_still_take_two_queries(
        self, connected: OwnCalendar, desk: Desk, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(2):
            assert free(desk) == ["Tue 09:00", "Tue 11:00"]

    def test_a_time_that_became_busy_since_the_page_was_shown_is_not_taken(
        self, server: CalendarServer, desk: Desk, nurse: User
    ) -> None:
        """Neither held, nor confirmed though it is held, nor booked on the phone."""
        before, requests = keys(desk), [offered(desk) for _ in range(3)]
        scheduling.hold(consultation_request=requests[1], slot_key=before[2])
        own_calendars.connect(
            clinician=desk.clinician, source=source(server.serve(calendar(TEN_TO_ELEVEN))), by=desk.doctor
        )
        with pytest.raises(SlotTaken) as refusal:
            scheduling.hold(consultation_request=requests[0], slot_key=before[2])
        assert f"{clock.local(refusal.value.nearest[0].starts_at):%a %H:%M}" == "Tue 09:00"
        with pytest.raises(SlotTaken):
            book_held(consultation_request=requests[1])
        with pytest.raises(SlotTaken):
            book_on_the_phone(requests[2], slot_key=before[2], by=nurse)
        assert not Appointment.objects.exists()

    def test_nobody_moves_into_it(self, connected: OwnCalendar, desk: Desk) -> None:
        booked = desk.request(RequestStatus.BOOKED, is_ahead=True)
        with pytest.raises(SlotTaken):
            scheduling.hold(consultation_request=booked, slot_key=keys_of(desk, TOMORROW_AT_NINE + HOUR))

    def test_the_minutes_kept_free_around_a_visit_are_free_of_it_too(self, connected: OwnCalendar, desk: Desk) -> None:
        desk.visit.buffer_before_minutes = 5
        desk.visit.save()
        assert "Tue 11:00" not in free(desk)

    def test_of_nobody_but_its_clinician(self, connected: OwnCalendar, desk: Desk, other_doctor: User) -> None:
        other = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        hours = desk.clinician.availabilities.first()
        assert hours is not None
        other.availabilities.create(
            location=hours.location, weekday=1, opens=hours.opens, closes=hours.closes, starts_on=hours.starts_on
        )
        assert sorted(free(desk)) == sorted([*ALL_TUESDAY, "Tue 09:00", "Tue 11:00"])

    def test_several_calendars_together(self, connected: OwnCalendar, server: CalendarServer, desk: Desk) -> None:
        nine = server.serve(calendar(entry("20261124T140000Z", "20261124T141000Z")), path="/second.ics")
        own_calendars.connect(clinician=desk.clinician, source=source(nine), by=desk.doctor)
        assert free(desk) == ["Tue 11:00"]

    def test_our_own_visit_that_comes_back_blocks_nothing(
        self, server: CalendarServer, desk: Desk, settings: Any, client: Any
    ) -> None:
        """The doctor's calendar subscribes to our address, and gives us what it read there."""
        from consultations.services import calendar_feeds

        visit = book_directly(desk.make_request(status=RequestStatus.BOOKED), desk.clinician, TOMORROW_AT_NINE)
        ours = client.get(
            calendar_feeds.renew(clinician=desk.clinician, by=desk.doctor).partition("testserver")[2]
        ).content
        assert b"BEGIN:VEVENT" in ours
        own_calendars.connect(clinician=desk.clinician, source=source(server.serve(ours)), by=desk.doctor)
        assert not BusyTime.objects.exists()
        assert not stranded.over_busy_times().exists()
        perform("cancel_booking", visit.consultation_request, reason="Ill.", by=desk.doctor)
        assert free(desk) == ALL_TUESDAY


def keys_of(desk: Desk, starts_at: datetime.datetime) -> str:
    return f"{starts_at:%Y%m%dT%H%MZ}-{desk.clinician.pk}-{Location.objects.get().pk}"


class TestStaff:
    def book(self, desk: Desk, starts_at: datetime.datetime, by: User) -> Appointment:
        consultation_request = offered(desk)
        slot = scheduling.slot_outside(
            consultation_request, clinician=desk.clinician, location=Location.objects.get(), starts_at=starts_at
        )
        data = BookData(slot, reason="The doctor said so.")
        booked = Book().from_page(consultation_request, data, by=by, seen="").result
        assert booked is not None
        return booked

    def test_book_over_it_for_a_reason_that_stays(self, connected: OwnCalendar, desk: Desk, nurse: User) -> None:
        booked = self.book(desk, TOMORROW_AT_NINE + HOUR, nurse)
        assert (booked.outside, booked.outside_reason) == ("calendar", "The doctor said so.")
        assert not stranded.over_busy_times().exists(), "staff know of it"

    def test_not_over_an_absence_in_it(self, connected: OwnCalendar, desk: Desk, nurse: User) -> None:
        ten = TOMORROW_AT_NINE + HOUR
        Absence.objects.create(clinician=desk.clinician, starts_at=ten, ends_at=ten + HOUR)
        with pytest.raises(WrongStatus, match="in the way"):
            self.book(desk, ten, nurse)

    def test_a_time_beside_it_says_nothing_of_it(self, connected: OwnCalendar, desk: Desk, nurse: User) -> None:
        assert self.book(desk, TOMORROW_AT_NINE, nurse).outside == ""

    def test_are_warned_of_a_visit_over_which_it_came_and_nobody_is_moved(
        self, server: CalendarServer, desk: Desk
    ) -> None:
        visit = book_directly(desk.make_request(status=RequestStatus.BOOKED), desk.clinician, TOMORROW_AT_NINE + HOUR)
        address = server.serve(calendar(TEN_TO_ELEVEN))
        own_calendars.connect(clinician=desk.clinician, source=source(address), by=desk.doctor)
        assert [*stranded.over_busy_times()] == [visit]
        visit.refresh_from_db()
        assert (visit.status, visit.starts_at) == ("booked", TOMORROW_AT_NINE + HOUR)
        assert visit.consultation_request.reference in pages.page_of(desk.clinician)["conflicts"]

    def test_a_cancellation_over_it_can_be_taken_back(self, server: CalendarServer, desk: Desk) -> None:
        """It takes no new time: what stood before it stands again, and staff are warned as before."""
        desk.visit.notice_hours = 1
        desk.visit.save()
        consultation_request = desk.make_request(status=RequestStatus.BOOKED, appointment_type=desk.visit)
        book_directly(consultation_request, desk.clinician, TOMORROW_AT_NINE + HOUR)
        own_calendars.connect(
            clinician=desk.clinician, source=source(server.serve(calendar(TEN_TO_ELEVEN))), by=desk.doctor
        )
        perform("cancel_booking", consultation_request, reason="Ill.")
        perform("undo_cancel", consultation_request)
        assert stranded.over_busy_times().count() == 1


class TestFails:
    @pytest.mark.parametrize(
        ("answer", "failure"),
        [
            ({"status": 401}, "sign_in"), ({"status": 410}, "gone"), ({"status": 500}, "server"),
            ({"body": b"<html>Sign in</html>"}, "unreadable"), ({"body": calendar(TEN_TO_ELEVEN)[:-9]}, "unreadable"),
            ({"status": 302, "headers": {"Location": "http://10.0.0.1/"}}, "refused_address"),
        ],
    )  # fmt: skip
    def test_the_last_known_busy_times_stay(
        self, connected: OwnCalendar, server: CalendarServer, desk: Desk, time_machine: Any, answer: Any, failure: str
    ) -> None:
        server.serve(**answer)
        known = read_again(time_machine)
        assert (known.failure, known.failures, known.read_at) == (failure, 1, NOW)
        assert free(desk) == ["Tue 09:00", "Tue 11:00"]
        assert pages.age_words(known) == "last read 1 hour ago"

    def test_it_is_asked_less_and_less_often_and_at_once_when_it_works_again(
        self, connected: OwnCalendar, server: CalendarServer, time_machine: Any
    ) -> None:
        server.serve(status=503)
        pauses = []
        for _ in range(6):
            known = read_again(time_machine, after=2 * HOUR)
            pauses.append((known.due_at - clock.now()).total_seconds() / 60)
        assert pauses == [20, 40, 80, 120, 120, 120]
        server.serve(calendar())
        known = read_again(time_machine, after=2 * HOUR)
        assert (known.failure, known.failures, known.read_at) == ("", 0, clock.now())
        assert (known.due_at - clock.now()).total_seconds() / 60 == 10
        assert not BusyTime.objects.exists()

    def test_somebody_is_told_once_and_the_health_check_says_so(
        self, connected: OwnCalendar, server: CalendarServer, desk: Desk, time_machine: Any
    ) -> None:
        server.serve(status=503)
        read_again(time_machine, after=5 * HOUR)
        assert (calendar_readings.tell_of_stale(), readiness.calendars()) == (0, ("calendars", "ok"))
        read_again(time_machine, after=2 * HOUR)
        assert readiness.calendars() == ("calendars", "1 not read for 6 hours")
        assert (calendar_readings.tell_of_stale(), calendar_readings.tell_of_stale()) == (1, 0)
        message = OutboxMessage.objects.get()
        assert (message.kind, message.recipient) == ("staff_notice", desk.doctor.email)
        assert message.payload["path"] == f"/admin/consultations/clinician/{desk.clinician.pk}/own-calendars/"
        assert pages.unread() == ["Dr Ines Halloran: last read 7 hours ago, the server answers with an error"]
        server.serve(calendar())
        read_again(time_machine, after=2 * HOUR)
        server.serve(status=503)
        read_again(time_machine, after=9 * HOUR)
        assert calendar_readings.tell_of_stale() == 1

    def test_managers_are_told_of_somebody_who_is_in_no_group_and_without_them_the_duty_address(
        self, connected: OwnCalendar, desk: Desk, manager: User, time_machine: Any, settings: Any
    ) -> None:
        settings.DUTY_EMAIL = "duty@clinic.example"
        desk.doctor.groups.clear()
        time_machine.move_to(NOW + 7 * HOUR, tick=False)
        assert calendar_readings.tell_of_stale() == 1
        manager.groups.clear()
        OwnCalendar.objects.update(told_at=None)
        assert calendar_readings.tell_of_stale() == 1
        told = [message.recipient for message in OutboxMessage.objects.order_by("pk")]
        assert told == [manager.email, "duty@clinic.example"]

    def test_one_that_a_worker_has_begun_is_left_to_it(self, connected: OwnCalendar, time_machine: Any) -> None:
        time_machine.move_to(NOW + HOUR, tick=False)
        assert calendar_readings._claim() is not None
        assert calendar_readings._claim() is None
        time_machine.move_to(NOW + 2 * HOUR, tick=False)
        assert calendar_readings._claim() is not None

    def test_the_calendar_of_somebody_who_left_is_not_read_and_not_told_of(
        self, connected: OwnCalendar, desk: Desk, time_machine: Any
    ) -> None:
        User.objects.filter(pk=desk.doctor.pk).update(is_active=False)
        time_machine.move_to(NOW + 9 * HOUR, tick=False)
        assert (calendar_readings.read_due(), calendar_readings.stale().count(), pages.ages()) == (0, 0, [])

    def test_one_that_was_disconnected_while_it_was_read_stays_so(
        self, connected: OwnCalendar, desk: Desk, time_machine: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def read(job: Any) -> Any:
            own_calendars.disconnect(calendar=connected, by=desk.doctor)
            return reading.read(job)

        monkeypatch.setattr(calendar_readings, "read_apart", read)
        time_machine.move_to(NOW + HOUR, tick=False)
        assert calendar_readings.read_due() == 1
        assert not OwnCalendar.objects.exists()
        assert not BusyTime.objects.exists()


class TestReads:
    def test_what_did_not_change_is_asked_for_by_its_tag_and_once_a_day_whole(
        self, connected: OwnCalendar, server: CalendarServer, time_machine: Any
    ) -> None:
        """The window moves on: what repeats has new times in it, though nothing changed."""
        known = read_again(time_machine)
        assert server.asked[-1][2]["If-None-Match"] == '"v1"'
        assert (known.read_at, known.whole_at) == (NOW + HOUR, NOW)
        assert BusyTime.objects.count() == 1
        known = read_again(time_machine, after=23 * HOUR)
        assert "If-None-Match" not in server.asked[-1][2]
        assert (known.whole_at, known.state) == (NOW + 24 * HOUR, '"v1"')

    def test_only_what_differs_is_written_and_what_is_free_is_announced(
        self, connected: OwnCalendar, server: CalendarServer, time_machine: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        (stays,) = BusyTime.objects.values_list("pk", flat=True)
        noon = entry("20261124T170000Z", "20261124T180000Z", uid="two")
        server.serve(calendar(TEN_TO_ELEVEN, noon))
        read_again(time_machine)
        assert BusyTime.objects.filter(pk=stays).exists()
        assert BusyTime.objects.count() == 2
        assert "no longer busy" not in caplog.text
        server.serve(calendar(noon))
        read_again(time_machine)
        assert caplog.text.count("a time was freed (no longer busy)") == 1

    def test_a_part_that_another_calendar_still_blocks_is_not_announced(
        self, connected: OwnCalendar, server: CalendarServer, desk: Desk, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        same = server.serve(calendar(TEN_TO_ELEVEN), path="/same.ics")
        own_calendars.connect(clinician=desk.clinician, source=source(same), by=desk.doctor)
        own_calendars.disconnect(calendar=connected, by=desk.doctor)
        assert "no longer busy" not in caplog.text

    def test_nothing_of_what_is_in_it_is_stored_said_or_logged(
        self, connected: OwnCalendar, server: CalendarServer, time_machine: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        read_again(time_machine)
        server.serve(status=401)
        read_again(time_machine)
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM consultations_owncalendar")
            stored = str(cursor.fetchall())
            cursor.execute("SELECT * FROM consultations_busytime")
            stored += str(cursor.fetchall())
        everything = stored + caplog.text + str([*AuditEvent.objects.values_list("details", flat=True)])
        for secret in ("4f1c", "Privately", "Colonoscopy", "basic.ics"):
            assert secret not in everything


class TestConnecting:
    @pytest.mark.parametrize(
        ("role", "may"), [("nurse", False), ("other_doctor", False), ("doctor", True), ("manager", True)]
    )
    def test_who_may(self, server: CalendarServer, desk: Desk, request: Any, role: str, may: bool) -> None:
        by, address = request.getfixturevalue(role), server.serve(calendar())
        if not may:
            with pytest.raises(NotAllowed):
                own_calendars.connect(clinician=desk.clinician, source=source(address), by=by)
            return
        known = own_calendars.connect(clinician=desk.clinician, source=source(address), by=by)
        assert (known.host, known.connected_by) == ("127.0.0.1", by)
        event = AuditEvent.objects.get(action="own_calendar.connect")
        assert (event.actor_user_id, event.details) == (by.pk, {"calendar": known.pk, "kind": "ics"})

    @pytest.mark.parametrize(
        ("address", "sentence"),
        [
            ("http://127.0.0.1:65001/a.ics", "the server does not answer"),
            ("ftp://calendar.example/", "no address of a calendar"),
            ("https://alice:secret@calendar.example/", "no address of a calendar"),
            ("http://10.0.0.1/a.ics", "somewhere that may not be asked"),
        ],
    )
    def test_one_that_cannot_be_read_is_not_connected(
        self, server: CalendarServer, desk: Desk, address: str, sentence: str
    ) -> None:
        with pytest.raises(CalendarRefused, match=sentence) as refusal:
            own_calendars.connect(clinician=desk.clinician, source=source(address), by=desk.doctor)
        assert "secret" not in str(refusal.value)
        assert not OwnCalendar.objects.exists()

    def test_not_more_than_five_and_not_as_often_as_one_likes(self, server: CalendarServer, desk: Desk) -> None:
        address = server.serve(calendar())
        for _ in range(5):
            own_calendars.connect(clinician=desk.clinician, source=source(address), by=desk.doctor)
        for sentence in ["as many calendars as we read"] * 15 + ["tried often"]:
            with pytest.raises(CalendarRefused, match=sentence):
                own_calendars.connect(clinician=desk.clinician, source=source(address), by=desk.doctor)

    @pytest.mark.parametrize(
        ("typed", "fetched"),
        [
            (" https://calendar.example/a.ics\n", "https://calendar.example/a.ics"),
            ("webcal://p01.example/published/2/abc", "https://p01.example/published/2/abc"),
            ("WEBCAL://p01.example/x", "https://p01.example/x"),
        ],
    )
    def test_an_address_as_it_is_pasted(self, typed: str, fetched: str) -> None:
        assert own_calendars.as_web_address(typed) == fetched

    def test_disconnecting_forgets_all_of_it_and_frees_the_times(
        self, connected: OwnCalendar, desk: Desk, nurse: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        with pytest.raises(NotAllowed):
            own_calendars.disconnect(calendar=connected, by=nurse)
        assert own_calendars.disconnect(calendar=connected, by=desk.doctor)
        assert not own_calendars.disconnect(calendar=connected, by=desk.doctor)
        assert free(desk) == ALL_TUESDAY
        assert (OwnCalendar.objects.count(), BusyTime.objects.count()) == (0, 0)
        assert caplog.text.count("a time was freed (no longer busy)") == 1
        assert AuditEvent.objects.filter(action="own_calendar.disconnect").count() == 1

    def test_a_key_that_is_rotated_out_can_go(self, connected: OwnCalendar) -> None:
        """The address stands under the clinic's own keys, and is encrypted again with them."""
        from clinic.core.encrypted_values import columns_under_field_keys

        columns = {field.name for model, field in columns_under_field_keys() if model is OwnCalendar}
        assert columns == {"address", "user_name", "password"}
        assert key_fingerprints.are_usable(writing=True)


@pytest.mark.parametrize(
    ("name", "value", "is_refused"),
    [
        ("CALENDAR_EVERY_MINUTES", 0, True), ("CALENDAR_EVERY_MINUTES", 241, True),
        ("CALENDAR_EVERY_MINUTES", 1, False),
        ("CALENDAR_STALE_HOURS", 0, True), ("CALENDAR_STALE_HOURS", 169, True), ("CALENDAR_STALE_HOURS", 168, False),
    ],
)  # fmt: skip
def test_a_pace_that_is_of_no_use_is_refused_at_the_start(
    settings: Any, name: str, value: int, is_refused: bool
) -> None:
    setattr(settings, name, value)
    assert [message.id for message in check_own_calendars()] == ["consultations.E011"] * is_refused
