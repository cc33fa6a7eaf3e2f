"""The clinic whose rows the dumps of 1.0 hold: its keys, which protect nobody, and what is found in it.

Run as a process of its own, because it works on another database than that of a test run: `make` fills an empty one,
`look` says what stands in it as one line of JSON.
"""

import base64
import datetime
import json
import os
import sys
from typing import Any, Final

ENVIRONMENT: Final = {
    "ENV_FILE": "",
    "DEBUG": "0",
    "DEMO": "0",
    "HTTPS": "0",
    "UNSIGNED_RULES_ACCEPTED_BY": "Dr Rosa Alarcon",
    "SECRET_KEY": "a-secret-key-for-the-dumps-of-1.0-that-is-long-enough-to-pass-the-checks",
    "FIELD_KEYS": "k1:" + base64.b64encode(b"a field key of the dumps of 1.0.").decode(),
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "SITE_URL": "http://testserver",
    "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
}
MADE_AT: Final = datetime.datetime(2026, 11, 25, 15, 0, tzinfo=datetime.UTC)
"""Wednesday, 10:00 in New York. It is looked at a day later, whenever that is."""
REQUESTS: Final = 12


def make() -> None:
    """Staff, diary, pages, the twelve stories, and requests in every status."""
    import time_machine
    from django.core.management import call_command
    from django.test import override_settings

    with time_machine.travel(MADE_AT), override_settings(DEMO=True):
        call_command("load_education", verbosity=0, stdout=sys.stderr)
        call_command("demo", verbosity=0, stdout=sys.stderr)
        call_command("demo", requests=str(REQUESTS), seed="1", stdout=sys.stderr)
        call_command("worker", once=True, stdout=sys.stderr)


def look() -> dict[str, Any]:
    """What an upgrade must carry over, and what must still work after it."""
    import time_machine

    with time_machine.travel(MADE_AT + datetime.timedelta(days=1)):
        return {"rows": _rows(), "decrypted": _decrypted(), "audit": _audit(), "pages": _pages()}


def _rows() -> dict[str, int]:
    """Table -> rows, of all tables of ours that hold any and are no bookkeeping."""
    from django.apps import apps

    ours = ("accounts", "core", "consultations", "education")
    left_out = {"heartbeat", "ratebucket", "migrationlog"}
    counts = {
        model._meta.db_table: model._base_manager.count()
        for model in apps.get_models()
        if model._meta.app_label in ours and model._meta.model_name not in left_out and model._meta.managed
    }
    return {table: count for table, count in sorted(counts.items()) if count}


def _decrypted() -> dict[str, Any]:
    """Some of what is encrypted, in the order of the keys."""
    from consultations.models import ConsultationRequest, PatientText

    rows = ConsultationRequest.objects.select_related("patient", "response").order_by("pk")
    return {
        "patients": [[row.reference, row.patient.name, row.patient.email, str(row.patient.birth_on)] for row in rows],
        "answers": [row.response.answers.get("ab_age") for row in rows],
        "texts": [text.text for text in PatientText.objects.order_by("pk")],
    }


def _audit() -> dict[str, Any]:
    from clinic.core import audit, reading_batches
    from clinic.core.models import AuditEvent

    return {
        "events": AuditEvent.objects.count(),
        "head": audit.head_words(),
        "problems": [*audit.verify(), *reading_batches.verify()],
    }


def _pages() -> dict[str, int]:
    """Address -> status, of pages of everybody, of a patient behind a private link, and of staff."""
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    public = ["/", "/check/", "/check/emergency/", "/stem-cells/", "/search/?q=stem", "/healthz", "/readyz"]
    statuses = {path: Client().get(path).status_code for path in public}
    return {**statuses, **_private_pages(), **_staff_pages()}


def _private_pages() -> dict[str, int]:
    from django.test import Client

    from consultations.models import ConsultationRequest
    from tests.personas import open_privately, private_url

    statuses = {}
    for status in ("received", "offered", "booked", "information_asked"):
        row = ConsultationRequest.objects.filter(status=status).order_by("pk").first()
        if row is not None:
            client = Client()
            open_privately(client, row)
            statuses[f"private page, {status}"] = client.get(private_url(row)).status_code
    return statuses


def _staff_pages() -> dict[str, int]:
    from django.test import Client

    from clinic.accounts.models import User
    from consultations.models import ConsultationRequest, SafetyCase

    request, case = ConsultationRequest.objects.order_by("pk").first(), SafetyCase.objects.order_by("pk").first()
    assert request is not None
    assert case is not None
    base = "/admin/consultations"
    paths = {
        "today": "/admin/", "queue": f"{base}/consultationrequest/",
        "request": f"{base}/consultationrequest/{request.pk}/change/", "cases": f"{base}/safetycase/",
        "case": f"{base}/safetycase/{case.pk}/change/",
    }  # fmt: skip
    client = Client()
    client.force_login(User.objects.get(username="doctor"))
    return {f"staff, {name}": client.get(path).status_code for name, path in paths.items()}


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT)
    import django

    django.setup()
    if sys.argv[1] == "make":
        make()
    else:
        print(json.dumps(look()))
