"""Twelve visits of one network at the same moment, on either database: three told singly, one group, nobody lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from clinic.core.models import OutboxMessage
from consultations.models import AlarmGroup, SafetyCase
from consultations.services import cases, intake
from tests.concurrency.test_one_slot import in_thread
from tests.personas import make_user

pytestmark = pytest.mark.django_db(transaction=True)
VISITS = 12


def test_the_count_is_exact_when_all_come_at_once() -> None:
    make_user("nurse", "triage", name="Nora Adeyemi")
    ready = [intake.start() for _ in range(VISITS)]
    together = threading.Barrier(VISITS, timeout=30)

    def visit(index: int) -> None:
        together.wait()
        with transaction.atomic():
            cases.open_case(response=ready[index], level="EMERGENCY", network="203.0.113.0/24")

    with ThreadPoolExecutor(VISITS) as pool:
        list(pool.map(lambda index: in_thread(visit, index), range(VISITS)))

    assert SafetyCase.objects.count() == VISITS
    assert SafetyCase.objects.filter(alarm_group=None).count() == 3
    assert AlarmGroup.objects.get().cases.count() == VISITS - 3
    assert OutboxMessage.objects.count() == 4


def test_two_workers_make_one_turn(time_machine) -> None:
    make_user("nurse", "triage", name="Nora Adeyemi")
    time_machine.move_to("2026-11-23T15:00:00+00:00", tick=False)
    for _ in range(5):
        with transaction.atomic():
            cases.open_case(response=intake.start(), level="EMERGENCY", network="203.0.113.0/24")
    before = OutboxMessage.objects.count()
    time_machine.move_to("2026-11-23T15:10:00+00:00", tick=False)
    together = threading.Barrier(4, timeout=30)

    def look(_: int) -> int:
        together.wait()
        return cases.alert_again()

    with ThreadPoolExecutor(4) as pool:
        announced = list(pool.map(lambda turn: in_thread(look, turn), range(4)))

    assert sorted(announced) == [0, 0, 0, 1]
    assert OutboxMessage.objects.count() == before + 1
