"""Transactions that leave a trace do not wait for one another, and what commits late is chained late, but chained."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from clinic.accounts.models import User
from clinic.core import audit, reading_batches, reading_log
from clinic.core.models import AuditEvent, AuditHead, AuditLink, RecordRead, UnchainedEvent, UnchainedRead
from tests.concurrency.test_one_slot import in_thread
from tests.personas import make_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PATIENCE = 30


@contextmanager
def held_open(act: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """Another connection has done this, and its transaction is open for as long as the block lasts, or until what the
    block is given is called; then it commits.
    """
    done, may_end = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            with transaction.atomic():
                act()
                done.set()
                assert may_end.wait(PATIENCE)
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()

    def commit() -> None:
        may_end.set()
        thread.join(PATIENCE)

    try:
        assert done.wait(PATIENCE)
        yield commit
    finally:
        commit()
    assert errors == []


def impatient(act: Callable[[], Any]) -> Any:
    """Do it in a transaction that gives up as soon as it would have to wait for a lock."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
        return act()


def event(name: str) -> AuditEvent:
    return audit.record(action=f"test.{name}", actor="system")


def with_the_head_locked() -> AuditEvent:
    """As the trail once worked: whoever records holds the head of the chain until their transaction ends."""
    AuditHead.objects.select_for_update().get(pk=1)
    return event("locked")


@pytest.fixture
def head() -> None:
    AuditHead.objects.get_or_create(pk=1)


@pytest.fixture
def nurse() -> User:
    return make_user("nurse", "triage")


@pytest.mark.usefixtures("head")
class TestNobodyWaits:
    def test_two_audited_transactions_overlap(self) -> None:
        with held_open(lambda: event("long")):
            impatient(lambda: event("short"))
            assert AuditEvent.objects.get().action == "test.short"
        assert AuditEvent.objects.count() == 2
        audit.chain()
        assert audit.verify() == []

    def test_control_with_the_head_locked_the_second_waits(self) -> None:
        with held_open(with_the_head_locked), pytest.raises(OperationalError) as waited:
            impatient(with_the_head_locked)
        assert getattr(waited.value.__cause__, "pgcode", "") == "55P03"

    def test_reading_waits_for_no_audited_transaction(self, nurse: User) -> None:
        with held_open(with_the_head_locked):
            impatient(lambda: reading_log.log(by=nurse, action="request.list", patients=[5]))
            assert RecordRead.objects.count() == 1

    def test_who_finds_the_head_held_leaves_the_links_to_the_next(self) -> None:
        with held_open(lambda: AuditHead.objects.select_for_update().get(pk=1)):
            impatient(lambda: event("short"))
            assert not AuditLink.objects.exists()
        assert UnchainedEvent.objects.count() == 1
        assert audit.chain() == 1


HIGHEST: list[int] = []


def chain_above_the_highest() -> list[int]:
    """How one might find what is new without a list of what waits: everything above the highest number so far."""
    new = AuditEvent.objects.filter(sequence__gt=max(HIGHEST, default=0)).order_by("sequence")
    numbers = list(new.values_list("pk", flat=True))
    HIGHEST.extend(numbers)
    return numbers


class TestWhatCommitsLate:
    def test_an_event_with_a_lower_number_gets_a_later_link(self) -> None:
        early: list[AuditEvent] = []
        with held_open(lambda: early.append(event("early"))):
            with transaction.atomic():
                late = event("late")
            assert early[0].pk < late.pk
            assert AuditLink.objects.get().event == late
        assert list(AuditLink.objects.order_by("position").values_list("event_id", flat=True)) == [
            late.pk, early[0].pk,
        ]  # fmt: skip
        assert audit.verify() == []

    def test_control_whoever_looks_above_the_highest_number_passes_it_over(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(f"{__name__}.HIGHEST", [])
        early: list[AuditEvent] = []
        with held_open(lambda: early.append(event("early"))):
            with transaction.atomic():
                late = event("late")
            assert chain_above_the_highest() == [late.pk]
        assert AuditEvent.objects.filter(pk=early[0].pk).exists()
        assert chain_above_the_highest() == []
        assert AuditLink.objects.filter(event=early[0]).exists()  # by the list of what waits

    def test_a_reading_with_a_lower_number_comes_into_a_later_batch(self, nurse: User) -> None:
        early: list[RecordRead] = []

        def read(patient: int) -> RecordRead:
            return reading_log.log(by=nurse, action="request.list", patients=[patient])

        with held_open(lambda: early.append(read(5))):
            late = read(6)
            assert early[0].pk < late.pk
            assert reading_batches.chain() == 1
        newer = read(7)
        assert reading_batches.chain() == 2
        batches = [reading_batch.details["rows"] for reading_batch in reading_batches._batches()]
        assert batches == [str(late.pk), f"{early[0].pk} {newer.pk}"]
        assert reading_batches.verify() == audit.verify() == []
        assert not UnchainedRead.objects.exists()


def test_a_batch_that_commits_late_under_a_lower_number_is_no_fault(
    nurse: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers chain at once, and somebody verifies while the first of them has still to commit."""
    reading_log.log(by=nurse, action="request.list", patients=[5])
    real = reading_batches._outside
    with held_open(reading_batches.chain) as commit:
        reading_log.log(by=nurse, action="request.list", patients=[6])
        assert reading_batches.chain() == 1

        def committed_first(covered: Any) -> list[int]:
            commit()
            return real(covered)

        monkeypatch.setattr(reading_batches, "_outside", committed_first)
        assert reading_batches.verify() == []
    early, late = AuditEvent.objects.filter(action="reading.batch").order_by("sequence")
    assert (early.details["rows"], late.details["rows"]) == tuple(
        map(str, RecordRead.objects.order_by("pk").values_list("pk", flat=True))
    )


def test_many_readers_and_two_workers_chain_every_reading_once(nurse: User) -> None:
    over = threading.Event()

    def chain(over: threading.Event) -> None:
        while not over.is_set() or UnchainedRead.objects.exists():
            reading_batches.chain()
            audit.chain()

    def read(number: int) -> None:
        for patient in range(15):
            reading_log.log(by=nurse, action="request.list", patients=[number, patient + 100])

    workers = [threading.Thread(target=in_thread, args=[chain, over]) for _ in range(2)]
    readers = [threading.Thread(target=in_thread, args=[read, number]) for number in range(5)]
    for thread in (*workers, *readers):
        thread.start()
    for thread in readers:
        thread.join(PATIENCE)
    over.set()
    for thread in workers:
        thread.join(PATIENCE)
    audit.chain()

    numbers = [
        number
        for reading_batch in reading_batches._batches()
        for number in reading_batches.numbers_in(reading_batch.details["rows"])
    ]
    assert len(numbers) == len(set(numbers)) == RecordRead.objects.count() == 75
    assert reading_batches.verify() == audit.verify() == []
