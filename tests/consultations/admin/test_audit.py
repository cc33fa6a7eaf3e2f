"""The audit trail as a manager reads and filters it, and what somebody sees who may not."""

import pytest
from django.urls import reverse

from clinic.core import audit
from clinic.core.models import AuditEvent
from clinic.staff.area import audit_labels
from consultations.workflow import TRANSITIONS
from tests.consultations.admin.conftest import text_of

pytestmark = pytest.mark.django_db
TRAIL = reverse("admin:core_auditentry_changelist")


def test_it_is_filtered_by_what_happened_in_words(sign_in, staff):
    manager = staff("manager")
    for action in ("case.close", "case.close", "request.note"):
        audit.record(action=action, by=manager)

    page = sign_in(manager).get(TRAIL, {"action": "case.close"})

    assert {event.action for event in page.context["cl"].result_list} == {"case.close"}
    assert page.context["cl"].result_count == AuditEvent.objects.filter(action="case.close").count() == 2
    (chosen,) = page.context["cl"].filter_specs
    offered = {str(choice["display"]) for choice in chosen.choices(page.context["cl"])}
    assert {"Safety case: closed", "Request: wrote a note", "Signed in"} <= offered
    assert not any("." in text for text in offered), "no codes"


def test_every_move_and_every_reading_has_its_words():
    assert {f"request.{verb}" for verb in TRANSITIONS} <= set(audit_labels())
    assert audit_labels()["request.message"] == "Request: wrote a message"
    assert audit_labels()["response.read_text"] == "Answers: what was written with them was read"


def test_staff_who_may_not_see_it_are_led_back_to_today(sign_in, nurse):
    page = sign_in(nurse).get(TRAIL)

    assert page.status_code == 403
    assert f'href="{reverse("admin:index")}">Back to Today' in page.content.decode()
    assert "your private link" not in text_of(page)
