"""The booked card: one press to come or to cancel, what reminders may say, and the question if anything is new."""

import datetime
from typing import Any

import pytest
from django.test import Client

from clinic.accounts.models import User
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import RequestStatus
from consultations.models import Appointment, Clinician, ConsultationRequest, PatientText
from consultations.services import reminders
from consultations.services.scheduling import slot_of
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW
from tests.consultations.views.conftest import text_of
from tests.mailbox import path_of
from tests.personas import MakeRequest, book_directly, open_privately, private_url

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
BORN = {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def visit_ahead(make_request: MakeRequest, clinician: Clinician) -> Appointment:
    """Booked a day before its first reminder."""
    visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, NOW + 7 * DAY)
    visit.booked_at = NOW - DAY
    visit.save()
    return visit


def opened(client: Client, appointment: Appointment) -> ConsultationRequest:
    open_privately(client, appointment.consultation_request)
    return appointment.consultation_request


def test_one_press_says_that_the_patient_will_come_and_staff_see_it(
    client: Client, visit_ahead: Appointment, nurse: User, sign_in: Any
) -> None:
    consultation_request = opened(client, visit_ahead)
    page = text_of(client.get(private_url(consultation_request)))
    assert "Will you come on Monday 30 November, 10 am?" in page
    diary = "/admin/consultations/appointment/"
    assert "Not confirmed" in text_of(sign_in(nurse).get(f"{diary}?from=2026-11-23"))
    seen = {"seen": slot_of(visit_ahead).key}
    answer = client.post(private_url(consultation_request, "will-come/"), seen, follow=True)
    assert "Thank you. We expect you at the time below." in text_of(answer)
    assert "Will you come on" not in text_of(answer)
    visit_ahead.refresh_from_db()
    assert visit_ahead.confirmed_for == NOW + 7 * DAY
    text = text_of(sign_in(nurse).get(f"{diary}?from=2026-11-23"))
    assert "Confirmed" in text
    assert "Not confirmed" not in text


def test_a_scanner_that_opens_every_address_changes_nothing(client: Client, visit_ahead: Appointment) -> None:
    consultation_request = opened(client, visit_ahead)
    for page in ("will-come/", "reminders/", "cancel-time/"):
        client.get(private_url(consultation_request, page))
        client.head(private_url(consultation_request, page))
    visit_ahead.refresh_from_db()
    assert (visit_ahead.status, visit_ahead.confirmed_for) == ("booked", None)


def test_one_press_cancels(client: Client, visit_ahead: Appointment) -> None:
    consultation_request = opened(client, visit_ahead)
    client.post(private_url(consultation_request, "cancel-time/"), {"seen": slot_of(visit_ahead).key})
    visit_ahead.refresh_from_db()
    assert visit_ahead.status == "cancelled"


def test_a_time_that_is_not_the_one_on_the_page_is_not_confirmed(client: Client, visit_ahead: Appointment) -> None:
    consultation_request, seen = opened(client, visit_ahead), slot_of(visit_ahead).key
    visit_ahead.starts_at += DAY
    visit_ahead.ends_at += DAY
    visit_ahead.save()
    answer = client.post(private_url(consultation_request, "will-come/"), {"seen": seen})
    assert answer.status_code == 409
    assert "The time was changed since. Look at it again before you confirm it." in text_of(answer)
    visit_ahead.refresh_from_db()
    assert visit_ahead.confirmed_for is None


def test_a_visit_that_moves_is_not_confirmed_any_more(visit_ahead: Appointment) -> None:
    perform("confirm_visit", visit_ahead.consultation_request)
    visit_ahead.refresh_from_db()
    assert visit_ahead.is_confirmed
    visit_ahead.starts_at += DAY
    assert not visit_ahead.is_confirmed


def test_it_is_asked_from_the_first_reminder_on(
    client: Client, make_request: MakeRequest, clinician: Clinician, time_machine: Any
) -> None:
    visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, NOW + 8 * DAY)
    consultation_request = opened(client, visit)
    assert "Will you come" not in text_of(client.get(private_url(consultation_request)))
    time_machine.move_to(NOW + DAY, tick=False)
    on_time = Client()
    assert "Will you come" in text_of(on_time.get(private_url(opened(on_time, visit))))
    time_machine.move_to(NOW + 8 * DAY, tick=False)
    late = Client()
    page = late.get(private_url(opened(late, visit)))
    assert (page.status_code, "Will you come" in text_of(page)) == (200, False)
    late.post(private_url(consultation_request, "will-come/"), {"seen": slot_of(visit).key})
    visit.refresh_from_db()
    assert visit.confirmed_for is None


