"""The diary: kept by managers, a doctor's own times by the doctor, and never an absence over a booking."""

import datetime

import pytest
from django.db.models import ProtectedError

from clinic.core import clock
from clinic.core.models import AuditEvent, RecordRead
from clinic.core.refusals import NotAllowed
from consultations.enums import RequestStatus
from consultations.models import Absence, AppointmentType, Availability, Clinician, Location, Room
from consultations.services import diary
from tests.consultations.admin.conftest import text_of
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db
BASE = "/admin/consultations/"
TYPE = {
    "name": "By phone", "minutes": 20, "modality": "phone", "buffer_before_minutes": 5, "buffer_after_minutes": 10,
    "step_minutes": 30, "notice_hours": 24, "horizon_days": 60, "is_active": "on",
}  # fmt: skip


def absence_data(clinician, start, end):
    return {
        "clinician": clinician.pk,
        "starts_at": clock.local(start).strftime("%Y-%m-%dT%H:%M"),
        "ends_at": clock.local(end).strftime("%Y-%m-%dT%H:%M"),
        "reason": "Course",
    }


@pytest.fixture
def next_week():
    return clock.now().replace(minute=0, second=0, microsecond=0) + datetime.timedelta(days=7)


class TestManager:
    def test_is_told_that_it_is_saved_and_no_more(self, sign_in, manager):
        client = sign_in(manager)
        data = {"name": "Mill Lane", "address": "2 Mill Lane", "directions": ""}
        added = client.post(f"{BASE}location/add/", data, follow=True)
        changed = client.post(
            f"{BASE}location/{Location.objects.get().pk}/change/", {**data, "_continue": "1"}, follow=True
        )
        deleted = client.post(f"{BASE}location/{Location.objects.get().pk}/delete/", {"post": "yes"}, follow=True)
        said = [[str(message) for message in page.context["messages"]] for page in (added, changed, deleted)]
        assert said == [["Saved."], ["Saved."], ["Deleted."]]

    def test_adds_changes_and_removes_with_an_audit_event_each(self, sign_in, manager):
        client = sign_in(manager)
        client.post(f"{BASE}location/add/", {"name": "Mill Lane", "address": "2 Mill Lane", "directions": ""})
        location = Location.objects.get()
        client.post(f"{BASE}location/{location.pk}/change/", {"name": "Mill Lane", "address": "3 Mill Lane"})
        client.post(f"{BASE}location/{location.pk}/delete/", {"post": "yes"})
        assert not Location.objects.exists()
        actions = list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True))
        assert actions == ["diary.add", "diary.change", "diary.remove"]
        assert AuditEvent.objects.get(action="diary.change").fields == ["address"]

    def test_every_entry_has_a_form(self, sign_in, manager, doctor, other_doctor, clinician):
        client = sign_in(manager)
        for url, data in (
            ("clinician", {"user": other_doctor.pk, "display_name": "Dr Sam Okafor", "is_bookable": "on"}),
            ("room", {"name": "Room 1", "location": Location.objects.get().pk, "is_bookable": "on"}),
            ("appointmenttype", {**TYPE, "any_clinician": "on"}),
            (
                "availability",
                {"clinician": clinician.pk, "location": Location.objects.get().pk, "weekday": 5, "opens": "09:00",
                 "closes": "11:00", "starts_on": "2026-12-01", "ends_on": ""},
            ),
        ):  # fmt: skip
            assert client.get(f"{BASE}{url}/add/").status_code == 200
            response = client.post(f"{BASE}{url}/add/", data)
            assert response.status_code == 302, response.context["adminform"].form.errors
        assert Clinician.objects.filter(user=other_doctor).exists()
        assert AppointmentType.objects.filter(name="By phone").exists()
        assert Room.objects.filter(name="Room 1").exists()
        assert Availability.objects.filter(weekday=5).exists()

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"opens": "11:00", "closes": "09:00"}, "closes"),
            ({"starts_on": "2026-12-02", "ends_on": "2026-12-01"}, "ends_on"),
            ({"ends_on": "9999-12-31"}, "ends_on"),
            ({"starts_on": "0001-01-01"}, "starts_on"),
            ({"weekday": 9}, "weekday"),
        ],
    )
    def test_a_window_that_makes_no_sense_is_refused_at_its_field(self, sign_in, manager, clinician, data, field):
        good = {"clinician": clinician.pk, "location": Location.objects.get().pk, "weekday": 1, "opens": "09:00",
                "closes": "11:00", "starts_on": "2026-12-01", "ends_on": ""}  # fmt: skip
        response = sign_in(manager).post(f"{BASE}availability/add/", {**good, **data})
        assert field in response.context["adminform"].form.errors

    @pytest.mark.parametrize(
        ("changed", "is_refused"),
        [
            ({}, True),
            ({"opens": "08:00", "closes": "09:01"}, True),
            ({"opens": "08:00", "closes": "09:00"}, False),
            ({"opens": "12:00", "closes": "13:00"}, False),
            ({"weekday": 5}, False),
            ({"starts_on": "2026-01-01", "ends_on": "2026-11-30"}, False),
            ({"starts_on": "2026-01-01", "ends_on": "2026-12-01"}, True),
            ({"starts_on": "2027-01-31"}, True),
            ({"starts_on": "2027-02-01"}, False),
        ],
    )
    def test_a_window_over_another_of_the_same_doctor_is_refused_and_names_it(
        self, sign_in, manager, clinician, changed, is_refused
    ):
        Availability.objects.filter(weekday=1).update(
            starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 31)
        )
        data = {"clinician": clinician.pk, "location": Location.objects.get().pk, "weekday": 1, "opens": "11:00",
                "closes": "13:00", "starts_on": "2026-12-15", "ends_on": "", **changed}  # fmt: skip
        before = Availability.objects.count()
        response = sign_in(manager).post(f"{BASE}availability/add/", data)
        assert Availability.objects.count() == before + (not is_refused)
        if is_refused:
            named = f"Dr Ines Halloran has Tuesday 9 am to 12 pm from {clock.day(datetime.date(2026, 12, 1))} already."
            assert named in text_of(response)

    def test_a_window_does_not_stand_in_its_own_way_nor_in_that_of_a_colleague(
        self, sign_in, manager, other_doctor, clinician
    ):
        client, window = sign_in(manager), clinician.availabilities.first()
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        data = {"clinician": clinician.pk, "location": window.location_id, "weekday": window.weekday, "opens": "09:00",
                "closes": "11:00", "starts_on": "2026-12-01", "ends_on": ""}  # fmt: skip
        assert client.post(f"{BASE}availability/{window.pk}/change/", data).status_code == 302
        assert client.post(f"{BASE}availability/add/", {**data, "clinician": colleague.pk}).status_code == 302
        window.refresh_from_db()
        assert window.closes == datetime.time(11)
        assert colleague.availabilities.count() == 1

    def test_a_clinician_with_appointments_cannot_be_removed(self, sign_in, manager, clinician, make_request):
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, clock.now())
        response = sign_in(manager).post(f"{BASE}clinician/{clinician.pk}/delete/", {"post": "yes"})
        assert Clinician.objects.filter(pk=clinician.pk).exists()
        assert response.status_code in (200, 403)
        with pytest.raises(ProtectedError):
            diary.remove(entry=clinician, by=manager)


