"""Staff are told of what could not be sent: one alert an hour, however much it is, and never about itself."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest, LinkAsked
from consultations.services import messaging, private_links, undelivered
from tests.mailbox import link_of

HOUR = datetime.timedelta(hours=1)


def park(consultation_request: ConsultationRequest, *keys: str) -> None:
    for key in keys:
        messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key=key)
    OutboxMessage.objects.filter(key__in=keys).update(parked_at=clock.now())


def told() -> list[str]:
    return [item.recipient for item in OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).order_by("pk")]


def test_a_flood_is_one_alert_to_each_on_duty_and_leads_to_the_list(
    alice: ConsultationRequest, nurse: User, other_nurse: User, doctor: User
) -> None:
    park(alice, *(f"m{number}" for number in range(40)))
    assert undelivered.alert_undelivered() == 2
    assert told() == ["nurse@clinic.example", "other_nurse@clinic.example"]
    link = OutboxMessage.objects.get(key__startswith=f"undelivered-{nurse.pk}-")
    assert link_of(link) == "http://testserver/admin/core/outboxmessage/?state=parked"
    assert undelivered.alert_undelivered() == 0


def test_more_within_the_hour_waits_for_the_next(alice: ConsultationRequest, nurse: User, time_machine: Any) -> None:
    time_machine.move_to(datetime.datetime(2026, 11, 23, 15, 10, tzinfo=datetime.UTC), tick=False)
    park(alice, "one")
    assert undelivered.alert_undelivered() == 1
    park(alice, "two")
    assert undelivered.alert_undelivered() == 0
    time_machine.shift(HOUR)
    assert undelivered.alert_undelivered() == 1
    time_machine.shift(HOUR)
    assert undelivered.alert_undelivered() == 0
    assert len(told()) == 2


def test_nothing_counts_as_told_until_somebody_was(alice: ConsultationRequest, nurse: User) -> None:
    nurse.is_active = False
    nurse.save()
    park(alice, "one")
    assert undelivered.alert_undelivered() == 0
    nurse.is_active = True
    nurse.save()
    assert undelivered.alert_undelivered() == 1


@pytest.mark.parametrize(
    ("address", "expected"), [("duty@clinic.example", "duty@clinic.example"), ("", "nurse@clinic.example")]
)
def test_with_nobody_on_duty_it_goes_to_the_duty_address_or_the_next_owner(
    alice: ConsultationRequest, nurse: User, settings: Any, address: str, expected: str
) -> None:
    settings.DUTY_EMAIL = address
    User.objects.update(is_on_duty=False)
    park(alice, "one")
    assert undelivered.alert_undelivered() == 1
    assert told() == [expected]


def test_without_triage_a_doctor_is_told_and_else_a_manager(
    alice: ConsultationRequest, nurse: User, doctor: User, manager: User, time_machine: Any
) -> None:
    User.objects.filter(pk=nurse.pk).update(is_active=False)
    park(alice, "one")
    undelivered.alert_undelivered()
    User.objects.filter(pk=doctor.pk).update(is_on_duty=False)
    time_machine.shift(HOUR)
    park(alice, "two")
    undelivered.alert_undelivered()
    assert told() == ["doctor@clinic.example", "manager@clinic.example"]


def test_an_alert_that_cannot_be_sent_itself_makes_no_other(
    alice: ConsultationRequest, nurse: User, time_machine: Any
) -> None:
    park(alice, "one")
    undelivered.alert_undelivered()
    for _ in range(5):
        OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).update(parked_at=clock.now())
        time_machine.shift(2 * HOUR)
        assert undelivered.alert_undelivered() == 0
    assert len(told()) == 1


def test_an_alert_about_a_case_that_did_not_go_is_told(nurse: User, other_nurse: User) -> None:
    messaging.alert_staff(user=nurse, key="case-1-opened", path="/admin/")
    OutboxMessage.objects.update(parked_at=clock.now())
    assert undelivered.alert_undelivered() == 2


def test_a_link_asked_for_that_was_not_sent_is_told_once(nurse: User, time_machine: Any) -> None:
    private_links.ask(email="alice@example.com")
    LinkAsked.objects.update(parked_at=clock.now())
    assert undelivered.alert_undelivered() == 1
    time_machine.shift(HOUR)
    assert undelivered.alert_undelivered() == 0


@pytest.mark.parametrize(("minutes", "attempts", "expected"), [(14, 3, 0), (16, 3, 1), (16, 0, 0)])
def test_what_the_server_does_not_take_for_a_quarter_of_an_hour_is_delayed(
    alice: ConsultationRequest, minutes: int, attempts: int, expected: int
) -> None:
    messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=alice, key="one")
    OutboxMessage.objects.update(send_at=clock.now() - datetime.timedelta(minutes=minutes), attempts=attempts)
    assert undelivered.delayed_messages().count() == expected
