"""The cast of the tests: the same people, with the same names, everywhere. A pytest plugin of tests/conftest.py."""

import datetime
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import fingerprint, new_token
from consultations.enums import (
    OUTCOME_RISK,
    URGENT_OUTCOMES,
    AppointmentStatus,
    CalendarKind,
    CaseOutcome,
    CaseProof,
    Disposition,
    Outcome,
    RequestStatus,
    ResponseStatus,
    Urgency,
)
from consultations.models import (
    Appointment,
    AppointmentType,
    Assessment,
    Availability,
    Clinician,
    ConsultationRequest,
    Location,
    OwnCalendar,
    Patient,
    PrivateLink,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.phones import phone_index
from consultations.services import case_closing, persons
from consultations.services.case_proofs import OutcomeClaim
from consultations.services.private_links import email_index
from consultations.views.private_session import key_of

MONDAY_MORNING = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
"""Monday 23 November 2026, 10:00 in New York: the clinic is open."""

URGENCY_OF = {
    Outcome.EMERGENCY: Urgency.EMERGENCY,
    Outcome.SAME_DAY: Urgency.SAME_DAY,
    Outcome.URGENT_REVIEW: Urgency.URGENT,
}
WITH_A_VISIT = (RequestStatus.OFFERED, RequestStatus.BOOKED, RequestStatus.COMPLETED, RequestStatus.NO_SHOW)
numbers = itertools.count(1)


def make_user(username: str, group: str, **kwargs: Any) -> User:
    user = User.objects.create_user(
        username, f"{username}@clinic.example", "a quiet passphrase", is_staff=True, **kwargs
    )
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def nurse(db: None) -> User:
    return make_user("nurse", "triage", name="Nora Adeyemi")


@pytest.fixture
def other_nurse(db: None) -> User:
    return make_user("other_nurse", "triage", name="Olu Brandt")


@pytest.fixture
def doctor(db: None) -> User:
    return make_user("doctor", "doctor", name="Ines Halloran")


@pytest.fixture
def other_doctor(db: None) -> User:
    return make_user("other_doctor", "doctor", name="Sam Okafor")


@pytest.fixture
def editor(db: None) -> User:
    return make_user("editor", "editor", name="Edi Lund")


@pytest.fixture
def manager(db: None) -> User:
    return make_user("manager", "manager", name="Mara Voss")


SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in() -> SignIn:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def staff(db: None) -> Callable[[str], User]:
    """A member of one group by the group's name."""

    def member(group: str) -> User:
        return User.objects.filter(username=f"a_{group}").first() or make_user(f"a_{group}", group, name=group)

    return member


@pytest.fixture
def visit(db: None) -> AppointmentType:
    return AppointmentType.objects.create(name="First consultation", minutes=40)


@pytest.fixture
def clinician(doctor: User) -> Clinician:
    """The doctor as someone who can be booked: Monday to Friday, 9:00 to 12:00."""
    clinician = Clinician.objects.create(user=doctor, display_name="Dr Ines Halloran")
    location = Location.objects.create(name="Orchard Row", address="14 Orchard Row, Suite 2")
    for weekday in range(5):
        Availability.objects.create(
            clinician=clinician,
            location=location,
            weekday=weekday,
            opens=datetime.time(9),
            closes=datetime.time(12),
            starts_on=datetime.date(2020, 1, 1),
        )
    return clinician


def make_patient(name: str = "Alice Winther", **kwargs: Any) -> Patient:
    email = kwargs.pop("email", f"{name.split()[0].lower()}@example.com")
    phone = kwargs.pop("phone", "+12025550142")
    own = persons.make()
    return Patient.objects.create(
        own_person=own,
        person=own,
        name=name,
        birth_on=kwargs.pop("birth_on", datetime.date(1970, 3, 27)),
        email=email,
        email_index=email_index(email) if email else "",
        phone=phone,
        phone_index=phone_index(phone),
        created_at=clock.now(),
        **kwargs,
    )


def _flag_level(*shown: Outcome) -> str:
    """The red flag that stands with a request whose sender was shown these headlines."""
    return next((level for level in URGENT_OUTCOMES if level in shown), "")


MakeRequest = Callable[..., ConsultationRequest]


@pytest.fixture
def make_request(db: None) -> MakeRequest:
    """A factory for requests in any status, with the rows each status needs; it bypasses the services on purpose."""

    def make(
        *,
        status: RequestStatus = RequestStatus.RECEIVED,
        outcome: Outcome = Outcome.LIKELY_SUITABLE,
        patient: Patient | None = None,
        **kwargs: Any,
    ) -> ConsultationRequest:
        now = kwargs.pop("submitted_at", None) or clock.now()
        highest = kwargs.pop("highest_outcome", outcome)
        response = QuestionnaireResponse.objects.create(
            token=new_token(),
            status=ResponseStatus.COMPLETED,
            questionnaire_version="1.0.0",
            answers=kwargs.pop("answers", {"ab_age": 56}),
            asked=kwargs.pop("asked", []),
            highest_outcome=outcome,
            started_at=now,
            updated_at=now,
            completed_at=now,
        )
        assessment = Assessment.objects.create(
            response=response,
            revision=1,
            outcome=outcome,
            urgency=URGENCY_OF.get(outcome, Urgency.ROUTINE),
            disposition=Disposition.OK,
            is_early_exit=False,
            is_booking_allowed=outcome in (Outcome.LIKELY_SUITABLE, Outcome.NEEDS_INFO),
            result=kwargs.pop("result", '{"fired":[],"scores":{}}'),
            record=kwargs.pop("record", {"answers": {}, "cleaned": {}, "asked": []}),
            questionnaire_version="1.0.0",
            ruleset_version="1.0.0",
            content_hash="0" * 64,
            app_version="test",
            assessed_at=now,
        )
        if status in WITH_A_VISIT and "appointment_type" not in kwargs:
            kwargs["appointment_type"] = AppointmentType.objects.get_or_create(
                name="First consultation", defaults={"minutes": 40}
            )[0]
        if status == RequestStatus.OFFERED:
            # Whoever takes a time was asked shortly before if anything is new or worse.
            kwargs.setdefault("answered_again_at", now - datetime.timedelta(minutes=5))
        consultation_request = ConsultationRequest.objects.create(
            reference=kwargs.pop("reference", None) or f"LS-{next(numbers):04d}-AA",
            patient=patient or make_patient(),
            response=response,
            assessment=assessment,
            status=status,
            status_changed_at=now,
            outcome=outcome,
            highest_outcome=highest,
            priority=kwargs.pop("priority", "routine"),
            risk=kwargs.pop("risk", OUTCOME_RISK[outcome]),
            flag_level=kwargs.pop("flag_level", _flag_level(outcome, highest)),
            submitted_at=now,
            due_at=kwargs.pop("due_at", now + datetime.timedelta(days=2)),
            **kwargs,
        )
        response.hand_key_to(consultation_request.patient)
        return consultation_request

    return make


def as_pressing(consultation_request: ConsultationRequest) -> ConsultationRequest:
    """A request that may be set back to its own urgency, which it has."""
    consultation_request.as_pressing_as, consultation_request.own_risk, consultation_request.own_due_at = (
        consultation_request,
        consultation_request.risk,
        consultation_request.due_at,
    )
    consultation_request.save(update_fields=["as_pressing_as", "own_risk", "own_due_at"])
    return consultation_request


@pytest.fixture
def alice(make_request: MakeRequest) -> ConsultationRequest:
    """A routine request of a patient."""
    return make_request(patient=make_patient("Alice Winther"))


@pytest.fixture
def bob(make_request: MakeRequest) -> ConsultationRequest:
    """Another patient's request, of which Alice must see nothing."""
    return make_request(patient=make_patient("Bob Pell", birth_on=datetime.date(1955, 2, 28)))


def book_directly(
    consultation_request: ConsultationRequest, clinician: Clinician, starts_at: datetime.datetime
) -> Appointment:
    """An appointment row as the database holds it, without the service."""
    kind = AppointmentType.objects.get_or_create(name="First consultation", defaults={"minutes": 40})[0]
    return Appointment.objects.create(
        consultation_request=consultation_request,
        clinician=clinician,
        location=Location.objects.get(),
        appointment_type=kind,
        starts_at=starts_at,
        ends_at=starts_at + datetime.timedelta(minutes=kind.minutes),
        time_zone=settings.TIME_ZONE,
        status=AppointmentStatus.BOOKED,
        booked_at=clock.now(),
        calendar_uid=new_token(),
    )


def connect_directly(clinician: Clinician) -> OwnCalendar:
    """A calendar of the clinician's own as the database holds it, at an address that is never asked."""
    now = clock.now()
    return OwnCalendar.objects.create(
        clinician=clinician,
        kind=CalendarKind.ICS,
        address="http://10.0.0.1/private-4f1c/basic.ics",
        host="10.0.0.1",
        connected_at=now,
        connected_by=clinician.user,
        read_at=now,
        whole_at=now,
        due_at=now,
    )


def private_url(consultation_request: ConsultationRequest, page: str = "") -> str:
    """The address of a private page: `page` is what follows the key, such as "times/check/"."""
    return f"/request/{key_of(consultation_request)}/{page}"


def at(client: Client, page: str = "") -> str:
    """The address of a private page of the request that this browser opened last."""
    reference = list(client.session["private"])[-1]
    return private_url(ConsultationRequest(reference=reference), page)


def close_case(case: SafetyCase, *, by: User, words: str = "She was seen.") -> SafetyCase:
    """Close a case as one may: without a name nobody can be reached; of a person there is a letter of today."""
    nobody = OutcomeClaim(CaseOutcome.NO_WAY_TO_REACH, CaseProof.NO_NAME, words=words)
    letter = OutcomeClaim(
        CaseOutcome.WENT_FOR_CARE, CaseProof.LETTER, words=words, letter_from="St Anne", letter_on=clock.today()
    )
    case_closing.close(case=case, claim=nobody if case.patient_id is None else letter, by=by)
    return SafetyCase.objects.get(pk=case.pk)


def open_privately(client: Client, consultation_request: ConsultationRequest) -> None:
    """Add the grant for one request to a client's session, as opening a private link of its own does."""
    session, now = client.session, clock.now()
    link = PrivateLink.objects.create(
        consultation_request=consultation_request,
        token_hash=fingerprint(new_token()),
        created_at=now,
        expires_at=now + datetime.timedelta(days=90),
    )
    fresh = {"link": link.pk, "until": (now + datetime.timedelta(minutes=30)).isoformat()}
    session["private"] = {**session.get("private", {}), consultation_request.reference: fresh}
    session.save()