class TestAppointmentType:
    def test_keeps_who_gives_it_where_and_how_early_with_one_audit_event(self, sign_in, manager, clinician):
        room = Room.objects.create(name="Room 1", location=Location.objects.get())
        chosen = {"clinicians": [clinician.pk], "needs_room": "on", "rooms": [room.pk]}
        response = sign_in(manager).post(f"{BASE}appointmenttype/add/", {**TYPE, **chosen})
        assert response.status_code == 302, response.context["adminform"].form.errors
        kind = AppointmentType.objects.get()
        assert (kind.any_clinician, list(kind.clinicians.all()), list(kind.rooms.all())) == (False, [clinician], [room])
        assert (kind.buffer_before_minutes, kind.buffer_after_minutes, kind.step_minutes) == (5, 10, 30)
        assert (kind.notice_hours, kind.horizon_days) == (24, 60)
        event = AuditEvent.objects.get(action="diary.add")
        assert {"clinicians", "needs_room", "rooms", "buffer_after_minutes"} <= set(event.fields)

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({}, "clinicians"),
            ({"any_clinician": "on", "needs_room": "on"}, "rooms"),
            ({"any_clinician": "on", "buffer_before_minutes": 121}, "buffer_before_minutes"),
            ({"any_clinician": "on", "buffer_after_minutes": 121}, "buffer_after_minutes"),
            ({"any_clinician": "on", "step_minutes": 4}, "step_minutes"),
            ({"any_clinician": "on", "notice_hours": 721}, "notice_hours"),
            ({"any_clinician": "on", "horizon_days": 366}, "horizon_days"),
            ({"any_clinician": "on", "horizon_days": 0}, "horizon_days"),
        ],
    )
    def test_that_could_not_be_booked_is_refused_at_its_field(self, sign_in, manager, clinician, data, field):
        response = sign_in(manager).post(f"{BASE}appointmenttype/add/", {**TYPE, **data})
        assert list(response.context["adminform"].form.errors) == [field]
        assert not AppointmentType.objects.exists()

    def test_says_what_each_number_does(self, sign_in, manager):
        page = text_of(sign_in(manager).get(f"{BASE}appointmenttype/add/"))
        for phrase in (
            "Times nearer than this are not offered.",
            "Times further away than this are not offered yet.",
            "clinician and room are occupied, the patient is not told.",
            "The first free one at the location is taken with the booking.",
        ):
            assert phrase in page

    def test_a_colleague_with_no_right_to_it_changes_nothing_of_whom_it_is_given_by(self, manager, doctor, clinician):
        kind = AppointmentType.objects.create(name="By phone", minutes=20)
        with pytest.raises(NotAllowed):
            diary.save(entry=kind, by=doctor, chosen={"clinicians": [clinician]})
        assert not kind.clinicians.exists()
        diary.save(entry=kind, by=manager, chosen={"clinicians": [clinician]})
        assert list(kind.clinicians.all()) == [clinician]

    @pytest.mark.parametrize("address", ["room/{}/change/", "clinician/{}/delete/", "absence/?clinician__pk__exact={}"])
    def test_a_number_that_no_key_is_finds_nothing(self, sign_in, manager, clinician, address):
        assert sign_in(manager).get(BASE + address.format("9" * 25)).status_code == 302

    @pytest.mark.parametrize("is_booked", [True, False])
    def test_a_room_moves_to_another_location_while_nobody_is_booked_in_it(
        self, sign_in, manager, clinician, make_request, next_week, is_booked
    ):
        here = Location.objects.get()
        room = Room.objects.create(name="Room 1", location=here)
        visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, next_week)
        there = Location.objects.create(name="Annex", address="1 Side Street")
        if is_booked:
            visit.room = room
            visit.save()
        data = {"name": "Room A", "location": there.pk, "is_bookable": "on"}
        response = sign_in(manager).post(f"{BASE}room/{room.pk}/change/", data)
        assert Room.objects.get().location == (here if is_booked else there)
        if is_booked:
            assert list(response.context["adminform"].form.errors) == ["location"]
            room.location = there
            with pytest.raises(diary.RoomIsBooked, match="Somebody is booked in this room"):
                diary.save(entry=room, by=manager)

    def test_a_room_that_is_booked_stays(self, sign_in, manager, clinician, make_request, next_week):
        room = Room.objects.create(name="Room 1", location=Location.objects.get())
        visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, next_week)
        visit.room = room
        visit.save()
        with pytest.raises(ProtectedError):
            diary.remove(entry=room, by=manager)
        assert Room.objects.get() == room


