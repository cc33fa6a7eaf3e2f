"""The whole story in a browser: a patient reads, answers and asks; nurse and doctor act; the patient picks a time."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from clinic.accounts.models import User
from clinic.core import delivery
from consultations.enums import Outcome, RequestStatus
from consultations.models import Appointment, ConsultationRequest, SafetyCase
from consultations.questionnaire import flow
from consultations.questionnaire.definition import CURRENT_VERSION
from tests.axe import take_over
from tests.consultations.views.conftest import ROUTINE, Visitor
from tests.personas import private_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a quiet passphrase"
ME = {
    "name": "Alice Winther", "birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970",
    "email": "alice@example.com", "phone": "202-555-0142",
}  # fmt: skip
DANGER = {"emergency": {"rf_now": ["chest"]}, "same day": {"rf_now": ["fever"]}}
SCREENS = {True: 10, False: 12}
"""Of the routine path: with JavaScript follow-ups stand on the page of what they follow, without it on their own."""


class Person:
    """Somebody at a browser of their own. Presses what can be seen, reads what is shown."""

    def __init__(self, chromium: Any, site: str, *, with_js: bool, width: int = 1280, theme: str = "light") -> None:
        self.context = chromium.new_context(
            base_url=site,
            java_script_enabled=with_js,
            color_scheme=theme,
            reduced_motion="reduce",
            viewport={"width": width, "height": 900},
        )
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda said: self.said.append(said.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.site = site

    def take_over(self, client: Client) -> None:
        """Go on where another browser stands, with its session."""
        take_over(self.context, client, self.site)

    @property
    def path(self) -> str:
        """Where this person is, without the key of their check."""
        return re.sub("^/check/[0-9a-f]{8}/", "/check/", self.page.url.removeprefix(self.site).partition("?")[0])

    @property
    def check(self) -> str:
        """The first part of every address of the check that is shown."""
        match = re.search("/check/[0-9a-f]{8}", self.page.url)
        assert match, self.page.url
        return match[0]

    @property
    def words(self) -> str:
        return " ".join(self.page.locator("main").inner_text().split())

    def go(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer.status < 400, (path, answer.status)
        self.arrive()

    def arrive(self) -> None:
        self.page.wait_for_load_state("load")
        assert self.page.locator("h1").count() == 1, self.page.url

    def press(self, label: str, *, within: str = "main") -> None:
        self.page.locator(within).get_by_role("button", name=label, exact=True).click()
        self.arrive()

    def follow(self, label: str, *, within: str = "main") -> None:
        self.page.locator(within).get_by_role("link", name=label).first.click()
        self.arrive()

    def fill(self, **given: Any) -> None:
        for name, value in given.items():
            field = self.page.locator(f"main [name='{name}']")
            kind = field.first.get_attribute("type")
            if kind in ("radio", "checkbox"):
                for item in value if isinstance(value, list) else [value]:
                    chosen = "" if item is True else f"[value='{item}']"
                    self.page.locator(f"main [name='{name}']{chosen}").check(force=True)
            elif field.first.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    @property
    def screen(self) -> str:
        """The screen of questions that is shown, by where its form goes."""
        form = self.page.locator("main form[action*='/q/']")
        match = re.search("/q/([a-z-]+)/", form.get_attribute("action")) if form.count() else None
        return match[1] if match else ""

    def answer(self, *, until: str = "", **changes: Any) -> int:
        """Answer screen after screen until `until` or something else is shown; how many there were."""
        answers = {**ROUTINE, "ex_note": "", **changes}
        for screens in range(40):
            if self.screen in ("", until):
                return screens
            screen = flow.screen_named(self.screen, version=CURRENT_VERSION)
            # A follow-up that follows what was just answered is there once that was; without JavaScript it never is.
            asked = 0
            for item in screen.order:
                if self.page.locator(f"main [name='{item}']:enabled").count():
                    self.fill(**{item: answers[item]})
                    asked += 1
            assert asked, self.path
            self.press("Continue")
        raise AssertionError(f"The check never ended: {self.path}")

    def sign_in(self, user: User) -> None:
        self.go("/admin/login/")
        self.fill(username=user.username, password=PASSWORD)
        self.press("Sign in")
        assert self.path == "/admin/"

    def act(self, verb: str, **given: Any) -> None:
        """Open the box of an act on the request page, fill it in and press its button."""
        form = self.page.locator(f"form[action$='/{verb}/']")
        if not form.locator("button[type=submit]").is_visible():
            form.locator("xpath=ancestor::details[1]/summary").click()
        for name, value in given.items():
            field = form.locator(f"[name='{name}']")
            if field.first.get_attribute("type") == "radio":
                form.locator(f"[name='{name}'][value='{value}']").check(force=True)
            elif field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        form.locator("button[type=submit]").click()
        self.arrive()

    def open_mail(self) -> None:
        """Follow the private link of the newest mail and give the date of birth."""
        delivery.deliver_due()
        link = re.search(r"http://testserver(\S+)", mail.outbox[-1].body)
        assert link, mail.outbox[-1].body
        self.go(link[1])
        self.fill(**{name: value for name, value in ME.items() if name.startswith("birth")})
        self.press("Open my request")
        assert self.path == private_url(ConsultationRequest.objects.order_by("pk").last())


@pytest.fixture
def meet(content: Any, chromium: Any, live_server: Any) -> Iterator[Any]:
    """A factory of people; nobody's browser may have said anything on its console."""
    met: list[Person] = []

    def meet(**kwargs: Any) -> Person:
        met.append(Person(chromium, live_server.url, **kwargs))
        return met[-1]

    yield meet
    said = [line for person in met for line in person.said]
    for person in met:
        person.context.close()
    assert said == []


