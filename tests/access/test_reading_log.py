"""Whoever stands on a page that staff are shown stands in the reading log of that page: walked, not believed."""

import datetime
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from clinic.core import clock, reading_log
from clinic.core.models import OutboxMessage, PatientShown, RecordRead
from consultations.enums import CaseStatus, RequestStatus
from consultations.models import ConsultationRequest, PatientText, SafetyCase
from tests.access.conftest import address, get_as, routes
from tests.mailbox import queue_directly
from tests.personas import make_patient

CARE_TEAM = ("triage", "doctor", "manager", "superuser")
REQUESTS = reverse("admin:consultations_consultationrequest_changelist")
CASES = reverse("admin:consultations_safetycase_changelist")
MESSAGES = reverse("admin:core_outboxmessage_changelist")
DIARY = reverse("admin:consultations_appointment_changelist")
AUDIT = reverse("admin:core_auditentry_changelist")
BY_NUMBER = {"audit.list", "audit.view", "diary.hanging", "day_end.view", "missed.form", "missed.list", "missed.view"}
"""Pages that name records by their numbers alone: their log names whose they are all the same."""


@pytest.fixture
def people(site: dict[str, Any], make_request: Any, nurse: Any) -> dict[int, set[str]]:
    """Patient -> what tells a page about them: their name, and the numbers of their requests and cases.

    Beside those of the site, one that only a closed case names, one whose text is to be read first, one that is late.
    """
    now = clock.now()
    closed = make_request(patient=make_patient("Dora Quist"), status=RequestStatus.WITHDRAWN)
    SafetyCase.objects.create(
        response=closed.response, level="EMERGENCY", priority="stat", patient=closed.patient, raised_at=now, due_at=now,
        status=CaseStatus.CLOSED, closed_at=now, closed_by=nurse, outcome="no_way_to_reach", owner=nurse,
        acknowledged_at=now, acknowledged_by=nurse,
    )  # fmt: skip
    wrote = make_request(patient=make_patient("Emil Ravn"), status=RequestStatus.IN_TRIAGE)
    PatientText.objects.create(
        response=wrote.response, kind="message", text="I want to die.", is_self_harm=True, sent_at=now, due_at=now
    )
    make_request(
        patient=make_patient("Frida Sand"),
        submitted_at=now - datetime.timedelta(days=9),
        due_at=now - datetime.timedelta(days=1),
    )
    queue_directly(
        key="two", consultation_request=wrote, recipient="emil@example.com", sent_at=now
    )  # fmt: skip
    told: dict[int, set[str]] = {}
    for item in ConsultationRequest.objects.select_related("patient"):
        told.setdefault(item.patient_id, {item.patient.name}).add(item.reference)
    for case in SafetyCase.objects.exclude(patient=None):
        told[case.patient_id].add(f"Safety case {case.pk}<")
    assert len(told) == 6
    return told


def pages(site: dict[str, Any], client: Client) -> Iterator[tuple[str, str]]:
    """Every staff address that a link leads to, and the tabs, filters and searches behind it."""
    for name, pattern in routes():
        if name.startswith("admin") and name not in ("admin:logout", "admin:login"):
            yield name, address(pattern, site)
    yield from records()
    yield from tabs(site)
    yield from searches(client)
    for reading in RecordRead.objects.order_by("-pk")[:3]:
        yield f"reading {reading.pk}", f"{AUDIT}r{reading.pk}/change/"


def records() -> Iterator[tuple[str, str]]:
    for consultation_request in ConsultationRequest.objects.all():
        yield f"request {consultation_request.pk}", f"{REQUESTS}{consultation_request.pk}/change/"
    for case in SafetyCase.objects.all():
        yield f"case {case.pk}", f"{CASES}{case.pk}/change/"
    for message in OutboxMessage.objects.all():
        yield f"message {message.pk}", f"{MESSAGES}{message.pk}/change/"


