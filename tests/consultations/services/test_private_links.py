"""Private links: token and date of birth together, five tries, replaceable; an old mail keeps working."""

import datetime
from typing import Any

import pytest

from clinic.crypto import fingerprint
from clinic.models import AuditEvent
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest, OutboxMessage, PrivateLink
from consultations.services import messaging, private_links
from tests.cast import MakeRequest, make_patient
from tests.rows import all_rows

BORN, NOT_BORN = datetime.date(1970, 3, 27), datetime.date(1970, 3, 28)


def mailed(request: ConsultationRequest, key: str = "one") -> str:
    """The token that stands in a mail to the patient."""
    message = messaging.tell_patient(kind=MessageKind.PRIVATE_LINK, request=request, key=key)
    assert message is not None
    return message.payload["link"].rstrip("/").rpartition("/")[2]


def test_token_and_date_open_the_request_and_say_so_on_record(alice: ConsultationRequest) -> None:
    token = mailed(alice)
    assert private_links.open_link(token=token, birth_on=BORN) == alice
    assert [each.action for each in AuditEvent.objects.about(alice)] == ["link.open"]


@pytest.mark.parametrize("token", ["", "x", "\x00", "a" * 5000, fingerprint("x")])
def test_an_unknown_token_opens_nothing_and_counts_nothing(alice: ConsultationRequest, token: str) -> None:
    mailed(alice)
    before = all_rows()
    assert private_links.open_link(token=token, birth_on=BORN) is None
    assert all_rows() == before


def test_what_the_table_holds_opens_nothing(alice: ConsultationRequest) -> None:
    mailed(alice)
    assert private_links.open_link(token=PrivateLink.objects.get().token_hash, birth_on=BORN) is None


def test_the_fifth_wrong_date_locks_it_and_mails_another_to_the_same_address(alice: ConsultationRequest) -> None:
    token = mailed(alice)
    for wrong in range(1, 6):
        assert private_links.open_link(token=token, birth_on=NOT_BORN) is None
        link = PrivateLink.objects.get(token_hash=fingerprint(token))
        assert (link.wrong_dates, link.locked_at is not None) == (wrong, wrong == 5)
    assert private_links.open_link(token=token, birth_on=BORN) is None
    assert [each.recipient for each in OutboxMessage.objects.all()] == ["alice@example.com"] * 2
    fresh = OutboxMessage.objects.latest("pk").payload["link"].rstrip("/").rpartition("/")[2]
    assert private_links.open_link(token=fresh, birth_on=BORN) == alice


def test_a_right_date_after_four_wrong_ones_opens(alice: ConsultationRequest) -> None:
    token = mailed(alice)
    for _ in range(4):
        private_links.open_link(token=token, birth_on=NOT_BORN)
    assert private_links.open_link(token=token, birth_on=BORN) == alice


def test_it_ends_after_ninety_days(alice: ConsultationRequest, time_machine: Any) -> None:
    token = mailed(alice)
    time_machine.shift(messaging.LINK_LIFE - datetime.timedelta(seconds=1))
    assert private_links.open_link(token=token, birth_on=BORN) == alice
    time_machine.shift(1)
    assert private_links.open_link(token=token, birth_on=BORN) is None


def test_replacing_ends_every_earlier_link_of_this_request_and_no_other(
    alice: ConsultationRequest, make_request: MakeRequest
) -> None:
    old = [mailed(alice, "one"), mailed(alice, "two")]
    second = make_request(patient=alice.patient)
    other = mailed(second, "three")
    private_links.replace(request=alice)
    assert [private_links.open_link(token=token, birth_on=BORN) for token in old] == [None, None]
    assert private_links.open_link(token=other, birth_on=BORN) == second
    fresh = OutboxMessage.objects.latest("pk").payload["link"].rstrip("/").rpartition("/")[2]
    assert private_links.open_link(token=fresh, birth_on=BORN) == alice


class TestSendAgain:
    def test_reaches_the_address_in_the_request_however_it_is_typed(self, alice: ConsultationRequest) -> None:
        private_links.send_again(email="  ALICE@example.COM ")
        assert [each.recipient for each in OutboxMessage.objects.all()] == ["alice@example.com"]

    def test_an_unknown_address_changes_nothing(self, alice: ConsultationRequest) -> None:
        before = all_rows()
        private_links.send_again(email="mallory@example.com")
        assert all_rows() == before

    def test_the_three_newest_and_once_a_minute(self, make_request: MakeRequest, time_machine: Any) -> None:
        requests = []
        for _ in range(4):
            requests.append(make_request(patient=make_patient()))
            time_machine.shift(1)
        private_links.send_again(email="alice@example.com")
        private_links.send_again(email="alice@example.com")
        told = [each.request for each in OutboxMessage.objects.all()]
        assert told == requests[:0:-1]
        time_machine.shift(60)
        private_links.send_again(email="alice@example.com")
        assert OutboxMessage.objects.count() == 6
