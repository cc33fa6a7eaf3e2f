"""Guessing is slow from however many networks, and keeps nobody out who has signed in in this browser before."""

import datetime
from typing import Any

import pytest
from django.test import Client

from clinic.accounts.models import User
from clinic.core import delivery
from clinic.core.models import AuditEvent, OutboxMessage
from tests.clinic.accounts.second_factors import CODE, LOGIN, PASSWORD, code_now, give_app, sign_in
from tests.personas import MONDAY_MORNING

pytestmark = pytest.mark.django_db
WRONG = "not the passphrase"
WAIT = "Too many tries"


@pytest.fixture(autouse=True)
def monday_morning(time_machine: Any) -> None:
    time_machine.move_to(MONDAY_MORNING, tick=False)


def guess(*, name: str = "nurse", password: str = WRONG, address: str = "203.0.113.5", path: str = LOGIN) -> int:
    return Client(REMOTE_ADDR=address).post(path, {"username": name, "password": password}).status_code


def from_many_networks(count: int, **fields: str) -> list[int]:
    return [guess(address=f"198.51.{number}.7", **fields) for number in range(count)]


def known_browser() -> Client:
    client = sign_in(Client())
    client.post("/admin/logout/")
    return client


class TestPasswords:
    def test_the_account_is_slowed_from_sixty_networks(self, nurse: User, time_machine: Any) -> None:
        answers = from_many_networks(60)
        assert answers == [200] * 5 + [429] * 55
        evaluated = 0
        for _ in range(24 * 60):
            time_machine.shift(60)
            evaluated += guess(address=f"198.51.{evaluated}.7") == 200
        assert evaluated <= 105  # in a day, at one a minute: the wait grows to a quarter of an hour

    def test_the_page_says_how_long_and_what_helps_at_once(self, nurse: User) -> None:
        from_many_networks(5)
        page = Client().post(LOGIN, {"username": "nurse", "password": PASSWORD})
        assert page.status_code == 429
        text = page.content.decode()
        assert "so there is a pause of 1 second." in text
        assert "use your passkey, or have a link to a new password mailed to you." in text

    def test_a_name_that_is_nobodys_is_slowed_alike(self, nurse: User) -> None:
        assert from_many_networks(20, name="nobody") == from_many_networks(20) == [200] * 5 + [429] * 15

    def test_capital_letters_give_no_more_tries(self, nurse: User) -> None:
        from_many_networks(5)
        assert guess(name="NURSE") == 429

    def test_knocking_does_not_make_the_wait_longer(self, nurse: User, time_machine: Any) -> None:
        from_many_networks(60)
        time_machine.shift(2)
        assert guess(password=PASSWORD) == 302

    def test_trying_many_names_from_one_network_is_slowed(self, nurse: User) -> None:
        answers = [guess(name=f"user{number}") for number in range(40)]
        assert answers == [200] * 30 + [429] * 10
        assert guess(name="user41", address="198.51.100.7") == 200

    def test_right_passwords_do_not_count(self, nurse: User) -> None:
        assert [guess(password=PASSWORD) for _ in range(40)] == [302] * 40


class TestNobodyLocksAColleagueOut:
    def test_not_by_guessing_at_the_account_and_not_from_the_same_network(self, nurse: User) -> None:
        known = known_browser()
        from_many_networks(60)
        for number in range(60):
            guess(name=f"user{number}", address="127.0.0.9")
        assert known.post(LOGIN, {"username": "nurse", "password": PASSWORD}).status_code == 302

    def test_in_a_known_browser_the_wait_is_a_minute_at_most(self, nurse: User, time_machine: Any) -> None:
        known = known_browser()
        for _ in range(500):
            known.post(LOGIN, {"username": "nurse", "password": WRONG})
            time_machine.shift(30)
        time_machine.shift(61)
        assert known.post(LOGIN, {"username": "nurse", "password": PASSWORD}).status_code == 302

    def test_a_browser_known_to_one_account_is_a_strangers_to_another(self, nurse: User, doctor: User) -> None:
        known = known_browser()
        from_many_networks(5, name="doctor")
        assert known.post(LOGIN, {"username": "doctor", "password": PASSWORD}).status_code == 429

    def test_a_made_up_cookie_helps_nobody(self, nurse: User, settings: Any) -> None:
        from_many_networks(5)
        for value in ("", "x", '["a",["1.0"]]:1x:y', "{}"):
            client = Client()
            client.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = value
            assert client.post(LOGIN, {"username": "nurse", "password": PASSWORD}).status_code == 429

    def test_a_workstation_knows_several_people(self, nurse: User, doctor: User) -> None:
        known = known_browser()
        sign_in(known, "doctor")
        known.post("/admin/logout/")
        from_many_networks(6)
        from_many_networks(6, name="doctor")
        for name in ("nurse", "doctor"):
            assert known.post(LOGIN, {"username": name, "password": PASSWORD}).status_code == 302
            known.post("/admin/logout/")

    def test_the_cookie_names_nobody_and_no_script_reads_it(self, nurse: User, settings: Any) -> None:
        cookie = sign_in(Client()).cookies[settings.KNOWN_BROWSER_COOKIE_NAME]
        assert "nurse" not in cookie.value
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == 365 * 24 * 60 * 60


