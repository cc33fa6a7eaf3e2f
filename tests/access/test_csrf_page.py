"""A form without the right token: three causes, each told as it is. A page of ours gets back what was typed on it."""

import re

import pytest
from django.conf import settings
from django.test import Client

from clinic.core import error_pages
from clinic.core.models import AuditEvent
from tests.consultations.views.conftest import text_of
from tests.consultations.views.test_private_access import link_to
from tests.database_snapshot import all_rows
from tests.personas import open_privately, private_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
NO_COOKIE = "Your browser did not send our cookie"
BLOCKED = "Your browser blocks our cookie"
OLD_PAGE = "This page is out of date"
ELSEWHERE = "This did not come from a page of ours"
KEPT = re.compile(r"\b(is|are|was|were) (kept|saved)\b")
FORMS = {
    "/check/": {},
    "/request/link/": {"email": "alice@example.com"},
    "/request/x.y/answer/": {"answer": "My leg is numb."},
    "/request/x.y/withdraw/": {"sure": "on"},
    "/request/leave/": {},
    "/feedback/home/": {"helpful": "no", "text": "Too long a page."},
    "/admin/login/": {"username": "nora", "password": "a quiet passphrase"},
    "/admin/consultations/consultationrequest/1/note/": {"note": "Rang at ten."},
}
TYPED = {
    "/request/link/": "alice@example.com",
    "/request/x.y/answer/": "My leg is numb.",
    "/feedback/home/": "Too long a page.",
    "/admin/login/": "nora",
    "/admin/consultations/consultationrequest/1/note/": "Rang at ten.",
}


def send(path, data, *, cookies=True, token="", **headers):
    """A form as a browser with strict checks sends it; with cookies it has one from an earlier page."""
    client = Client(enforce_csrf_checks=True)
    if cookies:
        client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    return client.post(path, {**data, "csrfmiddlewaretoken": token or "b" * 32}, headers={**HERE, **headers})


@pytest.mark.parametrize("path", FORMS)
class TestEveryForm:
    def test_without_cookies_it_says_cookies_and_no_endless_loop(self, path):
        before = all_rows()
        page = send(path, FORMS[path], cookies=False)
        text = text_of(page)
        assert page.status_code == 403
        assert (BLOCKED if path == "/check/" else NO_COOKIE) in text
        assert "Allow cookies for this site" in text
        assert "Do you see this page again? Then cookies are still blocked." in text
        assert "out of date" not in text
        assert TYPED.get(path, "") in page.content.decode()
        assert all_rows() == before

    def test_with_another_token_it_says_that_the_page_is_old(self, path):
        before = all_rows()
        page = send(path, FORMS[path], Referer=f"http://testserver{path}?a=1&b=2")
        text, html = text_of(page), page.content.decode()
        assert page.status_code == 403
        assert OLD_PAGE in text
        assert "Nothing was sent or saved." in text
        assert f'href="{path}?a=1&amp;b=2"' in html
        assert TYPED.get(path, "") in html
        assert "cookies" not in text
        assert all_rows() == before

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
    def test_from_another_site_it_says_so_and_shows_nothing_of_it(self, path, origin):
        page = send(path, FORMS[path], Origin=origin, **{"Sec-Fetch-Site": "cross-site"})
        assert page.status_code == 403
        assert ELSEWHERE in text_of(page)
        assert "What you had filled in" not in page.content.decode()
        if path in TYPED:
            assert TYPED[path] not in page.content.decode()

    def test_it_claims_nothing_wears_the_right_header_and_no_cache_keeps_it(self, path):
        for page in (
            send(path, FORMS[path], cookies=False),
            send(path, FORMS[path]),
            send(path, FORMS[path], Origin="null"),
        ):
            html = page.content.decode()
            assert not KEPT.search(text_of(page).replace("Nothing was saved", ""))
            assert ('class="staffbar' in html) == path.startswith("/admin/")
            assert ("Larchwell staff" in html) == path.startswith("/admin/")
            assert ("If you think it is an emergency:" in html) != path.startswith("/admin/")
            assert "no-store" in page.headers["Cache-Control"]
            assert "a quiet passphrase" not in html
            assert html.count("<h1") == 1


def test_the_first_button_of_the_check_says_what_did_not_begin(settings):
    text = text_of(send("/check/", {}, cookies=False))
    assert "The check has not started." in text
    assert "We can ask you the questions by phone." in text
    assert settings.CLINIC_PHONE in text
    assert settings.EMERGENCY_LINE in text


