"""Nothing that happens to one message ends the worker, holds up another message, or goes uncounted."""

import datetime
import smtplib
import ssl
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError

from clinic.accounts.models import User
from clinic.core import channels, clock, delivery, outbox
from clinic.core.models import Lane, OutboxMessage
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest, Patient
from consultations.services import messaging
from tests.database_snapshot import store
from tests.mailbox import queue_directly

MINUTE = datetime.timedelta(minutes=1)


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("even its words fail")


ANYTHING = [
    UnicodeError("label empty or too long"),
    UnicodeEncodeError("idna", "alice@example.com", 0, 1, "label too long"),
    RecursionError(),
    MemoryError(),
    ZeroDivisionError(),
    AssertionError(),
    NotImplementedError(),
    StopIteration(),
    KeyError("alice"),
    TypeError(),
    AttributeError(),
    ImportError(),
    EOFError(),
    OverflowError(),
    ssl.SSLError(),
    ssl.SSLCertVerificationError(),
    OSError(),
    smtplib.SMTPNotSupportedError(),
    smtplib.SMTPAuthenticationError(535, b"wrong password"),
    smtplib.SMTPConnectError(554, b"not today"),
    smtplib.SMTPSenderRefused(553, b"who are you", "clinic@example.com"),
    DatabaseError(),
    OperationalError(),
    InterfaceError(),
    UserWarning(),
    ExceptionGroup("several", [ValueError("alice")]),
    Unspeakable(),
]
any_error = pytest.mark.parametrize("error", ANYTHING, ids=lambda error: type(error).__name__)


def owe(consultation_request: ConsultationRequest, key: str) -> OutboxMessage:
    message = messaging.notify_patient(
        kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key=key
    )
    assert message is not None
    return message


class Backend:
    """A mail server in memory. `fail` maps a step to what happens to a mail there: an error, or a function to call."""

    def __init__(self) -> None:
        self.fail: dict[str, dict[str, Any]] = {}
        self.taken: list[str] = []
        self.current = ""

    def maybe(self, step: str) -> None:
        what = self.fail.get(step, {}).get(self.current)
        if isinstance(what, Exception):
            raise what
        if what is not None:
            what()

    def open(self) -> None:
        self.maybe("open")

    def send_messages(self, mails: list[Any]) -> int:
        self.maybe("send")
        self.taken.append(self.current)
        return 0 if self.current in self.fail.get("drop", {}) else 1

    def close(self) -> None:
        self.maybe("close")


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    made, prepare = Backend(), outbox.prepare

    def prepared(pk: int) -> Any:
        made.current = OutboxMessage.objects.values_list("key", flat=True).get(pk=pk)
        made.maybe("compose")
        return prepare(pk)

    monkeypatch.setattr(outbox, "prepare", prepared)
    monkeypatch.setattr(channels, "get_connection", lambda **kwargs: made)
    return made


