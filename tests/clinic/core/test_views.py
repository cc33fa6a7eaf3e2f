"""Health checks, the appearance switch and the notices."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from clinic.core.notices import PRIVACY_NOTICE_VERSION


class TestHealth:
    def test_healthz_asks_no_database(self, client):
        response = client.get(reverse("clinic:healthz"))
        assert (response.status_code, response.json()) == (200, {"status": "ok"})
        assert response["Cache-Control"] == "no-store"


class TestAppearance:
    url = "/appearance/"

    @pytest.mark.parametrize("theme", ["light", "dark", "auto"])
    def test_the_choice_is_kept_and_shown_on_the_page_it_was_made_on(self, client, theme):
        response = client.post(self.url, {"theme": theme, "next": "/privacy/?a=1"})
        assert (response.status_code, response["Location"]) == (302, "/privacy/?a=1")
        cookie = response.cookies["theme"]
        assert cookie.value == theme
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    @pytest.mark.parametrize(
        "target",
        ["//evil.example", "https://evil.example/", "\\\\evil.example", "https:evil.example", "javascript:1", ""],
    )
    def test_it_never_leads_to_another_site(self, client, target):
        assert client.post(self.url, {"theme": "dark", "next": target})["Location"] == "/"

    def test_an_unknown_theme_is_ignored(self, client):
        assert "theme" not in client.post(self.url, {"theme": "<script>"}).cookies

    def test_reading_changes_nothing(self, client):
        assert client.get(self.url).status_code == 405

    def test_the_cookie_is_secure_under_https(self, client, settings):
        settings.HTTPS = True
        settings.THEME_COOKIE_NAME = "__Host-theme"
        cookie = client.post(self.url, {"theme": "dark"}, secure=True).cookies["__Host-theme"]
        assert cookie["secure"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["privacy", "accessibility", "complaints"])
def test_notices_answer(client, name):
    response = client.get(reverse(f"clinic:{name}"))
    assert response.status_code == 200
    if name == "privacy":
        assert response.context["notice_version"] == PRIVACY_NOTICE_VERSION


@pytest.mark.parametrize(("minutes", "phrase"), [(30, "30 minutes"), (1, "1 minute"), (45, "45 minutes")])
def test_the_privacy_notice_says_what_mails_hold_and_how_long_the_private_page_stays_open(
    client, settings, minutes, phrase
):
    settings.PRIVATE_LINK_MINUTES = minutes
    page = client.get("/privacy/").content.decode()
    assert f"The pages then stay open for {phrase}." in page
    assert "half an hour" not in page
    assert "what it costs and how to get there" in page
    assert "your first name and, if you asked for somebody else, that person's." in page
    assert "They say nothing about anybody's health: no condition and no answer." in page


@pytest.mark.parametrize(
    ("address", "file", "beginning"),
    [
        ("/favicon.ico", "clinic/svg/favicon.svg", b"<svg "),
        ("/apple-touch-icon.png", "clinic/touch-icon.png", b"\x89PNG\r\n"),
        ("/apple-touch-icon-precomposed.png", "clinic/touch-icon.png", b"\x89PNG\r\n"),
    ],
)
def test_an_icon_that_no_page_named_is_found(client, address, file, beginning):
    sent_on = client.get(address)
    assert (sent_on.status_code, sent_on["Location"]) == (302, f"/static/{file}")
    assert Path(finders.find(file)).read_bytes().startswith(beginning)


def test_a_password_manager_finds_where_staff_change_theirs(client):
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/password_change/")
    assert (
        client.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200").status_code == 404
    )
