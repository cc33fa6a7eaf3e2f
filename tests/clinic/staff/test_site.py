"""Signing in to the staff area, and the frame around its pages."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from clinic.accounts.models import User
from clinic.core.models import AuditEvent

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"
RIGHT, WRONG = "a quiet passphrase", "not the passphrase"


@pytest.fixture
def nurse():
    user = User.objects.create_user("nora", "nora@clinic.example", password=RIGHT, is_staff=True, name="Nora Adeyemi")
    user.groups.add(Group.objects.get(name="triage"))
    return user


def sign_in(password, *, name="nora", address="203.0.113.5"):
    return Client(REMOTE_ADDR=address).post(LOGIN, {"username": name, "password": password})


def test_a_right_password_leads_to_today_and_is_on_record(nurse):
    response = sign_in(RIGHT)
    assert (response.status_code, response.url) == (302, "/admin/")
    assert AuditEvent.objects.get(action="staff.sign_in").actor_user == nurse


def test_a_wrong_name_and_a_wrong_password_read_alike(nurse):
    def text(response):
        return [str(error) for error in response.context["form"].non_field_errors()]

    assert text(sign_in(WRONG)) == text(sign_in(WRONG, name="nobody"))


def test_nobody_without_a_staff_mark_gets_in():
    User.objects.create_user("pat", "pat@clinic.example", password=RIGHT)
    assert sign_in(RIGHT, name="pat").status_code == 200


def test_navigation_shows_only_what_one_may_open(nurse):
    client = Client()
    client.force_login(nurse)
    entries = client.get("/admin/").context["staff_nav"]
    assert [entry["label"] for entry in entries] == [
        "Today",
        "Requests",
        "Safety cases",
        "Messages",
        "Diary",
        "Hand-over",
    ]
    assert [entry["label"] for entry in entries if entry["current"]] == ["Today"]
    assert all(client.get(entry["url"]).status_code == 200 for entry in entries)


def test_navigation_marks_the_place_one_is_in(nurse):
    client = Client()
    client.force_login(nurse)
    for url, label in (
        ("/admin/today/", "Today"),
        ("/admin/consultations/consultationrequest/", "Requests"),
        ("/admin/consultations/absence/", "Diary"),
    ):
        entries = client.get(url).context["staff_nav"]
        assert [entry["label"] for entry in entries if entry["current"]] == [label]
