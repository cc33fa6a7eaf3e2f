"""The cases of a group of visitors who left nothing are closed in one act: those that the page showed, and no other."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from consultations.enums import CaseOutcome, CaseStatus, Outcome
from consultations.models import AlarmGroup, CaseClosing, SafetyCase
from consultations.services import case_groups, cases, intake
from tests.database_snapshot import all_rows
from tests.personas import make_patient

pytestmark = pytest.mark.django_db
HERE = "203.0.113.0/24"


def visit() -> SafetyCase:
    return cases.open_case(response=intake.start(), level=Outcome.EMERGENCY, network=HERE)


@pytest.fixture
def group(nurse: User) -> AlarmGroup:
    for _ in range(9):
        visit()
    return AlarmGroup.objects.get()


def shown_in(group: AlarmGroup) -> list[int]:
    return list(group.cases.order_by("pk").values_list("pk", flat=True))


def test_all_that_was_shown_are_closed_with_the_outcome(group: AlarmGroup, nurse: User) -> None:
    shown = shown_in(group)
    done = case_groups.close_unnamed(group=group, shown=shown, seen=group.last_at, by=nurse)
    assert done == (6, 0)
    assert {case.outcome for case in SafetyCase.objects.filter(pk__in=shown)} == {CaseOutcome.NO_WAY_TO_REACH}
    assert {(row.proof, row.closed_by) for row in CaseClosing.objects.all()} == {("no_name", nurse)}
    assert AuditEvent.objects.filter(action="case.close").count() == 6
    assert SafetyCase.objects.exclude(status=CaseStatus.CLOSED).count() == 3
    assert case_groups.close_unnamed(group=group, shown=shown, seen=group.last_at, by=nurse) == (0, 6)


def test_whoever_left_something_meanwhile_or_came_later_or_stands_alone_stays_open(
    group: AlarmGroup, nurse: User, time_machine: Any
) -> None:
    shown = shown_in(group)
    alone = SafetyCase.objects.filter(alarm_group=None).first()
    assert alone is not None
    contact = intake.Contact(name="Al", birth_on=datetime.date(1970, 3, 27), email="a@example.com", phone="")
    writing, named, again = (SafetyCase.objects.get(pk=pk) for pk in shown[:3])
    intake.save_contact(response=writing.response, contact=contact)
    cases.name_person(case=named, patient=make_patient())
    time_machine.shift(60)
    cases.raise_level(case=again, level=Outcome.EMERGENCY, network=HERE)
    unseen = visit()
    done = case_groups.close_unnamed(group=group, shown=[*shown, alone.pk], seen=group.last_at, by=nurse)
    assert done == (3, 4)
    still_open = set(SafetyCase.objects.exclude(status=CaseStatus.CLOSED).values_list("pk", flat=True))
    assert {writing.pk, named.pk, again.pk, unseen.pk, alone.pk} <= still_open


def test_an_editor_and_a_page_that_showed_nothing_close_nothing(group: AlarmGroup, nurse: User, editor: User) -> None:
    before = all_rows()
    with pytest.raises(NotAllowed):
        case_groups.close_unnamed(group=group, shown=shown_in(group), seen=group.last_at, by=editor)
    for shown, seen in (([], group.last_at), (shown_in(group), None)):
        with pytest.raises(TransitionNotAllowed, match="could not tell"):
            case_groups.close_unnamed(group=group, shown=shown, seen=seen, by=nurse)
    assert all_rows() == before
