"""Every kind of mail about a visit through every fault on its way, once and twice: how many copies come.

One, where nothing was taken before the fault; one more for each time that the server took it and nobody could note it;
none where the server refuses it for good, or what it is about is dead.
"""

import dataclasses
import datetime
import smtplib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from unittest import mock

import pytest
from django.conf import settings
from django.db import transaction

from clinic.core import channels, clock, delivery, outbox
from clinic.core.models import OutboxMessage
from consultations.enums import AppointmentStatus, MessageKind, RequestStatus
from consultations.models import Appointment, Clinician, ConsultationRequest
from consultations.services import messaging
from tests.depth import IS_DEEP
from tests.personas import MONDAY_MORNING, MakeRequest, book_directly, make_patient

pytestmark = pytest.mark.django_db
DAY, MINUTES = datetime.timedelta(days=1), datetime.timedelta(minutes=6)


class Killed(BaseException):
    """The worker dies, and nothing of it catches that."""


@dataclasses.dataclass(frozen=True, slots=True)
class Blow:
    """A fault at one point of the way. `copies` come after it was met `times` times."""

    at: str
    raises: Callable[[], BaseException]
    copies: Callable[[int], int] = lambda times: 1
    each: int = 1
    """How often it strikes in one attempt."""
    most: int = 2
    """How often it can be met: after one that did no harm there is no further attempt."""


