"""The worker deletes what was never sent while somebody sends it: it is sent, or it is gone, and never half of each."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from clinic.core import audit, clock
from consultations.models import ConsultationRequest, Patient, QuestionnaireResponse, SafetyCase, SavedCheck
from consultations.services import intake, retention, saved_checks
from tests.concurrency.test_one_slot import in_thread
from tests.consultations.services.test_intake import ANSWERS, WORDINGS, ready

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 12


def overdue(**changes: Any) -> QuestionnaireResponse:
    response = ready(**changes)
    old = clock.now() - datetime.timedelta(days=31)
    QuestionnaireResponse.objects.filter(pk=response.pk).update(updated_at=old, started_at=old)
    return response


def together(*works: Any) -> list[Any]:
    starting = threading.Barrier(len(works), timeout=20)

    def run(work: Any) -> Any:
        starting.wait()
        try:
            return work()
        except intake.Deleted:
            return "gone"

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: in_thread(run, work), works))


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_sent_or_gone(turn: int) -> None:
    response = overdue()

    sent, deleted = together(lambda: intake.send(response=response, wordings=WORDINGS), retention.delete_unsent)

    is_sent = isinstance(sent, ConsultationRequest)
    assert is_sent != bool(deleted) or (sent == "gone" and deleted == 1)
    assert QuestionnaireResponse.objects.count() == ConsultationRequest.objects.count() == int(is_sent)
    assert Patient.objects.count() == int(is_sent)
    assert audit.verify() == []


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_danger_that_is_saved_at_that_moment_keeps_what_it_rests_on(turn: int) -> None:
    response = overdue()

    saved, deleted = together(
        lambda: intake.save_answers(response=response, answers={**ANSWERS, "rf_now": ["chest"]}),
        retention.delete_unsent,
    )

    assert QuestionnaireResponse.objects.count() == SafetyCase.objects.count() == (0 if saved == "gone" else 1)
    assert deleted == (1 if saved == "gone" else 0)


def forget(response: QuestionnaireResponse) -> str:
    try:
        return "all" if saved_checks.forget(response=response) else "link"
    except intake.AlreadySent:
        return "nothing"


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_sent_or_forgotten_by_its_person_on_another_device(turn: int) -> None:
    response = ready()
    saved_checks.save(response=response, email="ana@example.com", word="Rosebud 7")

    sent, forgotten = together(lambda: intake.send(response=response, wordings=WORDINGS), lambda: forget(response))

    is_sent = isinstance(sent, ConsultationRequest)
    assert forgotten == ("nothing" if is_sent else "all")
    assert QuestionnaireResponse.objects.count() == SavedCheck.objects.count() == int(is_sent)
    assert Patient.objects.count() == int(is_sent)


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_danger_told_while_the_check_is_forgotten_stays_with_its_answers_or_goes_whole(turn: int) -> None:
    response = ready()
    saved_checks.save(response=response, email="ana@example.com", word="Rosebud 7")

    told, forgotten = together(
        lambda: intake.save_answers(response=response, answers={**ANSWERS, "rf_now": ["chest"]}),
        lambda: forget(response),
    )

    assert forgotten == ("all" if told == "gone" else "link")
    assert QuestionnaireResponse.objects.count() == SafetyCase.objects.count() == int(told != "gone")
    assert not SavedCheck.objects.exists()


def test_whoever_is_sending_is_passed_over_without_waiting() -> None:
    response = overdue()
    is_locked, is_looked_at = threading.Event(), threading.Event()

    def send() -> ConsultationRequest:
        with transaction.atomic():
            intake._lock(response)
            is_locked.set()
            assert is_looked_at.wait(20)
            return intake.send(response=response, wordings=WORDINGS)

    def delete() -> int:
        assert is_locked.wait(20)
        try:
            return retention.delete_unsent()
        finally:
            is_looked_at.set()

    sent, deleted = together(send, delete)

    assert isinstance(sent, ConsultationRequest)
    assert deleted == 0


def test_control_without_the_lock_what_is_being_written_is_lost() -> None:
    """The worker looks; a page is saved; the worker deletes what it saw. With the lock in between it cannot."""
    response = overdue()
    looked, saved = threading.Event(), threading.Event()

    def delete() -> int:
        due = QuestionnaireResponse.objects.filter(updated_at__lt=retention.unsent_since(), consultation_request=None)
        keys = list(due.values_list("pk", flat=True))
        looked.set()
        assert saved.wait(20)
        return QuestionnaireResponse.objects.filter(pk__in=keys).delete()[0]

    def save() -> None:
        assert looked.wait(20)
        intake.save_answers(response=response, answers={"ab_age": "57"})
        saved.set()

    deleted, _ = together(delete, save)

    assert deleted == 1
    assert not QuestionnaireResponse.objects.exists()
