"""Every page in a browser: no axe finding, a quiet console, nothing from elsewhere, no sideways scroll."""

import dataclasses
import datetime
from collections import Counter
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from clinic.core import clock
from clinic.core.models import OutboxMessage
from consultations.enums import MissedKind, ReportedRecord, RequestStatus
from consultations.models import DayEnd, SafetyCase
from consultations.services import call_scripts, calls, cannot_wait, hand_over_notes, missed
from education.models import Page
from tests.axe import faults_in_passing, take_over
from tests.consultations.perform import perform
from tests.content_fixtures import SHIPPED
from tests.mailbox import path_of, queue_directly
from tests.personas import book_directly, connect_directly, make_patient, make_user, open_privately, private_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PUBLIC = [
    *sorted(page["path"] for page in SHIPPED.pages),
    "/faq/", "/glossary/", "/sources/", "/privacy/", "/accessibility/", "/complaints/", "/check/", "/check/emergency/",
    "/request/link/", "/request/open/a-link/", "/no-such-page/",
    "/search/", "/search/?q=stem+cells", "/search/?q=pain&kind=source", "/search/?q=numb+between+legs",
    "/search/?q=zzyzx",
]  # fmt: skip
PARTS = 5
NOISE = "Failed to load resource: the server responded with a status of"
"""What Chromium writes for every answer over 399; the answer itself is what was asked for."""


class Look:
    """Visits pages and remembers what is wrong."""

    def __init__(self, chromium: Any, base_url: str) -> None:
        self.context = chromium.new_context(base_url=base_url, reduced_motion="reduce")
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.base_url = base_url
        self.wrong: list[str] = []
        self.titles: dict[str, str] = {}
        self.page.on("console", lambda said: self._say(said.text) if not said.text.startswith(NOISE) else None)
        self.page.on("pageerror", lambda error: self._say(str(error)))
        self.page.on("request", lambda asked: self._foreign(asked.url))

    def sign_in(self, client: Client) -> None:
        take_over(self.context, client, self.base_url)

    def visit(self, path: str) -> None:
        answer = self.page.goto(path)
        if answer.status >= 500:
            self._say(f"status {answer.status}")
        self.check()

    def check(self) -> None:
        """Look at the page as it stands now."""
        for fault in faults_in_passing(self.page):
            self._say(fault)
        if self.page.locator("h1").count() != 1:
            self._say(f"{self.page.locator('h1').count()} first-level headings")
        if not self.page.title():
            self._say("no title")

    def _foreign(self, url: str) -> None:
        if not url.startswith((self.base_url, "data:")):
            self._say(f"asks {url}")

    def _say(self, what: str) -> None:
        self.wrong.append(f"{self.page.url.removeprefix(self.base_url)}: {what}")


@pytest.fixture
def look(chromium: Any, live_server: Any) -> Any:
    looking = Look(chromium, live_server.url)
    yield looking
    looking.context.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_public_pages(content: Any, look: Look, part: int) -> None:
    """In parts, so that no worker waits long for another at the end."""
    for path in PUBLIC[part::PARTS]:
        look.visit(path)

    assert look.wrong == []


def answer(page: Any, given: dict[str, str]) -> None:
    for name, value in given.items():
        field = page.locator(f"main [name='{name}']").first
        if field.get_attribute("type") in ("radio", "checkbox"):
            page.locator(f"main [name='{name}'][value='{value}']").check(force=True)
        else:
            field.fill(value)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state("load")


def test_check_with_its_errors_and_its_stops(look: Look) -> None:
    page = look.page
    page.goto("/check/")
    answer(page, {})
    check = page.url.partition("/q/")[0]
    look.check()
    answer(page, {})
    look.check()
    assert page.locator("[role=alert]").count() == 1
    answer(page, {"ab_age": "56", "rf_now": "none"})
    look.check()
    for given in (
        {"rf_ce": "none"},
        {"rf_weak": "none", "rf_injury": "none", "rf_cancer": "none"},
        {"rf_systemic": "none", "rf_risk": "none"},
        {"pn_where": "low_back", "pn_duration": "y1_5", "pn_worse": "sit"},
        {"peg_p": "6", "peg_e": "5", "peg_g": "7"},
    ):
        answer(page, given)
        look.check()
    for path, given in (("now", {"rf_now": "fever"}), ("now", {"rf_now": "chest"})):
        page.goto(f"{check}/q/{path}/")
        for box in page.locator("[name=rf_now]:checked").all():
            box.uncheck(force=True)
        answer(page, given)
        look.check()
    assert page.url.endswith(f"{check}/emergency/")
    look.visit(f"{check}/forget/")

    assert look.wrong == []


