"""The page of a clinician's own calendars: connected, read, disconnected; and what other staff see of them."""

import datetime
import logging
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent, RecordRead
from consultations.enums import RequestStatus
from consultations.models import BusyTime, Clinician, OwnCalendar
from consultations.services import calendar_readings
from consultations.services.calendar_readings import Reading
from tests.consultations.admin.conftest import text_of
from tests.personas import MakeRequest, SignIn, book_directly, connect_directly

HOUR = datetime.timedelta(hours=1)
ADDRESS = "https://calendar.example/private-4f1c/basic.ics"
FORM = {"kind": "ics", "address": ADDRESS, "user_name": "", "password": ""}


def page(clinician: Clinician, rest: str = "") -> str:
    return f"/admin/consultations/clinician/{clinician.pk}/own-calendars/{rest}"


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let every calendar say this."""

    def says(*hours: int, failure: str = "") -> None:
        begin = clock.now().replace(minute=0, second=0, microsecond=0)
        spans = [(begin + hour * HOUR, begin + (hour + 1) * HOUR) for hour in hours]
        answer = Reading(failure=failure) if failure else Reading(spans, doubtful=len(spans) and 1)
        monkeypatch.setattr(calendar_readings, "read_apart", lambda job: answer)

    return says


def test_a_doctor_connects_reads_and_disconnects(sign_in: SignIn, clinician: Clinician, says: Any) -> None:
    client = sign_in(clinician.user)
    says(24)
    answer = client.post(page(clinician, "connect/"), FORM, follow=True)
    html = text_of(answer)
    calendar = OwnCalendar.objects.get()
    assert answer.redirect_chain == [(page(clinician), 302)]
    assert "calendar.example" in html
    assert "last read 1 minute ago" in html
    assert "Busy in the next seven days" in html
    assert "1 entry cannot be read for sure" in html
    assert (BusyTime.objects.count(), "4f1c" in answer.content.decode()) == (1, False)
    says(failure="gone")
    html = text_of(client.post(page(clinician, f"{calendar.pk}/read/"), follow=True))
    assert "It could not be read: there is no calendar at this address. The busy times of the last" in html
    assert "Not read now" in html
    says(48)
    assert "The calendar was read now." in text_of(client.post(page(clinician, f"{calendar.pk}/read/"), follow=True))
    asks = client.get(page(clinician, f"{calendar.pk}/disconnect/"))
    assert "can be booked from then on" in text_of(asks)
    assert BusyTime.objects.count() == 1, "a look removes nothing"
    gone = client.post(page(clinician, f"{calendar.pk}/disconnect/"), follow=True)
    assert "its busy times are removed" in text_of(gone)
    assert (OwnCalendar.objects.count(), BusyTime.objects.count()) == (0, 0)
    twice = client.post(page(clinician, f"{calendar.pk}/disconnect/"), follow=True)
    assert twice.status_code == 200
    actions = AuditEvent.objects.filter(action__startswith="own_calendar.").order_by("pk")
    assert [*actions.values_list("action", flat=True)] == [
        "own_calendar.connect", "own_calendar.read", "own_calendar.read", "own_calendar.disconnect",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"address": ""}, "Paste the address of the calendar."),
        ({"kind": "paper"}, "Select one of these."),
        ({"kind": "caldav"}, "A CalDAV calendar asks for a user name and a password."),
        ({"address": "calendar.example/a.ics"}, "That is no address of a calendar on the web."),
        ({"address": "http://calendar.example/a", "password": "open sesame"}, "begins with https:// only"),
        ({"address": "https://calendar.example/" + 2000 * "a"}, "longer than the address of a calendar"),
    ],
)
def test_a_form_that_is_refused_asks_nobody(
    sign_in: SignIn, clinician: Clinician, changes: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_readings, "read_apart", lambda job: pytest.fail("It was asked."))
    answer = sign_in(clinician.user).post(page(clinician, "connect/"), {**FORM, **changes})
    assert sentence in text_of(answer)
    assert "open sesame" not in answer.content.decode()


def test_one_that_cannot_be_read_is_not_connected_and_says_why(
    sign_in: SignIn, clinician: Clinician, says: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    says(failure="sign_in")
    answer = sign_in(clinician.user).post(page(clinician, "connect/"), {**FORM, "password": "open sesame"})
    html = text_of(answer)
    assert "Error: Own calendars of Dr Ines Halloran" in answer.content.decode()
    assert "the server refuses the address, or the user name and password. Nothing was changed." in html
    assert ("open sesame" in answer.content.decode(), "4f1c" in caplog.text) == (False, False)
    assert not OwnCalendar.objects.exists()


def test_who_may(sign_in: SignIn, clinician: Clinician, nurse: User, other_doctor: User, manager: User) -> None:
    """The way to it is shown to whoever may go it."""
    connect_directly(clinician)
    form = f"/admin/consultations/clinician/{clinician.pk}/change/"
    for user, may in ((clinician.user, True), (manager, True), (nurse, False), (other_doctor, False)):
        client = sign_in(user)
        assert client.get(page(clinician)).status_code == (200 if may else 403)
        assert (page(clinician) in client.get(form).content.decode()) is may


def test_nothing_of_another_clinicians_calendar(sign_in: SignIn, clinician: Clinician, other_doctor: User) -> None:
    other = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
    calendar = connect_directly(other)
    client = sign_in(clinician.user)
    assert client.post(page(clinician, f"{calendar.pk}/read/")).status_code == 404
    assert client.get(page(clinician, f"{calendar.pk}/disconnect/")).status_code == 404
    client.post(page(clinician, f"{calendar.pk}/disconnect/"))
    assert client.get(page(clinician, f"{2**70}/disconnect/")).status_code == 404
    assert OwnCalendar.objects.filter(pk=calendar.pk).exists()


def test_staff_read_on_today_and_in_the_diary_how_old_it_is_and_whom_it_stands_against(
    sign_in: SignIn, clinician: Clinician, nurse: User, make_request: MakeRequest, time_machine: Any
) -> None:
    time_machine.move_to(datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC), tick=False)
    calendar = connect_directly(clinician)
    visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, clock.now() + 24 * HOUR)
    client = sign_in(nurse)
    assert "own calendars" not in text_of(client.get("/admin/"))
    assert "Dr Ines Halloran: last read 1 minute ago." in text_of(client.get("/admin/consultations/appointment/"))
    BusyTime.objects.create(
        calendar=calendar, clinician=clinician, starts_at=visit.starts_at, ends_at=visit.ends_at - HOUR / 2
    )
    time_machine.move_to(clock.now() + 7 * HOUR, tick=False)
    today = text_of(sign_in(nurse).get("/admin/"))
    assert "1 visit is booked while the clinician is busy by a calendar of their own" in today
    assert "Dr Ines Halloran: last read 7 hours ago" in today
    diary = text_of(sign_in(nurse).get("/admin/consultations/appointment/"))
    assert f"Booked, but busy by the clinician’s own calendar:</b> {visit.consultation_request.reference}" in diary
    assert "busy by the own calendar" in diary
    own = text_of(sign_in(clinician.user).get(page(clinician)))
    assert f"Booked, but busy by the own calendar:</b> {visit.consultation_request.reference}" in own
    shown = RecordRead.objects.filter(action="diary.hanging")
    assert shown.count() == 1


def test_a_clinician_with_a_calendar_is_not_deleted(sign_in: SignIn, clinician: Clinician, manager: User) -> None:
    clinician.availabilities.all().delete()
    calendar = connect_directly(clinician)
    delete = f"/admin/consultations/clinician/{clinician.pk}/delete/"
    sign_in(manager).post(delete, {"post": "yes"})
    assert Clinician.objects.filter(pk=clinician.pk).exists()
    calendar.delete()
    sign_in(manager).post(delete, {"post": "yes"})
    assert not Clinician.objects.filter(pk=clinician.pk).exists()