BLOWS: Final = {
    "nothing, the worker was down": Blow("", Killed),
    "killed before it is written": Blow("prepare", Killed),
    "killed before it is sent": Blow("before", Killed),
    "refused": Blow("before", ConnectionRefusedError),
    "timed out": Blow("before", TimeoutError),
    "put off (4xx)": Blow("before", lambda: smtplib.SMTPDataError(451, b"later")),
    "turned away (5xx)": Blow("before", lambda: smtplib.SMTPDataError(554, b"no"), copies=lambda times: 0),
    "gone after the data": Blow("after", lambda: smtplib.SMTPServerDisconnected("gone"), lambda times: 1 + times),
    "killed after it is sent": Blow("after", Killed, lambda times: 1 + times),
    "not noted at first": Blow("record", OSError, most=1),
    "not noted at all": Blow("record", OSError, lambda times: 1 + times, each=2),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """What a mail of one kind is about; `dies` is what makes it a mail that nobody wants."""

    status: RequestStatus
    dies: dict[str, Any]
    has_visit: bool = False
    fields: dict[str, Any] = dataclasses.field(default_factory=dict)


CALLED_OFF: Final = {"status": RequestStatus.OFFERED}
KINDS: Final = {
    MessageKind.CONSULTATION_OFFERED: Kind(RequestStatus.OFFERED, {"status": RequestStatus.WITHDRAWN}),
    MessageKind.OFFERED_AGAIN: Kind(RequestStatus.OFFERED, {"status": RequestStatus.WITHDRAWN}),
    MessageKind.FOLLOW_UP_INVITED: Kind(RequestStatus.OFFERED, {"status": RequestStatus.WITHDRAWN}),
    MessageKind.CHOOSE_NUDGE: Kind(RequestStatus.OFFERED, {"status": RequestStatus.BOOKED}),
    MessageKind.OFFER_EXPIRED: Kind(
        RequestStatus.RECEIVED, {"offer_expired_at": None}, fields={"offer_expired_at": MONDAY_MORNING}
    ),
    MessageKind.APPOINTMENT_BOOKED: Kind(RequestStatus.BOOKED, CALLED_OFF, has_visit=True),
    MessageKind.APPOINTMENT_MOVED: Kind(RequestStatus.BOOKED, CALLED_OFF, has_visit=True),
    MessageKind.VISIT_REMINDER: Kind(RequestStatus.BOOKED, CALLED_OFF, has_visit=True),
    MessageKind.APPOINTMENT_CANCELLED: Kind(RequestStatus.OFFERED, {"status": RequestStatus.WITHDRAWN}),
    MessageKind.AFTER_VISIT: Kind(RequestStatus.COMPLETED, {"status": RequestStatus.BOOKED}),
    MessageKind.MISSED_VISIT: Kind(RequestStatus.NO_SHOW, {"status": RequestStatus.BOOKED}),
}


class Line:
    """One mail on its way, with the blow that it meets, and how many copies the server took."""

    def __init__(self, message: OutboxMessage, blow: Blow, times: int) -> None:
        self.message, self.blow, self.left, self.taken = message, blow, blow.each * times, 0

    def strike(self, at: str) -> None:
        if self.blow.at == at and self.left:
            self.left -= 1
            raise self.blow.raises()

    def run(self, time_machine: Any) -> None:
        """Turn after turn of the worker, until nothing is owed."""
        prepare, record = outbox.prepare, delivery.record_sent

        def prepares(pk: int) -> Any:
            self.strike("prepare")
            return prepare(pk)

        def sends(channel: Any, content: bytes, *, to: str) -> None:
            self.strike("before")
            assert channels.message_id(self.message.key).encode() in content
            self.taken += 1
            self.strike("after")

        def records(pk: int) -> None:
            self.strike("record")
            record(pk)

        with (
            mock.patch.object(outbox, "prepare", prepares),
            mock.patch.object(type(channels.EMAIL_CHANNEL), "send", sends),
            mock.patch.object(delivery, "record_sent", records),
        ):
            for _ in range(6):
                with suppress(Killed):
                    delivery.deliver_due()
                time_machine.shift(MINUTES)


@pytest.fixture
def owe(make_request: MakeRequest, clinician: Clinician, time_machine: Any) -> Callable[[MessageKind], OutboxMessage]:
    time_machine.move_to(MONDAY_MORNING, tick=False)
    counted = Counter[str]()

    def make(kind: MessageKind) -> OutboxMessage:
        counted["made"] += 1
        number, about = counted["made"], KINDS[kind]
        patient = make_patient(f"Person {number}", email=f"person{number}@example.com")
        row = make_request(status=about.status, patient=patient, **about.fields)
        more, visit = {}, None
        if about.has_visit:
            visit = book_directly(row, clinician, MONDAY_MORNING + DAY + number * datetime.timedelta(hours=1))
            more = {"starts_at": visit.starts_at.isoformat(), "days": 1}
        if kind == MessageKind.CHOOSE_NUDGE:
            days = min(settings.NUDGE_DAYS)
            offered = MONDAY_MORNING - days * DAY
            ConsultationRequest.objects.filter(pk=row.pk).update(status_changed_at=offered)
            more = {"offered_at": offered.isoformat(), "days": days}
        message = messaging.notify_patient(
            kind=kind, consultation_request=row, key=f"m{number}", appointment=visit, more=more
        )
        assert message is not None
        return message

    return make


def cases() -> list[tuple[MessageKind, str, int]]:
    """All of them at length; shortly each kind and each blow, a few of them twice."""
    if IS_DEEP:
        return [(kind, blow, times) for kind in KINDS for blow in BLOWS for times in range(1, BLOWS[blow].most + 1)]
    kinds = list(KINDS)
    return [
        (kinds[number % len(kinds)], blow, min(1 + number % 2, BLOWS[blow].most)) for number, blow in enumerate(BLOWS)
    ]


def test_as_many_copies_as_promised(owe: Any, time_machine: Any) -> None:
    wrong, counts = [], Counter[tuple[str, int]]()
    for kind, name, times in cases():
        time_machine.move_to(MONDAY_MORNING, tick=False)
        line = Line(owe(kind), BLOWS[name], times)
        line.run(time_machine)
        row = OutboxMessage.objects.get(pk=line.message.pk)
        copies, is_parked = BLOWS[name].copies(times), name == "turned away (5xx)"
        counts[name, line.taken] += 1
        if (line.taken, row.sent_at is None, row.parked_at is not None) != (copies, is_parked, is_parked):
            wrong.append(f"{kind} {name} x {times}: {line.taken} copies, {copies} promised; {row.last_error}")
    if IS_DEEP:
        print(f"\n{len(cases())} mails of {len(KINDS)} kinds")
        for name, copies in sorted(counts):
            print(f"{name:<32} {counts[name, copies]:>4} mails, {copies} copies each")
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize("kind", list(KINDS))
def test_none_comes_of_what_is_dead(owe: Any, time_machine: Any, kind: MessageKind) -> None:
    """Also where it was written before, and a fault kept it back."""
    lines = [Line(owe(kind), BLOWS[name], 1) for name in ("nothing, the worker was down", "killed before it is sent")]
    with mock.patch.object(type(channels.EMAIL_CHANNEL), "send", side_effect=Killed), suppress(Killed):
        delivery._deliver(delivery.DeliveryAttempt(lines[1].message.pk, delivery.Lane.PATIENTS, 1, 0))
    ConsultationRequest.objects.update(**KINDS[kind].dies)
    Appointment.objects.update(status=AppointmentStatus.CANCELLED, cancelled_at=clock.now(), cancelled_by="triage")
    for line in lines:
        line.left = 0
        line.run(time_machine)
    rows = OutboxMessage.objects.filter(pk__in=[line.message.pk for line in lines])
    assert [line.taken for line in lines] == [0, 0]
    assert [(row.sent_at, row.is_stopped) for row in rows] == [(None, True)] * 2


def test_none_is_owed_where_the_cause_was_not_committed(owe: Any) -> None:
    with suppress(Killed), transaction.atomic():
        owe(MessageKind.APPOINTMENT_BOOKED)
        raise Killed
    assert not OutboxMessage.objects.exists()