def test_whoever_has_just_booked_a_near_visit_is_not_asked_at_once(
    client: Client, make_request: MakeRequest, clinician: Clinician, time_machine: Any
) -> None:
    visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, NOW + 3 * DAY)
    assert "Will you come" not in text_of(client.get(private_url(opened(client, visit))))
    time_machine.move_to(NOW + 2 * DAY, tick=False)
    later = Client()
    assert "Will you come" in text_of(later.get(private_url(opened(later, visit))))


def test_what_reminders_say_is_chosen_and_is_on_record(client: Client, visit_ahead: Appointment) -> None:
    consultation_request = opened(client, visit_ahead)
    url = private_url(consultation_request, "reminders/")
    for choice, stored in (
        ("full", "full"),
        ("none", "none"),
        ("everything", "none"),
        ("", "none"),
        ("neutral", "neutral"),
    ):
        page = text_of(client.post(url, {"choice": choice} if choice else {}, follow=True))
        assert ConsultationRequest.objects.get().reminders == stored
        is_refused = choice in ("everything", "")
        assert ("Choose what our reminders may say, or “No reminders”. Nothing was changed." in page) == is_refused
        assert ("Saved: what our reminders say." in page) != is_refused
    events = AuditEvent.objects.about(consultation_request).filter(action="request.choose_reminders")
    assert [event.details["choice"] for event in events.order_by("pk")] == ["full", "none", "neutral"]


def test_the_page_behind_a_reminder_asks_if_anything_has_changed_at_most_once_a_day(
    client: Client, visit_ahead: Appointment, time_machine: Any
) -> None:
    asks = "has any of this started or got worse?"
    time_machine.move_to(NOW + 6 * DAY, tick=False)
    assert reminders.remind() == 1
    path = path_of(OutboxMessage.objects.get())
    assert asks in text_of(client.post(path, BORN, follow=True))
    perform("answer_again", visit_ahead.consultation_request, ticks=("none",))
    time_machine.move_to(NOW + 6 * DAY + datetime.timedelta(hours=23), tick=False)
    assert asks not in text_of(client.post(path, BORN, follow=True))
    time_machine.move_to(NOW + 7 * DAY + datetime.timedelta(minutes=1), tick=False)
    assert asks in text_of(client.post(path, BORN, follow=True))


@pytest.mark.parametrize(
    ("text", "is_self_harm", "is_danger"),
    [("I want to end my life.", True, False), ("I cannot hold my urine since Monday.", False, True)],
)
def test_words_about_danger_among_the_needs_meet_help_and_are_read(
    client: Client, visit_ahead: Appointment, text: str, is_self_harm: bool, is_danger: bool
) -> None:
    consultation_request = opened(client, visit_ahead)
    for ticked in ("quiet", "carer"):
        told = {"codes": [ticked], "more": text}
        answer = client.post(private_url(consultation_request, "needs/"), told, follow=True)
    page = text_of(answer)
    assert ("or cannot stay safe, get help now: call or text 988" in page) == is_self_harm
    assert ("may be about a danger sign. Please answer this now" in page) == is_danger
    kept = PatientText.objects.get()
    assert (kept.text, kept.is_self_harm, kept.is_danger, kept.read_at) == (text, is_self_harm, is_danger, None)
    consultation_request.refresh_from_db()
    assert consultation_request.texts_due_at == kept.due_at


def test_words_about_danger_in_a_form_that_is_refused_meet_help(client: Client, visit_ahead: Appointment) -> None:
    consultation_request = opened(client, visit_ahead)
    told = {"more": "I want to end my life." + " x" * 200}
    page = text_of(client.post(private_url(consultation_request, "needs/"), told))
    assert "Shorten this to 300 characters or fewer." in page
    assert "If you feel you might harm yourself, or cannot stay safe, get help now: call or text 988" in page


def test_other_needs_wait_for_nobody(client: Client, visit_ahead: Appointment) -> None:
    client.post(private_url(opened(client, visit_ahead), "needs/"), {"more": "A chair with arms, please."})
    assert not PatientText.objects.exists()


def test_what_mails_may_say_can_be_chosen_before_the_time_is(client: Client, make_request: MakeRequest) -> None:
    offered = make_request(status=RequestStatus.OFFERED)
    open_privately(client, offered)
    assert "What our reminders of this visit say" in text_of(client.get(private_url(offered)))
    client.post(private_url(offered, "reminders/"), {"choice": "full"})
    assert ConsultationRequest.objects.get().reminders == "full"


def test_where_the_request_is_stands_between_what_is_next_and_what_else_can_be_done(
    client: Client, visit_ahead: Appointment
) -> None:
    page = client.get(private_url(opened(client, visit_ahead))).content.decode()
    order = ['id="appointment"', 'id="prepare"', 'id="track"', 'id="reminders"', 'id="messages"', "Replace my link"]
    places = [page.index(mark) for mark in order]
    assert places == sorted(places)
