"""Notes from shift to shift: kept until somebody has read them, and their words no longer than needed."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import Erased
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed
from consultations.models import ConsultationRequest, HandOverNote
from consultations.services import hand_over_notes
from tests.database_snapshot import all_rows

pytestmark = pytest.mark.django_db
DAYS = datetime.timedelta(days=30)


def write(by: User, text: str = "The fax is out of paper.", key: str = "a page", **more: Any) -> HandOverNote:
    return hand_over_notes.write(text=text, by=by, key=key, **more)


def test_it_is_kept_read_by_another_and_on_record(nurse: User, other_nurse: User) -> None:
    note = write(nurse)
    assert write(nurse) == note
    hand_over_notes.acknowledge(note=note, by=other_nurse)
    stored = HandOverNote.objects.get()
    assert (stored.text, stored.written_by, stored.read_by) == ("The fax is out of paper.", nurse, other_nurse)
    assert stored.read_at == clock.now()
    before = all_rows()
    hand_over_notes.acknowledge(note=note, by=nurse)
    assert all_rows() == before
    actions = AuditEvent.objects.filter(action__startswith="hand_over.").order_by("sequence")
    assert [(event.action, event.actor_user) for event in actions] == [
        ("hand_over.write", nurse), ("hand_over.acknowledge", other_nurse),
    ]  # fmt: skip


def test_an_editor_writes_and_reads_none(nurse: User, editor: User) -> None:
    note = write(nurse)
    before = all_rows()
    with pytest.raises(NotAllowed):
        write(editor)
    with pytest.raises(NotAllowed):
        hand_over_notes.acknowledge(note=note, by=editor)
    assert all_rows() == before


def test_the_words_go_thirty_days_after_they_were_read(
    nurse: User, other_nurse: User, alice: ConsultationRequest, time_machine: Any
) -> None:
    read, about = write(nurse), write(nurse, "Call her at five.", consultation_request=alice)
    unread = write(nurse, "Not read.")
    for note in (read, about):
        hand_over_notes.acknowledge(note=note, by=other_nurse)
    time_machine.move_to(clock.now() + DAYS, tick=False)
    assert hand_over_notes.forget_read() == 0
    time_machine.shift(datetime.timedelta(seconds=1))
    assert hand_over_notes.forget_read() == 1
    assert hand_over_notes.forget_read() == 0
    with pytest.raises(Erased):
        _ = HandOverNote.objects.get(pk=read.pk).text
    assert HandOverNote.objects.get(pk=about.pk).text == "Call her at five."
    assert HandOverNote.objects.get(pk=unread.pk).text == "Not read."
    assert AuditEvent.objects.get(action="hand_over.forget").details == {"notes": 1}