def tabs(site: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for tab in ("all", "unread", "triage", "doctor", "waiting", "booked", "closed"):
        yield f"tab {tab}", f"{REQUESTS}?tab={tab}"
    for state in ("all", "parked", "waiting", "sent"):
        yield f"messages {state}", f"{MESSAGES}?state={state}"
    yield "closed cases", f"{CASES}?closed=1"
    yield "group", f"{CASES}?group={site['alarmgroup']}"
    yield "diary later", f"{DIARY}?from=2026-11-24"
    yield "diary empty", f"{DIARY}?from=2027-03-01"


def searches(client: Client) -> Iterator[tuple[str, str]]:
    for url in (REQUESTS, CASES, MESSAGES):
        for term in ("Alice", "Pell", "Dora", "Carol", "nobody"):
            result = client.post(f"{url}search/", {"q": term})
            if result.status_code == 302 and "search=" in result["Location"]:
                yield f"{url} for {term}", result["Location"]


def text_on(page: Any) -> str:
    return re.sub(r"\s+", " ", page.content.decode())


def shown_on(page: Any, people: dict[int, set[str]]) -> set[int]:
    html = text_on(page)
    return {patient for patient, words in people.items() if any(word in html for word in words)}


def walk(client: Client, site: dict[str, Any], people: dict[int, set[str]]) -> Iterator[tuple[str, set[int], Any, Any]]:
    """Each page with whom it shows, whom its log names, and as what it was logged."""
    for name, url in list(pages(site, client)):
        last = RecordRead.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        page = client.get(url)
        assert page.status_code < 500, name
        new = RecordRead.objects.filter(pk__gt=last)
        logged = set(PatientShown.objects.filter(reading__in=new).values_list("patient_id", flat=True))
        yield name, shown_on(page, people), logged, {reading.action for reading in new}


@pytest.mark.parametrize("role", CARE_TEAM)
def test_everybody_on_a_page_is_in_its_log(role: str, site: dict[str, Any], people: dict[int, set[str]]) -> None:
    client = get_as(role, site)
    seen: dict[str, set[int]] = {}

    for name, shown, logged, actions in walk(client, site, people):
        assert shown <= logged, f"{name} shows patients that its log does not name"
        if not actions & BY_NUMBER:
            assert logged <= shown, f"the log of {name} names patients that it does not show"
        assert len(actions) <= 1, f"{name} is logged twice"
        seen[name] = shown

    assert set.union(*seen.values()) == set(people)
    several = {name for name, shown in seen.items() if len(shown) > 1}
    assert {"admin:index", "admin:today", "tab all", "messages all"} <= several
    assert "admin:consultations_consultationrequest_changelist" in several
    assert len([name for name, shown in seen.items() if shown]) > 25


@pytest.mark.parametrize("left_out", ["the first patient", "the last patient", "everybody"])
def test_control_a_log_that_leaves_somebody_out_is_found_out(
    left_out: str, site: dict[str, Any], people: dict[int, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reading_log.log

    def forgetful(*, patients: Any, **more: Any) -> Any:
        named = sorted(patients)
        stored = {"the first patient": named[1:], "the last patient": named[:-1], "everybody": []}[left_out]
        return real(patients=stored, **more)

    monkeypatch.setattr(reading_log, "log", forgetful)
    client = get_as("triage", site)
    expected = {"admin:index", "tab all", "messages all", "admin:consultations_appointment_changelist"}
    wrong = set()

    for name, shown, logged, _ in walk(client, site, people):
        wrong |= set() if shown <= logged else {name}
        if expected <= wrong and len(wrong) > 25:
            break

    assert expected <= wrong
    assert len(wrong) > 25


def test_an_editor_is_shown_nobody_and_nothing_is_logged(site: dict[str, Any], people: dict[int, set[str]]) -> None:
    client = get_as("editor", site)

    assert not any(shown or logged for _, shown, logged, _ in walk(client, site, people))
    assert not RecordRead.objects.exists()


def test_the_audit_list_names_whose_the_records_are(site: dict[str, Any], people: dict[int, set[str]]) -> None:
    client = get_as("manager", site)
    client.get(f"{REQUESTS}{site['patient'].pk}/change/")
    client.get(f"{MESSAGES}{site['outboxmessage']}/change/")
    client.get(f"{CASES}{site['safetycase']}/change/")

    client.get(AUDIT)

    reading = RecordRead.objects.get(action="audit.list")
    logged = set(reading.patients_shown.values_list("patient_id", flat=True))
    assert {site["patient"].patient_id, site["waiting"].patient_id} <= logged


def test_who_opens_a_reading_sees_whom_it_showed_and_is_logged_for_them(
    site: dict[str, Any], people: dict[int, set[str]]
) -> None:
    client = get_as("manager", site)
    client.get(f"{REQUESTS}?tab=all")
    opened = RecordRead.objects.get()
    shown = sorted(opened.patients_shown.values_list("patient_id", flat=True))

    page = client.get(f"{AUDIT}r{opened.pk}/change/")

    assert ", ".join(map(str, shown)) in text_on(page)
    reading = RecordRead.objects.get(action="audit.view")
    assert sorted(reading.patients_shown.values_list("patient_id", flat=True)) == shown


class TestNoLogNoPage:
    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: Any, **kwargs: Any) -> None:
            raise DatabaseError("cannot execute INSERT in a read-only transaction")

        monkeypatch.setattr(PatientShown.objects, "bulk_create", fail)

    @pytest.mark.usefixtures("broken")
    def test_no_page_shows_anybody_and_each_says_so_calmly(
        self, site: dict[str, Any], people: dict[int, set[str]], caplog: pytest.LogCaptureFixture
    ) -> None:
        client = get_as("manager", site)
        refused = set()
        for name, url in list(pages(site, client)):
            page = client.get(url)
            assert shown_on(page, people) == set(), name
            if page.status_code == 503:
                refused.add(name)
                assert "This page cannot be shown right now" in text_on(page)
                assert page["Retry-After"] == "30"
        assert {"admin:index", "tab all", "messages all", "closed cases", "diary later"} <= refused
        assert "admin:consultations_consultationrequest_change" in refused
        assert not RecordRead.objects.exists()
        said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert "a page is not shown: who reads it cannot be written down (DatabaseError)" in said

    @pytest.mark.usefixtures("broken")
    def test_pages_without_patients_are_shown(self, site: dict[str, Any]) -> None:
        client = get_as("manager", site)
        for url in ("/admin/consultations/clinician/", "/admin/education/page/", "/admin/password_change/"):
            assert client.get(url).status_code == 200, url

    @pytest.mark.usefixtures("broken")
    def test_what_was_typed_stands_there_again(self, site: dict[str, Any]) -> None:
        case = SafetyCase.objects.get()
        typed = {"outcome": "died", "proof": "told", "words": "x" * 5000}
        page = get_as("triage", site).post(f"{CASES}{case.pk}/close/", typed)
        assert page.status_code == 503
        assert "x" * 5000 in text_on(page)
