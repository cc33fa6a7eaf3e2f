"""What a list is made from holds nothing for somebody who may not see it, whatever page forgot to ask."""

import datetime

import pytest

from clinic.core import clock
from consultations.admin import today
from consultations.enums import RequestStatus, TextKind
from consultations.models import AlarmGroup, PatientText, SafetyCase
from consultations.presenters import alarm_groups, cases, diary, patient_texts, queue
from tests.personas import MONDAY_MORNING, book_directly

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(time_machine):
    time_machine.move_to(MONDAY_MORNING, tick=False)
    return clock.now()


@pytest.fixture
def everything(now, make_request, clinician):
    """One of each thing that the lists of the staff area show."""
    consultation_request = make_request(status=RequestStatus.BOOKED, due_at=now)
    overdue = make_request(due_at=now - datetime.timedelta(minutes=1), submitted_at=now - datetime.timedelta(days=3))
    make_request(due_at=now - datetime.timedelta(minutes=1), submitted_at=now - datetime.timedelta(days=3))
    book_directly(consultation_request, clinician, now + datetime.timedelta(hours=1))
    group = AlarmGroup.objects.create(network="one", level="EMERGENCY", first_at=now, last_at=now)
    given = {"level": "EMERGENCY", "priority": "stat", "raised_at": now, "due_at": now}
    SafetyCase.objects.create(response=consultation_request.response, **given)
    SafetyCase.objects.create(response=overdue.response, alarm_group=group, **given)
    PatientText.objects.create(
        response=consultation_request.response,
        kind=TextKind.MESSAGE,
        text="numb",
        is_danger=True,
        sent_at=now,
        due_at=now,
    )


def sizes(user, now):
    """How much each list shows to this person."""
    listed = cases.open_cases(viewer=user, now=now, limit=9)
    return {
        "queue": len(queue.rows_of(queue.in_tab("all"), page=1, viewer=user, now=now)),
        "tabs": queue.tab_counts(viewer=user)["in_all"],
        "cases": listed.total,
        "case lines": len(listed.cases),
        "groups": len(alarm_groups.open_groups(viewer=user, now=now)),
        "texts": len(patient_texts.waiting_lines(viewer=user, now=now, limit=9)[0]),
        "visits of the diary": len(diary.diary_page(viewer=user, since=clock.today())["request_pks"]),
        "visits of today": len(today.visits_today(viewer=user, now=now)),
        "overdue": today.overdue_rows(viewer=user, now=now)["count"],
    }


def test_a_nurse_sees_one_of_each(everything, now, nurse):
    assert sizes(nurse, now) == {
        "queue": 3,
        "tabs": 3,
        "cases": 2,
        "case lines": 1,
        "groups": 1,
        "texts": 1,
        "visits of the diary": 1,
        "visits of today": 1,
        "overdue": 1,
    }


def test_an_editor_sees_none(everything, now, editor):
    assert set(sizes(editor, now).values()) == {0}
