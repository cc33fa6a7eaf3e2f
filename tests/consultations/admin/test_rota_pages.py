"""The rota on the screen: everybody reads the week, managers keep it, and Today names a gap before it comes."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from consultations.models import Shift, ShiftChange
from consultations.services import handover
from tests.consultations.admin.conftest import text_of
from tests.consultations.services.test_rota import shift

pytestmark = pytest.mark.django_db
WEEK, SHIFTS, CHANGES = (
    "/admin/consultations/shift/week/", "/admin/consultations/shift/add/", "/admin/consultations/shiftchange/add/",
)  # fmt: skip


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to("2026-11-23T15:00:00+00:00", tick=False)


def test_a_week_says_who_is_on_and_when_nobody_is(sign_in: Any, nurse: User, doctor: User) -> None:
    shift(nurse, "08:30-13:00")
    shift(doctor, "13:00-17:30", "0123")
    ShiftChange.objects.create(
        user=doctor,
        kind="away",
        first_on=datetime.date(2026, 11, 25),
        last_on=datetime.date(2026, 11, 25),
        reason="Course",
    )
    page = sign_in(nurse).get(WEEK)
    days = {day["title"]: day for day in page.context["days"]}
    assert [(line["who"], line["hours"]) for line in days["Monday 23 November"]["lines"]] == [
        ("Nora Adeyemi", "8:30 am to 1 pm"),
        ("Ines Halloran", "1 pm to 5:30 pm"),
    ]
    assert {title: day["gaps"] for title, day in days.items() if day["gaps"]} == {
        "Wednesday 25 November": "1 pm to 5:30 pm",
        "Friday 27 November": "1 pm to 5:30 pm",
    }
    assert days["Sunday 29 November"]["open"] == "closed"
    text = text_of(page)
    assert "<b>Ines Halloran</b>, away: Wednesday 25 November, the whole day" in text
    assert "Add a weekly shift" not in text
    for odd in ("x", "1999-01-01", "9999-12-31"):
        assert sign_in(nurse).get(WEEK, {"from": odd}).status_code == 200


def test_today_names_who_is_on_until_when_and_the_next_gaps(sign_in: Any, nurse: User, doctor: User) -> None:
    shift(nurse, "08:30-13:00")
    text = text_of(sign_in(nurse).get("/admin/"))
    assert "On duty: Ines Halloran, Nora Adeyemi (you, until 1 pm)." in text
    assert "<b>Nobody is on the rota</b> while the clinic is open: Monday 23 November, 1 pm to 5:30 pm; " in text
    assert "and 2 more in the next seven days" in text
    Shift.objects.all().delete()
    assert "Nobody is on the rota" not in text_of(sign_in(nurse).get("/admin/"))


def test_a_manager_adds_changes_and_removes_and_it_counts_at_once(sign_in: Any, nurse: User, manager: User) -> None:
    client = sign_in(manager)
    assert "Nora Adeyemi" in text_of(client.get(SHIFTS))
    form = {"user": nurse.pk, "weekday": "0", "starts": "13:00", "ends": "17:30", "starts_on": "2026-11-01"}
    assert client.post(SHIFTS, form).status_code == 302
    nurse.refresh_from_db()
    assert not nurse.is_on_duty
    url = f"/admin/consultations/shift/{Shift.objects.get().pk}/change/"
    assert client.post(url, {**form, "starts": "08:30"}).status_code == 302
    nurse.refresh_from_db()
    assert nurse.is_on_duty
    away = {"user": nurse.pk, "kind": "away", "first_on": "2026-11-23", "last_on": "2026-11-23", "reason": "Course"}
    assert client.post(CHANGES, away).status_code == 302
    nurse.refresh_from_db()
    assert not nurse.is_on_duty
    gone = f"/admin/consultations/shiftchange/{ShiftChange.objects.get().pk}/delete/"
    assert client.post(gone, {"post": "yes"}).status_code == 302
    nurse.refresh_from_db()
    assert nurse.is_on_duty
    handover.follow_rota()
    assert "Add a weekly shift" in text_of(client.get(WEEK))


@pytest.mark.parametrize(
    ("url", "wrong", "sentence"),
    [
        (SHIFTS, {"starts": "22:00", "ends": "06:00"}, "A shift ends on the day on which it begins."),
        (SHIFTS, {"ends_on": "2026-10-01"}, "Enter a last day that is not before the first day."),
        (SHIFTS, {"starts_on": "0202-01-01"}, "Enter a date in this century."),
        (CHANGES, {"ends": ""}, "Enter both times, or none for the whole day."),
        (CHANGES, {"last_on": "2026-10-01"}, "Enter a last day that is not before the first day."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    sign_in: Any, nurse: User, manager: User, url: str, wrong: dict[str, str], sentence: str
) -> None:
    form = {
        "user": nurse.pk, "weekday": "0", "starts": "08:00", "ends": "12:00", "starts_on": "2026-11-01", "kind": "on",
        "first_on": "2026-11-23", "last_on": "2026-11-23",
    }  # fmt: skip
    page = sign_in(manager).post(url, {**form, **wrong})
    assert page.status_code == 200
    assert sentence in text_of(page)
    assert not Shift.objects.exists()
    assert not ShiftChange.objects.exists()
