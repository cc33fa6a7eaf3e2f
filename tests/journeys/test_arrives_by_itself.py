"""A page that stays open: what came in since is counted, an emergency is told, and nothing is taken away or moved."""

import datetime
import re
import time
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from playwright.sync_api import expect

from clinic.core import clock
from consultations.enums import Outcome, RequestStatus
from consultations.models import SafetyCase
from consultations.services import cases
from tests import axe
from tests.personas import make_patient, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUEUE = "/admin/consultations/consultationrequest/"
EVERY = 20_500
OVERLAPS = """() => {
    const [one, two] = [document.activeElement, document.getElementById("news-bar")].map(
        it => it.getBoundingClientRect()
    );
    return one.top < two.bottom && one.bottom > two.top;
}"""
COUNT_SOUNDS = """
window.sounds = 0;
window.AudioContext = class {
    state = "running";
    destination = {};
    decodeAudioData(bytes) { return Promise.resolve(bytes.byteLength); }
    createBufferSource() { return {connect() {}, start() { if (this.buffer > 1000) window.sounds += 1; }}; }
    resume() { return Promise.resolve(); }
};
"""


@pytest.fixture
def desk(page: Any, live_server: Any) -> Any:
    """A nurse at the desk, with a clock that the test turns, and what the page asked for and said."""
    client = Client()
    client.force_login(make_user("the_nurse", "triage", name="Nora Adeyemi"))
    axe.take_over(page.context, client, live_server.url)
    page.asked, page.said = [], []
    page.on("request", lambda asked: page.asked.append(asked.url) if "/admin/news/" in asked.url else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.clock.install()
    return page


@pytest.fixture
def emergency(make_request: Any) -> Any:
    def make(name: str) -> Any:
        consultation_request = make_request(patient=make_patient(name))
        with transaction.atomic():
            return cases.open_case(
                response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
            )

    return make


def wait(page: Any, milliseconds: int = EVERY) -> None:
    """Let that much time pass on the page. It asks the server; what comes of it is waited for by whoever expects it."""
    page.clock.run_for(milliseconds)


def ask(page: Any, milliseconds: int = EVERY) -> None:
    """The same, until the answer has come."""
    with page.expect_response("**/admin/news/**") as answer:
        wait(page, milliseconds)
    answer.value.finished()


def wait_for_sounds(page: Any, count: int) -> None:
    """Asked from outside: a page that may not evaluate strings refuses Playwright's own waiting for a condition."""
    until = time.monotonic() + 10
    while page.evaluate("window.sounds") != count:
        assert time.monotonic() < until, page.evaluate("window.sounds")
        page.wait_for_timeout(50)


def test_an_emergency_comes_to_an_open_page_and_takes_nothing_away(
    desk: Any, make_request: Any, emergency: Any
) -> None:
    desk.add_init_script(COUNT_SOUNDS)
    desk.goto("/admin/")
    desk.get_by_role("button", name="Switch sound on").click()
    assert "Sound is on in this browser." in desk.locator("main").inner_text()
    consultation_request = make_request(status=RequestStatus.RECEIVED)
    desk.goto(f"{QUEUE}{consultation_request.pk}/change/")
    desk.locator("form[action$='/note/']").evaluate("form => { form.closest('details').open = true; }")
    box = desk.locator("form[action$='/note/'] textarea")
    box.fill("She says that")
    box.press("End")

    case = emergency("Vera Holm")
    ask(desk)

    bar = desk.locator("#news-bar")
    bar.get_by_role("link", name="Open it").wait_for()
    assert f"Emergency, case {case.pk}: 1 minute ago, nobody has taken it on." in bar.inner_text()
    assert "Vera" not in bar.inner_text()
    expect(desk).to_have_title(re.compile(r"^\(1\) "))
    assert desk.locator("[data-news-badge$='safetycase/'] b").inner_text() == "1"
    desk.keyboard.type(" it is worse")
    assert box.input_value() == "She says that it is worse"
    assert desk.evaluate(OVERLAPS) is False
    wait_for_sounds(desk, 1)
    assert axe.faults_in_passing(desk) == []

    ask(desk)
    assert desk.evaluate("window.sounds") == 1, "once for each emergency"
    bar.get_by_role("button", name="Hide").click()
    ask(desk)
    expect(bar).to_be_hidden()
    emergency("Ove Lund")
    ask(desk)
    wait_for_sounds(desk, 2)
    SafetyCase.objects.update(level=Outcome.SAME_DAY)
    ask(desk)
    expect(bar).to_be_hidden()
    assert desk.said == []


def test_new_requests_are_offered_and_move_no_row(desk: Any, make_request: Any) -> None:
    sent = clock.now() - datetime.timedelta(minutes=5)
    make_request(patient=make_patient("Ada Berg"), submitted_at=sent)
    desk.goto(QUEUE)
    row = desk.get_by_role("rowheader", name="Ada Berg")
    before = row.bounding_box()
    for name in ("Bea Holm", "Cia Lund"):
        make_request(patient=make_patient(name))

    ask(desk)

    more = desk.locator("[data-news-more]")
    expect(more).to_have_text("2 new: show")
    assert row.bounding_box() == before
    more.get_by_role("link").click()
    assert desk.get_by_role("rowheader", name="Cia Lund").is_visible()
