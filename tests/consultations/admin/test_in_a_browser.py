"""The staff area by hand: forms with their errors, previews, users, and the queue and the request page by keyboard."""

from typing import Any

import pytest
from django.test import Client

from clinic.core import clock
from consultations.enums import RequestStatus
from tests import axe
from tests.personas import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUEUE = "/admin/consultations/consultationrequest/"
FOCUSED = """() => {
    const it = document.activeElement, style = getComputedStyle(it);
    return {text: it.textContent.trim(), name: it.name || "", id: it.id,
            seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2};
}"""


@pytest.fixture
def desk(page: Any) -> Any:
    page.said = []
    page.on("console", lambda said: page.said.append(said.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    return page


def sign_in(page: Any, user: Any, site: str) -> None:
    client = Client()
    client.force_login(user)
    axe.take_over(page.context, client, site)


def faults(page: Any) -> list[str]:
    """What is wrong with the page as it stands, and what it has said since the last look."""
    wrong = [*page.said, *axe.faults(page)]
    page.said.clear()
    return wrong


def press(page: Any, verb: str) -> None:
    """Open the act's box, as a summary does, and press its button."""
    form = page.locator(f"form[action$='/{verb}/']")
    form.evaluate("form => { const box = form.closest('details'); if (box) box.open = true; }")
    form.locator("button[type=submit]").click()
    page.wait_for_load_state("load")


@pytest.fixture
def triaged(make_request: Any, clinician: Any) -> Any:
    nurse = make_user("the_nurse", "triage", name="Nora Adeyemi")
    consultation_request = make_request(status=RequestStatus.IN_TRIAGE, claimed_by=nurse, claimed_at=clock.now())
    return consultation_request, nurse


@pytest.mark.parametrize("verb", ["pass_to_doctor", "ask", "note", "escalate"])
def test_a_refused_form_leads_to_its_field(desk, live_server, triaged, verb) -> None:
    consultation_request, nurse = triaged
    sign_in(desk, nurse, live_server.url)
    desk.goto(f"{QUEUE}{consultation_request.pk}/change/")
    press(desk, verb)

    assert desk.title().startswith("Error: ")
    assert faults(desk) == []
    assert desk.evaluate("document.activeElement.classList.contains('errsum')")
    desk.locator(".errsum a").first.click()
    field = desk.evaluate("document.activeElement.id || location.hash.slice(1)")
    assert field.startswith(verb)
    assert desk.locator(f"[id='{field}']").is_visible()


def test_a_decision_is_refused_kept_and_previewed(desk, live_server, make_request, clinician, doctor, visit) -> None:
    consultation_request = make_request(status=RequestStatus.WITH_DOCTOR, doctor=doctor)
    sign_in(desk, doctor, live_server.url)
    desk.goto(f"{QUEUE}{consultation_request.pk}/change/")
    desk.locator("[name=decision][value=offer]").check(force=True)
    desk.locator("form[action$='/decide/'] [name=patient_note]").fill("We would like to see you.")
    press(desk, "decide")
    assert faults(desk) == []
    assert desk.locator("form[action$='/decide/'] [name=patient_note]").input_value() == "We would like to see you."
    assert desk.locator("[name=decision][value=offer]").is_checked()
    desk.locator("[name=appointment_type]").select_option(index=1)
    press(desk, "decide")

    assert "Nothing is sent yet" in desk.inner_text("main")
    assert faults(desk) == []


@pytest.mark.parametrize("path", ["", "add/", "{pk}/change/", "{pk}/password/", "{pk}/history/"])
def test_pages_of_users(desk, live_server, django_user_model, nurse, path) -> None:
    root = django_user_model.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
    sign_in(desk, root, live_server.url)
    desk.goto("/admin/accounts/user/" + path.format(pk=nurse.pk))
    assert faults(desk) == []
    if desk.locator("main form[method=post] button[type=submit]").count() and "history" not in path:
        desk.locator("main form[method=post] button[type=submit]").first.click()
        desk.wait_for_load_state("load")
        assert faults(desk) == []


@pytest.mark.parametrize(
    "form", ["clinician", "location", "room", "appointmenttype", "availability", "extrasession", "absence"]
)
def test_a_refused_diary_form_names_its_fields(desk, live_server, clinician, manager, form) -> None:
    sign_in(desk, manager, live_server.url)
    desk.goto(f"/admin/consultations/{form}/add/")
    desk.locator("button[name=_save]").click()
    desk.wait_for_load_state("load")

    assert desk.title().startswith("Error: ")
    assert "\nEnter a value for “" in desk.locator(".errsum").inner_text()
    assert faults(desk) == []


class TestKeyboard:
    def walk(self, page: Any, wanted: Any, limit: int = 60) -> dict[str, Any]:
        """Tab until the wanted thing has the focus; every stop on the way must show that it has it."""
        for _ in range(limit):
            page.keyboard.press("Tab")
            now = page.evaluate(FOCUSED)
            assert now["seen"], f"the focus cannot be seen on {now}"
            if wanted(now):
                return now
        pytest.fail("Tab never led there")

    def test_from_the_queue_to_a_saved_note(self, desk, live_server, triaged) -> None:
        consultation_request, nurse = triaged
        sign_in(desk, nurse, live_server.url)
        desk.goto(QUEUE)
        self.walk(desk, lambda now: now["text"] == "Skip to main content", limit=1)
        self.walk(desk, lambda now: now["name"] == "q")
        self.walk(desk, lambda now: now["text"] == "Alice Winther")
        desk.keyboard.press("Enter")
        desk.wait_for_url(f"**/{consultation_request.pk}/change/")
        self.walk(desk, lambda now: now["text"] == "Add a note")
        desk.keyboard.press("Enter")
        self.walk(desk, lambda now: now["name"] == "note")
        desk.keyboard.type("Rang, no change.")
        self.walk(desk, lambda now: now["text"] == "Save the note")
        desk.keyboard.press("Enter")
        desk.wait_for_load_state("load")

        assert "The note is saved." in desk.inner_text("main")
        assert consultation_request.triage_decisions.get().note == "Rang, no change."
