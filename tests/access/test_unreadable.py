"""Stored data that cannot be read: one damaged column never gives a 500, and wrong keys stop only what is encrypted."""

import base64
import dataclasses
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from clinic.core import clock, key_fingerprints
from clinic.core.encrypted_rows import DataKeyField
from clinic.core.fields import EncryptedTextField
from clinic.core.models import Heartbeat, OutboxMessage
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest, InformationRequest, LinkAsked
from consultations.services import messaging, private_links
from consultations.views.private_session import key_of, url_of
from tests.access.conftest import BOOKKEEPING, CHECK_KEY, TOKEN, TRAIL, address, get_as, routes, undone
from tests.consultations.views.conftest import CONSENTS, CONTACT, Visitor, text_of
from tests.database_snapshot import all_rows
from tests.depth import deepens, depth
from tests.personas import open_privately

COLUMNS = [
    (model, field)
    for model in (*apps.get_app_config("consultations").get_models(), OutboxMessage)
    for field in model._meta.local_fields
    if isinstance(field, EncryptedTextField | DataKeyField)
]
WROTE = "I can walk again, a little."
BIRTH = {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}
FORM = {**CONTACT, **CONSENTS, **BIRTH, "answer": WROTE, "reason": WROTE, "words": WROTE, "sure": "on"}
DAMAGED = "We cannot show your page here"
LEAD_ELSEWHERE = ("/admin/", "/request/leave/", "/request/open/")
"""Staff pages have tests of their own; the others end the session that the next look needs."""
CHECKS: dict[str, dict[str, Any]] = {
    "walker": {},
    "sent": {},
    "emergency": {"rf_now": ["chest"]},
    "today": {"rf_now": ["fever"]},
}
STAFF_DAMAGED = "This record cannot be read"


