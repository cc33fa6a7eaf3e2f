"""A clinician's calendar address: initials, type and place to who has it, and nothing to anybody else."""

import datetime
import re

import icalendar
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.core.encryption import new_token
from clinic.core.logs import mask
from clinic.core.models import AuditEvent
from consultations.enums import AppointmentStatus, RequestStatus
from consultations.models import CalendarFeed
from consultations.models.patient import ERASED_NAME
from consultations.presenters.calendar_feed import initials
from consultations.services import calendar_feeds
from tests.consultations.perform import perform
from tests.personas import book_directly

pytestmark = pytest.mark.django_db
UTC = datetime.UTC
STARTS = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
"""Monday 30 November 2026, 9 am in New York."""


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 23, 15, 0, tzinfo=UTC), tick=False)


@pytest.fixture
def address(clinician):
    """The path of the address that the clinician has made."""
    return calendar_feeds.renew(clinician=clinician, by=clinician.user).partition("testserver")[2]


def events(answer):
    return icalendar.Calendar.from_ical(answer.content).walk("VEVENT")


def test_tells_when_and_where_by_initials(client, address, make_request, clinician):
    booked = book_directly(make_request(status=RequestStatus.BOOKED), clinician, STARTS)
    answer = client.get(address)
    (event,) = events(answer)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert event["DTSTART"].dt == STARTS
    assert event["DTEND"].dt == STARTS + datetime.timedelta(minutes=40)
    assert str(event["SUMMARY"]) == "A. W., First consultation"
    assert str(event["LOCATION"]) == "Orchard Row"
    text = answer.content.replace(b"\r\n ", b"").decode()
    request = booked.consultation_request
    for secret in (
        "Alice",
        "Winther",
        "alice@",
        request.reference,
        booked.calendar_uid,
        "/request/",
        "/admin/",
        "5550142",
    ):
        assert secret not in text


def test_nothing_is_set_kept_or_noted(client, address, make_request, clinician, django_assert_num_queries):
    book_directly(make_request(status=RequestStatus.BOOKED), clinician, STARTS)
    noted = AuditEvent.objects.count()
    answer = client.get(address)
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert AuditEvent.objects.count() == noted


def test_who_asks_again_is_told_that_nothing_changed(client, address, make_request, clinician, time_machine):
    consultation_request = make_request(status=RequestStatus.BOOKED)
    book_directly(consultation_request, clinician, STARTS)
    tag = client.get(address).headers["ETag"]
    time_machine.move_to(datetime.datetime(2026, 11, 23, 16, 0, tzinfo=UTC), tick=False)
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    perform("cancel_booking", consultation_request)
    changed = client.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert events(changed) == []


@pytest.mark.parametrize(("days", "is_told"), [(-9, False), (-6, True), (0, True), (59, True), (61, False)])
def test_tells_of_some_days(client, address, make_request, clinician, time_machine, days, is_told):
    booked = book_directly(make_request(status=RequestStatus.BOOKED), clinician, STARTS)
    time_machine.move_to(booked.ends_at - datetime.timedelta(days=days, minutes=41), tick=False)
    assert bool(events(client.get(address))) is is_told


@pytest.mark.parametrize("status", [AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW, AppointmentStatus.ARRIVED])
def test_a_visit_that_took_place_or_not_stays_where_it_was(client, address, make_request, clinician, status):
    booked = book_directly(make_request(status=RequestStatus.BOOKED), clinician, STARTS)
    type(booked).objects.filter(pk=booked.pk).update(status=status)
    assert len(events(client.get(address))) == 1


def test_the_visits_of_a_colleague_are_not_told(client, address, make_request, clinician, other_doctor):
    other = type(clinician).objects.create(user=other_doctor, display_name="Dr Sam Okafor")
    book_directly(make_request(status=RequestStatus.BOOKED), other, STARTS)
    assert events(client.get(address)) == []


def test_of_somebody_who_was_erased_the_time_alone_is_told(client, address, make_request, clinician):
    booked = book_directly(make_request(status=RequestStatus.BOOKED), clinician, STARTS)
    patient = booked.consultation_request.patient
    gone = {"name": ERASED_NAME, "data_key": "", "birth_on": None, "email_index": "", "phone_index": ""}
    type(patient).objects.filter(pk=patient.pk).update(erased_at=STARTS, **gone)
    (event,) = events(client.get(address))
    assert str(event["SUMMARY"]) == "First consultation"