def test_a_check_that_is_saved_and_goes_on_elsewhere(look: Look) -> None:
    page = look.page
    page.goto("/check/")
    answer(page, {})
    check = page.url.partition("/q/")[0]
    page.get_by_role("button", name="Save and finish later").click()
    look.check()
    answer(page, {"email": "ana", "passphrase": "word"})
    look.check()
    page.get_by_label("Remind me once").check(force=True)
    answer(page, {"email": "ana@example.com", "passphrase": "Rosebud 7"})
    look.check()
    assert page.url.endswith("/kept/")
    for path in (f"{check}/forget/", path_of(OutboxMessage.objects.get(kind="saved_check"))):
        look.visit(path)
    answer(page, {"passphrase": "another"})
    look.check()
    answer(page, {"passphrase": "Rosebud 7"})
    look.check()
    page.goto(f"{check}/forget/")
    page.get_by_role("button", name="Delete now").click()
    look.check()

    assert look.wrong == []


def test_private_pages_in_every_state(look: Look, make_request: Any, clinician: Any) -> None:
    later = datetime.datetime(2028, 9, 27, 18, 45, tzinfo=datetime.UTC)  # the longest words a day can have
    for number, status in enumerate(RequestStatus.values):
        consultation_request = make_request(status=status, patient=make_patient(f"Patient {number}"))
        if status == RequestStatus.BOOKED:
            book_directly(consultation_request, clinician, later)
        client = Client()
        open_privately(client, consultation_request)
        look.sign_in(client)
        paths = [private_url(consultation_request)]
        if status == RequestStatus.OFFERED:
            paths += [private_url(consultation_request, "times/"), private_url(consultation_request, "withdraw/")]
        if status == RequestStatus.BOOKED:
            paths += [private_url(consultation_request, page) for page in ("cancel-time/", "needs/", "earlier/")]
            paths += [private_url(consultation_request, "cancel-time/"), private_url(consultation_request, "needs/")]
            paths += [private_url(consultation_request, "seen/")]
        for path in paths:
            look.visit(path)

    assert look.wrong == []


def test_a_booked_visit_is_printed_as_a_leaflet(look: Look, make_request: Any, clinician: Any) -> None:
    """From a dark screen: where, when and whom to call, black on white, and nothing that only a screen can do."""
    consultation_request = make_request(status=RequestStatus.BOOKED)
    book_directly(consultation_request, clinician, clock.now() + datetime.timedelta(days=3))
    client = Client()
    open_privately(client, consultation_request)
    look.sign_in(client)
    page = look.page
    page.goto(private_url(consultation_request))
    page.emulate_media(media="print", color_scheme="dark")

    phone = page.locator(".appt a[href^='tel:']").last
    assert phone.evaluate("it => getComputedStyle(it).color") == "rgb(0, 0, 0)"
    assert page.get_by_text("14 Orchard Row").first.is_visible()
    for text in ("Write to us", "Stop the weekly mail", "Withdraw my request", "Close my pages on this computer"):
        assert page.get_by_text(text).first.is_hidden(), text
    page.emulate_media(media="screen", color_scheme="light")


def test_asked_again_and_the_page_after_each_danger(look: Look, make_request: Any) -> None:
    for number, tick in enumerate(("chest", "fever", "band")):
        consultation_request = make_request(status=RequestStatus.OFFERED, patient=make_patient(f"Patient {number}"))
        client = Client()
        open_privately(client, consultation_request)
        look.sign_in(client)
        look.visit(private_url(consultation_request, "changed/"))
        perform("answer_again", consultation_request, ticks=(tick,))
        for page in ("changed/now/", "", "times/"):
            look.visit(private_url(consultation_request, page))

    assert look.wrong == []


