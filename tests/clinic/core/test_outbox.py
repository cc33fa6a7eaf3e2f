"""The outbox by itself, with made-up kinds and a made-up channel: it knows neither app."""

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from clinic.accounts.models import User
from clinic.core import channels, clock, delivery, outbox
from clinic.core.channels import Letter, MessageDraft
from clinic.core.encryption import KeysUnusable
from clinic.core.models import AuditEvent, Lane, OutboxMessage
from clinic.core.outbox import MessageKindEntry, NotWanted
from tests.personas import make_user

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)
TOKEN = "hB3kq0Zr8mYw5s2VxTn1Lc7dGf4Ju6Pa9ReQoIiUtEs"


class Slip(Exception):
    pass


class Pigeon:
    """A channel that is no email: short, without a subject. It loses as many birds as it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.lost = 0
        self.is_no = False

    def write(self, draft: MessageDraft, *, key: str) -> bytes:
        return f"{key}:{draft.text}".encode()

    def send(self, content: bytes, *, to: str) -> None:
        if self.lost:
            self.lost -= 1
            raise Slip
        self.sent.append((to, content))

    def read(self, content: bytes) -> Letter:
        return Letter(to="", text=content.decode())

    def is_final(self, error: Exception) -> bool:
        return self.is_no


class World:
    """What the made-up composers look at when they are asked."""

    def __init__(self) -> None:
        self.address, self.news = "ines@example.com", "first news"
        self.wanted: NotWanted | None = None
        self.asked = self.composed = 0

    def ensure_wanted(self, message: OutboxMessage) -> None:
        self.asked += 1
        if self.wanted is not None:
            raise self.wanted

    def compose(self, message: OutboxMessage) -> MessageDraft:
        self.composed += 1
        text = f"{self.news} {message.payload.get('about', '')}\nhttps://clinic.example/open/{TOKEN}/"
        return MessageDraft(to=self.address, subject="News", text=text, html=f"<p>{text}</p>")


@pytest.fixture(autouse=True)
def frozen(time_machine: Any) -> None:
    time_machine.move_to(datetime.datetime(2026, 11, 23, 15, tzinfo=datetime.UTC), tick=False)


@pytest.fixture
def staff_user() -> User:
    return make_user("nora", "triage")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(outbox, "KINDS", {})
    outbox.register(
        MessageKindEntry("news", "News", Lane.STAFF, made.compose, made.ensure_wanted),
        MessageKindEntry("bird", "Bird", Lane.PATIENTS, made.compose, made.ensure_wanted, channel="pigeon"),
    )
    return made


@pytest.fixture
def pigeon(world: World, monkeypatch: pytest.MonkeyPatch) -> Pigeon:
    made = Pigeon()
    monkeypatch.setitem(channels.CHANNELS, "pigeon", made)
    return made


def queue(key: str = "one", kind: str = "bird", **more: Any) -> OutboxMessage:
    message = outbox.enqueue(kind=kind, key=key, **more)
    assert message is not None
    return message


def fresh(message: OutboxMessage) -> OutboxMessage:
    return OutboxMessage.objects.get(pk=message.pk)


class TestKinds:
    def test_a_name_that_is_taken_is_refused_and_the_same_kind_twice_is_harmless(self, world: World) -> None:
        outbox.register(outbox.KINDS["news"])
        with pytest.raises(ValueError, match="Two kinds of message are called news"):
            outbox.register(dataclasses.replace(outbox.KINDS["news"], label="Other news"))

    def test_nothing_is_queued_of_a_kind_that_nobody_composes(self, world: World) -> None:
        with pytest.raises(KeyError):
            outbox.enqueue(kind="rumour", key="one")
        assert not OutboxMessage.objects.exists()

    def test_what_is_queued_says_how_it_goes(self, world: World) -> None:
        row = queue(payload={"about": "you"})
        assert (row.channel, row.lane, row.content, row.composed_at) == ("pigeon", Lane.PATIENTS, None, None)
        assert queue("two", lane=Lane.ALERTS).lane == Lane.ALERTS
        assert outbox.enqueue(kind="bird", key="one") is None
        assert world.composed == 0


class TestComposedOnce:
    def test_from_what_is_true_at_the_first_attempt(self, world: World, pigeon: Pigeon) -> None:
        row = queue(recipient="old@example.com", payload={"about": "you"})
        world.news, world.address = "later news", "new@example.com"
        assert delivery.deliver_due() == 1
        text = f"one:later news you\nhttps://clinic.example/open/{TOKEN}/"
        assert pigeon.sent == [("new@example.com", text.encode())]
        assert fresh(row).recipient == "new@example.com"

    def test_every_further_attempt_sends_the_same_bytes_to_the_same_address(
        self, world: World, pigeon: Pigeon, time_machine: Any
    ) -> None:
        row = queue()
        pigeon.lost = 3
        for _ in range(3):
            assert delivery.deliver_due() == 0
            world.news, world.address = world.news + "!", "other@example.com"
            time_machine.move_to(fresh(row).due_at, tick=False)
        assert delivery.deliver_due() == 1
        assert pigeon.sent == [("ines@example.com", f"one:first news \nhttps://clinic.example/open/{TOKEN}/".encode())]
        assert (world.composed, world.asked) == (1, 4)

    def test_a_mail_tried_again_is_the_same_to_the_byte(
        self, world: World, monkeypatch: pytest.MonkeyPatch, time_machine: Any
    ) -> None:
        """Its date, its boundaries and its Message-ID would each differ if it were written anew."""
        tried: list[bytes] = []

        class Backend:
            def open(self) -> None: ...

            close = open

            def send_messages(self, mails: list[Any]) -> int:
                tried.append(mails[0].message().as_bytes(linesep="\r\n"))
                if len(tried) < 3:
                    raise TimeoutError
                return 1

        monkeypatch.setattr(channels, "get_connection", lambda **kwargs: Backend())
        row = queue(kind="news")
        for _ in range(3):
            delivery.deliver_due()
            time_machine.move_to(fresh(row).due_at, tick=False)
        assert len(tried) == 3
        assert tried[0] == tried[1] == tried[2] == bytes(fresh(row).content)
        assert b"\r\nSubject: News\r\n" in tried[0]
        assert tried[0].count(channels.message_id("one").encode()) == 1

    def test_a_worker_killed_between_writing_and_sending_leaves_what_it_wrote(
        self, world: World, pigeon: Pigeon, time_machine: Any
    ) -> None:
        row = queue()
        claim = delivery._claim()
        assert claim is not None
        written = outbox.prepare(claim.pk).content  # and then it is killed
        world.news = "other news"
        time_machine.shift(delivery.LEASE + MINUTE)
        assert delivery.deliver_due() == 1
        assert [content for _, content in pigeon.sent] == [written]
        assert (fresh(row).attempts, fresh(row).crashes) == (2, 1)

    def test_what_cannot_be_composed_leaves_nothing_and_is_composed_at_the_next_attempt(
        self, world: World, pigeon: Pigeon, monkeypatch: pytest.MonkeyPatch, time_machine: Any
    ) -> None:
        row = queue()

        def fails(draft: MessageDraft, *, key: str) -> bytes:
            raise Slip

        with monkeypatch.context() as broken:
            broken.setattr(pigeon, "write", fails)
            assert delivery.deliver_due() == 0
        assert (fresh(row).composed_at, fresh(row).content, fresh(row).last_error) == (None, None, "Slip")
        time_machine.shift(2 * MINUTE)
        assert delivery.deliver_due() == 1

    def test_it_is_kept_encrypted(self, world: World, pigeon: Pigeon) -> None:
        row = queue()
        delivery.deliver_due()
        with connection.cursor() as cursor:
            cursor.execute("SELECT content, recipient FROM core_outboxmessage")
            (stored,) = cursor.fetchall()
        assert stored[0].startswith("data-key:")
        assert stored[1].startswith("data-key:")
        assert fresh(row).content == f"one:first news \nhttps://clinic.example/open/{TOKEN}/".encode()


class TestStillWanted:
    def test_is_asked_at_the_first_attempt_and_not_before(self, world: World, pigeon: Pigeon) -> None:
        row = queue()
        assert world.asked == 0
        world.wanted = NotWanted("Not sent: it is over.")
        assert delivery.deliver_due() == 0
        assert (pigeon.sent, world.composed) == ([], 0)
        row = fresh(row)
        assert (row.is_stopped, row.last_error, row.lease_until) == (True, "Not sent: it is over.", None)

    def test_is_asked_again_before_every_other(self, world: World, pigeon: Pigeon, time_machine: Any) -> None:
        row = queue()
        pigeon.lost = 1
        delivery.deliver_due()
        assert fresh(row).content is not None
        world.wanted = NotWanted("Not sent: it is over.")
        time_machine.shift(2 * MINUTE)
        assert delivery.deliver_due() == 0
        assert pigeon.sent == []
        row = fresh(row)
        assert (row.is_stopped, row.content, row.payload, row.recipient) == (True, None, None, "")

    @pytest.mark.parametrize(("needs_staff", "undelivered"), [(True, 1), (False, 0)])
    def test_who_asked_says_if_somebody_must_see_to_it(
        self, world: World, pigeon: Pigeon, needs_staff: bool, undelivered: int
    ) -> None:
        queue()
        world.wanted = NotWanted("Too late.", needs_staff=needs_staff)
        delivery.deliver_due()
        assert OutboxMessage.objects.filter(outbox.UNDELIVERED).count() == undelivered

    def test_one_that_was_sent_stays_sent(self, world: World, pigeon: Pigeon) -> None:
        queue()
        delivery.deliver_due()
        assert outbox.stop(OutboxMessage.objects.all(), reason="No.") == 0

    def test_one_that_is_stopped_while_that_is_asked_does_not_go(self, world: World, pigeon: Pigeon) -> None:
        """Whoever corrects an address holds what the question waits for, and has stopped this message by then."""

        def waits_until_it_is_stopped(message: OutboxMessage) -> None:
            outbox.stop(OutboxMessage.objects.filter(pk=message.pk), reason="Not sent: the address was corrected.")

        outbox.register(
            MessageKindEntry("slow", "Slow", Lane.PATIENTS, world.compose, waits_until_it_is_stopped, channel="pigeon")
        )
        queue(kind="slow")
        assert delivery.deliver_due() == 0
        assert (pigeon.sent, world.composed) == ([], 0)


def test_with_keys_that_do_not_fit_it_waits_as_if_nobody_had_claimed_it(
    world: World, pigeon: Pigeon, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = queue()

    def refuses(pk: int) -> outbox.Prepared:
        raise KeysUnusable(())

    monkeypatch.setattr(outbox, "prepare", refuses)
    with pytest.raises(KeysUnusable):
        delivery.deliver_due()
    row = fresh(row)
    assert (row.attempts, row.crashes, row.lease_until, row.parked_at) == (0, 0, None, None)


class TestSendAt:
    def test_not_a_second_before(self, world: World, pigeon: Pigeon, time_machine: Any) -> None:
        row = queue(send_at=clock.now() + 3 * DAY)
        for instant in (clock.now(), row.send_at - datetime.timedelta(seconds=1)):
            time_machine.move_to(instant, tick=False)
            assert delivery.deliver_due() == 0
        time_machine.move_to(row.send_at, tick=False)
        assert delivery.deliver_due() == 1
        assert world.asked == 1

    @pytest.mark.parametrize("hour", [1, 2])
    def test_it_is_an_instant_also_in_the_hour_that_comes_twice(
        self, world: World, pigeon: Pigeon, time_machine: Any, hour: int
    ) -> None:
        """On 1 November 2026 New York's clocks show 1:30 twice: at 5:30 and at 6:30 by UTC."""
        send_at = datetime.datetime(2026, 11, 1, 4 + hour, 30, tzinfo=datetime.UTC)
        time_machine.move_to(datetime.datetime(2026, 10, 31, 12, tzinfo=datetime.UTC), tick=False)
        queue(send_at=send_at)
        time_machine.move_to(send_at - MINUTE, tick=False)
        assert delivery.deliver_due() == 0
        time_machine.move_to(send_at, tick=False)
        assert delivery.deliver_due() == 1

    def test_what_is_due_is_not_overtaken_by_what_was_queued_before_it(
        self, world: World, pigeon: Pigeon, time_machine: Any
    ) -> None:
        for key, wait in (("third", 3), ("first", 1), ("second", 2)):
            queue(key, send_at=clock.now() + wait * HOUR)
        time_machine.shift(4 * HOUR)
        queue("now")
        delivery.deliver_due()
        assert [content.partition(b":")[0] for _, content in pigeon.sent] == [b"first", b"second", b"third", b"now"]

    def test_trying_again_does_not_bring_it_forward(self, world: World, pigeon: Pigeon, staff_user: User) -> None:
        row = queue(send_at=clock.now() + DAY)
        OutboxMessage.objects.update(parked_at=clock.now())
        assert outbox.retry(message=row, by=staff_user).due_at == row.send_at


