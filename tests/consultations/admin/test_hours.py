"""Hours on one date, and the warning before hours or a room are taken from visits that are booked."""

import datetime

import pytest

from clinic.core import clock
from clinic.core.models import AuditEvent, RecordRead
from clinic.core.refusals import NotAllowed
from consultations.enums import RequestStatus
from consultations.models import Availability, Clinician, ExtraSession, Location, Room
from consultations.services import diary, stranded
from consultations.services.diary import HoursOverlap
from tests.consultations.admin.conftest import text_of
from tests.personas import book_directly

pytestmark = pytest.mark.django_db
BASE = "/admin/consultations/"
MONDAY = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
TUESDAY_AT_NINE = datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC)
SATURDAY = datetime.date(2026, 11, 28)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def session(clinician):
    return ExtraSession.objects.create(
        clinician=clinician, location=Location.objects.get(), on=SATURDAY, opens=datetime.time(14),
        closes=datetime.time(16),
    )  # fmt: skip


@pytest.fixture
def booked(clinician, make_request):
    """A visit on Tuesday from nine to nine forty, in the weekly hours of Tuesdays."""
    return book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE)


def data_of(clinician, **changes):
    location = Location.objects.get().pk
    data = {"clinician": clinician.pk, "location": location, "on": "2026-11-28", "opens": "14:00", "closes": "16:00"}
    return {**data, **changes}


def weekly_data(window, **changes):
    data = {"clinician": window.clinician_id, "location": window.location_id, "weekday": window.weekday,
            "opens": "09:00", "closes": "12:00", "starts_on": "2020-01-01", "ends_on": ""}  # fmt: skip
    return {**data, **changes}


class TestExtraSession:
    def test_a_manager_adds_changes_and_removes_one_with_an_audit_event_each(self, sign_in, manager, clinician):
        client = sign_in(manager)
        assert client.post(f"{BASE}extrasession/add/", data_of(clinician)).status_code == 302
        session = ExtraSession.objects.get()
        assert (session.on, session.opens, session.closes) == (SATURDAY, datetime.time(14), datetime.time(16))
        client.post(f"{BASE}extrasession/{session.pk}/change/", data_of(clinician, closes="17:00"))
        client.post(f"{BASE}extrasession/{session.pk}/delete/", {"post": "yes"})
        assert not ExtraSession.objects.exists()
        events = AuditEvent.objects.filter(action__startswith="diary.").order_by("sequence")
        assert list(events.values_list("action", flat=True)) == ["diary.add", "diary.change", "diary.remove"]
        assert events[1].fields == ["closes"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"closes": "14:00"}, "closes"),
            ({"on": "2026-11-22"}, "on"),
            ({"on": "2026-12-25"}, "on"),
            ({"on": "9999-12-31"}, "on"),
            ({"opens": ""}, "opens"),
        ],
    )
    def test_one_that_makes_no_sense_is_refused_at_its_field(
        self, sign_in, manager, clinician, settings, changes, field
    ):
        settings.CLOSED_DATES = ["2026-12-25"]
        response = sign_in(manager).post(f"{BASE}extrasession/add/", data_of(clinician, **changes))
        assert list(response.context["adminform"].form.errors) == [field]
        assert not ExtraSession.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"opens": "15:59", "closes": "18:00"}, "Saturday 28 November 2 pm to 4 pm"),
            ({"on": "2026-11-24", "opens": "11:59", "closes": "13:00"}, "Tuesday 9 am to 12 pm"),
            ({"opens": "16:00", "closes": "18:00"}, ""),
            ({"on": "2026-11-24", "opens": "12:00", "closes": "13:00"}, ""),
            ({"on": "2026-12-05"}, ""),
        ],
    )
    def test_one_over_other_hours_of_the_doctor_is_refused_and_names_them(
        self, sign_in, manager, clinician, session, changes, named
    ):
        response = sign_in(manager).post(f"{BASE}extrasession/add/", data_of(clinician, **changes))
        assert ExtraSession.objects.count() == (1 if named else 2)
        if named:
            assert f"Dr Ines Halloran has {named} already." in text_of(response)

    def test_the_service_refuses_it_too(self, manager, clinician, session):
        other = ExtraSession(
            clinician=clinician, location=session.location, on=SATURDAY, opens=datetime.time(15),
            closes=datetime.time(17),
        )  # fmt: skip
        with pytest.raises(HoursOverlap):
            diary.save(entry=other, by=manager)
        assert diary.save(entry=session, by=manager) == session

    @pytest.mark.parametrize(("ends_on", "is_refused"), [("", True), ("2026-11-28", True), ("2026-11-27", False)])
    def test_weekly_hours_over_one_are_refused(self, sign_in, manager, clinician, session, ends_on, is_refused):
        window = clinician.availabilities.first()
        data = weekly_data(window, weekday=5, opens="15:00", closes="18:00", ends_on=ends_on)
        response = sign_in(manager).post(f"{BASE}availability/add/", data)
        assert response.status_code == (200 if is_refused else 302)
        assert Availability.objects.filter(weekday=5).exists() is not is_refused

    def test_a_doctor_keeps_their_own_and_no_colleagues(self, sign_in, doctor, other_doctor, clinician, session):
        assert sign_in(doctor).post(f"{BASE}extrasession/add/", data_of(clinician, on="2026-12-05")).status_code == 302
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        session.clinician = colleague
        with pytest.raises(NotAllowed):
            diary.save(entry=session, by=doctor)