@pytest.mark.parametrize(
    ("with_js", "width", "theme"),
    [(True, 1280, "light"), (False, 390, "dark")],
    ids=["with JavaScript", "without, on a phone"],
)
def test_from_the_first_page_to_a_booked_time(
    meet: Any, clinician: Any, visit: Any, nurse: User, doctor: User, with_js: bool, width: int, theme: str
) -> None:
    look = {"with_js": with_js, "width": width, "theme": theme}
    patient = meet(**look)
    patient.go("/")
    patient.follow("Check your options")
    assert patient.path == "/check/"
    patient.press("Start now")
    screens = patient.answer()
    assert screens == SCREENS[with_js]
    assert patient.path == "/check/result/"
    assert "A consultation makes sense" in patient.words
    patient.follow("Continue")
    patient.fill(filled_for="self", contact_by="email", safe_to_contact="any", **ME)
    patient.press("Continue")
    assert patient.path == "/check/answers/"
    assert "Alice Winther" in patient.words
    patient.fill(true_answers=True, care_team=True, privacy_notice=True)
    patient.press("Send my request")
    consultation_request = ConsultationRequest.objects.get()
    assert patient.path == "/check/sent/"
    assert consultation_request.reference in patient.words

    patient.open_mail()
    assert consultation_request.reference in patient.words

    triage = meet(**look)
    triage.sign_in(nurse)
    triage.go("/admin/consultations/consultationrequest/")
    triage.follow("Alice Winther")
    triage.act("claim")
    triage.act("note", note="Rang at ten: no change.")
    triage.act("pass_to_doctor", doctor=str(doctor.pk), note="Please read.")
    consultation_request.refresh_from_db()
    assert (consultation_request.status, consultation_request.doctor, consultation_request.claimed_by) == (
        RequestStatus.WITH_DOCTOR,
        doctor,
        nurse,
    )

    reviewer = meet(**look)
    reviewer.sign_in(doctor)
    reviewer.go("/admin/consultations/consultationrequest/")
    reviewer.follow("Alice Winther")
    assert "Rang at ten: no change." in reviewer.words
    reviewer.act(
        "decide", decision="offer", appointment_type=str(visit.pk), patient_note="We would like to see you and talk."
    )
    assert "Nothing is sent yet" in reviewer.words
    consultation_request.refresh_from_db()
    assert consultation_request.status == RequestStatus.WITH_DOCTOR
    reviewer.page.locator("form[action$='/preview/'] button[type=submit]").first.click()
    reviewer.arrive()
    consultation_request.refresh_from_db()
    assert consultation_request.status == RequestStatus.OFFERED

    patient.open_mail()
    assert "We would like to see you and talk." in patient.words
    patient.follow("See free times")
    patient.page.locator("input[name=slot]").first.check(force=True)
    patient.press("Continue")
    assert patient.path == private_url(consultation_request, "times/check/")
    patient.fill(ticks="none")
    patient.press("Book this time")
    booked = Appointment.objects.get()
    assert booked.booked_by is None
    assert "Dr Ines Halloran" in patient.words
    with patient.page.expect_download() as waiting:
        patient.page.get_by_role("link", name=re.compile("calendar", re.IGNORECASE)).first.click()
    assert b"BEGIN:VCALENDAR" in waiting.value.path().read_bytes()
    delivery.deliver_due()
    assert len(mail.outbox) == 3
    assert {tuple(item.recipients()) for item in mail.outbox} == {("alice@example.com",)}

    triage.go("/admin/consultations/appointment/")
    assert "Alice Winther" in triage.words or "Alice Winther" in triage.page.inner_text("body")
    patient.follow("Cancel this time")
    patient.press("Cancel this time")
    consultation_request.refresh_from_db()
    assert consultation_request.status == RequestStatus.OFFERED