class TestAbsence:
    def test_over_a_booking_is_refused_and_names_it(self, sign_in, manager, clinician, make_request, next_week):
        consultation_request = make_request(status=RequestStatus.BOOKED, patient=make_patient("Marta Quill"))
        book_directly(consultation_request, clinician, next_week)
        data = absence_data(clinician, next_week - datetime.timedelta(hours=1), next_week + datetime.timedelta(hours=3))
        response = sign_in(manager).post(f"{BASE}absence/add/", data)
        assert f"Marta Quill ({consultation_request.reference}, {clock.moment(next_week)})" in text_of(response)
        assert not Absence.objects.exists()

    def test_the_service_refuses_it_too(self, manager, clinician, make_request, next_week):
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, next_week)
        absence = Absence(clinician=clinician, starts_at=next_week, ends_at=next_week + datetime.timedelta(minutes=1))
        with pytest.raises(diary.TimeIsBooked):
            diary.save(entry=absence, by=manager)

    def test_over_the_buffer_of_a_booking_is_refused_too(self, manager, clinician, make_request, next_week):
        visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, next_week)
        visit.buffer_after_minutes = 15
        visit.save()
        start = next_week + datetime.timedelta(minutes=54)
        absence = Absence(clinician=clinician, starts_at=start, ends_at=start + datetime.timedelta(minutes=60))
        with pytest.raises(diary.TimeIsBooked):
            diary.save(entry=absence, by=manager)
        absence.starts_at += datetime.timedelta(minutes=1)
        assert diary.save(entry=absence, by=manager).pk

    @pytest.mark.parametrize("offset", [-60, 40])
    def test_beside_a_booking_is_fine(self, manager, clinician, make_request, next_week, offset):
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, next_week)
        start = next_week + datetime.timedelta(minutes=offset)
        absence = Absence(clinician=clinician, starts_at=start, ends_at=start + datetime.timedelta(minutes=60))
        assert diary.save(entry=absence, by=manager).pk

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            ("2027-03-14T02:30", "2027-03-14T04:00", "There is no 2:30 am on Sunday 14 March"),
            ("2027-03-14T01:30", "2027-03-14T03:30", ("06:30", "07:30")),
            ("2027-11-07T01:30", "2027-11-07T01:40", ("05:30", "06:40")),
        ],
    )
    def test_of_times_on_the_nights_the_clocks_change(self, sign_in, manager, clinician, start, end, expected):
        data = {"clinician": clinician.pk, "starts_at": start, "ends_at": end, "reason": ""}
        page = sign_in(manager).post(f"{BASE}absence/add/", data)
        if isinstance(expected, str):
            assert f"{expected} 2027: the clocks are put forward then. Enter 3 am or later." in text_of(page)
            assert not Absence.objects.exists()
        else:
            absence = Absence.objects.get()
            assert (f"{absence.starts_at:%H:%M}", f"{absence.ends_at:%H:%M}") == expected

    def test_times_are_read_on_the_clinics_clock(self, sign_in, manager, clinician):
        sign_in(manager).post(
            f"{BASE}absence/add/",
            {"clinician": clinician.pk, "starts_at": "2027-01-04T09:00", "ends_at": "2027-01-04T10:00", "reason": ""},
        )
        assert Absence.objects.get().starts_at == datetime.datetime(2027, 1, 4, 14, 0, tzinfo=datetime.UTC)


