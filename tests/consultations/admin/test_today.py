"""Today: what needs somebody now stands first, and a person without patients in their role sees none."""

import datetime

import pytest

from clinic.core import clock
from clinic.core.models import Heartbeat, OutboxMessage, RecordRead
from consultations.enums import MessageKind, RequestStatus
from consultations.models import LinkAsked
from consultations.services import intake, messaging, private_links
from tests.consultations.admin.conftest import text_of
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker_lives(db):
    Heartbeat.beat("worker")


def test_index_and_today_are_one_page(sign_in, nurse):
    client = sign_in(nurse)
    first, second = client.get("/admin/"), client.get("/admin/today/")
    assert first.templates[0].name == second.templates[0].name == "admin/today.html"


def test_a_calm_day_says_so(sign_in, nurse, worker_lives):
    page = text_of(sign_in(nurse).get("/admin/"))
    assert "Nothing needs you at once." in page
    assert "No consultation today." in page


def test_overdue_requests_are_named(sign_in, nurse, make_request, worker_lives):
    now = clock.now()
    make_request(
        patient=make_patient("Late Letter"), submitted_at=now - datetime.timedelta(days=4),
        due_at=now - datetime.timedelta(days=1),
    )  # fmt: skip
    make_request(
        status=RequestStatus.OFFERED, patient=make_patient("No Choice"),
        submitted_at=now - datetime.timedelta(days=9), due_at=now - datetime.timedelta(days=1),
    )  # fmt: skip
    make_request(
        status=RequestStatus.OFFERED, patient=make_patient("Patient Turn"),
        submitted_at=now - datetime.timedelta(days=4), due_at=now + datetime.timedelta(days=3),
    )  # fmt: skip
    page = text_of(sign_in(nurse).get("/admin/"))
    assert "2 requests are overdue" in page
    assert "Late Letter" in page
    assert "No time chosen, 1 day overdue" in page
    assert "Patient Turn" not in page


def test_undelivered_messages_are_counted(sign_in, nurse, alice, worker_lives):
    messaging.notify_patient(kind=MessageKind.REQUEST_CLOSED, consultation_request=alice, key="news")
    OutboxMessage.objects.update(parked_at=clock.now())
    assert "1 message was not delivered" in text_of(sign_in(nurse).get("/admin/"))


def test_messages_that_the_server_does_not_take_are_counted_before_they_are_given_up(
    sign_in, nurse, alice, worker_lives
):
    messaging.notify_patient(kind=MessageKind.REQUEST_CLOSED, consultation_request=alice, key="news")
    OutboxMessage.objects.update(send_at=clock.now() - datetime.timedelta(minutes=16), attempts=4)
    page = text_of(sign_in(nurse).get("/admin/"))
    assert "1 message has not gone out for a quarter of an hour." in page
    assert "Nothing needs you at once." not in page


def test_people_who_asked_for_a_link_in_vain_are_counted(sign_in, nurse, worker_lives):
    for address in ("alice@example.com", "bob@example.com"):
        private_links.ask(email=address)
    LinkAsked.objects.update(parked_at=clock.now())
    page = text_of(sign_in(nurse).get("/admin/"))
    assert "2 people who asked for a private link did not get it." in page
    assert "example.com" not in page
    assert "Nothing needs you at once." not in page


def test_a_worker_that_fails_at_something_is_named(sign_in, nurse):
    Heartbeat.beat("worker", failing=["repeat alerts", "publish"])
    page = text_of(sign_in(nurse).get("/admin/"))
    assert "The background worker cannot do all its work. It fails at: repeat alerts, publish." in page


def test_a_silent_worker_raises_a_banner(sign_in, nurse):
    client = sign_in(nurse)
    assert "the background worker has not run yet" in text_of(client.get("/admin/"))
    Heartbeat.beat("worker")
    assert "background worker" not in text_of(client.get("/admin/"))
    Heartbeat.objects.update(at=clock.now() - datetime.timedelta(minutes=17))
    assert "was last seen 17 minutes ago" in text_of(client.get("/admin/"))


def test_each_queue_shows_its_count_and_its_oldest(sign_in, nurse, make_request, worker_lives):
    now = clock.now()
    make_request(submitted_at=now - datetime.timedelta(hours=28), due_at=now + datetime.timedelta(days=1))
    make_request()
    (triage_line,) = [line for line in sign_in(nurse).get("/admin/").context["tabs"] if line["label"] == "To triage"]
    assert (triage_line["count"], triage_line["oldest"]) == (2, "oldest 1 day")


def test_todays_consultations_are_listed(sign_in, doctor, make_request, clinician, worker_lives):
    noon = clock.local(clock.now()).replace(hour=12, minute=0, second=0, microsecond=0)
    for name, day in (("Comes Today", 0), ("Comes Tomorrow", 1), ("Came Before", -1)):
        consultation_request = make_request(status=RequestStatus.BOOKED, patient=make_patient(name))
        book_directly(consultation_request, clinician, noon + datetime.timedelta(days=day))
    page = text_of(sign_in(doctor).get("/admin/"))
    assert "12 pm" in page
    assert "Comes Today" in page
    assert "Comes Tomorrow" not in page
    assert "Came Before" not in page


def test_an_editor_sees_nothing_of_patients(sign_in, editor, make_request):
    now = clock.now()
    make_request(submitted_at=now - datetime.timedelta(days=4), due_at=now - datetime.timedelta(days=1))
    response = sign_in(editor).get("/admin/")
    page = text_of(response)
    assert "Alice" not in page
    assert "overdue" not in page
    assert "To triage" not in page
    labels = [entry["label"] for entry in response.context["staff_nav"]]
    assert not {"Requests", "Safety cases", "Messages", "Diary", "Audit"} & set(labels)
    assert not RecordRead.objects.filter(action="request.list").exists()


def test_looking_at_names_is_on_record(sign_in, nurse, make_request):
    now = clock.now()
    late = make_request(submitted_at=now - datetime.timedelta(days=4), due_at=now - datetime.timedelta(days=1))
    sign_in(nurse).get("/admin/")
    event = RecordRead.objects.get(action="request.list")
    assert event.shown["requests"] == [late.pk]


def test_the_page_costs_the_same_however_much_there_is(sign_in, nurse, make_request, django_assert_max_num_queries):
    now = clock.now()
    for _ in range(25):
        make_request(submitted_at=now - datetime.timedelta(days=4), due_at=now - datetime.timedelta(days=1))
    client = sign_in(nurse)
    client.get("/admin/")
    with django_assert_max_num_queries(41):
        client.get("/admin/")


class TestAudit:
    URL = "/admin/core/auditentry/"

    def test_a_manager_reads_it_and_nobody_else(self, sign_in, manager, staff, alice):
        client = sign_in(manager)
        client.get("/admin/consultations/consultationrequest/")
        assert "request.list" in text_of(client.get(self.URL))
        looked = RecordRead.objects.order_by("pk").first()
        assert client.get(f"{self.URL}r{looked.pk}/change/").status_code == 200
        assert client.post(f"{self.URL}search/", {"q": "%' OR 1=1"}, follow=True).status_code == 200
        for group in ("triage", "doctor", "editor"):
            assert sign_in(staff(group)).get(self.URL).status_code == 403


def test_people_in_danger_come_before_everything_else_on_the_page(sign_in, nurse):
    intake.save_answers(response=intake.start(), answers={"ab_age": 46, "rf_now": ["chest"]})
    page = sign_in(nurse).get("/admin/today/").content.decode()
    places = [page.index(text) for text in ("sent to urgent care", "background worker", 'id="duty"')]
    assert places == sorted(places)
