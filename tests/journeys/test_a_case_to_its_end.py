"""Chest pain, from the alarm to the closing, in a browser at the widths of a desk, a tablet and a phone."""

from typing import Any

import pytest

from clinic.accounts.models import User
from consultations.enums import CaseStatus
from consultations.models import SafetyCase
from consultations.services import intake
from tests.personas import make_patient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.mark.parametrize("width", [1366, 1024, 390])
def test_a_nurse_calls_and_closes_a_case_of_chest_pain(page: Any, nurse: User, width: int) -> None:
    response = intake.start()
    intake.save_answers(response=response, answers={"ab_age": 56, "rf_now": ["chest"]})
    SafetyCase.objects.update(patient=make_patient("Clara Hall"))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/admin/login/?next=/admin/")
    page.fill("[name=username]", "nurse")
    page.fill("[name=password]", "a quiet passphrase")
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.get_by_role("link", name="Clara Hall, 56").first.click()
    page.get_by_role("button", name="Acknowledge").click()
    case = page.url
    page.get_by_role("link", name="Close case").click()
    page.get_by_text("Went for care", exact=True).click()
    assert page.get_by_text("No call with all danger questions asked is on record").first.is_visible()

    page.goto(case)
    page.get_by_role("button", name="Ask the danger questions").click()
    page.locator("[name=rf_now][value=chest]").check(force=True)
    page.locator("main form button[type=submit]").last.click()
    page.get_by_text("End the call", exact=True).click()
    page.locator("textarea").first.fill("On the way to St Anne with her son.")
    page.locator("main form button[type=submit]").last.click()
    assert page.get_by_text("On the way to St Anne with her son.").is_visible()

    page.goto(case)
    page.get_by_role("link", name="Close case").click()
    page.get_by_text("Went for care", exact=True).click()
    page.locator("details[open] [name=proof]").first.check(force=True)
    page.locator("details[open] textarea").fill("At St Anne, cardiology.")
    page.locator("details[open] button[type=submit]").click()
    assert page.get_by_text("Nothing is closed yet.").is_visible()
    assert SafetyCase.objects.get().status == CaseStatus.ACKNOWLEDGED
    page.get_by_role("button", name="Close case").click()

    assert page.get_by_text("The case is closed: Went for care.").is_visible()
    assert page.get_by_text("At St Anne, cardiology.").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert SafetyCase.objects.get().outcome == "went_for_care"
