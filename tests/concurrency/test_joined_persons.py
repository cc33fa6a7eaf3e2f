"""Persons joined and taken apart by two people at once: nobody waits without end, and no circle is made."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, transaction

from clinic.accounts.models import User
from clinic.core import audit
from consultations.enums import RequestStatus
from consultations.models import Patient, Person, PersonJoin
from consultations.services import erasure, persons, pressing, private_links
from tests.concurrency.test_one_slot import in_thread
from tests.consultations.perform import perform
from tests.consultations.services.test_persons import of, parts
from tests.consultations.services.test_verified_emails import BORN, mailed_token, open_mailed_link
from tests.personas import MakeRequest, make_patient

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 10
WHY = "Same voice."


def together(*works: Any) -> list[Any]:
    starting = threading.Barrier(len(works), timeout=20)

    def run(work: Any) -> Any:
        starting.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: in_thread(run, work), works))


def rows(number: int) -> list[Patient]:
    return [make_patient(f"Marta Quill {index}") for index in range(number)]


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_two_joins_crosswise_are_one(nurse: User, doctor: User, turn: int) -> None:
    a, b = rows(2)

    done = together(
        lambda: persons.join(patient=a, other=b, reason=WHY, by=nurse),
        lambda: persons.join(patient=b, other=a, reason=WHY, by=doctor),
    )

    assert sorted(done) == [False, True]
    assert parts(a, b) == of("01")
    assert PersonJoin.objects.count() == 1
    assert audit.verify() == []


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_three_joins_around_a_circle_are_two(nurse: User, doctor: User, manager: User, turn: int) -> None:
    a, b, c = rows(3)

    done = together(
        lambda: persons.join(patient=a, other=b, reason=WHY, by=nurse),
        lambda: persons.join(patient=b, other=c, reason=WHY, by=doctor),
        lambda: persons.join(patient=c, other=a, reason=WHY, by=manager),
    )

    assert sorted(done) == [False, True, True]
    assert parts(a, b, c) == of("012")
    assert PersonJoin.objects.count() == 2


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_row_taken_out_while_another_is_joined_to_it(nurse: User, doctor: User, turn: int) -> None:
    """Whoever comes second acts on what stands there then; a page that named other rows is refused."""
    a, b, c = rows(3)
    persons.join(patient=a, other=b, reason=WHY, by=nurse)

    def join_as_seen() -> bool:
        try:
            return persons.join(patient=b, other=c, reason=WHY, by=doctor, seen=[a.pk, b.pk, c.pk])
        except persons.PersonChanged:
            return False

    parted, joined = together(lambda: persons.separate(patient=b, reason="No.", by=nurse), join_as_seen)

    assert parted is True
    assert parts(a, b, c) == (of("02", "1") if joined else of("0", "1", "2"))


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_two_links_of_one_mailbox_opened_at_once(make_request: MakeRequest, turn: int) -> None:
    one, two = (make_request(patient=make_patient("Alice Winther")) for _ in range(2))

    opened = together(lambda: open_mailed_link(one), lambda: open_mailed_link(two))

    assert None not in opened
    # Each may have looked before the other had proved the address: then the next look finds it.
    open_mailed_link(one)
    assert PersonJoin.objects.count() == Patient.objects.values("person_id").distinct().count() == 1


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_link_opened_while_the_other_address_is_corrected(make_request: MakeRequest, nurse: User, turn: int) -> None:
    """No join is left that rests on an address which is no longer the one of both."""
    one, two = (make_request(patient=make_patient("Alice Winther")) for _ in range(2))
    open_mailed_link(one)

    together(
        lambda: open_mailed_link(two),
        lambda: perform("correct_email", one, email="new@example.com", by=nurse),
    )

    assert not PersonJoin.objects.live().exists()
    assert Patient.objects.values("person_id").distinct().count() == 2


def hold_in_turn(monkeypatch: pytest.MonkeyPatch) -> threading.local:
    """Staff hold the requests first and go on once whoever has the role "other" asks for them too."""
    role, is_locked, asked, hold = threading.local(), threading.Event(), threading.Event(), pressing.hold_requests

    def in_turn(patients: Iterable[Patient]) -> set[int]:
        if getattr(role, "name", "") == "other":
            assert is_locked.wait(20)
            asked.set()
            return hold(patients)
        result = hold(patients)
        is_locked.set()
        assert asked.wait(20)
        return result

    monkeypatch.setattr(pressing, "hold_requests", in_turn)
    return role


def test_a_link_opened_while_staff_join_the_same_rows(
    make_request: MakeRequest, nurse: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opens it holds the requests of both before anything else: they would wait for each other."""
    one, two = (make_request(patient=make_patient("Alice Winther")) for _ in range(2))
    open_mailed_link(one)
    token = mailed_token(two)  # before staff hold the request: a new link would wait for them
    role = hold_in_turn(monkeypatch)

    def open_it() -> Any:
        role.name = "other"
        return private_links.open_link(token=token, birth_on=BORN)

    joined, opened = together(
        lambda: persons.join(patient=one.patient, other=two.patient, reason=WHY, by=nurse), open_it
    )

    assert joined is True
    assert opened is not None
    assert PersonJoin.objects.get().joined_by == nurse
    assert Patient.objects.filter(email_verified_at__isnull=False).count() == 2