class TestAClockThatWasAhead:
    """A worker died while it sent, with a clock that was put right afterwards."""

    @pytest.fixture
    def leased(self, world: World, pigeon: Pigeon, time_machine: Any) -> Callable[[datetime.timedelta], int]:
        queue()
        noon = clock.now()

        def then(ahead: datetime.timedelta) -> int:
            time_machine.move_to(noon + ahead, tick=False)
            assert delivery._claim() is not None
            time_machine.move_to(noon, tick=False)
            return delivery.deliver_due()

        return then

    def test_holds_up_no_message(self, leased: Callable[[datetime.timedelta], int]) -> None:
        assert leased(DAY) == 1

    def test_another_machine_that_is_a_little_ahead_keeps_its_lease(
        self, leased: Callable[[datetime.timedelta], int]
    ) -> None:
        assert leased(2 * MINUTE) == 0


class TestChannels:
    def test_another_channel_has_its_own_idea_of_a_final_no(self, world: World, pigeon: Pigeon) -> None:
        row = queue()
        pigeon.lost, pigeon.is_no = 1, True
        delivery.deliver_due()
        assert (fresh(row).parked_at, fresh(row).last_error) == (clock.now(), "Slip")

    def test_each_lane_of_each_channel_is_served_by_itself(self, world: World, pigeon: Pigeon) -> None:
        queue("bird")
        queue("mail", kind="news")
        queue("urgent", lane=Lane.ALERTS)
        served: list[tuple[str, int]] = [(str(item), delivery.deliver_due(queue=item)) for item in delivery.queues()]
        assert served == [
            ("alerts by email", 0),
            ("alerts by pigeon", 1),
            ("patients by email", 0),
            ("patients by pigeon", 1),
            ("staff by email", 1),
            ("staff by pigeon", 0),
        ]
        assert [item.subject for item in mail.outbox] == ["News"]

    def test_a_mail_reads_as_it_was_written(self, world: World) -> None:
        text = "Grüße, “Ana”\n" + "x" * 1500 + "\n.\nFrom here\n"
        content = channels.EMAIL_CHANNEL.write(
            MessageDraft("ana@münchen.example", text, "Ärger", "<p>ü</p>"), key="one"
        )
        letter = channels.EMAIL_CHANNEL.read(content)
        assert (letter.text, letter.subject, letter.html) == (text, "Ärger", "<p>ü</p>")
        assert letter.to == "ana@xn--mnchen-3ya.example"
        assert b"\n" not in content.replace(b"\r\n", b"")

    def test_a_sender_put_right_lets_waiting_mail_go(self, world: World, settings: Any) -> None:
        settings.DEFAULT_FROM_EMAIL = "Clinic <wrong@clinic.example>"
        content = channels.EMAIL_CHANNEL.write(MessageDraft("ana@example.com", "x", "y"), key="one")
        settings.DEFAULT_FROM_EMAIL = "Clinic <right@clinic.example>"
        channels.EMAIL_CHANNEL.send(content, to="ana@example.com")
        (sent,) = mail.outbox
        assert "right@clinic.example" in sent.from_email
        assert sent.message().as_bytes(linesep="\r\n") == content


