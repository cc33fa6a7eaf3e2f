"""Every address of the site, and everyone who may ask for it."""

import copy
import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import fingerprint
from clinic.core.models import AuditEvent
from consultations.enums import RequestStatus
from consultations.models import (
    Absence,
    AlarmGroup,
    AppointmentType,
    Availability,
    Call,
    ClockAlarm,
    ConsultationRequest,
    DayEnd,
    ExtraSession,
    HandOverNote,
    Location,
    MissedReport,
    PatientText,
    PrivateLink,
    Room,
    SafetyCase,
    Shift,
    ShiftChange,
    SlotHold,
)
from consultations.views.private_session import key_of
from education.models import (
    BestBet,
    CaseAccount,
    ClinicianStatement,
    EvidenceStatement,
    Feedback,
    GlossaryTerm,
    Page,
    Question,
    RegulationNote,
    Reviewer,
    Source,
    Trial,
)
from tests.consultations.views.conftest import MONDAY, Visitor
from tests.database_snapshot import all_rows
from tests.mailbox import queue_directly
from tests.personas import book_directly, connect_directly, make_patient, make_user, open_privately

ROLES = ("visitor", "walker", "patient", "other", "triage", "doctor", "editor", "manager", "superuser")
"""walker: has answered the check and not sent it. patient: chooses a time. other: another patient, with a time."""
STAFF_ROLES = ROLES[4:]
CHECK_KEY = "0a1b2c3d"
"""The check in an address. Only the walker has one under this key."""
TOKEN = "a-token-that-only-this-test-knows"
TUESDAY = datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC)


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