def test_a_row_erased_while_staff_join_it(
    make_request: MakeRequest, nurse: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Erasing holds the requests before the rest, as whoever joins does, and takes the row out of what was joined."""
    one, two = (make_request(patient=make_patient("Alice Winther"), status=RequestStatus.COMPLETED) for _ in range(2))
    role = hold_in_turn(monkeypatch)

    def erase() -> Patient:
        role.name = "other"
        return erasure.erase(patient=two.patient, by=manager)

    joined, erased = together(lambda: persons.join(patient=one.patient, other=two.patient, reason=WHY, by=nurse), erase)

    assert joined is True
    assert erased.erased_at is not None
    assert Patient.objects.values("person_id").distinct().count() == 2
    assert not PersonJoin.objects.exists()


def test_many_people_at_once_leave_nothing_inconsistent(nurse: User) -> None:
    made = rows(8)
    works = [
        *[
            lambda one=one, two=two: persons.join(patient=made[one], other=made[two], reason=WHY, by=nurse)
            for one, two in ((0, 1), (2, 3), (1, 2), (4, 5), (6, 7), (5, 6), (3, 4), (7, 0))
        ],
        *[
            lambda index=position: persons.separate(patient=made[index], reason="No.", by=nurse)
            for position in (1, 3, 5, 7)
        ],
    ]

    together(*[lambda work=work: _or_refused(work) for work in works])

    groups = parts(*made)
    assert sum(len(group) for group in groups) == 8
    assert PersonJoin.objects.live().count() == 8 - len(groups)
    assert audit.verify() == []


def _or_refused(work: Any) -> Any:
    try:
        return work()
    except persons.PersonChanged:
        return None


def test_control_without_an_order_two_joins_crosswise_wait_for_each_other(nurse: User) -> None:
    """Each locks the person of its first row, and then wants that of the other."""
    a, b = rows(2)
    first_locked = threading.Barrier(2, timeout=20)

    def lock_in_this_order(*keys: int) -> str:
        try:
            with transaction.atomic():
                for index, key in enumerate(keys):
                    Person.objects.select_for_update(no_key=True).get(pk=key)
                    if index == 0:
                        first_locked.wait()
        except OperationalError as error:
            return type(error.__cause__).__name__
        return "done"

    ended = together(
        lambda: lock_in_this_order(a.person_id, b.person_id), lambda: lock_in_this_order(b.person_id, a.person_id)
    )

    assert sorted(ended) == ["DeadlockDetected", "done"]


def test_control_without_the_lock_joins_around_a_circle_make_one(nurse: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """All look before any of them writes: each finds two rows of two people."""
    a, b, c = rows(3)
    everyone_looked = threading.Barrier(3, timeout=20)

    def look_and_wait(*patients: Patient) -> list[Patient]:
        results = list(Patient.objects.filter(pk__in=[item.pk for item in patients]).order_by("pk"))
        everyone_looked.wait()
        return results

    monkeypatch.setattr(persons, "hold", look_and_wait)
    # What they come to is wrong as well; here the number of joins is enough.
    monkeypatch.setattr(persons, "settle", lambda rows: None)

    together(
        lambda: persons.join(patient=a, other=b, reason=WHY, by=nurse),
        lambda: persons.join(patient=b, other=c, reason=WHY, by=nurse),
        lambda: persons.join(patient=c, other=a, reason=WHY, by=nurse),
    )

    assert PersonJoin.objects.live().count() == 3
