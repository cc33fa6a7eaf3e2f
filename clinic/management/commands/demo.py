"""Fills a demonstration: staff, opening times and made-up requests in every state. Safe to run again."""

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock, delivery
from clinic.core.actions import NoData, perform_action
from consultations.actions.ask import Ask, AskData
from consultations.actions.book import book_held
from consultations.actions.claim import Claim
from consultations.actions.decide import DecisionData
from consultations.actions.decline import Decline
from consultations.actions.log_call import CallData, LogCall
from consultations.actions.note import Note, NoteData
from consultations.actions.offer import Offer, OfferData
from consultations.actions.pass_to_doctor import PassData, PassToDoctor
from consultations.enums import ConsentKind, Outcome
from consultations.models import (
    AppointmentType,
    Availability,
    Clinician,
    ConsultationRequest,
    Location,
    Patient,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.services import intake, scheduling
from consultations.services.private_links import email_index
from education.actions.sign import SignClinical, SignData
from education.models import Page, Reviewer
from education.services import consent_records, records

PASSWORD = "larchwell-demo"  # noqa: S105 - a demonstration's, refused outside of one
STAFF = (
    ("nurse", "triage", "Nora Adeyemi", "triage: works the queue"),
    ("doctor", "doctor", "Ines Halloran", "doctor: reviews and decides"),
    ("doctor2", "doctor", "Sam Okafor", "a second doctor"),
    ("editor", "editor", "Edi Lund", "editor: writes the pages, sees no patient"),
    ("manager", "manager", "Mara Voss", "manager: publishes, runs diary and audit"),
)
ANSWERS: dict[str, Any] = {
    "ab_age": 56,
    "rf_now": ["none"],
    "rf_ce": ["none"],
    "rf_weak": "none",
    "rf_injury": "none",
    "rf_cancer": "none",
    "rf_systemic": ["none"],
    "rf_risk": ["none"],
    "pn_where": ["low_back", "buttock"],
    "pn_duration": "y1_5",
    "pn_worse": ["sit", "cough"],
    "peg_p": 6,
    "peg_e": 7,
    "peg_g": 6,
    "dx_told": ["ddd"],
    "dx_detail": ["none"],
    "im_mri": "lt6m",
    "im_share": "yes",
    "tx_tried": ["exercise", "tablets"],
    "tx_time": "gt6m",
    "hx_gate": ["none"],
    "hx_height_cm": 168,
    "hx_weight_kg": 71,
    "phq2_1": "1",
    "phq2_2": "0",
    "gad2_1": "0",
    "gad2_2": "1",
    "ex_expect": "less_pain",
}
DIRECTIONS = (
    "Demonstration: an invented address. Parking behind the house, bus stop in front of it. The entrance is step-free; "
    "press the bell of Suite 2."
)
WORDINGS = {kind: f"Demonstration: {kind.label}." for kind in ConsentKind}


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """One made-up person and how far their request has come; `then` moves it on with the people of the clinic."""

    name: str
    born: datetime.date
    changes: dict[str, Any]
    then: Callable[["Command", ConsultationRequest], None] | None = None

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@patients.example"


def _claimed(command: "Command", request: ConsultationRequest) -> None:
    perform_action(Claim(), request, NoData(), by=command.nurse)
    perform_action(Note(), request, NoteData("Rang at nine, will ring again after lunch."), by=command.nurse)


def _asked(command: "Command", request: ConsultationRequest) -> None:
    perform_action(Claim(), request, NoData(), by=command.nurse)
    question = AskData("Which hospital did your scan, and in which month?")
    perform_action(Ask(), request, question, by=command.nurse)


def _with_doctor(command: "Command", request: ConsultationRequest) -> None:
    perform_action(Claim(), request, NoData(), by=command.nurse)
    call = CallData(was_reached=True, note="Danger signs asked again by phone: none.")
    perform_action(LogCall(), request, call, by=command.nurse)
    passed = PassData(doctor=command.doctor, note="Walks her dog, hopes to go on.")
    perform_action(PassToDoctor(), request, passed, by=command.nurse)


def _offered(command: "Command", request: ConsultationRequest) -> None:
    _with_doctor(command, request)
    offered = OfferData(
        appointment_type=command.visit,
        patient_note=(
            "I would like to examine you and look at your scan before we talk about any injection. "
            "There is a fair chance that I will suggest giving this more time."
        ),
    )
    perform_action(Offer(), request, offered, by=command.doctor)


def _booked(command: "Command", request: ConsultationRequest) -> None:
    _offered(command, request)
    request.refresh_from_db()
    today = clock.today()
    week = today + datetime.timedelta(days=14)
    slots = scheduling.free_slots(appointment_type=command.visit, since=today, until=week)
    scheduling.hold(request=request, slot_key=slots[len(slots) // 2].key)
    book_held(consultation_request=request)


def _declined(command: "Command", request: ConsultationRequest) -> None:
    _with_doctor(command, request)
    declined = DecisionData(
        patient_note=(
            "From your scan report, an injection is unlikely to help, and a spine surgeon's view would serve you "
            "better. Please take this note to your own doctor. Staying active usually helps meanwhile."
        ),
    )
    perform_action(Decline(), request, declined, by=command.doctor)


STORIES = (
    Story(
        "Marta Quill", datetime.date(1970, 3, 27), {"ex_note": "I want to walk my dog for an hour without stopping."}
    ),
    Story(
        "Jonas Pell",
        datetime.date(1984, 9, 2),
        {"ab_age": 42, "im_mri": "never", "im_metal": "no", "in_features": ["none"], "hx_pregnant": "na"},
        _claimed,
    ),
    Story("Tilda Rowan", datetime.date(1962, 1, 19), {"ab_age": 64, "rf_now": ["fever"]}),
    Story(
        "Anneke Winther",
        datetime.date(1970, 6, 30),
        {"dx_told": ["hnp"], "hx_gate": ["thinner"], "hx_thinner": "anticoag"},
        _with_doctor,
    ),
    Story("Osman Idris", datetime.date(1958, 11, 5), {"ab_age": 68, "dx_told": ["lss"], "im_share": "later"}, _asked),
    Story("Petra Lindqvist", datetime.date(1968, 4, 14), {"ab_age": 58, "dx_told": ["facet"]}, _offered),
    Story("Hugo Marchetti", datetime.date(1966, 8, 23), {"ab_age": 60}, _booked),
    Story(
        "Ada Brennan",
        datetime.date(1959, 12, 12),
        {"ab_age": 66, "dx_told": ["lss"], "dx_detail": ["sev_sten"]},
        _declined,
    ),
)


class Command(BaseCommand):
    help = "Make the demonstration's staff, diary and requests. Refused outside of a demonstration."

    nurse: User
    doctor: User
    visit: AppointmentType

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This makes people with known passwords. It only runs in a demonstration: set DEMO=1.")
        staff = {username: self._person(username, *rest[:2]) for username, *rest in STAFF}
        self.nurse, self.doctor = staff["nurse"], staff["doctor"]
        self._diary(staff["doctor"], staff["doctor2"])
        self._reviewers(staff["manager"], staff["doctor"], staff["doctor2"])
        self._page_in_review(staff["editor"], staff["doctor"])
        made = sum(self._tell(story) for story in STORIES) + self._dangers()
        delivery.deliver_due(limit=200)
        self.stdout.write(f"Demonstration ready: {made} requests and cases added.")
        self.stdout.write(f"Staff sign in at {settings.SITE_URL}/admin/ with the password {PASSWORD}:")
        for username, _, name, words in STAFF:
            self.stdout.write(f"  {username:9} {name}, {words}")
        self.stdout.write("Patients' private links stand under Messages in the staff area; their dates of birth:")
        for story in STORIES:
            self.stdout.write(f"  {story.name:17} {story.born.day} {story.born:%B} {story.born.year}")

    def _person(self, username: str, group: str, name: str) -> User:
        user, is_new = User.objects.get_or_create(
            username=username,
            defaults={
                "name": name,
                "email": f"{username}@staff.example",
                "is_staff": True,
            },
        )
        if is_new:
            user.set_password(PASSWORD)
            user.save(update_fields=["password"])
            user.groups.add(Group.objects.get(name=group))
        return user

    @transaction.atomic
    def _diary(self, *doctors: User) -> None:
        self.visit, _ = AppointmentType.objects.get_or_create(
            name="First consultation",
            defaults={"minutes": 40, "price_text": "$180, paid at the visit (demonstration: an invented price)."},
        )
        place, _ = Location.objects.get_or_create(
            name=settings.CLINIC_NAME,
            defaults={"address": settings.CLINIC_ADDRESS, "directions": DIRECTIONS},
        )
        for doctor in doctors:
            clinician, is_new = Clinician.objects.get_or_create(
                user=doctor, defaults={"display_name": f"Dr {doctor.name}"}
            )
            for weekday in range(5) if is_new else ():
                for opens, closes in (
                    (datetime.time(9), datetime.time(12)),
                    (datetime.time(13, 30), datetime.time(17)),
                ):
                    Availability.objects.create(
                        clinician=clinician,
                        location=place,
                        weekday=weekday,
                        opens=opens,
                        closes=closes,
                        starts_on=clock.today(),
                    )

    def _reviewers(self, manager: User, *doctors: User) -> None:
        for doctor in doctors:
            if Reviewer.objects.filter(user=doctor).exists():
                continue
            entry = Reviewer(
                user=doctor,
                name=f"Dr {doctor.name}",
                role="spine specialist",
                register="Demonstration register (invented)",
                register_number=f"{doctor.pk:05}",
                checked_on=clock.today(),
                interests="None",
            )
            consent_records.save_consent_record(record=entry, by=manager, changed=["user"])

    @transaction.atomic
    def _page_in_review(self, editor: User, doctor: User) -> None:
        """One page with an edit that a doctor has signed, so that the content desk has something to do."""
        page = Page.objects.public().filter(path="/stem-cells/risks/").first()
        if page is None or page.sign_offs.exists() or page.state != Page.State.PUBLISHED:
            return
        page.change_note = "Read again for this demonstration."
        records.save_record(record=page, by=editor, changed=["change_note"])
        perform_action(SignClinical(), page, SignData("approved", "", page.digest), by=doctor)

    def _tell(self, story: Story) -> int:
        if Patient.objects.filter(email_index=email_index(story.email)).exists():
            return 0
        response = self._walk({**ANSWERS, **story.changes})
        intake.save_contact(
            response=response,
            contact=intake.Contact(
                name=story.name,
                birth_on=story.born,
                email=story.email,
                phone=f"(202) 555-{150 + STORIES.index(story):04}",
            ),
        )
        request = intake.send(response=response, wordings=WORDINGS)
        if story.then is not None:
            story.then(self, request)
        return 1

    def _dangers(self) -> int:
        """Two people who were sent to emergency care: one left a number, one stays unknown."""
        if SafetyCase.objects.filter(level=Outcome.EMERGENCY).exists():
            return 0
        first = {name: ANSWERS[name] for name in ("ab_age",)}
        named = self._walk({**first, "rf_now": ["chest"]})
        intake.ask_for_call_back(
            response=named,
            contact=intake.Contact(
                name="Ruth Calder",
                birth_on=datetime.date(1951, 2, 3),
                email="",
                phone="202-555-0144, ask for my son",
            ),
        )
        self._walk({**first, "rf_now": ["collapse"]})
        return 2

    def _walk(self, answers: dict[str, Any]) -> QuestionnaireResponse:
        response = intake.start()
        intake.save_answers(response=response, answers=answers)
        response.refresh_from_db()
        return response
