"""Every address of the site, and everyone who may knock at it."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from clinic import clock
from clinic.models import AuditEvent
from consultations.enums import RequestStatus
from consultations.models import (
    Absence,
    AppointmentType,
    Availability,
    ConsultationRequest,
    Location,
    OutboxMessage,
    SafetyCase,
)
from education import services, shipped
from education.models import EvidenceStatement, GlossaryTerm, Page, Question, Source, Trial
from tests.cast import make_user, open_privately

ROLES = ("visitor", "patient", "triage", "doctor", "editor", "manager", "superuser")
SHIPPED = shipped.read()


def routes() -> Iterator[tuple[str, str]]:
    """Name (or the pattern itself where there is none) and pattern of every address."""

    def walk(resolver: Any, prefix: str, namespace: str) -> Iterator[tuple[str, str]]:
        for entry in resolver.url_patterns:
            pattern = prefix + str(entry.pattern)
            if hasattr(entry, "url_patterns"):
                inner = f"{entry.namespace}:" if entry.namespace else ""
                yield from walk(entry, pattern, namespace + inner)
            else:
                yield f"{namespace}{entry.name}" if entry.name else pattern, pattern

    return walk(get_resolver(), "", "")


def knock(role: str, request: ConsultationRequest) -> Client:
    """A browser of someone in this role; the patient has opened the private link of `request`."""
    client = Client(raise_request_exception=False)
    if role == "patient":
        open_privately(client, request)
    elif role == "superuser":
        client.force_login(User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase"))
    elif role != "visitor":
        client.force_login(make_user(f"the_{role}", role, first_name=role))
    return client


@pytest.fixture
def site(db: None, make_request: Any, clinician: Any, nurse: User) -> dict[str, Any]:
    """A site with one of everything; the values that addresses take, by model."""
    services.load(shipped=SHIPPED, publish=True)
    now = clock.now()
    request = make_request(status=RequestStatus.OFFERED)
    case = SafetyCase.objects.create(
        response=request.response,
        level="EMERGENCY",
        priority="stat",
        patient=request.patient,
        raised_at=now,
        due_at=now,
    )
    message = OutboxMessage.objects.create(
        key="one", kind="private_link", request=request, recipient="a@example.com", created_at=now, due_at=now
    )
    Absence.objects.create(clinician=clinician, starts_at=now, ends_at=now + datetime.timedelta(hours=1))
    return {
        "request": request,
        "consultationrequest": request.pk,
        "safetycase": case.pk,
        "outboxmessage": message.pk,
        "clinician": clinician.pk,
        "user": nurse.pk,
        "auditevent": AuditEvent.objects.order_by("pk")[0].pk,
        **{
            model._meta.model_name: model.objects.order_by("pk")[0].pk
            for model in (
                Absence, AppointmentType, Availability, Location, EvidenceStatement, GlossaryTerm, Page, Question,
                Source, Trial,
            )
        },
    }  # fmt: skip


def address(pattern: str, site: dict[str, Any]) -> str:
    """A real address for a pattern."""
    known = {
        "admin/r/<path:content_type_id>/<path:object_id>/": "admin/r/1/1/",
        "admin/^(?P<app_label>education|clinic|consultations|auth)/$": "admin/education/",
        "admin/(?P<url>.*)$": "admin/no-such-page/",
        "check/q/<slug:slug>/": "check/q/now/",
        "request/open/<str:token>/": "request/open/no-such-token/",
        "^(?P<path>[a-z0-9-]+(?:/[a-z0-9-]+)*)/$": "stem-cells/",
    }
    path = known.get(pattern, pattern)
    model = path.split("/")[2] if path.startswith("admin/") and path.count("/") > 2 else ""
    for marker in ("<int:pk>", "<path:object_id>", "<id>"):
        path = path.replace(marker, str(site.get(model, "")))
    return "/" + path.replace("<slug:verb>", "start_triage")


BOOKKEEPING = {"AuditEvent", "AuditHead", "RateBucket", "Heartbeat", "Session"}
"""What a look may write: who looked, how often, and the session."""


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables that hold more than bookkeeping."""
    return {
        model._meta.label: sorted(model.objects.values_list(), key=repr)
        for model in apps.get_models()
        if model.__name__ not in BOOKKEEPING
    }
