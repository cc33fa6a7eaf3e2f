"""The address is corrected while somebody opens, or asks for, the link to the wrong one: nothing of it stays open."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from clinic.core import audit, outbox
from clinic.core.encryption import fingerprint
from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest, PrivateLink
from consultations.services import messaging, private_links
from tests.concurrency.test_one_slot import in_thread
from tests.consultations.perform import perform
from tests.mailbox import token_of, write
from tests.personas import MakeRequest, make_patient

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WRONG, RIGHT = "alice@example.con", "alice@example.com"
ROUNDS = 10


@pytest.fixture
def sent(make_request: MakeRequest) -> ConsultationRequest:
    consultation_request = make_request(patient=make_patient(email=WRONG))
    messaging.notify_patient(
        kind=MessageKind.REQUEST_RECEIVED, consultation_request=consultation_request, key="received"
    )
    return consultation_request


def together(*works: Any) -> list[Any]:
    starting = threading.Barrier(len(works), timeout=20)

    def run(work: Any) -> Any:
        starting.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: in_thread(run, work), works))


def write_all() -> None:
    """As the worker would, after everything else."""
    for message in OutboxMessage.objects.filter(composed_at=None, parked_at=None):
        write(message)


def live_links_at(address: str) -> list[int]:
    """Links that still open something and whose token is in a mail to this address."""
    live = {link.token_hash: link.pk for link in PrivateLink.objects.live()}
    written = OutboxMessage.objects.filter(composed_at__isnull=False, content_deleted_at=None)
    hashes = [fingerprint(token_of(message)) for message in written if message.recipient == address]
    return [live[item] for item in hashes if item in live]


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_whoever_opens_the_wrong_link_at_that_moment_is_out_at_the_next_click(
    sent: ConsultationRequest, turn: int
) -> None:
    token = token_of(OutboxMessage.objects.get())

    opened, _ = together(
        lambda: private_links.open_link(token=token, birth_on=sent.patient.birth_on),
        lambda: perform("correct_email", sent, email=RIGHT),
    )

    write_all()
    assert opened is None or private_links.request_behind(opened.pk) is None
    assert len(live_links_at(RIGHT)) == 1
    assert audit.verify() == []


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_wrong_dates_asked_links_and_replacements_make_none_to_the_wrong_address(
    sent: ConsultationRequest, turn: int
) -> None:
    """Everything that makes a link, at once: each of them mails a fresh one to the address that stands."""
    token = token_of(OutboxMessage.objects.get())
    link = PrivateLink.objects.get()
    link.wrong_dates = private_links.WRONG_DATES_ALLOWED - 1
    link.save()
    wrong_birth = sent.patient.birth_on.replace(year=1971)

    together(
        lambda: private_links.open_link(token=token, birth_on=wrong_birth),
        lambda: private_links.send_again(email=WRONG),
        lambda: private_links.replace(consultation_request=sent, link=link.pk),
        lambda: perform("correct_email", sent, email=RIGHT),
    )
    write_all()

    assert live_links_at(WRONG) == []
    assert live_links_at(RIGHT) != []


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_mail_that_is_written_at_that_moment_leads_nowhere_or_goes_to_the_right_address(
    make_request: MakeRequest, turn: int
) -> None:
    consultation_request = make_request(patient=make_patient(email=WRONG))
    message = messaging.notify_patient(
        kind=MessageKind.REQUEST_RECEIVED, consultation_request=consultation_request, key="received"
    )
    assert message is not None

    def prepare() -> str | None:
        try:
            return outbox.prepare(message.pk).recipient
        except outbox.Overtaken:
            return None

    address, _ = together(prepare, lambda: perform("correct_email", consultation_request, email=RIGHT))

    message.refresh_from_db()
    assert (address, message.is_stopped) in [(WRONG, True), (RIGHT, False)]
    assert PrivateLink.objects.live().count() == (0 if address == WRONG else 1)


def test_two_workers_that_write_one_mail_make_one_link_and_send_the_same_bytes(make_request: MakeRequest) -> None:
    """The lease of the first ran out while it wrote."""
    consultation_request = make_request(patient=make_patient(email=RIGHT))
    message = messaging.notify_patient(
        kind=MessageKind.REQUEST_RECEIVED, consultation_request=consultation_request, key="received"
    )
    assert message is not None

    first, second = together(
        lambda: outbox.prepare(message.pk).content,
        lambda: outbox.prepare(message.pk).content,
    )

    assert first == second
    assert PrivateLink.objects.count() == 1


def test_control_without_the_lock_a_link_to_the_wrong_address_stays_alive(sent: ConsultationRequest) -> None:
    """The worker reads the address; it is corrected; the worker makes a link for what it read."""
    read, corrected, addresses = threading.Event(), threading.Event(), []

    def answer() -> None:
        with transaction.atomic():
            addresses.append(ConsultationRequest.objects.select_related("patient").get(pk=sent.pk).patient.email)
            read.set()
            assert corrected.wait(20)
            private_links.mint(sent)

    def correct() -> None:
        assert read.wait(20)
        perform("correct_email", sent, email=RIGHT)
        corrected.set()

    together(answer, correct)

    assert addresses == [WRONG]
    assert PrivateLink.objects.live().count() == 1