class TestDoctor:
    def test_keeps_their_own_times(self, sign_in, doctor, clinician, next_week):
        data = absence_data(clinician, next_week, next_week + datetime.timedelta(hours=2))
        assert sign_in(doctor).post(f"{BASE}absence/add/", data).status_code == 302
        assert Absence.objects.get().clinician == clinician

    def test_cannot_touch_a_colleagues(self, sign_in, other_doctor, clinician, next_week):
        absence = Absence.objects.create(
            clinician=clinician, starts_at=next_week, ends_at=next_week + datetime.timedelta(hours=1)
        )
        Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        client = sign_in(other_doctor)
        later = absence_data(clinician, next_week, next_week + datetime.timedelta(hours=9))
        assert client.post(f"{BASE}absence/{absence.pk}/change/", later).status_code == 403
        assert client.post(f"{BASE}absence/{absence.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.get(f"{BASE}absence/{absence.pk}/change/").status_code == 200
        absence.refresh_from_db()
        assert absence.ends_at == next_week + datetime.timedelta(hours=1)

    def test_cannot_hand_their_own_to_a_colleague(self, doctor, other_doctor, clinician, next_week):
        own = Absence.objects.create(
            clinician=clinician, starts_at=next_week, ends_at=next_week + datetime.timedelta(hours=1)
        )
        own.clinician = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        with pytest.raises(NotAllowed):
            diary.save(entry=own, by=doctor)

    @pytest.mark.parametrize("name", ["clinician", "location", "room", "appointmenttype"])
    def test_cannot_change_the_rest(self, sign_in, doctor, name):
        client = sign_in(doctor)
        assert client.get(f"{BASE}{name}/").status_code == 200
        assert client.get(f"{BASE}{name}/add/").status_code == 403
        assert client.post(f"{BASE}{name}/add/", {"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    "name", ["clinician", "location", "room", "appointmenttype", "availability", "extrasession", "absence"]
)
def test_a_nurse_only_reads_and_an_editor_does_not(sign_in, nurse, editor, clinician, name):
    assert sign_in(nurse).get(f"{BASE}{name}/").status_code == 200
    assert sign_in(nurse).post(f"{BASE}{name}/add/", {}).status_code == 403
    assert sign_in(editor).get(f"{BASE}{name}/").status_code == 403


class TestDiaryPage:
    def test_shows_who_is_booked_and_what_is_free(self, sign_in, nurse, clinician, visit, make_request, next_week):
        consultation_request = make_request(status=RequestStatus.BOOKED, patient=make_patient("Marta Quill"))
        book_directly(consultation_request, clinician, next_week)
        response = sign_in(nurse).get(f"{BASE}appointment/")
        assert "Marta Quill" in text_of(response)
        assert "free time" in text_of(response)
        event = RecordRead.objects.get(action="request.list")
        assert (event.page, event.shown) == ("diary", {"requests": [consultation_request.pk], "as": ["triage"]})

    @pytest.mark.parametrize("day", ["", "nonsense", "0001-01-01", "9999-12-31", "2026-02-30", "2026-12-01"])
    def test_any_day_in_the_address_gives_a_page(self, sign_in, nurse, clinician, day):
        assert sign_in(nurse).get(f"{BASE}appointment/", {"from": day}).status_code == 200

    def test_an_editor_is_refused(self, sign_in, editor):
        assert sign_in(editor).get(f"{BASE}appointment/").status_code == 403
