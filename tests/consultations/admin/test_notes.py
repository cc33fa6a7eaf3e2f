"""A note can be added to anything: to a safety case, open or closed, and to a person."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from clinic.core import audit, clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed
from consultations.enums import CaseOutcome, CaseStatus
from consultations.models import CaseNote, PersonNote, SafetyCase
from consultations.services import notes, persons
from tests.consultations.admin.conftest import text_of
from tests.database_snapshot import all_rows

pytestmark = pytest.mark.django_db
WORDS = "Her sister called: she is at home.\nNot alone <tonight>."


@pytest.fixture
def case(alice: Any, nurse: Any) -> SafetyCase:
    """A closed one."""
    now = clock.now()
    return SafetyCase.objects.create(
        response=alice.response, patient=alice.patient, level="EMERGENCY", priority="stat", raised_at=now, due_at=now,
        status=CaseStatus.CLOSED, outcome=CaseOutcome.WENT_FOR_CARE, closed_at=now, closed_by=nurse,
        acknowledged_at=now, acknowledged_by=nurse,
    )  # fmt: skip


def page_of(about: Any) -> str:
    if isinstance(about, SafetyCase):
        return reverse("admin:consultations_safetycase_change", args=[about.pk])
    return reverse("admin:consultations_consultationrequest_person", args=[about.pk])


def add(client: Any, about: Any, text: str) -> Any:
    kind = "safetycase" if isinstance(about, SafetyCase) else "consultationrequest_person"
    url = reverse(f"admin:consultations_{kind}_note", args=[about.pk])
    return client.post(url, {"note_text": text}, follow=True)


@pytest.mark.parametrize(("which", "model"), [("case", CaseNote), ("alice", PersonNote)])
def test_it_is_kept_once_shown_whole_and_on_record(
    sign_in: Any, nurse: Any, request: Any, which: str, model: Any
) -> None:
    about, client = request.getfixturevalue(which), sign_in(nurse)
    for _ in range(2):
        page = add(client, about, WORDS)
    assert "The note is saved." in text_of(page)
    assert "Not alone &lt;tonight&gt;." in text_of(client.get(page_of(about)))
    (note,) = model.objects.all()
    assert (note.text, note.written_by) == (WORDS, nurse)
    event = AuditEvent.objects.get(action={"case": "case.note", "alice": "person.note"}[which])
    assert event.details == {"note": note.pk}
    assert audit.verify() == []
    add(client, about, "Called back.")
    assert [item.text for item in model.objects.all()] == ["Called back.", WORDS]


@pytest.mark.parametrize("which", ["case", "alice"])
@pytest.mark.parametrize(
    ("typed", "sentence"), [("  ", "Write the note before you save it."), ("x" * 4001, "4,000 characters or fewer")]
)
def test_what_cannot_be_saved_is_said_at_the_field_and_kept(
    sign_in: Any, nurse: Any, request: Any, which: str, typed: str, sentence: str
) -> None:
    page = add(sign_in(nurse), request.getfixturevalue(which), typed)
    assert page.context["title"].startswith("Error:")
    assert sentence in text_of(page)
    assert page.context["add_note_form"]["note_text"].value() == typed
    assert not CaseNote.objects.exists()
    assert not PersonNote.objects.exists()


def test_nobody_else_writes_one(editor: Any, alice: Any, case: SafetyCase) -> None:
    before = all_rows()
    with pytest.raises(NotAllowed):
        notes.add_to_case(case=case, text=WORDS, by=editor)
    with pytest.raises(NotAllowed):
        notes.add_to_person(patient=alice.patient, text=WORDS, by=editor)
    assert all_rows() == before


def test_a_note_about_a_person_is_shown_with_each_request_while_they_are_joined(
    sign_in: Any, nurse: Any, alice: Any, bob: Any, time_machine: Any
) -> None:
    client = sign_in(nurse)
    add(client, alice, WORDS)
    assert "Not alone" not in text_of(client.get(page_of(bob)))
    persons.join(patient=alice.patient, other=bob.patient, reason="Same voice.", by=nurse)
    assert "Not alone" in text_of(client.get(page_of(bob)))
    time_machine.move_to(clock.now() + datetime.timedelta(minutes=5))
    persons.separate(patient=bob.patient, reason="Two sisters.", by=nurse)
    assert "Not alone" not in text_of(client.get(page_of(bob)))
    assert "Not alone" in text_of(client.get(page_of(alice)))


@pytest.mark.parametrize(("which", "table"), [("case", "casenote"), ("alice", "personnote")])
def test_a_damaged_one_leaves_the_others(sign_in: Any, nurse: Any, request: Any, which: str, table: str) -> None:
    about, client = request.getfixturevalue(which), sign_in(nurse)
    for phrase in ("The first.", "The second."):
        add(client, about, phrase)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE consultations_{table} SET text = 'x' WHERE id = (SELECT max(id) FROM consultations_{table})"
        )
    page = text_of(client.get(page_of(about)))
    assert "The first." in page
    assert "cannot be read. Tell a manager." in page
