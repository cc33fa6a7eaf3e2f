"""Words on their way to readers and off the site again, in a browser; and a reader with a phone, or paper."""

from typing import Any

import pytest
from django.test import Client

from clinic.accounts.models import User
from clinic.core import clock
from education.models import Page, Reviewer
from education.services import records
from tests.axe import faults
from tests.journeys.test_the_whole_story import Person
from tests.journeys.test_the_whole_story import meet as meet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATH = "/about/content/"
CONDITION = "/conditions/spinal-stenosis/"
BOAST = "Stem cells will cure your back pain."
PLAIN = "We write down who read each page."
REASON = "A rule that this page names has changed."
GONE = "Failed to load resource: the server responded with a status of 410"


@pytest.fixture
def reviewing_doctor(doctor: User) -> User:
    Reviewer.objects.create(
        user=doctor, name="Dr Ines Halloran", role="spine surgeon", register="Demonstration register",
        register_number="77", checked_on=clock.today(), interests="None",
    )  # fmt: skip
    return doctor


def at_work(person: Person, user: User) -> Person:
    client = Client()
    client.force_login(user)
    person.take_over(client)
    return person


def desk_of(person: Person, page: Page) -> None:
    person.go("/admin/education/page/desk/")
    person.follow(page.title)
    assert person.path.endswith(f"/page/{page.pk}/change/")


def write(person: Person, body: str) -> None:
    person.fill(body=body)
    person.press("Save and stay here")


@pytest.mark.parametrize(("with_js", "width"), [(True, 1280), (False, 390)], ids=["with JavaScript", "without, phone"])
def test_an_edit_is_read_for_claims_before_it_goes_on(meet: Any, editor: User, with_js: bool, width: int) -> None:
    page = Page.objects.get(path=PATH)
    before = page.body

    writer = at_work(meet(with_js=with_js, width=width), editor)
    writer.go(f"/admin/education/page/{page.pk}/change/")
    write(writer, f"{before}\n\n{BOAST}\n")
    assert "Update in progress" in writer.words
    marked = writer.page.locator(".wording-list mark").all_inner_texts()
    assert any("cure" in item for item in marked)
    assert "Change it" in writer.words
    if with_js:
        assert faults(writer.page) == []
    write(writer, f"{before}\n\n{PLAIN}\n")
    assert writer.page.locator(".wording-list").count() == 0
    assert writer.page.get_by_role("button", name="Publish these changes").count() == 0


def test_from_an_edit_to_readers_and_off_the_site(
    meet: Any, editor: User, reviewing_doctor: User, manager: User
) -> None:
    look = {"with_js": False, "width": 390}
    page = Page.objects.get(path=PATH)

    writer = at_work(meet(**look), editor)
    writer.go(f"/admin/education/page/{page.pk}/change/")
    write(writer, f"{page.body}\n\n{PLAIN}\n")

    signer = at_work(meet(**look), reviewing_doctor)
    page.refresh_from_db()
    desk_of(signer, page)
    signer.page.locator("summary", has_text="Clinical review").click()
    signer.press("I approve these words")
    assert "The sign-off is saved." in signer.page.inner_text("body")
    assert "Dr Ines Halloran, spine surgeon (Demonstration register 77)" in signer.words

    boss = at_work(meet(**look), manager)
    desk_of(boss, page)
    boss.press("Publish these changes")
    page.refresh_from_db()
    assert page.is_published

    reader = meet(**look)
    reader.go(PATH)
    assert PLAIN in reader.words
    assert "Reviewed by Dr Ines Halloran, spine surgeon" in reader.words

    signer.go(f"/admin/education/page/{page.pk}/change/")
    signer.page.locator("summary", has_text="Withdraw at once").click()
    signer.fill(reason=REASON)
    signer.press("Take it off the site now")
    answer = reader.page.goto(PATH)
    assert answer.status == 410
    assert REASON in reader.words
    assert PLAIN not in reader.words
    reader.said[:] = [line for line in reader.said if not line.startswith(GONE)]


def test_a_page_that_two_people_sign(meet: Any, editor: User, reviewing_doctor: User, manager: User) -> None:
    page = Page.objects.get(path="/stem-cells/risks/")
    page.title = f"{page.title}, again"
    records.save_record(record=page, by=editor, changed=["title"])

    boss = at_work(meet(with_js=False), manager)
    desk_of(boss, page)
    boss.press("Publish these changes")
    assert "A clinician who did not write it has to review" in boss.words
    boss.page.locator("summary", has_text="Second sign-off").click()
    boss.press("I approve these words")

    signer = at_work(meet(with_js=False), reviewing_doctor)
    desk_of(signer, page)
    signer.page.locator("summary", has_text="Clinical review").click()
    signer.press("I approve these words")

    desk_of(boss, page)
    boss.press("Publish these changes")
    page.refresh_from_db()
    assert page.is_published


def test_a_reader_with_a_phone_and_no_script(meet: Any) -> None:
    reader = meet(with_js=False, width=390)
    reader.go("/")
    reader.page.locator(f"main a[href='{CONDITION}']:visible").first.click()
    reader.arrive()
    assert reader.path == CONDITION
    cited = reader.page.locator("main a.cite").first
    cited.press("Enter")
    assert "#" in reader.page.url
    assert reader.page.locator("#sources").count() == 1
    reader.page.locator("main a[href='/back-pain/when-to-get-help/']:visible").first.click()
    reader.arrive()
    assert reader.path == "/back-pain/when-to-get-help/"
    assert "911" in reader.words


def test_a_page_on_paper_is_its_text(meet: Any) -> None:
    reader = meet(with_js=False)
    reader.go(CONDITION)
    printed = reader.page.pdf(format="A4")
    assert printed.startswith(b"%PDF-")
    assert len(printed) > 20_000

    reader.page.emulate_media(media="print")
    for frame in (".site-nav", ".menu", ".site-footer", ".crumbs", ".helped"):
        assert reader.page.locator(frame).count() > 0, frame
        assert not any(part.is_visible() for part in reader.page.locator(frame).all()), frame
    assert reader.page.locator("h1").is_visible()
    assert reader.page.locator("#sources").is_visible()