class TestWhateverIsRaised:
    @any_error
    @pytest.mark.parametrize("step", ["open", "send"])
    def test_is_counted_and_tried_again_and_the_next_one_goes(
        self,
        alice: ConsultationRequest,
        backend: Backend,
        caplog: pytest.LogCaptureFixture,
        step: str,
        error: Exception,
    ) -> None:
        bad, good = owe(alice, "bad"), owe(alice, "good")
        backend.fail[step] = {"bad": error}
        assert delivery.deliver_due() == 1
        good.refresh_from_db()
        bad.refresh_from_db()
        assert good.sent_at is not None
        assert (bad.sent_at, bad.parked_at, bad.lease_until, bad.attempts, bad.crashes) == (None, None, None, 1, 0)
        assert bad.due_at > clock.now()
        assert bad.last_error.split()[0] == type(error).__name__
        assert f"outbox row {bad.pk} not sent: {type(error).__name__} at " in caplog.text
        assert "alice" not in caplog.text + bad.last_error
        assert "example" not in caplog.text + bad.last_error

    @any_error
    def test_while_a_mail_is_made_it_is_counted_and_the_next_one_goes(
        self, alice: ConsultationRequest, backend: Backend, caplog: pytest.LogCaptureFixture, error: Exception
    ) -> None:
        bad = owe(alice, "bad")
        owe(alice, "good")
        backend.fail["compose"] = {"bad": error}
        assert delivery.deliver_due() == 1
        bad.refresh_from_db()
        assert (bad.sent_at, bad.lease_until, bad.attempts) == (None, None, 1)
        # A fault of ours meets every mail alike: to park at once would park them all.
        assert bad.parked_at is None
        assert "alice" not in caplog.text + bad.last_error

    @any_error
    def test_at_the_goodbye_after_the_server_took_it_does_not_send_it_again(
        self, alice: ConsultationRequest, backend: Backend, error: Exception
    ) -> None:
        owe(alice, "one")
        backend.fail["close"] = {"one": error}
        assert delivery.deliver_due() == 1
        assert delivery.deliver_due() == 0
        assert backend.taken == ["one"]

    @any_error
    def test_once_while_the_result_is_written_it_is_written_all_the_same(
        self, alice: ConsultationRequest, backend: Backend, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        owe(alice, "one")
        errors, really = [error], delivery.record_sent

        def fails_once(pk: int) -> None:
            if errors:
                raise errors.pop()
            really(pk)

        monkeypatch.setattr(delivery, "record_sent", fails_once)
        assert delivery.deliver_due() == 1
        assert OutboxMessage.objects.get().sent_at is not None

    def test_again_while_the_result_is_written_it_goes_twice_and_is_counted(
        self, alice: ConsultationRequest, backend: Backend, monkeypatch: pytest.MonkeyPatch, time_machine: Any
    ) -> None:
        owe(alice, "one")
        owe(alice, "two")

        def fails(pk: int) -> None:
            raise OperationalError

        with monkeypatch.context() as broken:
            broken.setattr(delivery, "record_sent", fails)
            assert delivery.deliver_due() == 0
        assert backend.taken == ["one", "two"]
        time_machine.shift(delivery.LEASE + MINUTE)
        assert delivery.deliver_due() == 2
        assert backend.taken == ["one", "two", "one", "two"]
        assert set(OutboxMessage.objects.values_list("attempts", "crashes")) == {(2, 1)}

    def test_without_end_is_parked_at_last(
        self, alice: ConsultationRequest, backend: Backend, time_machine: Any
    ) -> None:
        bad = owe(alice, "bad")
        backend.fail["send"] = {"bad": RecursionError()}
        for attempts in range(1, 25):
            assert delivery.deliver_due() == 0
            bad.refresh_from_db()
            assert bad.attempts == attempts
            time_machine.move_to(bad.due_at + MINUTE, tick=False)
        assert bad.parked_at is not None
        assert bad.last_error == "RecursionError"
        assert delivery.deliver_due() == 0

    def test_what_the_backend_did_not_take_is_not_called_sent(
        self, alice: ConsultationRequest, backend: Backend
    ) -> None:
        owe(alice, "one")
        backend.fail["drop"] = {"one": True}
        assert delivery.deliver_due() == 0
        row = OutboxMessage.objects.get()
        assert (row.sent_at, row.last_error) == (None, "NotTaken")

    def test_a_sent_row_stays_sent_whatever_a_slower_worker_meets(
        self, alice: ConsultationRequest, backend: Backend
    ) -> None:
        """Its lease ran out, another worker sent it, and then its own attempt failed for good."""
        row = owe(alice, "one")
        claim = delivery._claim()
        assert claim is not None
        OutboxMessage.objects.update(sent_at=clock.now(), lease_until=None)
        for error in (TimeoutError(), smtplib.SMTPDataError(550, b"no")):
            delivery._postpone(claim, error, is_final=isinstance(error, smtplib.SMTPDataError))
            row.refresh_from_db()
            assert row.sent_at is not None
            assert row.parked_at is None

    def test_an_address_from_before_that_cannot_be_mailed_is_parked(
        self, alice: ConsultationRequest, backend: Backend
    ) -> None:
        owe(alice, "one")
        store(Patient, alice.patient_id, email="alice@foo\u3000bar.example")
        row = OutboxMessage.objects.get()
        assert delivery.deliver_due() == 0
        row.refresh_from_db()
        assert row.parked_at is not None
        assert row.last_error == "No mail can be sent to this address."


class TestCrashes:
    def test_a_row_that_kills_every_worker_is_parked_and_the_rest_goes(
        self, alice: ConsultationRequest, backend: Backend, time_machine: Any
    ) -> None:
        bad = owe(alice, "bad")

        def die() -> None:
            raise SystemExit

        backend.fail["send"] = {"bad": die}
        for _ in range(5):
            with pytest.raises(SystemExit):
                delivery.deliver_due()
            time_machine.shift(delivery.LEASE + MINUTE)
        owe(alice, "good")
        assert delivery.deliver_due() == 1
        bad.refresh_from_db()
        assert (bad.attempts, bad.crashes, bad.lease_until) == (5, 5, None)
        assert bad.parked_at is not None
        assert bad.last_error == "The worker ended 5 times while it sent this."

    def test_a_failure_that_was_written_down_is_no_crash(
        self, alice: ConsultationRequest, backend: Backend, time_machine: Any
    ) -> None:
        owe(alice, "one")
        backend.fail["send"] = {"one": TimeoutError()}
        for _ in range(7):
            delivery.deliver_due()
            time_machine.shift(61 * MINUTE)
        row = OutboxMessage.objects.get()
        assert (row.attempts, row.crashes, row.parked_at) == (7, 0, None)

    def test_tried_again_by_staff_it_starts_from_nothing(self, alice: ConsultationRequest, nurse: User) -> None:
        row = owe(alice, "one")
        now = clock.now()
        OutboxMessage.objects.update(parked_at=now, staff_told_at=now, attempts=24, crashes=5)
        messaging.retry(message=row, by=nurse)
        row.refresh_from_db()
        assert (row.parked_at, row.staff_told_at, row.attempts, row.crashes) == (None, None, 0, 0)


class TestAlertsFirst:
    def test_the_lane_follows_from_the_kind(self, alice: ConsultationRequest, nurse: User) -> None:
        owe(alice, "patient")
        messaging.alert_staff(user=nurse, key="alert", path="/admin/")
        lanes = dict(OutboxMessage.objects.values_list("key", "lane"))
        assert lanes == {"patient": Lane.PATIENTS, "alert": Lane.ALERTS}

    def test_an_alert_goes_before_patients_who_have_waited_longer(
        self, alice: ConsultationRequest, nurse: User, backend: Backend
    ) -> None:
        for number in range(3):
            owe(alice, f"patient-{number}")
        earlier = clock.now() - 60 * MINUTE
        OutboxMessage.objects.update(send_at=earlier, due_at=earlier)
        messaging.alert_staff(user=nurse, key="alert", path="/admin/")
        delivery.deliver_due()
        assert backend.taken == ["alert", "patient-0", "patient-1", "patient-2"]

    @pytest.mark.parametrize("result", [None, TimeoutError()], ids=["sent", "failed"])
    def test_one_raised_among_five_hundred_patients_waits_for_one_send_at_most(
        self, alice: ConsultationRequest, nurse: User, backend: Backend, result: Exception | None
    ) -> None:
        owe(alice, "patient-0")
        for number in range(1, 500):
            queue_directly(key=f"patient-{number}", consultation_request=alice)

        def raise_alarm() -> None:
            messaging.alert_staff(user=nurse, key="alert", path="/admin/")
            if result is not None:
                raise result

        backend.fail["send"] = {"patient-7": raise_alarm}
        delivery.deliver_due(limit=20)
        tried = list(backend.taken) if result is None else [*backend.taken[:7], "patient-7", *backend.taken[7:]]
        assert tried[6:10] == ["patient-6", "patient-7", "alert", "patient-8"]

    def test_a_slow_server_gives_the_other_duties_their_turn(
        self, alice: ConsultationRequest, backend: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seconds = iter(range(0, 1000, 4))
        monkeypatch.setattr(delivery.time, "monotonic", lambda: next(seconds))
        for number in range(9):
            owe(alice, f"patient-{number}")
        assert delivery.deliver_due() == 2

    def test_asked_to_stop_it_begins_no_other(self, alice: ConsultationRequest, backend: Backend) -> None:
        for number in range(3):
            owe(alice, f"patient-{number}")
        assert delivery.deliver_due(until=lambda: len(backend.taken) == 1) == 1

    def test_an_alert_is_tried_every_five_minutes_for_a_day(
        self, nurse: User, backend: Backend, time_machine: Any
    ) -> None:
        messaging.alert_staff(user=nurse, key="alert", path="/admin/")
        backend.fail["open"] = {"alert": TimeoutError()}
        for wait in (1, 1, 2, 2, 5, 5, 5):
            delivery.deliver_due()
            row = OutboxMessage.objects.get()
            assert row.due_at == clock.now() + wait * MINUTE
            time_machine.move_to(row.due_at, tick=False)
        OutboxMessage.objects.update(attempts=289)
        delivery.deliver_due()
        assert OutboxMessage.objects.get().parked_at is not None


def test_what_one_message_did_to_its_connection_does_not_reach_the_next(
    alice: ConsultationRequest, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Backend] = []

    def connect(**kwargs: Any) -> Backend:
        made.append(Backend())
        return made[-1]

    monkeypatch.setattr(channels, "get_connection", connect)
    for key in ("one", "two", "three"):
        owe(alice, key)
    assert delivery.deliver_due() == 3
    assert [len(item.taken) for item in made] == [1, 1, 1]
