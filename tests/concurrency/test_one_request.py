"""Twenty presses of one button at once: one request, everyone led to it, and a control that shows the race is real."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clinic.core.models import OutboxMessage
from consultations.models import Consent, ConsultationRequest, Patient
from consultations.services import intake
from tests.concurrency.test_one_slot import in_thread
from tests.consultations.services.test_intake import WORDINGS, ready
from tests.consultations.views.conftest import CONSENTS, Visitor

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PRESSES = 20


def test_twenty_presses_send_one_request() -> None:
    walker = Visitor(Client(raise_request_exception=False))
    walker.answer()
    walker.tell_contact()
    page, after = f"{walker.check}/answers/", f"{walker.check}/sent/"
    pressing = threading.Barrier(PRESSES, timeout=20)

    def press(cookies: Any) -> tuple[int, str]:
        client = Client(raise_request_exception=False)
        client.cookies = cookies
        pressing.wait()
        answer = client.post(page, CONSENTS)
        return answer.status_code, answer.headers.get("Location", "")

    with ThreadPoolExecutor(PRESSES) as pool:
        answers = list(pool.map(lambda cookies: in_thread(press, cookies), [walker.client.cookies] * PRESSES))

    assert set(answers) == {(302, after)}
    assert ConsultationRequest.objects.count() == Patient.objects.count() == OutboxMessage.objects.count() == 1
    assert Consent.objects.count() == len(WORDINGS)


def test_control_without_the_lock_the_database_alone_refuses_the_rest() -> None:
    """All look before any has sent. One gets through; the others fail where the lock would have led them to it."""
    response = ready()
    everyone_looked = threading.Barrier(4, timeout=20)

    def send(_: int) -> str:
        try:
            with transaction.atomic():
                assert not ConsultationRequest.objects.filter(response=response).exists()
                seen = type(response).objects.get(pk=response.pk)
                everyone_looked.wait()
                intake._send(seen, WORDINGS)
        except IntegrityError:
            return "refused"
        return "sent"

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(lambda turn: in_thread(send, turn), range(4)))

    assert sorted(ends) == ["refused"] * 3 + ["sent"]
    assert ConsultationRequest.objects.count() == Patient.objects.count() == 1