class TestReadingWhatWasSent:
    def test_the_way_in_is_masked_in_text_and_html(self, world: World) -> None:
        row = queue(kind="news")
        assert outbox.read(row) is None
        delivery.deliver_due()
        letter = outbox.read(fresh(row))
        assert letter is not None
        assert (letter.subject, letter.to) == ("News", "ines@example.com")
        assert letter.text == "first news \nhttps://clinic.example/open/[private link]/"
        assert TOKEN not in letter.html

    def test_a_demonstration_shows_it(self, world: World, settings: Any) -> None:
        settings.DEMO = True
        row = queue(kind="news")
        delivery.deliver_due()
        letter = outbox.read(fresh(row))
        assert letter is not None
        assert TOKEN in letter.text


class TestForgetting:
    @pytest.fixture
    def ended(self, world: World, pigeon: Pigeon, settings: Any, time_machine: Any) -> Callable[[float], int]:
        """One sent, one given up, one that still waits; then so many days pass, and what is due is forgotten."""
        settings.KEEP_SENT_DAYS = 30
        queue("sent")
        delivery.deliver_due()
        queue("parked")
        pigeon.lost, pigeon.is_no = 1, True
        delivery.deliver_due()
        queue("waits", send_at=clock.now() + 400 * DAY)

        def after(days: float) -> int:
            time_machine.shift(days * DAY)
            return outbox.forget_sent()

        return after

    def test_until_then_it_is_kept(self, ended: Callable[[float], int]) -> None:
        assert ended(30) == 0
        assert OutboxMessage.objects.filter(content__isnull=False).count() == 2

    def test_then_what_it_said_and_to_whom_are_gone_and_that_it_was_stays(self, ended: Callable[[float], int]) -> None:
        assert ended(30.001) == 2
        rows = {row.key: row for row in OutboxMessage.objects.all()}
        for key in ("sent", "parked"):
            assert (rows[key].content, rows[key].payload, rows[key].recipient) == (None, None, "")
            assert rows[key].content_deleted_at == clock.now()
        assert rows["sent"].sent_at is not None
        assert rows["waits"].payload == {}
        event = AuditEvent.objects.get(action="message.delete_content")
        assert (event.actor, event.details) == ("system", {"messages": 2, "kept_days": 30})
        assert outbox.forget_sent() == 0

    def test_in_batches(self, ended: Callable[[float], int]) -> None:
        ended(29)
        assert [outbox.forget_sent(limit=1) for _ in range(2)] == [0, 0]
        OutboxMessage.objects.filter(sent_at__isnull=False).update(sent_at=clock.now() - 31 * DAY)
        OutboxMessage.objects.filter(parked_at__isnull=False).update(parked_at=clock.now() - 31 * DAY)
        assert [outbox.forget_sent(limit=1) for _ in range(3)] == [1, 1, 0]

    def test_what_is_gone_is_not_tried_again(self, ended: Callable[[float], int], staff_user: User) -> None:
        ended(31)
        with pytest.raises(outbox.NothingToSend):
            outbox.retry(message=OutboxMessage.objects.get(key="parked"), by=staff_user)
