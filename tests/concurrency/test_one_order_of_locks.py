"""Two people at once hold rows of several kinds: they take them in one order, so neither waits for the other."""

import contextlib
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import Outcome, RequestStatus
from consultations.models import AlarmGroup, ConsultationRequest, SafetyCase
from consultations.services import cases, handover, leaving, transitions
from tests.concurrency.test_joined_persons import together
from tests.consultations.services import test_cases
from tests.personas import MakeRequest, make_patient

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def open_case() -> SafetyCase:
    with transaction.atomic():
        return test_cases.open_case()


def after(began: threading.Event, act: Any) -> Any:
    """Act when the other one holds what it takes first."""

    def wait() -> Any:
        assert began.wait(20)
        return act()

    return wait


def wait_for_a_waiter() -> None:
    """Until somebody else waits for a lock, or has had the time to finish."""
    with connection.cursor() as cursor:
        for _ in range(40):
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1")
            if cursor.fetchone():
                return
            cursor.execute("SELECT pg_sleep(0.05)")


def test_who_goes_off_duty_while_a_case_is_given_to_them(nurse: User, doctor: User) -> None:
    """A case that names somebody holds the row of that person, when it is saved, against a change of its key alone."""
    case, is_locked = open_case(), threading.Event()

    @transaction.atomic
    def take_on() -> None:
        fresh = SafetyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
        is_locked.set()
        wait_for_a_waiter()
        SafetyCase.objects.filter(pk=fresh.pk).update(acknowledged_by=None, owner=doctor)
        SafetyCase.objects.filter(pk=fresh.pk).update(owner=nurse)

    together(take_on, after(is_locked, lambda: handover.switch_duty(is_on_duty=False, by=nurse)))

    assert SafetyCase.objects.get().owner == doctor


def test_who_stops_a_group_while_one_of_it_is_told_again(nurse: User) -> None:
    case, now, is_locked = open_case(), clock.now(), threading.Event()
    group = AlarmGroup.objects.create(network="x", level=Outcome.EMERGENCY, first_at=now, last_at=now)
    SafetyCase.objects.update(alarm_group=group)

    @transaction.atomic
    def tell_again() -> None:
        SafetyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
        is_locked.set()
        wait_for_a_waiter()
        AlarmGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)

    together(tell_again, after(is_locked, lambda: cases.acknowledge_group(group=group, by=nurse, seen=None)))

    assert SafetyCase.objects.exclude(alarm_group=group).count() == 1


def test_what_two_people_hold_of_two_persons_is_passed_on_at_once(
    make_request: MakeRequest, nurse: User, other_nurse: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each holds the first request of one person and the last of the other, so by request they would meet crosswise."""
    one, two = make_patient("Alice Winther"), make_patient("Bob Tarn")
    rows = [
        make_request(patient=patient, status=RequestStatus.IN_TRIAGE, claimed_by=by, claimed_at=clock.now())
        for patient, by in ((one, nurse), (two, other_nurse), (two, nurse), (one, other_nurse))
    ]
    locked: list[Any] = []
    real, first = transitions.lock, threading.Barrier(2)

    def slowly(consultation_request: ConsultationRequest) -> ConsultationRequest:
        result = real(consultation_request)
        if len(locked) < 2:
            locked.append(result)
            with contextlib.suppress(threading.BrokenBarrierError):
                first.wait(1)
        return result

    monkeypatch.setattr(leaving, "lock", slowly)
    together(lambda: leaving.pass_on(user=nurse, by=manager), lambda: leaving.pass_on(user=other_nurse, by=manager))

    assert ConsultationRequest.objects.filter(claimed_by=None).count() == len(rows)
