"""The week of the diary: what stands in it, booking and keeping free from a free time, and how often it asks."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from zeal import zeal_context

from clinic.core import clock
from clinic.core.models import AuditEvent, RecordRead
from consultations.enums import RequestStatus
from consultations.models import (
    Absence,
    Appointment,
    AppointmentType,
    Availability,
    BusyTime,
    Clinician,
    ExtraSession,
    Location,
    ReleasedTime,
    Room,
    RoomClosure,
    SlotHold,
    TimeOffer,
    VisitNeeds,
    WaitingEntry,
)
from consultations.services import scheduling, stranded
from tests.consultations.admin.conftest import text_of
from tests.personas import book_directly, connect_directly, make_patient, make_user

pytestmark = pytest.mark.django_db
BASE = "/admin/consultations/appointment/week/"
MONDAY = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
TUESDAY_AT_NINE = datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC)
MINUTE, HOUR, DAY = (datetime.timedelta(minutes=number) for number in (1, 60, 1440))
LIMIT = 36


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def room(clinician):
    return Room.objects.create(name="Room 1", location=Location.objects.get())


def offered_time(consultation_request, clinician, starts_at):
    """A time that is kept for somebody on the waiting list, for four hours."""
    place = Location.objects.get()
    span = {"clinician": clinician, "starts_at": starts_at, "ends_at": starts_at + 40 * MINUTE}
    entry = WaitingEntry.objects.create(consultation_request=consultation_request, asked_at=clock.now())
    released = ReleasedTime.objects.create(**span, reason="cancelled", released_at=clock.now())
    until = clock.now() + 4 * HOUR
    offer = TimeOffer.objects.create(
        **span, entry=entry, released_time=released, location=place, made_at=clock.now(), expires_at=until
    )
    SlotHold.objects.create(
        **span, consultation_request=consultation_request, location=place, expires_at=until, time_offer=offer
    )
    return offer


def lines(page, heading, who):
    """The lines of one doctor or room on one day, as they are read."""
    section = re.search(rf"<section[^>]*>(?:(?!</section>).)*{heading}(?:(?!</section>).)*</section>", text_of(page))
    assert section, f"no {heading}"
    cell = re.search(rf"<h3>{who}</h3>(.*?)</div> *(?=<div class=\"week-cell|</section>)", section[0])
    assert cell, f"no {who} on {heading}"
    return [" ".join(re.sub("<[^>]+>", " ", line).split()) for line in re.findall(r"<li.*?</li>", cell[1])]


class TestByDoctor:
    def test_shows_everything_of_a_day_in_order(self, sign_in, nurse, clinician, visit, make_request, room):
        booked = book_directly(
            make_request(status=RequestStatus.BOOKED, patient=make_patient("Marta Quill")), clinician, TUESDAY_AT_NINE
        )
        Appointment.objects.update(buffer_after_minutes=10, room=room)
        SlotHold.objects.create(
            consultation_request=make_request(status=RequestStatus.OFFERED), clinician=clinician,
            location=booked.location, starts_at=TUESDAY_AT_NINE + HOUR, ends_at=TUESDAY_AT_NINE + 100 * MINUTE,
            expires_at=MONDAY + 10 * MINUTE,
        )  # fmt: skip
        Absence.objects.create(
            clinician=clinician,
            starts_at=TUESDAY_AT_NINE + 2 * HOUR,
            ends_at=TUESDAY_AT_NINE + 9 * HOUR,
            reason="Course",
        )
        ExtraSession.objects.create(
            clinician=clinician, location=booked.location, on=datetime.date(2026, 11, 24), opens=datetime.time(18),
            closes=datetime.time(18, 40),
        )  # fmt: skip
        page = sign_in(nurse).get(BASE, {"on": "2026-11-27"})
        held = SlotHold.objects.get().consultation_request.reference
        assert lines(page, "Tuesday 24 November", "Dr Ines Halloran") == [
            "9 am to 12 pm Orchard Row",
            "6 pm to 6:40 pm Orchard Row Extra session",
            f"9 am to 9:40 am Marta Quill {booked.consultation_request.reference} At the clinic, Room 1, Orchard Row "
            "Kept free: 10 minutes after Booked Not confirmed",
            f"10 am to 10:40 am Held until 10:10 am {held}",
            "11 am to 6 pm Away Course",
            "Free 6 pm",
        ]
        shown = RecordRead.objects.get(page="week").shown["requests"]
        assert sorted(shown) == sorted([booked.consultation_request_id, SlotHold.objects.get().consultation_request_id])

    def test_a_clinicians_own_calendar_and_an_offer_of_the_waiting_list_too(
        self, sign_in, nurse, clinician, make_request
    ):
        BusyTime.objects.create(
            calendar=connect_directly(clinician), clinician=clinician, starts_at=TUESDAY_AT_NINE,
            ends_at=TUESDAY_AT_NINE + HOUR,
        )  # fmt: skip
        offer = offered_time(make_request(status=RequestStatus.OFFERED), clinician, TUESDAY_AT_NINE + HOUR)
        page = sign_in(nurse).get(BASE)
        reference = offer.entry.consultation_request.reference
        assert lines(page, "Tuesday 24 November", "Dr Ines Halloran")[1:] == [
            "9 am to 10 am Busy, by their own calendar",
            f"10 am to 10:40 am Offered to the waiting list until 2 pm {reference}",
            "Free 11 am",
        ]

    def test_what_somebody_needs_stands_with_the_visit(self, sign_in, nurse, clinician, make_request):
        visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE)
        VisitNeeds.objects.create(
            patient=visit.consultation_request.patient, told_at=MONDAY,
            record={"codes": ["hearing"], "language": "", "more": ""},
        )  # fmt: skip
        page = sign_in(nurse).get(BASE)
        assert "Needs: <bdi>Hearing: write rather than call</bdi>" in text_of(page)

    @pytest.mark.parametrize(
        ("region", "language", "first", "last"),
        [
            ("US", "en", "Sunday 22 November", "Saturday 28 November"),
            ("GB", "en-gb", "Monday 23 November", "Sunday 29 November"),
        ],
    )
    def test_a_week_begins_as_the_regions_does(
        self, sign_in, nurse, clinician, settings, region, language, first, last
    ):
        settings.CLINIC_REGION, settings.LANGUAGE_CODE = region, language
        page = text_of(sign_in(nurse).get(BASE))
        assert f"{first} to {last}, Eastern Time (New York)." in page

    def test_a_closed_day_says_so_and_a_visit_on_it_stands_outside(
        self, sign_in, nurse, clinician, make_request, settings
    ):
        settings.CLOSED_DATES = ["2026-11-24"]
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE)
        page = sign_in(nurse).get(BASE)
        assert re.search(r"Tuesday 24 November</a> *<span[^>]*>Clinic closed</span>", text_of(page))
        (line,) = lines(page, "Tuesday 24 November", "Dr Ines Halloran")
        assert line.endswith("Booked Not confirmed Outside the hours")

    def test_an_absence_over_days_stands_on_each(self, sign_in, nurse, clinician):
        Absence.objects.create(clinician=clinician, starts_at=TUESDAY_AT_NINE, ends_at=TUESDAY_AT_NINE + 2 * DAY)
        page = sign_in(nurse).get(BASE)
        on = {day: lines(page, day, "Dr Ines Halloran")[1] for day in ("Tuesday 24", "Wednesday 25", "Thursday 26")}
        assert on == {
            "Tuesday 24": "From 9 am Away", "Wednesday 25": "All day Away", "Thursday 26": "Until 9 am Away",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("on", "first_free"),
        [("2027-03-14", "3 am to 4 am Orchard Row"), ("2026-11-01", "1 am EDT to 4 am Orchard Row")],
    )
    def test_hours_on_the_nights_the_clocks_change(
        self, sign_in, nurse, clinician, visit, time_machine, on, first_free
    ):
        time_machine.move_to(datetime.datetime.fromisoformat(f"{on}T05:00:00+00:00") - 2 * DAY, tick=False)
        opens = datetime.time(1) if on == "2026-11-01" else datetime.time(2)
        Availability.objects.filter(weekday=0).update(weekday=6, opens=opens, closes=datetime.time(4))
        page = sign_in(nurse).get(BASE, {"on": on, "span": "day"})
        assert lines(page, "Sunday", "Dr Ines Halloran")[0] == first_free
        free = lines(page, "Sunday", "Dr Ines Halloran")[-1]
        assert free == (
            "Free 1 am EDT 1:40 am EDT 1:20 am EST 2 am 2:40 am 3:20 am" if opens.hour == 1 else "Free 3 am"
        )

    def test_a_visit_of_another_zone_stands_on_the_clinics_day_in_its_own_words(
        self, sign_in, nurse, clinician, make_request
    ):
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE)
        Appointment.objects.update(time_zone="Asia/Tokyo")
        page = sign_in(nurse).get(BASE)
        assert (
            lines(page, "Tuesday 24 November", "Dr Ines Halloran")[1].startswith("11 pm UTC+9:00 to 11:40 pm UTC+9:00")
            or "11 pm JST to 11:40 pm JST" in lines(page, "Tuesday 24 November", "Dr Ines Halloran")[1]
        )

    @pytest.mark.parametrize(
        "query", ["on=nonsense", "on=0001-01-01", "on=9999-12-31", "by=x&span=y", "clinician=9999", "room=x",
                  "request=x", "request=999999", "kind=0", "location=" + "9" * 30, "undo=absence-1", "undo=x"],
    )  # fmt: skip
    def test_any_address_gives_a_page(self, sign_in, nurse, clinician, visit, query):
        page = sign_in(nurse).get(f"{BASE}?{query}")
        assert page.status_code == 200
        assert "Dr Ines Halloran" in text_of(page)

    def test_filters(self, sign_in, nurse, clinician, other_doctor, visit):
        other = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        annex = Location.objects.create(name="Annex", address="1 Side Street")
        Availability.objects.create(
            clinician=other, location=annex, weekday=2, opens=datetime.time(9), closes=datetime.time(10),
            starts_on=datetime.date(2020, 1, 1),
        )  # fmt: skip
        client = sign_in(nurse)
        everything, here, mine = (
            text_of(client.get(BASE, query)) for query in ({}, {"location": annex.pk}, {"clinician": clinician.pk})
        )
        names = [
            [name for name in ("<h3>Dr Ines Halloran</h3>", "<h3>Dr Sam Okafor</h3>") if name in page]
            for page in (everything, here, mine)
        ]
        assert names == [
            ["<h3>Dr Ines Halloran</h3>", "<h3>Dr Sam Okafor</h3>"], ["<h3>Dr Sam Okafor</h3>"],
            ["<h3>Dr Ines Halloran</h3>"],
        ]  # fmt: skip


class TestByRoom:
    def test_shows_what_stands_in_a_room_and_when_it_is_free(self, sign_in, manager, clinician, make_request, room):
        booked = book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE + 20 * MINUTE)
        Appointment.objects.update(room=room, buffer_before_minutes=10)
        RoomClosure.objects.create(
            room=room, starts_at=TUESDAY_AT_NINE + 2 * HOUR, ends_at=TUESDAY_AT_NINE + 3 * HOUR, reason="Paint"
        )
        page = sign_in(manager).get(BASE, {"by": "room"})
        assert lines(page, "Tuesday 24 November", "Room 1, Orchard Row") == [
            "Free Block 9 am to 9:10 am",
            f"9:20 am to 10 am Alice Winther {booked.consultation_request.reference} At the clinic, Dr Ines Halloran "
            "Kept free: 10 minutes before Booked Not confirmed",
            "Free Block 10 am to 11 am",
            "11 am to 12 pm Out of use Paint Back in use : 11 am to 12 pm",
        ]

    def test_a_visit_without_a_room_has_a_row_of_its_own(self, sign_in, nurse, clinician, make_request, room):
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE)
        page = sign_in(nurse).get(BASE, {"by": "room"})
        assert len(lines(page, "Tuesday 24 November", "Without a room")) == 1
        assert lines(page, "Tuesday 24 November", "Room 1, Orchard Row") == ["9 am to 12 pm Free"]


def times_url(page):
    return re.search(r'href="(/admin/consultations/appointment/week/time/[^"]+)">9:40 am', page.content.decode())[
        1
    ].replace("&amp;", "&")


class TestFromAFreeTime:
    def test_it_is_booked_for_who_waits_with_that_time_chosen(self, sign_in, nurse, clinician, visit, make_request):
        routine = make_request(
            status=RequestStatus.OFFERED, patient=make_patient("Rita Old"), submitted_at=MONDAY - 9 * DAY
        )
        pressing = make_request(status=RequestStatus.OFFERED, patient=make_patient("Ulla New"), risk=2)
        make_request(status=RequestStatus.OFFERED, patient=make_patient("Flora Flag"), flag_level="SAME_DAY")
        client = sign_in(nurse)
        page = client.get(times_url(client.get(BASE)))
        named = re.findall(r"Ulla New|Rita Old|Flora Flag", text_of(page))
        assert named == ["Ulla New", "Rita Old"]
        event = RecordRead.objects.get(page="time")
        assert sorted(event.shown["requests"]) == sorted([routine.pk, pressing.pk])
        link = re.search(r'href="([^"]+)">Ulla New', page.content.decode())[1].replace("&amp;", "&")
        form = client.get(link).content.decode()
        assert re.search(r"<option[^>]* value=\"20261124T1440Z-[^\"]+\" selected>9:40 am", form)

    def test_a_time_beyond_the_list_of_the_form_is_booked_too(self, sign_in, nurse, clinician, visit, make_request):
        waiting = make_request(status=RequestStatus.OFFERED)
        client = sign_in(nurse)
        week = client.get(BASE, {"on": "2027-01-19", "request": waiting.pk})
        assert "A time for Alice Winther" in text_of(week)
        page = client.get(times_url(week))
        link = re.search(r'href="([^"]+)">Go on with this time', page.content.decode())[1].replace("&amp;", "&")
        form = client.get(link).content.decode()
        key = re.search(r"<option[^>]* value=\"([^\"]+)\" selected>9:40 am", form)[1]
        url = f"/admin/consultations/consultationrequest/{waiting.pk}/book/"
        client.post(url, {"seen": "offered", "slot_key": key})
        booked = Appointment.objects.get()
        assert booked.starts_at == datetime.datetime(2027, 1, 18, 14, 40, tzinfo=datetime.UTC)

    def test_a_booked_visit_is_moved_to_it(self, sign_in, nurse, clinician, make_request):
        visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE)
        client = sign_in(nurse)
        page = client.get(times_url(client.get(BASE, {"request": visit.consultation_request_id})))
        assert re.search(r'href="[^"]+#move-slot_key">Go on with this time', page.content.decode())

    def test_one_that_is_gone_says_so(self, sign_in, nurse, clinician, visit, make_request):
        client = sign_in(nurse)
        url = times_url(client.get(BASE))
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE - DAY + 40 * MINUTE)
        Absence.objects.create(clinician=clinician, starts_at=MONDAY, ends_at=MONDAY + 9 * DAY)
        assert "This time is not free any more" in text_of(client.get(url))

    @pytest.mark.parametrize("slot", ["", "x", "20261124T1400Z", "20261124T1400Z-1-x", "20261124T1400Z-999999-999999",
                                      "99991231T2359Z-1-1", f"20261124T1400Z-{'9' * 40}-1"])  # fmt: skip
    def test_what_is_no_time_leads_back(self, sign_in, nurse, clinician, visit, slot):
        assert sign_in(nurse).get(f"{BASE}time/", {"slot": slot}).status_code == 302


BLOCK = {"starts_at": "2026-11-24T09:40", "ends_at": "2026-11-24T10:20", "reason": "Letters"}


class TestBlock:
    def test_a_manager_keeps_a_time_free_and_takes_it_back(self, sign_in, manager, clinician, visit):
        client = sign_in(manager)
        page = client.get(times_url(client.get(BASE, {"on": "2026-11-24", "span": "day"})))
        assert '<input type="hidden" name="starts_at" value="2026-11-24T09:40">' in page.content.decode()
        done = client.post(f"{BASE}block/", {**BLOCK, "clinician": clinician.pk}, follow=True)
        assert "<b>Kept free:</b> Dr Ines Halloran, 9:40 am to 10:20 am. Nobody can book it." in text_of(done)
        absence = Absence.objects.get()
        assert (absence.starts_at, absence.reason) == (TUESDAY_AT_NINE + 40 * MINUTE, "Letters")
        assert lines(done, "Tuesday 24 November", "Dr Ines Halloran")[1:] == [
            "Free 9 am", "9:40 am to 10:20 am Away Letters", "Free 10:20 am 11 am",
        ]  # fmt: skip
        back = client.post(f"{BASE}unblock/", {"block": f"absence-{absence.pk}"}, follow=True)
        assert "Taken back: the time can be booked again." in text_of(back)
        again = client.post(f"{BASE}unblock/", {"block": f"absence-{absence.pk}"}, follow=True)
        assert "it was taken back already" in text_of(again)
        events = AuditEvent.objects.filter(action__startswith="diary.").order_by("sequence")
        assert list(events.values_list("action", flat=True)) == ["diary.add", "diary.remove"]

    def test_a_doctor_their_own_and_a_nurse_none(self, sign_in, nurse, doctor, other_doctor, clinician):
        other = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        client = sign_in(doctor)
        assert client.post(f"{BASE}block/", {**BLOCK, "clinician": other.pk}).status_code == 200
        assert not Absence.objects.exists()
        assert client.post(f"{BASE}block/", {**BLOCK, "clinician": clinician.pk}).status_code == 302
        refused = sign_in(nurse)
        assert refused.post(f"{BASE}block/", {**BLOCK, "clinician": clinician.pk}).status_code == 403
        refused.post(f"{BASE}unblock/", {"block": f"absence-{Absence.objects.get().pk}"})
        assert Absence.objects.count() == 1

    def test_over_a_visit_it_is_refused_with_the_list(self, sign_in, manager, clinician, make_request):
        booked = book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE + HOUR)
        page = sign_in(manager).post(f"{BASE}block/", {**BLOCK, "clinician": clinician.pk})
        assert f"Alice Winther ({booked.consultation_request.reference}, Tuesday 24 November, 10 am)" in text_of(page)
        assert not Absence.objects.exists()

    def test_a_room_that_is_out_of_use_is_offered_to_nobody(self, sign_in, manager, clinician, room):
        kind = AppointmentType.objects.create(name="In a room", minutes=40, needs_room=True)
        kind.rooms.add(room)
        day = datetime.date(2026, 11, 24)
        keys = {"appointment_type": kind, "since": day, "until": day + DAY}
        assert len(scheduling.free_slots(**keys)) == 4
        sign_in(manager).post(f"{BASE}block/", {**BLOCK, "room": room.pk})
        starts = [clock.time(slot.starts_at) for slot in scheduling.free_slots(**keys)]
        assert starts == ["9 am", "10:20 am", "11 am"]

    def test_a_room_with_a_visit_once_somebody_ticked(self, sign_in, manager, clinician, make_request, room):
        visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, TUESDAY_AT_NINE + HOUR)
        Appointment.objects.update(room=room)
        client, data = sign_in(manager), {**BLOCK, "room": room.pk}
        warned = client.post(f"{BASE}block/", data)
        reference = visit.consultation_request.reference
        assert f"{reference} (Tuesday 24 November, 10 am)" in text_of(warned)
        assert f'value="{reference}"' in warned.content.decode()
        assert RecordRead.objects.get(action="diary.hanging").shown["requests"] == [visit.consultation_request_id]
        assert not RoomClosure.objects.exists()
        assert client.post(f"{BASE}block/", {**data, "seen_visits": reference}).status_code == 302
        assert stranded.outside_hours(stranded.ahead()) == [visit]
        assert "outside the hours" in text_of(client.get("/admin/consultations/appointment/"))

    def test_only_a_manager_takes_a_room_out_of_use(self, sign_in, doctor, clinician, room):
        assert sign_in(doctor).post(f"{BASE}block/", {**BLOCK, "room": room.pk}).status_code == 403
        assert not RoomClosure.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize("by", ["doctor", "room"])
def test_asks_as_often_for_ten_doctors_as_for_one(sign_in, manager, clinician, visit, make_request, room, by):
    client, place = sign_in(manager), Location.objects.get()

    def cost():
        client.get(BASE, {"by": by})
        with zeal_context(), CaptureQueriesContext(connection) as queries:
            assert client.get(BASE, {"by": by}).status_code == 200
        return len(queries)

    def more(number, person):
        patient = make_patient(f"Person {number}")
        VisitNeeds.objects.create(patient=patient, told_at=MONDAY, record={"codes": [], "language": "Thai", "more": ""})
        book_directly(make_request(status=RequestStatus.BOOKED, patient=patient), person, TUESDAY_AT_NINE)
        Absence.objects.create(clinician=person, starts_at=TUESDAY_AT_NINE + DAY, ends_at=TUESDAY_AT_NINE + 2 * DAY)
        SlotHold.objects.create(
            consultation_request=make_request(status=RequestStatus.OFFERED), clinician=person, location=place,
            starts_at=TUESDAY_AT_NINE + HOUR, ends_at=TUESDAY_AT_NINE + 2 * HOUR, expires_at=MONDAY + HOUR,
        )  # fmt: skip
        extra = Room.objects.create(name=f"Room no. {number}", location=place)
        RoomClosure.objects.create(room=extra, starts_at=TUESDAY_AT_NINE, ends_at=TUESDAY_AT_NINE + HOUR)
        Appointment.objects.filter(clinician=person).update(room=extra)

    more(99, clinician)
    one = cost()
    for number in range(9):
        person = Clinician.objects.create(
            user=make_user(f"doctor{number}", "doctor"), display_name=f"Dr Number {number}"
        )
        Availability.objects.create(
            clinician=person, location=place, weekday=1, opens=datetime.time(9), closes=datetime.time(17),
            starts_on=datetime.date(2020, 1, 1),
        )  # fmt: skip
        more(number, person)
    assert cost() == one
    assert one <= LIMIT
