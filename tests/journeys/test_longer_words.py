"""Pages with words a third longer, as another language has them: nothing stands out of its place or is cut off."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from consultations.enums import RequestStatus
from tests.access.conftest import CHECK_KEY
from tests.axe import take_over
from tests.consultations.views.conftest import Visitor
from tests.personas import book_directly, make_patient, make_user, open_privately, private_url
from tests.pseudo.switch import pseudo_language

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LATER = datetime.datetime(2028, 9, 27, 18, 45, tzinfo=datetime.UTC)
"""The longest words a day can have."""
WIDTHS = (390, 1280)
REQUESTS = "/admin/consultations/consultationrequest/"
OUT_OF_PLACE = """() => {
    const page = document.documentElement, wrong = [];
    if (page.scrollWidth > page.clientWidth) wrong.push(`scrolls sideways: ${page.scrollWidth} px`);
    const has_text = it => Array.from(it.childNodes).some(node => node.nodeType === 3 && node.data.trim());
    for (const it of document.querySelectorAll("main *, header *, footer *, nav *, h1")) {
        const style = getComputedStyle(it);
        const is_unseen = around => around && around !== document.body
            && (around.offsetWidth <= 1 || getComputedStyle(around).clipPath !== "none"
                || is_unseen(around.parentElement));
        const is_left_out = it.closest(".visually-hidden, svg, select, textarea") || !it.checkVisibility();
        if (!has_text(it) || is_unseen(it) || is_left_out) continue;
        const name = `${it.tagName.toLowerCase()}.${it.className} “${it.textContent.trim().slice(0, 40)}”`;
        if (style.display !== "inline" && it.scrollWidth > it.clientWidth + 1) {
            wrong.push(`words stand out of ${name}`);
        }
        const box = it.getBoundingClientRect();
        for (let around = it.parentElement; around && around !== document.body; around = around.parentElement) {
            const {overflowX, overflowY} = getComputedStyle(around), edge = around.getBoundingClientRect();
            const hides_x = ["hidden", "clip"].includes(overflowX) && box.right > edge.right + 1;
            const hides_y = ["hidden", "clip"].includes(overflowY) && box.bottom > edge.bottom + 1;
            if ((hides_x || hides_y) && !around.closest("details:not([open])")) {
                wrong.push(`cut off by ${around.className}: ${name}`);
            }
        }
    }
    return wrong;
}"""


@pytest.fixture
def longer(content: Any, catalogue: Any) -> Iterator[None]:
    """The server's threads take the language and the templates from the settings."""
    with pseudo_language(catalogue):
        yield


class LongLook:
    """Visits pages at both widths, and remembers what does not fit."""

    def __init__(self, chromium: Any, site: str) -> None:
        self.context, self.site = chromium.new_context(base_url=site, reduced_motion="reduce"), site
        self.page = self.context.new_page()
        self.wrong: list[str] = []

    def visit(self, *paths: str, client: Client | None = None) -> None:
        if client is not None:
            take_over(self.context, client, self.site)
        for path in paths:
            answer = self.page.goto(path)
            assert answer.status == 200, path
            assert "áà" in self.page.content(), f"{path} is in plain English"
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": 900})
                self.wrong += [f"{path} at {width}: {fault}" for fault in self.page.evaluate(OUT_OF_PLACE)]


@pytest.fixture
def look(chromium: Any, live_server: Any, longer: None) -> Iterator[LongLook]:
    looking = LongLook(chromium, live_server.url)
    yield looking
    looking.context.close()


def test_pages_of_patients_hold_longer_words(look: LongLook, make_request: Any, clinician: Any) -> None:
    look.visit("/", "/back-pain/when-to-get-help/", "/stem-cells/evidence/", "/search/?q=stem+cells", "/check/")
    walker = Visitor(Client())
    walker.begin(key=CHECK_KEY)
    walker.answer()
    look.visit(f"{walker.check}/q/now/", f"{walker.check}/result/", f"{walker.check}/contact/", client=walker.client)
    for status, page in ((RequestStatus.OFFERED, "times/"), (RequestStatus.BOOKED, "cancel-time/")):
        asked = make_request(status=status, patient=make_patient(f"Patient {status}"))
        client = Client()
        if status == RequestStatus.BOOKED:
            book_directly(asked, clinician, LATER)
        open_privately(client, asked)
        look.visit(private_url(asked), private_url(asked, page), client=client)

    assert not look.wrong, "\n".join(look.wrong)


def test_pages_of_staff_hold_longer_words(look: LongLook, make_request: Any, clinician: Any) -> None:
    asked = make_request(patient=make_patient("Carol Abbot"))
    nurse = Client()
    nurse.force_login(make_user("the_nurse", "triage"))
    look.visit(
        "/admin/", "/admin/today/", REQUESTS, f"{REQUESTS}{asked.pk}/change/", f"{REQUESTS}calls/caller/",
        "/admin/consultations/safetycase/", "/admin/consultations/handovernote/", client=nurse,
    )  # fmt: skip
    editor = Client()
    editor.force_login(make_user("the_editor", "editor"))
    look.visit("/admin/education/page/", "/admin/education/page/desk/", client=editor)

    assert not look.wrong, "\n".join(look.wrong)
