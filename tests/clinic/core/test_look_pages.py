"""The frame of every page: header, footer, appearance, notices and the pages for when something went wrong."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from clinic.core import lines
from clinic.core.context_processors import facts

NOTICES = ("privacy", "accessibility", "complaints")
ERROR_PAGES = (
    "400.html",
    "403.html",
    "403_csrf.html",
    "404.html",
    "429.html",
    "500.html",
    "503.html",
)
STAFF_ERROR_PAGES = (
    "403_staff.html",
    "404_staff.html",
    "503_staff.html",
    "damaged_staff.html",
    "reading_not_logged.html",
    "session_ended_staff.html",
)
STANDING_ALONE = ("500.html", "503.html")


def frame(path: str = "/", template: str = "base.html", **changed: object) -> str:
    request = RequestFactory().get(path)
    return render_to_string(template, {"clinic": {**facts(request), **changed}, "request": request})


def main_nav(html: str) -> str:
    return html.split('aria-label="Main"')[1].split("</nav>")[0]


class TestFrame:
    def test_it_names_the_clinic_from_the_settings(self, settings):
        settings.CLINIC_NAME, settings.CLINIC_SHORT_NAME = "Birch Back Clinic", "Birch"
        settings.CLINIC_PHONE, settings.CLINIC_PHONE_TEL = "020 7946 0000", "+442079460000"
        html = frame()
        assert re.search(r"Birch <small[^>]*>Back Clinic</small>", html)
        assert '<a href="tel:+442079460000">020 7946 0000</a>' in html
        assert "Larchwell" not in html

    @pytest.mark.parametrize(
        ("path", "current"),
        [
            ("/conditions/", "Conditions"),
            ("/conditions/herniated-disc/", "Conditions"),
            ("/stem-cells/", "Stem-cell therapy"),
            ("/stem-cells/risks/", "Stem-cell therapy"),
            ("/stem-cells/evidence/", "Evidence"),
            ("/faq/", "Questions"),
            ("/", None),
            ("/privacy/", None),
        ],
    )
    def test_the_place_you_are_in_is_marked_once(self, path, current):
        marked = re.findall(r'aria-current="(?:page|true)">([^<]+)<', main_nav(frame(path)))
        assert marked == ([current] if current else [])

    def test_landmarks_language_and_the_way_past_the_header(self):
        html = frame()
        assert '<html lang="en"' in html
        assert html.count("<main") == html.count("<header") == html.count("<footer") == 1
        assert html.index('href="#main"') < html.index("<header")
        assert 'id="main"' in html

    @pytest.mark.parametrize(("theme", "marked"), [("auto", ""), ("light", "light"), ("dark", "dark")])
    def test_the_theme_is_set_on_the_page_unless_the_system_decides(self, theme, marked):
        html = frame(theme=theme)
        assert (f'data-bs-theme="{marked}"' in html) if marked else ("data-bs-theme" not in html)
        assert re.search(rf'value="{theme}" aria-pressed="true"', html)
        assert html.count('aria-pressed="true"') == 1

    def test_only_a_demonstration_says_so(self):
        assert "Do not enter real details" in frame(is_demo=True)
        assert "Do not enter real details" not in frame(is_demo=False)

    def test_the_regulator_s_line_is_shown_where_there_is_one(self):
        assert "A regulator says so." in frame(regulator_line="A regulator says so.")

    def test_a_task_offers_no_way_out_but_the_telephone(self):
        html = frame(template="task.html")
        assert "site-nav" not in html
        assert "tel:" in html.split("</header>")[0]

    def test_progress_is_told_in_words(self):
        parts = [
            {"label": "Safety", "url": "/check/", "is_done": True, "is_now": False},
            {"label": "You", "url": "", "is_done": False, "is_now": True},
            {"label": "Pain", "url": "", "is_done": False, "is_now": False},
        ]
        request = RequestFactory().get("/")
        context = {
            "clinic": facts(request), "request": request, "progress": parts, "progress_now": 2, "progress_total": 3,
        }  # fmt: skip
        html = render_to_string("task.html", context)
        assert "Section 2 of 3" in html
        assert html.count('aria-current="step"') == 1
        assert 'href="/check/">Safety<span class="visually-hidden"> (done)</span>' in html


class TestAppearance:
    def test_the_switch_works_as_it_stands_on_the_page(self):
        browser = Client(enforce_csrf_checks=True)
        page = browser.get(reverse("clinic:complaints"))
        assert "csrfmiddlewaretoken" not in page.content.decode()
        response = browser.post(reverse("clinic:appearance"), {"theme": "dark", "next": "/complaints/"})
        assert (response.status_code, response["Location"]) == (302, "/complaints/")
        assert 'data-bs-theme="dark"' in browser.get("/complaints/").content.decode()


@pytest.mark.django_db
class TestNotices:
    @pytest.mark.parametrize("name", NOTICES)
    def test_each_has_one_heading_real_text_and_a_way_to_reach_us(self, client, settings, name):
        html = client.get(reverse(f"clinic:{name}")).content.decode()
        assert html.count("<h1") == 1
        main = html.split("<main")[1].split("</main>")[0]
        assert len(re.sub(r"<[^>]+>", " ", main).split()) > 150
        assert settings.CLINIC_PHONE_TEL in main

    def test_the_privacy_notice_counts_the_cookies_that_exist(self, client):
        html = client.get(reverse("clinic:privacy")).content.decode()
        cookies = html.split(">Cookies</h2>")[1].split("</ul>")[0]
        assert "three" in cookies
        assert cookies.count("<li>") == 3


@pytest.mark.parametrize("template", ERROR_PAGES)
class TestErrorPages:
    def test_they_need_no_request_and_no_database(self, template, settings):
        html = render_to_string(template, {"clinic": facts()})
        assert html.count("<h1") == 1
        assert lines.emergency().html in html
        assert settings.CLINIC_PHONE_TEL in html
        assert "<title>" in html

    def test_they_blame_nobody_and_show_no_code(self, template):
        text = re.sub(r"<[^>]+>", " ", render_to_string(template, {"clinic": facts()}))
        assert not re.search(
            r"\b(invalid|forbidden|oops|error|CSRF|4\d\d|5\d\d)\b", without_numbers_to_call(text), re.I
        )


@pytest.mark.parametrize("template", STAFF_ERROR_PAGES)
class TestErrorPagesOfStaff:
    """Somebody at work is not sent to the search, the private link or the telephone of the clinic they are in."""

    def test_they_stand_in_the_staff_frame_and_lead_back(self, template):
        html = render_to_string(template, {"clinic": facts()})
        assert html.count("<h1") == 1
        assert "Larchwell staff</title>" in html
        assert '<link rel="stylesheet" href="/static/clinic/staff.css">' in html
        links = set(re.findall(r'<a (?:class="brand" )?href="([^"]+)"', html.partition("<header")[2]))
        assert links == ({"/admin/", "/admin/login/"} if template == "session_ended_staff.html" else {"/admin/"})

    def test_they_blame_nobody_and_show_no_code(self, template):
        text = re.sub(r"<[^>]+>", " ", render_to_string(template, {"clinic": facts()}))
        assert not re.search(r"\b(invalid|forbidden|oops|error|CSRF|4\d\d|5\d\d)\b", text, re.I)


@pytest.mark.parametrize(
    ("path", "status"), [("/admin/nowhere/", 404), ("/admin/consultations/consultationrequest/0/change/", 404)]
)
def test_a_page_that_staff_cannot_find_is_one_of_theirs(sign_in, nurse, path, status):
    page = sign_in(nurse).get(path)
    assert page.status_code == status
    assert "Back to Today" in page.content.decode()
    assert "Search this site" not in page.content.decode()


def without_numbers_to_call(text: str) -> str:
    known = facts()
    return text.replace(known["phone"], "").replace(known["emergency_line"], "")


@pytest.mark.parametrize("template", STANDING_ALONE)
def test_the_last_pages_lean_on_one_plain_style_sheet(template):
    html = render_to_string(template, {"clinic": facts()})
    assert re.findall(r'<link rel="stylesheet" href="([^"]+)"', html) == ["/static/clinic/error.css"]
    assert "<script" not in html
