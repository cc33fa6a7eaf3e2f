"""A doctor cannot come, as staff do it: looked at first, confirmed, called, booked elsewhere, taken back."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from zeal import zeal_context

from clinic.core import delivery
from clinic.core.models import RecordRead
from consultations.enums import RequestStatus, SafeToContact
from consultations.models import Absence, Appointment, Call, Clinician, VisitNeeds
from tests.consultations.admin.conftest import text_of
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db
BASE = "/admin/consultations/appointment/"
MONDAY = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC)
NINE = datetime.datetime(2026, 11, 23, 14, 0, tzinfo=datetime.UTC)
VISIT = datetime.timedelta(minutes=40)
DAY = datetime.timedelta(days=1)
LIMIT = 36


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def book(make_request, clinician):
    def booked(name, starts_at, **more):
        patient = {key: more.pop(key) for key in ("email", "phone", "safe_to_contact") if key in more}
        return book_directly(
            make_request(status=RequestStatus.BOOKED, patient=make_patient(name, **patient), **more),
            clinician,
            starts_at,
        )

    return booked


@pytest.fixture
def days(clinician):
    return {"clinician": clinician.pk, "first_on": "2026-11-23", "last_on": "2026-11-23"}


def call_off(client, days):
    page = client.get(f"{BASE}cannot-come/", days)
    seen = re.search(r'name="seen" value="([^"]*)"', page.content.decode())[1]
    return client.post(f"{BASE}cannot-come/", {**days, "seen": seen}, follow=True)


def sections(page):
    """Heading -> the names below it, in order."""
    found = {}
    for heading, body in re.findall(r'<h2 id="[^"]+">([^<]+)</h2>(.*?)</section>', text_of(page)):
        found[heading] = re.findall(r'change/">([^<]+)</a>', body)
    return found


class TestPreview:
    def test_says_whom_it_concerns_and_does_nothing(self, sign_in, nurse, book, days):
        visit = book("Marta Quill", NINE)
        book("Jonas Pell", NINE + VISIT, email="", flag_level="SAME_DAY", risk=1)
        page = sign_in(nurse).get(f"{BASE}cannot-come/", days)
        text = text_of(page)
        assert "2 visits would be called off. 1 patient has no email address: call." in text
        assert sections(page) == {"Nothing is done yet": ["Jonas Pell", "Marta Quill"]}
        assert Appointment.objects.filter(status="booked").count() == 2
        assert not Absence.objects.exists()
        shown = RecordRead.objects.get(page="calling_off").shown["requests"]
        assert visit.consultation_request_id in shown

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"clinician": ""}, "Select who cannot come."),
            ({"first_on": "2026-11-22"}, "Enter today, or a day within the next three months."),
            ({"first_on": "2027-11-22"}, "Enter today, or a day within the next three months."),
            ({"last_on": "2026-11-22"}, "Enter a last day that is not before the first"),
            ({"last_on": ""}, "Enter the last day."),
            ({"first_on": "nonsense"}, "Enter a valid date."),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, sign_in, nurse, days, changes, sentence):
        assert sentence in text_of(sign_in(nurse).get(f"{BASE}cannot-come/", {**days, **changes}))

    def test_a_doctor_is_offered_nobody_else(self, sign_in, doctor, other_doctor, clinician, days):
        other = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        client = sign_in(doctor)
        page = text_of(client.get(f"{BASE}cannot-come/"))
        assert f'value="{clinician.pk}" selected' in page
        assert "Sam Okafor" not in page
        refused = client.post(f"{BASE}cannot-come/", {**days, "clinician": other.pk, "seen": ""})
        assert refused.status_code == 200
        assert not Absence.objects.exists()

    def test_who_was_booked_since_is_shown_before_anything_is_done(self, sign_in, nurse, book, days):
        client = sign_in(nurse)
        book("Marta Quill", NINE)
        page = client.post(f"{BASE}cannot-come/", {**days, "seen": ""})
        assert "Somebody was booked since this page was shown. Nothing was changed. Look again." in text_of(page)
        assert sections(page) == {"Nothing is done yet": ["Marta Quill"]}

    @pytest.mark.parametrize("place", ["today", "week", "clinician"])
    def test_ways_in(self, sign_in, manager, clinician, place):
        url = {
            "today": "/admin/", "week": f"{BASE}week/",
            "clinician": f"/admin/consultations/clinician/{clinician.pk}/change/",
        }[place]  # fmt: skip
        assert f"{BASE}cannot-come/" in sign_in(manager).get(url).content.decode()


class TestList:
    def test_whom_to_call_first(self, sign_in, nurse, book, days):
        book("Marta Quill", NINE)
        book("Jonas Pell", NINE + 3 * VISIT, flag_level="SAME_DAY", risk=1)
        book("Ada Brennan", NINE + 2 * VISIT, safe_to_contact=SafeToContact.EMAIL_ONLY)
        afternoon = book("Petra Lind", NINE + 8 * VISIT)
        book("Hugo March", NINE + 9 * VISIT, email="")
        client = sign_in(nurse)
        page = call_off(client, days)
        assert "5 visits are called off." in text_of(page)
        assert sections(page) == {
            "Call now": ["Jonas Pell", "Marta Quill", "Hugo March"],
            "No other time yet": ["Ada Brennan", "Petra Lind"],
        }
        text = text_of(page)
        assert "Use email only: do not call" in text
        assert text.count('href="tel:+12025550142"') == 4
        assert "Email waits" in text
        delivery.deliver_due()
        assert "Email sent" in text_of(client.get(page.redirect_chain[-1][0]))
        shown = RecordRead.objects.filter(page="called_off").first().shown["requests"]
        assert len(shown) == 5
        assert afternoon.consultation_request_id in shown

    def test_a_call_is_written_down_in_one_press_and_once(self, sign_in, nurse, book, days):
        visit = book("Marta Quill", NINE)
        client = sign_in(nurse)
        page = call_off(client, days)
        url, of = page.redirect_chain[-1][0], re.search(r'name="of" value="(\d+-[^"]+)"', page.content.decode())[1]
        for _press in range(2):
            missed = client.post(f"{url}call/", {"of": of, "outcome": "missed"}, follow=True)
        assert "Not reached, 1 try" in text_of(missed)
        assert sections(missed)["Call now"] == ["Marta Quill"]
        again = re.search(r'name="of" value="(\d+-[^"]+)"', missed.content.decode())[1]
        reached = client.post(f"{url}call/", {"of": again, "outcome": "reached"}, follow=True)
        assert sections(reached)["No other time yet"] == ["Marta Quill"]
        assert list(Call.objects.order_by("pk").values_list("outcome", "response")) == [
            ("not_reached", visit.consultation_request.response_id),
            ("reached_other", visit.consultation_request.response_id),
        ]

    def test_one_press_books_a_time_that_is_proposed(self, sign_in, nurse, other_doctor, clinician, book, days):
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        hours = clinician.availabilities.first()
        hours.pk, hours.clinician = None, colleague
        hours.save()
        visit = book("Marta Quill", NINE)
        client = sign_in(nurse)
        page = call_off(client, days)
        url = page.redirect_chain[-1][0]
        assert "Book Monday 23 November, 9 am, another doctor: Dr Sam Okafor" in text_of(page)
        of = re.search(r'name="of" value="(\d+-2026[^"]+)"', page.content.decode())[1]
        for _press in range(2):
            done = client.post(f"{url}place/", {"of": of}, follow=True)
        assert "Booked: Monday 23 November, 9 am" in text_of(done)
        assert sections(done)["Settled"] == ["Marta Quill"]
        booked = Appointment.objects.get(status="booked")
        assert (booked.clinician, booked.starts_at) == (colleague, NINE)
        assert booked.outside == "notice"
        assert booked.outside_reason == "In place of a visit that the clinic called off."
        assert visit.consultation_request.appointments.count() == 2

    def test_a_time_that_is_gone_books_nothing(self, sign_in, nurse, book, days, make_request, clinician):
        book("Marta Quill", NINE)
        client = sign_in(nurse)
        page = call_off(client, days)
        url, of = page.redirect_chain[-1][0], re.search(r'name="of" value="(\d+-2026[^"]+)"', page.content.decode())[1]
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, NINE + DAY)
        lost = client.post(f"{url}place/", {"of": of}, follow=True)
        assert "Someone just took that time. The times below are free now." in text_of(lost)
        assert Appointment.objects.filter(status="booked").count() == 1

    @pytest.mark.parametrize("of", ["", "x", "999999-x", f"{'9' * 30}-x"])
    def test_a_button_of_nothing_finds_nothing(self, sign_in, nurse, book, days, of):
        book("Marta Quill", NINE)
        client = sign_in(nurse)
        url = call_off(client, days).redirect_chain[-1][0]
        other = book("Not On It", NINE + DAY).consultation_request_id
        for named in (of, f"{other}-x"):
            assert client.post(f"{url}place/", {"of": named}).status_code == 404
            assert client.post(f"{url}call/", {"of": named, "outcome": "reached"}).status_code == 404
        assert client.get(f"{BASE}called-off/{'9' * 25}/").status_code == 404

    def test_today_names_it_until_everybody_is_seen_to(self, sign_in, nurse, book, days):
        book("Marta Quill", NINE)
        client = sign_in(nurse)
        page = call_off(client, days)
        text = text_of(client.get("/admin/"))
        assert "Dr Ines Halloran cannot come until Tuesday 24 November, 12 am." in text
        assert "1 patient has no other time yet and was not reached." in text
        of = re.search(r'name="of" value="(\d+-[^"]+)"', page.content.decode())[1]
        client.post(f"{page.redirect_chain[-1][0]}call/", {"of": of, "outcome": "reached"})
        assert "was not reached" not in text_of(client.get("/admin/"))


class TestBack:
    def test_is_looked_at_first_and_undoes_what_nobody_was_told_of(self, sign_in, nurse, book, days):
        book("Marta Quill", NINE)
        client = sign_in(nurse)
        url = call_off(client, days).redirect_chain[-1][0]
        asked = text_of(client.get(f"{url}back/"))
        assert "1 visit takes place as it was booked" in asked
        assert Appointment.objects.get().status == "cancelled"
        done = client.post(f"{url}back/", follow=True)
        assert "1 visit takes place after all." in text_of(done)
        assert Appointment.objects.get().status == "booked"
        assert "This absence has ended." in text_of(done)
        assert "0 visits take place after all." in text_of(client.post(f"{url}back/", follow=True))

    def test_a_colleague_may_not(self, sign_in, nurse, other_doctor, book, days):
        book("Marta Quill", NINE)
        url = call_off(sign_in(nurse), days).redirect_chain[-1][0]
        client = sign_in(other_doctor)
        assert client.get(url).status_code == 200
        assert client.post(f"{url}back/").status_code == 403


@pytest.mark.slow
def test_the_list_asks_as_often_for_twelve_as_for_one(sign_in, nurse, book, days, clinician):
    client = sign_in(nurse)

    def cost(url):
        client.get(url)
        with zeal_context(), CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    book("Marta Quill", NINE)
    one_page = cost(f"{BASE}cannot-come/?clinician={clinician.pk}&first_on=2026-11-23&last_on=2026-11-27")
    call_off(client, days)
    url = f"{BASE}called-off/{Absence.objects.get().pk}/"
    one = cost(url)
    for number in range(11):
        visit = book(f"Person {number}", NINE + DAY + number * VISIT)
        VisitNeeds.objects.create(
            patient=visit.consultation_request.patient, told_at=MONDAY,
            record={"codes": [], "language": "Thai", "more": ""},
        )  # fmt: skip
    assert cost(f"{BASE}cannot-come/?clinician={clinician.pk}&first_on=2026-11-23&last_on=2026-11-27") == one_page
    Appointment.objects.filter(status="booked").update(
        status="cancelled", cancelled_at=MONDAY, cancelled_by="triage", called_off_for=Absence.objects.get()
    )
    type(visit.consultation_request).objects.update(status=RequestStatus.OFFERED)
    assert cost(url) == one
    assert one <= LIMIT