def damage(model: Any, field: Any) -> None:
    name = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {name(model._meta.db_table)} SET {name(field.column)} = 'k1:AAAA'")


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody at a browser, and the keys of their own pages."""

    name: str
    client: Client
    request_key: str = ""
    check_key: str = ""

    def paths(self, site: dict[str, Any]) -> list[str]:
        """What they may open: the pages of their request, or of their check; for others every page."""
        mine = {**site, "key": self.request_key or "nobody"}
        area = "/request/" if self.request_key else "/check/" if self.check_key else "/"
        paths = [address(pattern, mine).replace(CHECK_KEY, self.check_key or CHECK_KEY) for _, pattern in routes()]
        return [path for path in paths if path.startswith(area) and not path.startswith(LEAD_ELSEWHERE)]


def patients(site: dict[str, Any], make_request: Any) -> Iterator[Person]:
    """Everybody who looks at something of their own: choosing, booked, asked, half way through the check, sent."""
    asked = make_request(status=RequestStatus.INFORMATION_ASKED)
    InformationRequest.objects.create(
        consultation_request=asked,
        question="Which hospital?",
        asked_at=clock.now(),
        asked_by=site["clinician_user"],
        is_from_doctor=True,
    )
    for name, consultation_request in (("patient", site["patient"]), ("other", site["other"]), ("asked", asked)):
        client = Client(raise_request_exception=False)
        open_privately(client, consultation_request)
        yield Person(name, client, request_key=key_of(consultation_request))
    for name, changes in CHECKS.items():
        visitor = Visitor(Client(raise_request_exception=False))
        visitor.answer(**changes)
        if name == "sent":
            visitor.tell_contact()
            visitor.send()
        yield Person(name, visitor.client, check_key=visitor.key)


def damaged_columns() -> Iterator[tuple[Any, str]]:
    """Every encrypted column, and every key, of every row, one after another; what was done meanwhile is undone."""
    for model, field in COLUMNS:
        with transaction.atomic():
            damage(model, field)
            yield model, f"{model.__name__}.{field.name}"
            transaction.set_rollback(True)


@dataclasses.dataclass(frozen=True)
class Press:
    """One form or look of one person, and the statements that it sends to the database while nothing is damaged."""

    person: Person
    method: str
    path: str
    statements: str

    def asks(self, model: Any) -> bool:
        return connection.ops.quote_name(model._meta.db_table) in self.statements


def press(client: Client, method: str, path: str) -> Any:
    return client.post(path, FORM) if method == "post" else client.get(path)


def watched(client: Client, method: str, path: str) -> str:
    sent: list[str] = []

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        sent.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        press(client, method, path)
    return " ".join(sent)


def presses(people: list[tuple[Person, list[str]]], methods: tuple[str, ...]) -> list[Press]:
    """Each once for itself and once after those before it: what never asks a table cannot notice its damage."""
    every = [(person, method, path) for person, paths in people for path in paths for method in methods]
    alone = []
    for person, method, path in every:
        with undone(person.client):
            alone.append(watched(person.client, method, path))
    with transaction.atomic():
        in_turn = [watched(person.client, method, path) for person, method, path in every]
        transaction.set_rollback(True)
    return [Press(*item, f"{one} {other}") for item, one, other in zip(every, alone, in_turn, strict=True)]


def failures(people: list[tuple[Person, list[str]]], calm: str, *, methods: tuple[str, ...]) -> list[Any]:
    """Every answer of 500 and more that is not the calm one, whichever column is damaged."""
    known, failed, asked = presses(people, methods), [], 0
    turns = depth(3, 1)  # shortly, each column meets a third of what asks its table, and the next one another third
    for number, (model, name) in enumerate(damaged_columns()):
        for entry in [item for item in known if item.asks(model)][number % turns :: turns]:
            asked += 1
            response = press(entry.person.client, entry.method, entry.path)
            if response.status_code >= 500 and calm not in text_of(response):
                failed.append((name, entry.person.name, entry.method, entry.path, response.status_code))
    assert asked > len(COLUMNS) // turns
    return failed


@deepens
@pytest.mark.slow
def test_a_damaged_column_never_gives_a_patient_a_500(site, make_request):
    people = [(person, person.paths(site)) for person in patients(site, make_request)]
    assert failures(people, DAMAGED, methods=("get", "post")) == []


@deepens
@pytest.mark.slow
def test_nor_does_it_give_staff_one(site):
    names = re.compile(r"admin:(index|(consultations|clinic)_\w+(?<!_add)(?<!_delete))$")
    paths = [address(pattern, site) for name, pattern in routes() if names.match(name)]
    assert failures([(Person("root", get_as("superuser", site)), paths)], STAFF_DAMAGED, methods=("get",)) == []


def test_control_a_page_that_fails_is_found_out(site, make_request):
    people = [(person, person.paths(site)) for person in patients(site, make_request)][:1]
    assert failures(people, "words that no page has", methods=("get",)) != []


class TestDamagedPatient:
    @pytest.fixture
    def patient(self, site) -> ConsultationRequest:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE consultations_patient SET email = 'k1:AAAA' WHERE id = %s", [site["patient"].patient_id]
            )
        return site["patient"]

    def test_the_link_leads_to_a_page_that_says_whom_to_call_and_the_log_names_the_row(
        self, patient, site, settings, caplog
    ):
        client = Client(raise_request_exception=False)
        with caplog.at_level(logging.ERROR):
            response = client.post(f"/request/open/{TOKEN}/", BIRTH)
        assert response.status_code == 503
        assert "Retry-After" not in response
        assert DAMAGED in text_of(response)
        assert settings.CLINIC_PHONE in text_of(response)
        assert settings.EMERGENCY_LINE in text_of(response)
        assert f"a page cannot be shown: consultations.Patient {patient.patient_id} cannot be read" in caplog.text
        assert "AAAA" not in caplog.text

    def test_what_was_written_is_given_back_and_nothing_else_of_the_form(self, patient, site):
        client = Client(raise_request_exception=False)
        open_privately(client, patient)
        response = client.post(url_of("answer_question", patient), {"answer": WROTE, "token": "0123456789abcdef"})
        assert WROTE in response.content.decode()
        assert "0123456789abcdef" not in response.content.decode()

    def test_another_request_that_is_open_in_the_same_browser_is_still_shown(self, patient, site, caplog):
        """A couple: the damaged record of one is left out of what else is open, and named in the log."""
        client = Client(raise_request_exception=False)
        open_privately(client, patient)
        open_privately(client, site["other"])
        with caplog.at_level(logging.ERROR):
            page = client.get(url_of("status", site["other"]))
        assert page.status_code == 200
        assert DAMAGED in text_of(client.get(url_of("status", patient)))
        assert client.get("/request/").status_code == 200
        assert f"damaged record: consultations.consultationrequest {patient.pk}" in caplog.text

    def test_other_patients_notice_nothing(self, patient, site):
        client = get_as("other", site)
        assert client.get(url_of("status", site["other"])).status_code == 200


def test_somebody_whose_answers_are_damaged_can_begin_anew(site):
    visitor = Visitor(Client(raise_request_exception=False))
    visitor.answer(until="weakness")
    for model, field in COLUMNS:
        if (model.__name__, field.name) == ("QuestionnaireResponse", "answers"):
            damage(model, field)
    assert visitor.see("/check/").status_code == 200
    assert "/q/" in visitor.begin().headers["Location"]
    assert visitor.see("/check/emergency/").status_code == 200


@pytest.fixture
def wrong_keys(settings, monkeypatch):
    """Everything was written; then the process was started with another key under the same id."""

    def started() -> None:
        monkeypatch.setattr(key_fingerprints, "_memory", key_fingerprints.Memory())
        settings.FIELD_KEYS = f"k1:{base64.b64encode(b'x' * 32).decode()}"

    return started


SEALED = ("check", "request", "calendar")
"""What begins the address of each page that cannot do without what was encrypted."""


class TestWrongKeys:
    def test_reading_and_emergency_pages_answer_and_the_others_are_calm(self, site, wrong_keys, make_request, settings):
        people = [Person("visitor", Client(raise_request_exception=False)), *patients(site, make_request)]
        wrong_keys()
        before = all_rows(without=(*BOOKKEEPING, *TRAIL, "Feedback"))
        for person in people:
            for path in person.paths(site):
                for method, data in ((person.client.get, {}), (person.client.post, FORM)):
                    response = method(path, data)
                    if response.status_code >= 500:
                        text = text_of(response)
                        assert (response.status_code, path.split("/")[1] in SEALED) == (503, True), path
                        assert settings.EMERGENCY_LINE in text
                        assert settings.CLINIC_PHONE in text
                        assert DAMAGED not in text
            for path in ("/", "/back-pain/when-to-get-help/", "/check/emergency/", "/privacy/"):
                assert person.client.get(path).status_code == 200, (person.name, path)
        assert all_rows(without=(*BOOKKEEPING, *TRAIL, "Feedback")) == before

    def test_nothing_that_was_written_is_lost(self, site, wrong_keys):
        client = get_as("patient", site)
        wrong_keys()
        assert WROTE in client.post(url_of("answer_question", site["patient"]), {"answer": WROTE}).content.decode()

    @pytest.mark.parametrize("role", ["triage", "doctor", "manager", "editor"])
    def test_staff_can_sign_in_and_read_on_today_what_is_wrong(self, role, site, wrong_keys):
        client = get_as(role, site)
        wrong_keys()
        page = client.get("/admin/")
        assert page.status_code == 200
        alarm = page.context["alarms"][0]
        assert alarm.startswith("Health data can be neither read nor saved. Key k1 is wrong: ")
        assert "INDEX_KEY is missing: " in alarm
        assert text_of(page).index("Key k1 is wrong") < text_of(page).index(
            "What you can open" if role == "editor" else "Needs you now"
        )
        assert "Nothing needs you at once." not in text_of(page)
        assert "cannot be read" not in text_of(page), "no record is called damaged"

    def test_sign_in_itself_needs_no_key(self, site, wrong_keys):
        get_as("triage", site)
        wrong_keys()
        client = Client(raise_request_exception=False)
        signed = client.post("/admin/login/", {"username": "the_triage", "password": "a quiet passphrase"})
        assert (signed.status_code, signed.headers["Location"]) == (302, "/admin/")

    def test_staff_pages_of_patients_are_calm(self, site, wrong_keys, settings):
        client = get_as("superuser", site)
        wrong_keys()
        seen = {}
        for name, pattern in routes():
            if name.startswith("admin:") and "logout" not in name:
                response = client.get(address(pattern, site))
                seen[name] = response.status_code
                assert not re.search(r"(?i)(record|case)( \d+)? cannot be read", text_of(response)), name
        assert {status for status in seen.values() if status >= 500} == {503}
        assert seen["admin:consultations_safetycase_changelist"] == 200
        queue = client.get("/admin/consultations/consultationrequest/")
        assert "The keys that this site was started with are not the right ones" in text_of(queue)

    def test_the_worker_goes_on_sends_nothing_and_leaves_every_row_as_it_is(self, site, wrong_keys, caplog):
        messaging.notify_patient(kind="private_link", consultation_request=site["other"], key="waits")
        private_links.ask(email="bob@example.com")
        wrong_keys()
        waiting = list(
            OutboxMessage.objects.order_by("pk")
            .defer("recipient", "payload")
            .values_list("pk", "attempts", "parked_at", "lease_until")
        )
        with caplog.at_level(logging.ERROR):
            for _ in range(3):
                call_command("worker", once=True)
        assert (
            list(OutboxMessage.objects.order_by("pk").values_list("pk", "attempts", "parked_at", "lease_until"))
            == waiting
        )
        assert LinkAsked.objects.count() == 1
        assert mail.outbox == []
        assert Heartbeat.objects.filter(name="worker").exists()
        assert caplog.text.count("health data can be neither read nor written") == 1

    def test_once_the_keys_are_back_what_waited_is_sent(self, site, wrong_keys, settings, monkeypatch):
        right = settings.FIELD_KEYS
        messaging.notify_patient(kind="private_link", consultation_request=site["other"], key="waits")
        wrong_keys()
        call_command("worker", once=True)
        monkeypatch.setattr(key_fingerprints, "_memory", key_fingerprints.Memory())
        settings.FIELD_KEYS = right
        call_command("worker", once=True)
        assert OutboxMessage.objects.get(key="waits").sent_at is not None
        assert "bob@example.com" in {address for item in mail.outbox for address in item.to}

    def test_keys_that_go_wrong_in_the_middle_of_a_turn_do_not_end_the_worker(self, site, wrong_keys, monkeypatch):
        messaging.notify_patient(kind="private_link", consultation_request=site["other"], key="waits")
        usable = key_fingerprints.are_usable
        monkeypatch.setattr(key_fingerprints, "are_usable", lambda **asked: (usable(**asked), wrong_keys())[0])
        call_command("worker", once=True)
        message = OutboxMessage.objects.defer("recipient", "payload").get(key="waits")
        assert (message.sent_at, message.parked_at, message.attempts, message.lease_until) == (None, None, 0, None)
