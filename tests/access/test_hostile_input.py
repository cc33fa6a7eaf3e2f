"""What no honest browser sends: refused with a sentence, sent back, or kept exactly. Never a 500, never half a save."""

import datetime
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock, delivery
from clinic.core.models import OutboxMessage
from consultations.models import (
    Appointment,
    CaseNote,
    ConsultationRequest,
    InformationRequest,
    Patient,
    PrivateLink,
    QuestionnaireResponse,
    TriageDecision,
)
from consultations.services import messaging, private_links
from tests.access.conftest import everything, undone
from tests.access.forms import FORMS, Stage
from tests.consultations.views.conftest import CONSENTS, text_of
from tests.depth import deepens, depth
from tests.personas import MakeRequest

pytestmark = pytest.mark.usefixtures("monday")

URLENCODED = "application/x-www-form-urlencoded"
BYTES = {
    "NUL": "a%00b",
    "lone surrogate": "a%ED%A0%80b",
    "bytes of no text": "%FF%FE",
    "overlong NUL": "%C0%80",
    "Latin-1": "caf%E9",
}
"""Percent-encoded, because no text holds them. Refused before any form sees them."""
TEXTS = {
    "right to left": "Alice\u202egnp.exe",
    "zero width": "Al\u200bice",
    "nothing but zero width": "\u200b\u200d\ufeff",
    "no character": "Alice\uffff",
    "joined emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "combining flood": "Z" + "̸̢" * 800,
    "escape": "\x1b[31mred",
    "delete": "a\x7fb",
    "next line": "a\x85b\u2028c",
    "markup": "<script>alert(1)</script>",
    "template": "{{ 7*7 }}{% load x %}",
    "SQL": "'; DROP TABLE accounts_user; --",
    "far number": "9" * 4000,
    "no number": "NaN",
    "other digits": "١٢",
    "a date far off": "0001-01-01",
}
DISPOSITION = b'--x\r\nContent-Disposition: form-data; name="a"'
NO_FORMS = (
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=", b"--\r\n"),
    ("multipart/form-data; boundary=" + "x" * 300, b"--x\r\n"),
    ("multipart/form-data; boundary=\xe9", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b""),
    ("multipart/form-data; boundary=x", DISPOSITION),
    ("multipart/form-data; boundary=x", DISPOSITION + b"\r\n\r\nb"),
    ("multipart/form-data; boundary=x", DISPOSITION + b'; filename="b"\r\n\r\nc\r\n--x--\r\n'),
    ("multipart/form-data; boundary=x", DISPOSITION + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", DISPOSITION + b"\r\n\r\n\xff\xfe\r\n--x--\r\n"),
    (f"{URLENCODED}; charset=latin-1", b"a=%E9"),
    (f"{URLENCODED}; charset=utf-16", b"a=b"),
    (f"{URLENCODED}; charset=no-such", b"a=b"),
    ("application/json", b'{"a": "b"}'),
    ("text/plain", b"a=b"),
    ("", b"a=b"),
    ("nonsense", b"a=b"),
)
"""Bodies cut short, mislabelled, or of another kind."""
BIG = "a" * 1024 * 1024
PLACES = {name: index for index, name in enumerate(FORMS)}


KEEPS_WHAT_COUNTS = ("danger questions", "how it went", "open saved check", "sign in")
"""What was heard in a call, or that somebody is worse, is kept whatever is wrong with the rest of the form; and a wrong
word or password is counted, whatever it is made of."""


@pytest.fixture
def stage(monday: None, make_request: MakeRequest, clinician: Any, doctor: User) -> Stage:
    return Stage(make_request, clinician, doctor)


def body_of(data: dict[str, Any], **raw: str) -> str:
    """A form body; `raw` values stand in it as they are."""
    whole = {name: quote(str(value)) for name, value in data.items()} | raw
    return "&".join(f"{name}={value}" for name, value in whole.items())


def is_sound(response: Any, before: dict[str, Any], label: object, *, name: str = "") -> None:
    """A refusal or a form sent back saves nothing and says something; nothing fails."""
    assert response.status_code < 500, label
    if response.status_code not in (301, 302):
        assert everything() == before or name in KEEPS_WHAT_COUNTS, label
        assert len(text_of(response)) > 40, label


@pytest.mark.parametrize("name", FORMS)
class TestEveryForm:
    def test_is_accepted_when_filled_in(self, stage: Stage, name: str) -> None:
        """Otherwise the tests below would try a closed door."""
        client, path, data = FORMS[name](stage)
        response = client.post(path, data)
        assert response.status_code == (
            200 if name in ("decide", "send link", "ask", "carried screen", "join", "settle", "case") else 302
        )
        assert "Error:" not in response.content.decode()

    def test_refuses_what_is_no_text(self, stage: Stage, name: str) -> None:
        client, path, data = FORMS[name](stage)
        before = everything()
        for kind, raw in BYTES.items():
            for field in data:
                response = client.post(path, body_of(data, **{field: raw}), content_type=URLENCODED)
                assert response.status_code == 400, (kind, field)
                is_sound(response, before, (kind, field))
            response = client.post(path, body_of(data) + f"&{raw}=x", content_type=URLENCODED)
            assert response.status_code == 400, kind
            is_sound(response, before, (kind, "the name of a field"))

    @deepens
    def test_stands_strange_text_in_every_field(self, stage: Stage, name: str) -> None:
        """Every third text in all fields at once, and one, another each time, in each field alone; at length each."""
        client, path, data = FORMS[name](stage)
        before = everything()
        for kind in list(TEXTS)[PLACES[name] % depth(3, 1) :: depth(3, 1)]:
            with undone(client):
                is_sound(client.post(path, dict.fromkeys(data, TEXTS[kind])), before, kind, name=name)
        for index, field in enumerate(data):
            turns = depth(len(TEXTS), 1)
            for kind in list(TEXTS)[(index + PLACES[name]) % turns :: turns]:
                with undone(client):
                    is_sound(client.post(path, {**data, field: TEXTS[kind]}), before, (field, kind), name=name)

    @deepens
    def test_stands_what_has_the_wrong_shape(self, stage: Stage, name: str) -> None:
        """Each shape in every fourth field, beginning with another one in each form; at length in every field."""
        client, path, data = FORMS[name](stage)
        before = everything()
        for index, field in enumerate(data):
            shapes = {"twice": ["x", data[field]], "many": ["x"] * 50, "empty": "", "blank": " \t\r\n "}
            turns = depth(4, 1)
            turn = (index + PLACES[name]) % turns
            for label in list(shapes)[turn::turns]:
                with undone(client):
                    is_sound(client.post(path, {**data, field: shapes[label]}), before, (field, label), name=name)
            for key in (f"{field}[]", f"{field}[0]", f"{field}.x", f"__proto__.{field}")[turn::turns]:
                rest = {other: value for other, value in data.items() if other != field}
                with undone(client):
                    is_sound(client.post(path, {**rest, key: "x"}), before, key, name=name)

    def test_refuses_a_megabyte(self, stage: Stage, name: str) -> None:
        client, path, data = FORMS[name](stage)
        before = everything()
        for field in data:
            response = client.post(path, body_of(data, **{field: BIG}), content_type=URLENCODED)
            assert response.status_code == 413, field
            is_sound(response, before, field)

    def test_refuses_a_thousand_fields(self, stage: Stage, name: str) -> None:
        client, path, data = FORMS[name](stage)
        before = everything()
        many = "&".join(f"f{number}=1" for number in range(1001))
        response = client.post(path, f"{body_of(data)}&{many}", content_type=URLENCODED)
        assert response.status_code == 400
        is_sound(response, before, name)

    @deepens
    def test_stands_a_body_that_is_no_form(self, stage: Stage, name: str) -> None:
        """Every third body, beginning with another one in each form; at length every body."""
        client, path, _ = FORMS[name](stage)
        before = everything()
        for kind, body in NO_FORMS[PLACES[name] % depth(3, 1) :: depth(3, 1)]:
            with undone(client):
                response = client.generic("POST", path, body, content_type=kind)
                is_sound(response, before, kind, name=name)
                # Starting the check, giving a time back and ending a call ask for nothing: an empty form is a form.
                asks_nothing = ("start", "start with answers", "cancel time", "end of a call", *KEEPS_WHAT_COUNTS)
                assert everything() == before or name in asks_nothing, kind
            if "charset" in kind:
                assert response.status_code == 400, kind

    def test_wants_the_token_of_its_page(self, stage: Stage, name: str) -> None:
        client, path, data = FORMS[name](stage)
        client.handler.enforce_csrf_checks = True
        before = everything()
        for token in ({}, {"csrfmiddlewaretoken": ""}, {"csrfmiddlewaretoken": "x" * 64}):
            with undone(client):
                response = client.post(path, {**data, **token})
                assert response.status_code == (302 if name == "appearance" else 403)
                is_sound(response, before, token)


KEPT: dict[str, tuple[str, Callable[[], str]]] = {
    "free text": ("ex_note", lambda: QuestionnaireResponse.objects.latest("pk").answers["ex_note"]),
    "carry": ("words", lambda: QuestionnaireResponse.objects.latest("pk").brought),
    "contact": ("name", lambda: QuestionnaireResponse.objects.latest("pk").contact["name"]),
    "contact of a helper": ("helper_name", lambda: QuestionnaireResponse.objects.latest("pk").contact["helper_name"]),
    "call back": ("name", lambda: Patient.objects.latest("pk").name),
    "answer": ("answer", lambda: InformationRequest.objects.latest("pk").answer),
    "cancel time": ("reason", lambda: Appointment.objects.latest("pk").cancel_reason),
    "note": ("note", lambda: TriageDecision.objects.latest("pk").note),
    "order": ("reason", lambda: TriageDecision.objects.latest("pk").note),
    "case note": ("note_text", lambda: CaseNote.objects.latest("pk").text),
}


SEEN_OF_A_NAME = {
    "Alice\u202egnp.exe": "Alicegnp.exe",
    "Al\u200bice": "Alice",
    "Alice\uffff": "Alice",
    "\x1b[31mred": "[31mred",
    "a\x7fb": "ab",
    "a\x85b\u2028c": "a b c",
}
"""A name is kept without what cannot be seen in it."""
SEEN_OF_A_TEXT = {TEXTS["nothing but zero width"]: ""}
"""What only looks empty is as good as nothing in a box that may stay empty."""
MAY_STAY_EMPTY = ("free text", "cancel time")


@pytest.mark.parametrize("name", KEPT)
def test_what_is_accepted_is_kept_to_the_letter(stage: Stage, name: str) -> None:
    client, path, data = FORMS[name](stage)
    field, stored = KEPT[name]
    cleaned = SEEN_OF_A_NAME if field in ("name", "helper_name") else {}
    cleaned = SEEN_OF_A_TEXT if name in MAY_STAY_EMPTY else cleaned
    accepted = []
    honest = {"accents": "Ødegård Nguyễn-O’Brien", "greek": "Ελένη", "arabic": "ليلى", "han": "王小明", "one": "Ng"}
    for kind, text in {**honest, **TEXTS}.items():
        with undone(client):
            response = client.post(path, {**data, field: text})
            if response.status_code == 302:
                assert stored() == cleaned.get(text, text), kind
                accepted.append(kind)
    assert set(honest) <= set(accepted)


DATES = {
    "29 February of a common year": ("2023", "2", "29", False),
    "29 February of 1900": ("1900", "2", "29", False),
    "31 April": ("1970", "4", "31", False),
    "30 February": ("1970", "2", "30", False),
    "wide digits": ("１９７０", "3", "27", False),
    "far year": ("9" * 5000, "1", "1", False),
    "month 13": ("1970", "13", "1", False),
    "day 0": ("1970", "1", "0", False),
    "year 1": ("0001", "1", "1", False),
    "year 0": ("0000", "1", "1", False),
    "year 1899": ("1899", "12", "31", False),
    "year 9999": ("9999", "12", "31", False),
    "year 10000": ("10000", "1", "1", False),
    "tomorrow": ("2026", "11", "24", False),
    "two digits": ("70", "3", "27", False),
    "minus": ("-1970", "3", "27", False),
    "today": ("2026", "11", "23", True),
    "121 years ago": ("1905", "11", "23", True),
    "29 February of a leap year": ("1972", "2", "29", True),
    "first day of 1900": ("1900", "1", "1", True),
}
"""Year, month, day, and whether somebody may have been born on it. Today is Monday 23 November 2026 at the clinic."""


@pytest.mark.parametrize("name", ["contact", "open link"])
def test_a_date_nobody_was_born_on_is_named(stage: Stage, subtests: Any, name: str) -> None:
    client, path, data = FORMS[name](stage)
    before = everything()
    for kind, (year, month, day, is_possible) in DATES.items():
        with subtests.test(kind), undone(client):
            given = {"birth_on_year": year, "birth_on_month": month, "birth_on_day": day}
            response = client.post(path, {**data, **given})
            if name == "open link" and is_possible:
                # Possible, and not the date of this patient: that is a wrong date, and counted.
                assert PrivateLink.objects.get().wrong_dates == 1
                continue
            is_sound(response, before, kind)
            if not is_possible:
                assert response.status_code == 200
                assert response.context["form"].has_error("birth_on")
                assert str(response.context["form"].errors["birth_on"].as_data()[0].message) in text_of(response)


def test_tomorrow_begins_at_midnight_of_the_clinic(stage: Stage, time_machine: Any) -> None:
    """At nine in the evening in New York it is tomorrow already in London."""
    client, path, data = FORMS["open link"](stage)
    time_machine.move_to(datetime.datetime(2026, 11, 24, 2, 0, tzinfo=datetime.UTC), tick=False)
    for day, is_refused in (("23", False), ("24", True)):
        response = client.post(path, {**data, "birth_on_year": "2026", "birth_on_month": "11", "birth_on_day": day})
        assert response.context["form"].has_error("birth_on") == is_refused


INJECTIONS = (
    "alice@example.com\r\nBcc: mallory@example.com",
    "alice@example.com\nBcc: mallory@example.com",
    "alice@example.com\rBcc: mallory@example.com",
    "alice@example.com%0d%0aBcc: mallory@example.com",
    "alice@example.com,mallory@example.com",
    "alice@example.com, mallory@example.com",
    "alice@example.com;mallory@example.com",
    "alice@example.com mallory@example.com",
    "Alice <alice@example.com>, <mallory@example.com>",
    '"alice@example.com, mallory"@example.com',
    "alice@example.com\u2028Bcc: mallory@example.com",
    "alice@example.com\x85Bcc: mallory@example.com",
    "mallory@example.com(alice@example.com",
    "=?utf-8?q?Bcc=3A_mallory=40example.com?=",
)


class TestMail:
    def deliver(self) -> list[Any]:
        mail.outbox.clear()
        private_links.answer_asked()
        OutboxMessage.objects.update(due_at=clock.now())
        delivery.deliver_due(limit=100)
        return mail.outbox

    @pytest.mark.parametrize("field", ["name", "helper_name", "email"])
    def test_no_field_adds_a_recipient(self, stage: Stage, subtests: Any, field: str) -> None:
        client, path, data = FORMS["contact of a helper"](stage)
        for text in INJECTIONS:
            with subtests.test(text), undone(client):
                response = client.post(path, {**data, field: text})
                if field == "email":
                    assert response.status_code == 200
                    assert response.context["form"].has_error("email")
                client.post(path.replace("/contact/", "/answers/"), CONSENTS)
                sent = self.deliver()
                assert len(sent) == ConsultationRequest.objects.count()
                for item in sent:
                    assert item.recipients() == ["alice@example.com"]
                    message = item.message()
                    assert (message["To"], message["Cc"], message["Bcc"]) == ("alice@example.com", None, None)
                    assert "mallory" not in str(message["Subject"]) + str(message["From"])

    def test_asking_for_a_link_reaches_only_the_address_in_the_request(self, stage: Stage, subtests: Any) -> None:
        client, path, _ = FORMS["send link"](stage)
        stage.make_request()
        for text in INJECTIONS:
            with subtests.test(text), undone(client):
                client.post(path, {"email": text})
                for item in self.deliver():
                    assert item.recipients() == ["alice@example.com"]

    def test_a_colleagues_name_adds_no_recipient_to_an_alert(self, stage: Stage) -> None:
        stage.doctor.name = "Ines\r\nBcc: mallory@example.com"
        stage.doctor.save()
        messaging.alert_staff(user=stage.doctor, key="one", path="/admin/")
        (sent,) = self.deliver()
        assert sent.recipients() == ["doctor@clinic.example"]
        assert sent.message()["Bcc"] is None


@pytest.mark.parametrize(
    "path", ["/%00", "/%FF/", "/check/0a1b2c3d/q/%ED%A0%80/", "/request/open/%00/", "/admin/%C0%80/"]
)
def test_an_address_that_is_no_text_is_refused(db: None, path: str) -> None:
    assert Client().generic("GET", path).status_code in (400, 404)


@pytest.mark.parametrize(
    "query", ["a=%00", "day=%FF", "month=%ED%A0%80", "%00", "next=%C0%80", "&".join(["a=1"] * 3000)]
)
@pytest.mark.parametrize("path", ["/check/", "/request/x.y/times/", "/admin/login/", "/admin/"])
def test_nor_is_a_query(db: None, path: str, query: str) -> None:
    answer = Client(raise_request_exception=False).get(f"{path}?{query}")
    assert answer.status_code == 400 if "%" in query else answer.status_code < 500


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\thttps://evil.example"],
)
def test_nobody_is_sent_to_another_site(stage: Stage, target: str) -> None:
    for name in ("appearance", "sign in"):
        client, path, data = FORMS[name](stage)
        where = client.post(path, {**data, "next": target}).headers["Location"]
        assert where in ("/", settings.LOGIN_REDIRECT_URL, reverse("admin:index"))


@pytest.mark.parametrize("cookie", ["", "x", "a" * 4000, "'; --", "\xff\xfe", '{"private": 1}'])
def test_a_made_up_session_is_none(db: None, cookie: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    for path in ("/request/", "/admin/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.headers["Location"].split("?")[0] in ("/request/link/", "/admin/login/")
    assert client.get("/check/0a1b2c3d/result/").status_code == 403