class TestNotThere:
    def test_a_wrong_an_ended_and_a_renewed_address_are_the_same_answer_at_the_same_cost(
        self, client, address, clinician, django_assert_num_queries
    ):
        calendar_feeds.renew(clinician=clinician, by=clinician.user)
        renewed = address
        ended = calendar_feeds.renew(clinician=clinician, by=clinician.user).partition("testserver")[2]
        calendar_feeds.end(clinician=clinician, by=clinician.user)
        pages, queries = set(), set()
        client.get(f"/calendar/{new_token()}.ics")  # fills what is cached
        for path in (f"/calendar/{new_token()}.ics", renewed, ended):
            cache.clear()
            with CaptureQueriesContext(
                connection,
            ) as asked:
                answer = client.get(path)
            assert answer.status_code == 404
            assert not answer.cookies
            pages.add(answer.content.replace(path.encode(), b""))
            queries.add(len(asked))
        assert (len(pages), len(queries)) == (1, 1)

    @pytest.mark.parametrize("field", ["is_active", "is_staff"])
    def test_nor_that_of_somebody_who_left(self, client, address, clinician, field):
        type(clinician.user).objects.filter(pk=clinician.user_id).update(**{field: False})
        assert client.get(address).status_code == 404

    @pytest.mark.parametrize("token", ["", "a", "a" * 101, "a" * 5000, "%00", "😀", "../admin"])
    def test_nor_what_is_no_token(self, client, address, token):
        assert client.get(f"/calendar/{token}.ics").status_code in (400, 404)

    def test_the_digest_is_no_token(self, client, address):
        assert client.get(f"/calendar/{CalendarFeed.objects.get().token_digest}.ics").status_code == 404

    def test_it_takes_no_form(self, client, address):
        assert client.post(address).status_code == 405

    def test_who_asks_too_often_waits(self, client, address):
        answers = [client.get(address).status_code for _ in range(61)]
        assert answers == [200] * 60 + [429]
        assert client.get(address, REMOTE_ADDR="198.51.100.7").status_code == 200


def test_only_a_keyed_digest_is_stored(address):
    token = re.fullmatch(r"/calendar/([\w-]{43})\.ics", address)[1]
    feed = CalendarFeed.objects.get()
    assert re.fullmatch(r"[0-9a-f]{64}", feed.token_digest)
    assert token not in str(AuditEvent.objects.values_list("details", flat=True))


def test_the_address_is_masked_in_every_log(address):
    assert mask(f"Not Found: {address}") == "Not Found: /calendar/[masked].ics"


def test_search_engines_are_told_to_stay_away(client):
    assert "Disallow: /calendar/" in client.get("/robots.txt").content.decode().splitlines()


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Alice Mary Winther", "A. W."), ("alice", "A."), ("Éva de la Cruz", "É. C."), ("", ""), ("(Bo) Lund", "L."),
        ("محمد علي", "م. ع."), ("李 小龙", "李. 小."),
    ],
)  # fmt: skip
def test_initials(name, letters):
    assert initials(name) == letters


class TestPage:
    def page(self, clinician):
        return f"/admin/consultations/clinician/{clinician.pk}/calendar/"

    @pytest.mark.parametrize("who", ["own", "manager"])
    def test_its_clinician_and_managers_make_renew_and_end_it(self, sign_in, clinician, manager, who):
        user = clinician.user if who == "own" else manager
        staff, page = sign_in(user), self.page(clinician)
        assert b"There is no address" in staff.get(page).content
        first, second = (
            re.search(rb"http://testserver(/calendar/[\w-]{43}\.ics)", staff.post(f"{page}renew/").content)[1].decode()
            for _ in range(2)
        )
        assert [Client().get(path).status_code for path in (first, second)] == [404, 200]
        later = staff.get(page).content.decode()
        assert "There is an address" in later
        assert second not in later
        assert staff.post(f"{page}end/").status_code == 302
        assert Client().get(second).status_code == 404
        noted = AuditEvent.objects.filter(action__startswith="feed").order_by("pk")
        assert list(noted.values_list("action", "actor")) == [
            ("feed.renew", user.username), ("feed.renew", user.username), ("feed.end", user.username),
        ]  # fmt: skip

    def test_nobody_else_does(self, sign_in, clinician, nurse, other_doctor, editor):
        for user in (nurse, other_doctor, editor):
            staff, page = sign_in(user), self.page(clinician)
            answers = [staff.get(page), staff.post(f"{page}renew/"), staff.post(f"{page}end/")]
            assert [answer.status_code for answer in answers] == [403, 403, 403]
        assert not CalendarFeed.objects.exists()

    def test_a_clinician_who_is_no_doctor_any_more_does_not(self, sign_in, clinician):
        clinician.user.groups.clear()
        assert sign_in(clinician.user).post(f"{self.page(clinician)}renew/").status_code == 403

    def test_ending_what_there_is_not_is_harmless(self, sign_in, clinician):
        assert sign_in(clinician.user).post(f"{self.page(clinician)}end/").status_code == 302
        assert not AuditEvent.objects.filter(action="feed.end").exists()

    def test_the_diary_leads_a_clinician_there_and_the_form_a_manager(self, sign_in, clinician, manager, nurse):
        page = self.page(clinician)
        form = f"/admin/consultations/clinician/{clinician.pk}/change/"
        assert page in sign_in(clinician.user).get("/admin/consultations/appointment/").content.decode()
        assert page not in sign_in(nurse).get("/admin/consultations/appointment/").content.decode()
        assert page in sign_in(manager).get(form).content.decode()
        assert page not in sign_in(nurse).get(form).content.decode()