def get_as(role: str, site: dict[str, Any], **options: Any) -> Client:
    """A browser of someone in this role; private addresses are their own, or the patient's for who has none."""
    client = Client(raise_request_exception=False, **options)
    if role == "walker":
        walker = Visitor(client)
        walker.begin(key=CHECK_KEY)
        walker.answer()
        walker.tell_contact()
    elif role in ("patient", "other"):
        open_privately(client, site[role])
        site["key"] = key_of(site[role])
    elif role == "superuser":
        client.force_login(User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase"))
    elif role != "visitor":
        client.force_login(make_user(f"the_{role}", role, name=role))
    return client


@pytest.fixture
def site(monday_content: Any, time_machine: Any, make_request: Any, clinician: Any, nurse: User) -> dict[str, Any]:
    """A site with one of everything on a Monday morning; the values that addresses take, by model."""
    time_machine.move_to(MONDAY, tick=False)
    now = clock.now()
    patient: ConsultationRequest = make_request(status=RequestStatus.OFFERED)
    other = make_request(
        status=RequestStatus.BOOKED, patient=make_patient("Bob Pell", birth_on=datetime.date(1955, 2, 28))
    )
    waiting = make_request(patient=make_patient("Carol Abbot"))
    location = Location.objects.get()
    booked = book_directly(other, clinician, TUESDAY)
    SlotHold.objects.create(
        consultation_request=patient,
        clinician=clinician,
        location=location,
        starts_at=booked.ends_at,
        ends_at=booked.ends_at + datetime.timedelta(minutes=40),
        expires_at=now + datetime.timedelta(minutes=10),
    )
    PrivateLink.objects.create(
        consultation_request=patient,
        token_hash=fingerprint(TOKEN),
        created_at=now,
        expires_at=now + datetime.timedelta(days=90),
    )
    case = SafetyCase.objects.create(
        response=waiting.response,
        level="EMERGENCY",
        priority="stat",
        patient=waiting.patient,
        raised_at=now,
        due_at=now,
    )
    group = AlarmGroup.objects.create(network="one", level="EMERGENCY", first_at=now, last_at=now)
    message = queue_directly(
        consultation_request=patient,
        recipient="alice@example.com",
        parked_at=now,
    )
    alarm = ClockAlarm.objects.create(
        response=waiting.response, kind="reply", target="NEEDS_INFO", due_at=now, began_at=now
    )
    text = PatientText.objects.create(
        response=waiting.response, kind="message", text="I moved.", sent_at=now, due_at=now + datetime.timedelta(days=1)
    )
    call = Call.objects.create(response=waiting.response, outcome="danger_asked", made_at=now, made_by=nurse)
    _content_files(clinician.user, now)
    ExtraSession.objects.create(
        clinician=clinician, location=clinician.availabilities.first().location, on=now.date(),
        opens=datetime.time(18), closes=datetime.time(20),
    )  # fmt: skip
    Absence.objects.create(
        clinician=clinician, starts_at=now, ends_at=now + datetime.timedelta(hours=1), called_off_at=now
    )
    Room.objects.create(name="Room 1", location=location)
    own_calendar = connect_directly(clinician)
    Shift.objects.create(user=nurse, weekday=5, starts=datetime.time(9), ends=datetime.time(10), starts_on=now.date())
    ShiftChange.objects.create(user=nurse, kind="on", first_on=now.date(), last_on=now.date())
    note = HandOverNote.objects.create(text="Fax.", sent_key="one", written_at=now, written_by=clinician.user)
    ended = DayEnd.objects.create(on=now.date(), closed_at=now, made_at=now)
    report = MissedReport.objects.create(
        record="request", record_id=waiting.pk, reference=waiting.reference, kind="danger", text="Numb.",
        sent_key="one", app_version="1", reported_at=now, reported_by=nurse,
        consultation_request=waiting, patient=waiting.patient,
    )  # fmt: skip
    return {
        "patient": patient,
        "key": key_of(patient),
        "other": other,
        "waiting": waiting,
        "consultationrequest": waiting.pk,
        "safetycase": case.pk,
        "alarmgroup": group.pk,
        "outboxmessage": message.pk,
        "patienttext": text.pk,
        "handovernote": note.pk,
        "dayend": ended.pk,
        "missedreport": report.pk,
        "clockalarm": alarm.pk,
        "call": call.pk,
        "owncalendar": own_calendar.pk,
        "response": waiting.response_id,
        "clinician": clinician.pk,
        "clinician_user": clinician.user,
        "user": nurse.pk,
        "auditentry": f"e{AuditEvent.objects.order_by('pk')[0].pk}",
        **{
            model._meta.model_name: model.objects.order_by("pk")[0].pk
            for model in (
                Absence, AppointmentType, Availability, ExtraSession, Location, Room, Shift, ShiftChange,
                EvidenceStatement,
                GlossaryTerm, Page, Question,
                Source, Trial, RegulationNote, BestBet, Reviewer, CaseAccount, ClinicianStatement, Feedback,
            )
        },
    }  # fmt: skip


def _content_files(doctor: User, now: datetime.datetime) -> None:
    """One of everything that is on file about content."""
    Reviewer.objects.create(
        user=doctor, name="Dr A", role="surgeon", register="R", register_number="1", checked_on=now.date(),
        interests="None",
    )  # fmt: skip
    told, said = (
        Page.objects.create(
            key=kind, path=f"/{kind}/", kind=kind, title=kind, short_title=kind, summary="x", body="x", author="x"
        )
        for kind in ("account", "statement")
    )
    CaseAccount.objects.create(
        page=told, result="no_change", consent_on=now.date(), consent_covers="x", consent_taken_by="B", treated_by="A",
        payment="None", sampling="all",
    )  # fmt: skip
    ClinicianStatement.objects.create(
        page=said, name="Dr A", role="surgeon", register="R", register_number="1", register_checked_on=now.date(),
        interests="None", evidence="E1",
    )  # fmt: skip
    Feedback.objects.create(token="one", path="/", is_helpful=True, sent_at=now)


def address(pattern: str, site: dict[str, Any]) -> str:
    """A real address for a pattern."""
    if pattern.startswith("admin/^(?P<app_label>"):
        return "/admin/education/"  # the labels stand in it in the order in which the apps were read
    page_type = ContentType.objects.get_for_model(Page)
    known = {
        "admin/r/<path:content_type_id>/<path:object_id>/": f"admin/r/{page_type.pk}/{site['page']}/",
        "admin/(?P<url>.*)$": "admin/no-such-page/",
        "request/open/<str:token>/": f"request/open/{TOKEN}/",
        "admin/login/password/<str:key>/": "admin/login/password/1-none/",
        "admin/core/auditentry/patient/<int:pk>/": f"admin/core/auditentry/patient/{site['patient'].patient_id}/",
        "calendar/<str:token>.ics": f"calendar/{TOKEN}.ics",
        "^(?P<path>[a-z0-9-]+(?:/[a-z0-9-]+)*)/$": "stem-cells/",
        "feedback/<slug:key>/": "feedback/home/",
        "admin/consultations/consultationrequest/texts/<int:pk>/read/": (
            f"admin/consultations/consultationrequest/texts/{site['patienttext']}/read/"
        ),
        f"{REQUESTS}alarms/<int:pk>/acknowledge/": f"{REQUESTS}alarms/{site['clockalarm']}/acknowledge/",
        f"{REQUESTS}calls/new/<int:pk>/": f"{REQUESTS}calls/new/{site['response']}/",
        f"{REQUESTS}calls/new/<int:pk>/questions/": f"{REQUESTS}calls/new/{site['response']}/questions/",
        f"{REQUESTS}calls/<int:pk>/ask/<slug:slug>/": f"{REQUESTS}calls/{site['call']}/ask/now/",
        f"{REQUESTS}calls/<int:pk>/stop/": f"{REQUESTS}calls/{site['call']}/stop/",
        f"{REQUESTS}calls/<int:pk>/end/": f"{REQUESTS}calls/{site['call']}/end/",
        "admin/consultations/safetycase/group/<int:pk>/acknowledge/": (
            f"admin/consultations/safetycase/group/{site['alarmgroup']}/acknowledge/"
        ),
        "admin/consultations/safetycase/group/<int:pk>/close/": (
            f"admin/consultations/safetycase/group/{site['alarmgroup']}/close/"
        ),
    }
    for page in ("", "place/", "call/", "back/"):
        called_off = f"admin/consultations/appointment/called-off/{{}}/{page}"
        known[called_off.format("<int:pk>")] = called_off.format(site.get("absence", ""))
    about = f"missedreport/about/request/{site.get('consultationrequest', '')}/"
    known["admin/consultations/missedreport/about/<slug:record>/<int:pk>/"] = f"admin/consultations/{about}"
    for page in ("", "pass-on/"):
        of_person = f"admin/consultations/handovernote/person/{{}}/{page}"
        known[of_person.format("<int:pk>")] = of_person.format(site.get("user", ""))
    path = known.get(pattern, pattern).replace("<str:key>", site.get("key", ""))
    model = path.split("/")[2] if path.startswith("admin/") and path.count("/") > 2 else ""
    path = path.replace("<check:key>", CHECK_KEY).replace("q/<slug:slug>", "q/now")
    for marker in ("<int:pk>", "<path:object_id>", "<id>"):
        path = path.replace(marker, str(site.get(model, "")))
    path = path.replace("<int:calendar>", str(site.get("owncalendar", "")))
    return "/" + path.replace("<slug:verb>", "claim")


REQUESTS = "admin/consultations/consultationrequest/"
TRAIL = {"AuditEvent", "UnchainedEvent", "AuditLink", "AuditHead", "AuditEntry"}
"""What says who did something."""
READ = {"RecordRead", "PatientShown", "UnchainedRead", "AuditEntry"}
"""What says who looked."""
BOOKKEEPING = {"RateBucket", "Heartbeat", "Session", *READ}
"""What a look may write: who looked, how often, and the session. No event, and no link of the audit chain."""


def everything() -> dict[str, Any]:
    """All rows of all tables that hold more than bookkeeping."""
    return all_rows(without=BOOKKEEPING)


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """What happens inside never happened, neither to the database nor to the browser."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = cookies


@pytest.fixture
def monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY, tick=False)