class TestStranded:
    """Who is booked hears of it from a person, so that person hears of it first."""

    @pytest.fixture
    def tuesdays(self, clinician):
        return clinician.availabilities.get(weekday=1)

    @pytest.mark.parametrize(
        "changes",
        [
            {"opens": "09:01"},
            {"closes": "09:39"},
            {"weekday": 5},
            {"starts_on": "2026-11-25"},
            {"ends_on": "2026-11-23"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_hours_are_changed_once_somebody_has_seen_whom_it_strands(
        self, sign_in, manager, booked, tuesdays, changes
    ):
        client, url = sign_in(manager), f"{BASE}availability/{tuesdays.pk}/change/"
        reference = booked.consultation_request.reference
        data = weekly_data(tuesdays, **changes)
        warned = client.post(url, {**data, "seen_visits": ""})
        assert f"would be left outside the hours, or without their room: {reference} (Tuesday 24 November, 9 am)" in (
            text_of(warned)
        )
        assert f'type="checkbox" name="seen_visits" value="{reference}"' in warned.content.decode()
        assert "checked" not in warned.content.decode().split('name="seen_visits"')[1].split(">")[0]
        event = RecordRead.objects.get(action="diary.hanging")
        assert event.shown["requests"] == [booked.consultation_request_id]
        assert client.post(url, {**data, "seen_visits": "LS-AAAA-AA"}).status_code == 200
        before = Availability.objects.get(pk=tuesdays.pk)
        assert before.opens == datetime.time(9)
        saved = client.post(url, {**data, "seen_visits": reference}, follow=True)
        assert f"These visits stand outside the hours now, or without their room: {reference}" in text_of(saved)
        assert list(AuditEvent.objects.get(action="diary.change").fields) == [next(iter(changes))]

    @pytest.mark.parametrize("changes", [{}, {"opens": "08:00"}, {"closes": "09:40"}, {"ends_on": "2026-11-24"}])
    def test_a_change_that_strands_nobody_asks_nothing(self, sign_in, manager, booked, tuesdays, changes):
        url = f"{BASE}availability/{tuesdays.pk}/change/"
        page = sign_in(manager).post(url, weekly_data(tuesdays, **changes))
        assert page.status_code == 302

    def test_nor_does_one_whose_visits_other_hours_cover(self, manager, booked, tuesdays, clinician):
        ExtraSession.objects.create(
            clinician=clinician, location=tuesdays.location, on=datetime.date(2026, 11, 24), opens=datetime.time(9),
            closes=datetime.time(10),
        )  # fmt: skip
        assert stranded.by_change(tuesdays, is_removed=True) == []

    def test_what_is_over_or_cancelled_is_nobodys_worry(self, booked, tuesdays, time_machine):
        assert stranded.by_change(tuesdays, is_removed=True) == [booked]
        time_machine.move_to(TUESDAY_AT_NINE + datetime.timedelta(minutes=40), tick=False)
        assert stranded.by_change(tuesdays, is_removed=True) == []
        time_machine.move_to(MONDAY, tick=False)
        type(booked).objects.update(status="cancelled", cancelled_at=MONDAY, cancelled_by="patient")
        assert stranded.by_change(tuesdays, is_removed=True) == []

    def test_the_page_that_asks_whether_to_delete_hours_names_them(self, sign_in, manager, booked, tuesdays):
        page = sign_in(manager).get(f"{BASE}availability/{tuesdays.pk}/delete/")
        named = f"would stand outside any: {booked.consultation_request.reference} (Tuesday 24 November, 9 am)"
        assert named in text_of(page)

    def test_hours_are_deleted_once_somebody_has_seen_whom_it_strands(self, sign_in, manager, booked, tuesdays):
        client, url = sign_in(manager), f"{BASE}availability/{tuesdays.pk}/delete/"
        reference = booked.consultation_request.reference
        asked = client.get(url).content.decode()
        assert f'type="checkbox" class="form-check-input" name="seen_visits" value="{reference}"' in asked
        for seen in ({}, {"seen_visits": "LS-AAAA-AA"}):
            page = client.post(url, {"post": "yes", **seen}, follow=True)
            assert "Nothing was deleted. Tick that you have seen to these visits first." in text_of(page)
            assert Availability.objects.filter(pk=tuesdays.pk).exists()
        client.post(url, {"post": "yes", "seen_visits": reference})
        assert not Availability.objects.filter(pk=tuesdays.pk).exists()

    @pytest.mark.parametrize("change", ["clinicians", "rooms"])
    def test_a_type_that_its_clinician_gives_no_longer(self, sign_in, manager, booked, clinician, other_doctor, change):
        kind, place = booked.appointment_type, Location.objects.get()
        room = Room.objects.create(name="Room 1", location=place)
        other_room = Room.objects.create(name="Room 2", location=place)
        other = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        type(booked).objects.update(room=room)
        type(kind).objects.update(needs_room=True)
        kind.rooms.set([room])
        data = {"name": kind.name, "minutes": 40, "modality": "clinic", "buffer_before_minutes": 0,
                "buffer_after_minutes": 0, "step_minutes": 15, "notice_hours": 12, "horizon_days": 90,
                "is_active": "on", "needs_room": "on", "rooms": [room.pk], "any_clinician": "on"}  # fmt: skip
        if change == "clinicians":
            data = {**data, "any_clinician": "", "clinicians": [other.pk]}
        else:
            data = {**data, "rooms": [other_room.pk]}
        client, url = sign_in(manager), f"{BASE}appointmenttype/{kind.pk}/change/"
        reference = booked.consultation_request.reference
        assert reference in text_of(client.post(url, data))
        kind.refresh_from_db()
        assert kind.any_clinician
        assert list(kind.rooms.all()) == [room]
        assert client.post(url, {**data, "seen_visits": reference}).status_code == 302
        assert client.post(url, data).status_code == 302

    def test_an_extra_session_too(self, sign_in, manager, session, clinician, make_request):
        at_two = clock.instant(SATURDAY, datetime.time(14), fold=0)
        visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, at_two)
        client = sign_in(manager)
        warned = client.post(f"{BASE}extrasession/{session.pk}/change/", data_of(clinician, opens="14:30"))
        assert visit.consultation_request.reference in text_of(warned)
        page = client.get(f"{BASE}extrasession/{session.pk}/delete/")
        assert visit.consultation_request.reference in text_of(page)

    def test_a_doctor_who_is_to_be_booked_no_more(self, sign_in, manager, booked, clinician):
        url = f"{BASE}clinician/{clinician.pk}/change/"
        data = {"user": clinician.user_id, "display_name": clinician.display_name}
        client = sign_in(manager)
        assert client.post(url, {**data, "is_bookable": "on"}).status_code == 302
        assert booked.consultation_request.reference in text_of(client.post(url, data))
        assert Clinician.objects.get().is_bookable
        assert client.post(url, {**data, "seen_visits": booked.consultation_request.reference}).status_code == 302
        assert not Clinician.objects.get().is_bookable

    def test_a_room_out_of_use(self, sign_in, manager, clinician, make_request):
        room = Room.objects.create(name="Room 1", location=Location.objects.get())
        visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE)
        visit.room = room
        visit.save()
        data = {"name": "Room 1", "location": room.location_id}
        page = sign_in(manager).post(f"{BASE}room/{room.pk}/change/", data)
        assert visit.consultation_request.reference in text_of(page)

    @pytest.mark.parametrize("why", ["closed", "hours", "no longer booked"])
    def test_the_diary_names_who_stands_outside(self, sign_in, nurse, booked, settings, why):
        client, reference = sign_in(nurse), booked.consultation_request.reference
        assert "outside the hours" not in text_of(client.get(f"{BASE}appointment/"))
        if why == "closed":
            settings.CLOSED_DATES = ["2026-11-24"]
        elif why == "hours":
            Availability.objects.filter(weekday=1).delete()
        else:
            Clinician.objects.update(is_bookable=False)
        text = text_of(client.get(f"{BASE}appointment/"))
        assert f"Booked, but outside the hours:</b> {reference} (Tuesday 24 November, 9 am)." in text
        assert text.count("outside the hours") == 2

    def test_many_are_counted(self, clinician, make_request):
        for number in range(7):
            book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE + number * 7 * DAY)
        words = stranded.named(stranded.by_change(clinician.availabilities.get(weekday=1), is_removed=True))
        assert words.endswith(" and 2 more")
        assert words.count("LS-") == 5