class TestCodes:
    def test_a_code_is_guessed_at_no_faster(self, nurse: User, settings: Any) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        give_app(nurse)
        answers = [sign_in(Client()).post(CODE, {"code": f"{number:06}"}).status_code for number in range(20)]
        assert answers == [200] * 5 + [429] * 15

    def test_the_owner_in_a_known_browser_is_not_kept_waiting(self, nurse: User, settings: Any) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        known = known_browser()
        give_app(nurse)
        for number in range(20):
            sign_in(Client()).post(CODE, {"code": f"{number:06}"})
        sign_in(known)
        assert known.post(CODE, {"code": code_now()}).status_code == 302


class TestWhoIsTold:
    def test_the_owner_and_a_manager_once_a_day(
        self, nurse: User, manager: User, time_machine: Any, mailoutbox: list[Any]
    ) -> None:
        for _ in range(40):
            time_machine.shift(15 * 60 + 1)
            guess(address="198.51.100.7")
        delivery.deliver_due()
        first = MONDAY_MORNING.date()
        assert OutboxMessage.objects.filter(created_at__date=first).count() <= 2 * 2
        sent = {(mail.to[0], mail.subject) for mail in mailoutbox}
        assert sent == {
            ("nurse@clinic.example", "Somebody tries to sign in to your account"),
            ("manager@clinic.example", "Somebody tries to sign in as a colleague"),
        }
        text = next(mail.body for mail in mailoutbox if mail.to == ["nurse@clinic.example"])
        assert WRONG not in text
        assert "198.51" not in text

    def test_that_the_password_is_known_once_codes_are_tried(
        self, nurse: User, manager: User, settings: Any, mailoutbox: list[Any]
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        give_app(nurse)
        for number in range(5):
            sign_in(Client()).post(CODE, {"code": f"{number:06}"})
        delivery.deliver_due()
        told = {mail.to[0]: mail for mail in mailoutbox}
        assert told["nurse@clinic.example"].subject == "Somebody knows the password of your account"
        assert "set a new one at once" in " ".join(told["nurse@clinic.example"].body.split())
        assert "their password is known" in " ".join(told["manager@clinic.example"].body.split())

    def test_a_few_slips_alarm_nobody(self, nurse: User, manager: User) -> None:
        from_many_networks(5)
        assert not OutboxMessage.objects.exists()

    def test_every_refusal_is_on_record_without_what_was_typed(self, nurse: User) -> None:
        guess()
        guess(name="somebody-typed-their-passphrase-here")
        events = AuditEvent.objects.order_by("pk")
        assert [(event.action, event.actor, event.target_id) for event in events] == [
            ("staff.password_refused", "somebody", str(nurse.pk)),
            ("staff.password_refused", "somebody", ""),
        ]
        assert "passphrase" not in str(list(events.values()))

    def test_nothing_typed_reaches_the_log(self, nurse: User, caplog: Any) -> None:
        with caplog.at_level("DEBUG"):
            guess(name="typed-into-the-wrong-box")
            guess()
        assert "typed-into" not in caplog.text
        assert WRONG not in caplog.text


def test_the_count_is_forgotten_after_a_day(nurse: User, time_machine: Any) -> None:
    from_many_networks(5)
    time_machine.shift(datetime.timedelta(days=1, seconds=5))
    assert from_many_networks(6) == [200] * 5 + [429]