def test_the_first_button_of_a_private_link_says_what_is_not_open(alice):
    path = link_to(alice)
    page = send(path, {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}, cookies=False)
    assert BLOCKED in text_of(page)
    assert "Your request is not open yet." in text_of(page)
    assert not AuditEvent.objects.exists()


def test_a_browser_that_blocks_cookies_meets_it_at_the_first_button():
    """As a browser does it: fetch the page, drop its cookies, send the form with its token."""
    client = Client(enforce_csrf_checks=True)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', client.get("/check/").content.decode())[1]
    client.cookies.clear()
    for _ in range(2):
        page = client.post("/check/", {"csrfmiddlewaretoken": token}, headers=HERE)
        assert BLOCKED in text_of(page)
        client.cookies.clear()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Referer": "http://evil.example/"},
        {"Referer": "http://testserver.evil.example/"},
        {"Referer": "http://[broken"},
    ],
)
@pytest.mark.parametrize("cookies", [True, False])
def test_no_other_site_can_have_words_shown_under_our_name(headers, cookies):
    client = Client(enforce_csrf_checks=True)
    if cookies:
        client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    page = client.post("/request/x.y/answer/", {"answer": "Call 555 for your result."}, headers=headers)
    assert page.status_code == 403
    assert "Call 555" not in page.content.decode()


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}, {"Referer": "http://testserver/a/"}],
)
def test_a_page_of_ours_gets_its_words_back_whichever_way_the_browser_says_so(headers):
    client = Client(enforce_csrf_checks=True)
    page = client.post("/request/x.y/answer/", {"answer": "Mine, <b>all</b> of it."}, headers=headers)
    assert "Mine, &lt;b&gt;all&lt;/b&gt; of it." in page.content.decode()


@pytest.mark.parametrize(
    "referer", ["http://evil.example/a/", "javascript:alert(1)", "http://testserver//evil.example/", "http://[x", ""]
)
def test_the_way_back_stays_on_this_site(referer):
    html = send("/request/link/", {"email": "a@example.com"}, Referer=referer).content.decode()
    where = re.search(r'class="btn btn-primary" href="([^"]*)"', html)[1]
    assert where in ("/request/link/", "/")


def test_a_sign_in_in_another_tab_loses_nothing_of_a_private_page(alice):
    """The token changes with the sign-in; the page in the first tab still carries the one of before."""
    client = Client(enforce_csrf_checks=True)
    open_privately(client, alice)
    form = private_url(alice, "withdraw/")
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', client.get(form).content.decode())[1]
    client.cookies[settings.CSRF_COOKIE_NAME] = "c" * 32
    page = client.post(
        form, {"sure": "on", "csrfmiddlewaretoken": token}, headers={**HERE, "Referer": f"http://testserver{form}"}
    )
    assert OLD_PAGE in text_of(page)
    assert "Yes, withdraw my request Ticked" in text_of(page)
    assert f'href="{form}"' in page.content.decode()
    alice.refresh_from_db()
    assert alice.status == "received"


def test_what_a_machine_put_into_a_form_is_not_called_typed():
    sealed = "k1:" + "aB3+/-_=" * 40
    data = {"rf_now": "chest", "again": "yes", "text": "Since <May>.", "token": "tok-x", "carried": sealed}
    html = send("/feedback/home/", data).content.decode()
    assert "Since &lt;May&gt;." in html
    for value in ("chest", "tok-x", ">yes<", sealed):
        assert value not in html


@pytest.mark.parametrize("cookies", [True, False])
def test_a_page_of_the_check_gets_back_what_was_ticked_and_reads_the_emergency_line_first(cookies, settings):
    page = send("/check/aaaaaaaa/q/now/", {"ab_age": "56", "rf_now": ["chest"]}, cookies=cookies)
    text = text_of(page)
    assert text.index(settings.EMERGENCY_LINE) < text.index("Nothing was sent or saved.")
    assert "56" in text
    assert "chest" in text.lower()
    assert "rf_now" not in text


@pytest.mark.parametrize(
    ("headers", "is_shown"),
    [(HERE, True), ({}, False), ({"Origin": "null"}, False), ({"Sec-Fetch-Site": "none"}, False)],
)
def test_the_page_for_a_database_that_is_away_shows_no_secret_and_no_other_sites_words(headers, is_shown, rf):
    data = {"note": "Rang at ten.", "new_password1": "a quiet passphrase"}
    request = rf.post("/admin/x/", data, headers=headers)
    html = error_pages.service_unavailable(request).content.decode()
    assert ("Rang at ten." in html) == is_shown
    assert "a quiet passphrase" not in html
