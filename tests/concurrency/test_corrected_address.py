"""The address is corrected while somebody opens, or asks for, the link to the wrong one: nothing of it stays open."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from clinic.core import audit
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest, OutboxMessage, PrivateLink
from consultations.services import messaging, private_links
from tests.cast import MakeRequest, make_patient
from tests.concurrency.test_one_slot import in_thread
from tests.consultations.perform import perform

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WRONG, RIGHT = "alice@example.con", "alice@example.com"
ROUNDS = 10


@pytest.fixture
def sent(make_request: MakeRequest) -> ConsultationRequest:
    request = make_request(patient=make_patient(email=WRONG))
    messaging.tell_patient(kind=MessageKind.REQUEST_RECEIVED, request=request, key="received")
    return request


def together(*works: Any) -> list[Any]:
    starting = threading.Barrier(len(works), timeout=20)

    def run(work: Any) -> Any:
        starting.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: in_thread(run, work), works))


def live_links_at(address: str) -> list[int]:
    """Links that still open something and whose token is in a mail to this address."""
    live = {link.token_hash: link.pk for link in PrivateLink.objects.live()}
    mails = [message for message in OutboxMessage.objects.all() if message.recipient == address and message.payload]
    hashes = [messaging.fingerprint(message.payload["link"].rstrip("/").rpartition("/")[2]) for message in mails]
    return [live[each] for each in hashes if each in live]


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_whoever_opens_the_wrong_link_at_that_moment_is_out_at_the_next_click(
    sent: ConsultationRequest, turn: int
) -> None:
    token = OutboxMessage.objects.get().payload["link"].rstrip("/").rpartition("/")[2]

    opened, _ = together(
        lambda: private_links.open_link(token=token, birth_on=sent.patient.birth_on),
        lambda: perform("correct_email", sent, email=RIGHT),
    )

    assert opened is None or private_links.request_behind(opened.pk) is None
    assert len(live_links_at(RIGHT)) == 1
    assert audit.verify() == []


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_wrong_dates_asked_links_and_replacements_make_none_to_the_wrong_address(
    sent: ConsultationRequest, turn: int
) -> None:
    """Everything that makes a link, at once: each of them mails a fresh one to the address that stands."""
    link = PrivateLink.objects.get()
    link.wrong_dates = private_links.WRONG_DATES_ALLOWED - 1
    link.save()
    token = OutboxMessage.objects.get().payload["link"].rstrip("/").rpartition("/")[2]
    wrong_birth = sent.patient.birth_on.replace(year=1971)

    together(
        lambda: private_links.open_link(token=token, birth_on=wrong_birth),
        lambda: private_links.send_again(email=WRONG),
        lambda: private_links.replace(request=sent, link=link.pk),
        lambda: perform("correct_email", sent, email=RIGHT),
    )

    assert live_links_at(WRONG) == []
    assert live_links_at(RIGHT) != []


def test_control_without_the_lock_a_link_to_the_wrong_address_stays_alive(sent: ConsultationRequest) -> None:
    """The worker reads the address; it is corrected; the worker mails a link to what it read."""
    read, corrected = threading.Event(), threading.Event()

    def answer() -> None:
        with transaction.atomic():
            address = ConsultationRequest.objects.select_related("patient").get(pk=sent.pk).patient.email
            read.set()
            assert corrected.wait(20)
            payload = {"first_name": "Alice", "link": messaging._fresh_link(sent)}
            messaging._enqueue(
                kind=MessageKind.PRIVATE_LINK, key="again", recipient=address, payload=payload, request=sent
            )

    def correct() -> None:
        assert read.wait(20)
        perform("correct_email", sent, email=RIGHT)
        corrected.set()

    together(answer, correct)

    assert len(live_links_at(WRONG)) == 1