STAFF_PAGES = {
    "triage": [
        "/admin/", "/admin/consultations/consultationrequest/", "/admin/consultations/consultationrequest/?tab=booked",
        "/admin/consultations/consultationrequest/?tab=unread",
        "/admin/consultations/consultationrequest/calls/caller/",
        "/admin/consultations/safetycase/", "/admin/core/outboxmessage/", "/admin/consultations/appointment/",
        "/admin/consultations/appointment/week/", "/admin/consultations/appointment/week/?by=room",
        "/admin/consultations/appointment/cannot-come/",
        "/admin/password_change/", "/admin/consultations/handovernote/", "/admin/consultations/shift/week/",
        "/admin/consultations/waitingentry/",
    ],
    "doctor": [
        "/admin/", "/admin/consultations/consultationrequest/", "/admin/consultations/availability/",
        "/admin/consultations/availability/add/", "/admin/consultations/extrasession/",
        "/admin/consultations/extrasession/add/", "/admin/consultations/absence/", "/admin/consultations/absence/add/",
        "/admin/consultations/missedreport/", "/admin/consultations/dayend/",
    ],
    "editor": [
        "/admin/", "/admin/education/", "/admin/education/page/", "/admin/education/source/",
        "/admin/education/evidencestatement/", "/admin/education/glossaryterm/", "/admin/education/question/",
        "/admin/education/trial/", "/admin/education/page/add/", "/admin/education/source/add/",
        "/admin/education/page/desk/", "/admin/education/regulationnote/", "/admin/education/caseaccount/",
        "/admin/education/clinicianstatement/", "/admin/education/feedback/", "/admin/education/reviewer/",
        "/admin/education/caseaccount/add/", "/admin/education/bestbet/", "/admin/education/bestbet/add/",
    ],
    "manager": [
        "/admin/", "/admin/core/auditentry/", "/admin/consultations/clinician/",
        "/admin/consultations/clinician/add/", "/admin/consultations/location/",
        "/admin/consultations/appointmenttype/", "/admin/consultations/appointmenttype/add/",
        "/admin/consultations/room/", "/admin/consultations/room/add/", "/admin/consultations/shift/",
        "/admin/consultations/shift/add/", "/admin/consultations/shiftchange/", "/admin/consultations/shiftchange/add/",
        "/admin/consultations/shift/week/", "/admin/consultations/handovernote/",
        "/admin/consultations/appointment/week/block/",
    ],
}  # fmt: skip
"""Also the page of each request and the sign-in; a manager sees what triage sees."""


@pytest.mark.parametrize("role", list(STAFF_PAGES))
def test_staff_pages(content: Any, look: Look, role: str, make_request: Any, clinician: Any) -> None:
    now = clock.now()
    shown = [make_request(status=status, patient=make_patient("Alice Winther")) for status in RequestStatus.values]
    SafetyCase.objects.create(
        response=shown[0].response,
        level="EMERGENCY",
        priority="stat",
        patient=shown[0].patient,
        raised_at=now,
        due_at=now,
    )
    queue_directly(
        consultation_request=shown[0],
        recipient="a@example.com",
    )
    paths = list(STAFF_PAGES[role])
    if role in ("triage", "doctor"):
        wanted = ("with_doctor", "offered") if role == "doctor" else ("received", "booked")
        paths += [
            f"/admin/consultations/consultationrequest/{entry.pk}/change/" for entry in shown if entry.status in wanted
        ]
        paths += [f"/admin/consultations/consultationrequest/{shown[0].pk}/person/"]
        paths += [f"/admin/consultations/safetycase/{SafetyCase.objects.get().pk}/change/"]
        paths += [f"/admin/consultations/missedreport/about/request/{shown[0].pk}/"]
    if role == "manager":
        clinicians_page = f"/admin/consultations/clinician/{clinician.pk}"
        own_calendar = connect_directly(clinician)
        paths += [f"{clinicians_page}/{page}/" for page in ("calendar", "own-calendars")]
        paths += [f"{clinicians_page}/own-calendars/{own_calendar.pk}/disconnect/"]
        paths += [f"/admin/core/auditentry/patient/{shown[0].patient_id}/", *_pages_of_a_manager(shown[0])]
        case = f"/admin/consultations/safetycase/{SafetyCase.objects.get().pk}"
        paths += [f"{case}/change/", f"{case}/close/", "/admin/consultations/safetycase/outcomes/"]
    if role == "editor":
        page = Page.objects.get(path="/stem-cells/")
        paths += [f"/admin/education/page/{page.pk}/{view}/" for view in ("change", "history", "versions")]
    client = Client()
    look.visit("/admin/login/")
    user = make_user(f"the_{role}", role, name=role)
    client.force_login(user)
    if role == "triage":
        call = calls.begin(response=shown[0].response, by=user)
        call_scripts.save(call=call, answers={"rf_now": ["chest"]}, by=user)
        script = f"/admin/consultations/consultationrequest/calls/{call.pk}"
        paths += [f"{script}/stop/", f"{script}/ask/now/", f"{script}/end/"]
        paths += [f"/admin/consultations/consultationrequest/calls/new/{call.response_id}/"]
    look.sign_in(client)
    for path in paths:
        look.visit(path)

    assert look.wrong == []