@pytest.fixture
def about_to_send(meet: Any) -> Person:
    """A patient before the last page of the check, all answers and the contact details given."""
    walker = Visitor(Client())
    walker.answer()
    walker.tell_contact()
    patient: Person = meet(with_js=True)
    patient.take_over(walker.client)
    patient.go(f"{walker.check}/answers/")
    return patient


@pytest.mark.parametrize(
    ("danger", "with_js"),
    [("emergency", True), ("emergency", False), ("same day", False)],
    ids=["emergency, with JavaScript", "emergency, without", "same day, without"],
)
def test_a_danger_stops_the_check_at_once_and_reaches_the_desk(
    meet: Any, nurse: User, danger: str, with_js: bool
) -> None:
    patient = meet(with_js=with_js, width=390)
    patient.go("/check/")
    patient.press("Start now")
    patient.answer(**DANGER[danger])
    case = SafetyCase.objects.get()
    if danger == "emergency":
        assert patient.path == "/check/emergency/"
        assert "911" in patient.words
        assert case.level == Outcome.EMERGENCY
    else:
        assert patient.path == "/check/today/"
        assert case.level == Outcome.SAME_DAY
    assert (case.owner, case.patient) == (nurse, None)

    patient.go(f"{patient.check}/call-back/")
    patient.fill(name="Bob Pell", phone="202-555-0142")
    patient.page.locator("main form[method=post] button[type=submit]").first.click()
    patient.arrive()
    case.refresh_from_db()
    assert case.patient is not None

    triage = meet(with_js=with_js)
    triage.sign_in(nurse)
    assert "Bob Pell" in triage.words
    triage.page.locator("main").get_by_role("link", name=re.compile("Bob Pell")).first.click()
    triage.arrive()
    triage.page.locator("form[action$='/acknowledge/'] button").first.click()
    triage.arrive()
    case.refresh_from_db()
    assert case.acknowledged_by == nurse


def test_a_child_is_stopped_and_nothing_is_kept_to_send(meet: Any) -> None:
    patient = meet(with_js=False)
    patient.go("/check/")
    patient.press("Start now")
    patient.answer(ab_age="17")
    assert patient.path == "/check/adults/"
    assert not ConsultationRequest.objects.exists()


def test_a_double_click_sends_once(about_to_send: Person) -> None:
    patient = about_to_send
    patient.fill(true_answers=True, care_team=True, privacy_notice=True)
    patient.page.get_by_role("button", name="Send my request", exact=True).dblclick()
    patient.page.wait_for_url("**/check/*/sent/")
    assert ConsultationRequest.objects.count() == 1


def test_a_change_comes_back_to_the_answers_in_a_second_tab_too(about_to_send: Person) -> None:
    patient = about_to_send
    second = patient.context.new_page()
    second.goto(f"{patient.check}/answers/")
    second.locator("main a[href*='/q/hopes/?from=answers']").first.click()
    second.locator("main [name=ex_note]").fill("My sister had this.")
    second.get_by_role("button", name="Continue", exact=True).click()
    second.wait_for_url(re.compile("/answers/"))
    patient.page.reload()
    assert "My sister had this." in patient.words


FOCUSED = """() => {
    const it = document.activeElement, tile = it.closest("label") || it.nextElementSibling;
    const drawn = one => one && getComputedStyle(one).outlineStyle !== "none"
        && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
    const parts = [it, tile, it.parentElement, tile && tile.firstElementChild, tile && tile.nextElementSibling];
    return {text: it.textContent.trim(), name: it.name || "", value: it.value || "",
            seen: parts.some(one => one && (drawn(one) || getComputedStyle(one).boxShadow !== "none"))};
}"""


def test_the_first_screens_by_keyboard_alone(meet: Any) -> None:
    patient = meet(with_js=True)
    patient.go("/check/")
    page = patient.page

    def tab_to(wanted: Any) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            now = page.evaluate(FOCUSED)
            assert now["seen"], f"the focus cannot be seen on {now}"
            if wanted(now):
                return
        pytest.fail("Tab never led there")

    tab_to(lambda now: now["text"] == "Skip to main content")
    page.keyboard.press("Enter")
    tab_to(lambda now: now["text"] == "Start now")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/q/now/"))
    tab_to(lambda now: now["name"] == "ab_age")
    page.keyboard.type("56")
    tab_to(lambda now: now["name"] == "rf_now" and now["value"] == "none")
    page.keyboard.press("Space")
    tab_to(lambda now: now["text"] == "Continue")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/q/now/" not in url)
    assert "/check/q/" in patient.path
