"""A new password by a mailed link: no way past the second step, and no way to learn whose address is known."""

import datetime
from typing import Any

import pytest
from django.test import Client

from clinic.accounts.models import User
from clinic.core import delivery
from clinic.core.models import AuditEvent, OutboxMessage
from tests.clinic.accounts.second_factors import CODE, LOGIN, PASSWORD, code_now, give_app, sign_in
from tests.database_snapshot import all_rows
from tests.mailbox import path_of, write
from tests.personas import MONDAY_MORNING

pytestmark = pytest.mark.django_db
ASK = "/admin/login/password/"
NEW = {"new_password1": "another quiet passphrase", "new_password2": "another quiet passphrase"}


@pytest.fixture(autouse=True)
def required(settings: Any, time_machine: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    time_machine.move_to(MONDAY_MORNING, tick=False)


def ask(email: str = "nurse@clinic.example", address: str = "203.0.113.5") -> Any:
    return Client(REMOTE_ADDR=address).post(ASK, {"email": email})


def link() -> str:
    return path_of(OutboxMessage.objects.get(kind="staff_password_link"))


def opened(path: str) -> tuple[Client, str]:
    client = Client()
    return client, client.get(path)["Location"]


def test_a_new_password_still_asks_for_the_second_step(nurse: User) -> None:
    give_app(nurse)
    ask()
    client, form = opened(link())
    assert form == "/admin/login/password/new/"
    assert client.post(form, NEW)["Location"] == LOGIN
    assert client.get("/admin/").status_code == 302
    answer = client.post(LOGIN, {"username": "nurse", "password": NEW["new_password1"]})
    assert answer["Location"] == CODE
    client.post(CODE, {"code": code_now()})
    assert client.get("/admin/").status_code == 200
    assert list(AuditEvent.objects.order_by("pk").values_list("action", "actor")) == [
        ("staff.link_asked", "somebody"),
        ("staff.set_password", "nurse"),
        ("staff.sign_in", "nurse"),
    ]


def test_the_answer_is_the_same_for_an_address_that_is_nobodys(nurse: User) -> None:
    known, unknown = (
        ask(email).content.decode().replace(email, "X") for email in ("nurse@clinic.example", "no@x.example")
    )
    strip = [line for line in known.splitlines() if "csrf" not in line]
    assert strip == [line for line in unknown.splitlines() if "csrf" not in line]
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_who_may_not_sign_in_gets_no_link(nurse: User, change: dict[str, bool]) -> None:
    User.objects.update(**change)
    ask()
    assert not OutboxMessage.objects.exists()
    User.objects.update(is_active=True, is_staff=True)
    ask()
    path = link()
    User.objects.update(**change)
    assert Client().get(path).status_code == 404


def test_a_mailbox_is_not_flooded_and_the_page_does_not_say_so(nurse: User) -> None:
    answers = [ask(address=f"198.51.{number}.7").status_code for number in range(9)]
    assert answers == [200] * 9
    assert OutboxMessage.objects.count() == 3


def test_one_network_asks_twenty_times_an_hour() -> None:
    assert [ask(f"p{number}@x.example").status_code for number in range(21)] == [200] * 20 + [429]


@pytest.mark.parametrize("event", ["used", "an hour later", "a sign-in", "a reset of the second step", "made up"])
def test_a_link_runs_out(nurse: User, time_machine: Any, event: str) -> None:
    give_app(nurse)
    ask()
    path = link()
    if event == "used":
        client, form = opened(path)
        client.post(form, NEW)
    elif event == "an hour later":
        time_machine.shift(datetime.timedelta(hours=1, seconds=1))
    elif event == "a sign-in":
        client = sign_in(Client())
        time_machine.shift(60)
        client.post(CODE, {"code": code_now()})
    elif event == "a reset of the second step":
        User.objects.update(session_epoch=1)
    else:
        path = path.replace(f"/{nurse.pk}-", f"/{nurse.pk + 1}-")
    assert Client().get(path).status_code == 404


def test_a_look_at_the_link_changes_nothing(nurse: User) -> None:
    """A mail scanner follows it first."""
    ask()
    path = link()
    before = all_rows(without={"Session"})
    Client().get(path)
    Client().head(path)
    assert all_rows(without={"Session"}) == before
    client, form = opened(path)
    assert client.post(form, NEW)["Location"] == LOGIN


def test_the_key_is_not_in_the_address_of_the_form_nor_for_colleagues_to_read(nurse: User, caplog: Any) -> None:
    from clinic.core import outbox
    from clinic.core.logs import mask

    ask()
    message = OutboxMessage.objects.get()
    path = link()
    key = path.split("/")[-2]
    assert len(key) > 32
    assert key not in mask(f"GET {path}")
    shown = outbox.read(OutboxMessage.objects.get(pk=message.pk))
    assert shown is not None
    assert key not in shown.text


def test_a_weak_password_is_refused(nurse: User) -> None:
    ask()
    client, form = opened(link())
    for word in ("short", "1234567890123", "nurse@clinic.example"):
        assert client.post(form, {"new_password1": word, "new_password2": word}).status_code == 200
    nurse.refresh_from_db()
    assert nurse.check_password(PASSWORD)


def test_every_session_of_the_account_ends_with_its_password(nurse: User) -> None:
    give_app(nurse)
    elsewhere = sign_in(Client())
    elsewhere.post(CODE, {"code": code_now()})
    assert elsewhere.get("/admin/").status_code == 200
    nurse.last_login = None
    nurse.save()
    ask()
    client, form = opened(link())
    client.post(form, NEW)
    assert elsewhere.get("/admin/").status_code == 302


def test_the_owner_is_told(nurse: User, mailoutbox: list[Any]) -> None:
    ask()
    client, form = opened(link())
    client.post(form, NEW)
    delivery.deliver_due()
    told = next(mail for mail in mailoutbox if "was changed" in mail.subject)
    assert "The password of your account was changed." in told.body
    assert NEW["new_password1"] not in told.body


def test_the_mail_says_what_stays_and_names_no_other_host(nurse: User) -> None:
    Client(headers={"host": "localhost"}).post(ASK, {"email": "nurse@clinic.example"})
    letter = write(OutboxMessage.objects.get())
    assert letter.to == "nurse@clinic.example"
    assert "http://testserver/admin/login/password/" in letter.text
    assert "Your second step stays as it is" in letter.text