def _pages_of_a_manager(consultation_request: Any) -> list[str]:
    """With something on each: a note, a report, a day's end, and somebody who holds something."""
    now, nurse = clock.now(), make_user("nurse", "triage", name="Nora Adeyemi")
    consultation_request.claimed_by, consultation_request.claimed_at = nurse, now
    consultation_request.save(update_fields=["claimed_by", "claimed_at"])
    hand_over_notes.write(text="Call her at five.", consultation_request=consultation_request, by=nurse, key="one")
    subject = missed.subject_of(ReportedRecord.REQUEST, consultation_request.pk)
    assert subject is not None
    report = missed.report(subject=subject, kind=MissedKind.DANGER, text="Numb.", by=nurse, key="one")
    items = [dataclasses.asdict(item) for item in cannot_wait.open_items(now=now)]
    ended = DayEnd.objects.create(on=now.date(), closed_at=now, made_at=now, open_items=items, figures={"closed": 1})
    return [
        f"/admin/consultations/missedreport/{report.pk}/change/", f"/admin/consultations/dayend/{ended.pk}/change/",
        f"/admin/consultations/handovernote/person/{nurse.pk}/",
    ]  # fmt: skip


def test_every_staff_list_is_looked_at() -> None:
    looked_at = {path.split("/")[3] for paths in STAFF_PAGES.values() for path in paths if path.count("/") > 3}
    left = {str(model._meta.model_name) for model in admin.site._registry} - looked_at

    assert left <= {"user"}, "add the list of this model to STAFF_PAGES"


@pytest.mark.parametrize("with_js", [True, False], ids=["with JavaScript", "without"])
def test_a_table_stays_a_table_where_its_rows_are_blocks(
    content: Any, chromium: Any, live_server: Any, with_js: bool
) -> None:
    context = chromium.new_context(
        base_url=live_server.url, java_script_enabled=with_js, viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    page.goto("/stem-cells/evidence/")
    nodes = context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    heard = Counter(node["role"]["value"] for node in nodes if not node["ignored"])
    context.close()

    drawn = Client().get("/stem-cells/evidence/").content.decode()
    for role, tag in {
        "table": "<table ",
        "row": "<tr",
        "columnheader": 'scope="col"',
        "rowheader": 'scope="row"',
    }.items():
        assert heard[role] == drawn.count(tag) > 0, role
    assert heard["cell"] == drawn.count("<td") > 0


def test_control_a_bad_page_is_seen(look: Look) -> None:
    look.page.goto("/check/")
    look.page.evaluate("""() => {
        document.querySelector("h1").remove();
        const image = new Image(); image.src = "/static/clinic/favicon.svg"; document.body.append(image);
        const wide = document.createElement("p"); wide.textContent = "x".repeat(400); document.body.append(wide);
        const pale = document.createElement("p"); pale.textContent = "pale"; pale.style.color = "#14232b";
        document.querySelector("main").append(pale);
        console.log("a word");
    }""")
    look.check()

    said = "\n".join(look.wrong)
    for sign in ("axe image-alt", "axe, dark color-contrast", "0 first-level headings", "scrolls sideways", "a word"):
        assert sign in said
    assert "axe color-contrast" not in said
