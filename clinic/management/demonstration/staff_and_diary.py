"""The clinic of the demonstration: its staff, its diary, and a page for the content desk."""

import dataclasses
import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import perform_action
from consultations.models import AppointmentType, Availability, Clinician, Location
from education.actions.sign import SignClinical, SignData
from education.models import Page, Reviewer
from education.services import consent_records, records

PASSWORD: Final = "larchwell-demo"  # noqa: S105 - a demonstration's, refused outside of one
STAFF: Final = (
    ("nurse", "triage", "Nora Adeyemi", "triage: works the queue"),
    ("doctor", "doctor", "Ines Halloran", "doctor: reviews and decides"),
    ("doctor2", "doctor", "Sam Okafor", "a second doctor"),
    ("editor", "editor", "Edi Lund", "editor: writes the pages, sees no patient"),
    ("manager", "manager", "Mara Voss", "manager: publishes, runs diary and audit"),
)
DIRECTIONS: Final = (
    "Demonstration: an invented address. Parking behind the house, bus stop in front of it. Press the bell of Suite 2."
)
STEP_FREE: Final = "The entrance and all rooms are on one level, with an accessible toilet beside the waiting room."
BRING: Final = "Your glasses or hearing aids, if you use any.\nSomebody you trust, if you like."
HOURS: Final = ((datetime.time(9), datetime.time(12)), (datetime.time(13, 30), datetime.time(17)))


@dataclasses.dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the demonstration, and the visit that its doctors offer."""

    nurse: User
    doctor: User
    visit: AppointmentType


def make_clinic() -> Cast:
    """Staff, diary, reviewers and a page in review. What is there already stays as it is."""
    staff = {username: _person(username, group, name) for username, group, name, _ in STAFF}
    visit = _diary(staff["doctor"], staff["doctor2"])
    _reviewers(staff["manager"], staff["doctor"], staff["doctor2"])
    _page_in_review(staff["editor"], staff["doctor"])
    return Cast(nurse=staff["nurse"], doctor=staff["doctor"], visit=visit)


def _person(username: str, group: str, name: str) -> User:
    user, is_new = User.objects.get_or_create(
        username=username,
        defaults={"name": name, "email": f"{username}@staff.example", "is_staff": True},
    )
    if is_new:
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
        user.groups.add(Group.objects.get(name=group))
    return user


@transaction.atomic
def _diary(*doctors: User) -> AppointmentType:
    visit, _ = AppointmentType.objects.get_or_create(
        name="First consultation",
        defaults={
            "minutes": 40,
            "price_text": "$180, paid at the visit (demonstration: an invented price).",
            "bring": BRING,
        },
    )
    for doctor in doctors:
        give_hours(doctor, starts_on=clock.today())
    return visit


def give_hours(doctor: User, *, starts_on: datetime.date) -> Clinician:
    """The doctor as somebody who can be booked, Monday to Friday from that day on."""
    location, _ = Location.objects.get_or_create(
        name=settings.CLINIC_NAME,
        defaults={"address": settings.CLINIC_ADDRESS, "directions": DIRECTIONS, "step_free": STEP_FREE},
    )
    clinician, is_new = Clinician.objects.get_or_create(user=doctor, defaults={"display_name": f"Dr {doctor.name}"})
    for weekday in range(5) if is_new else ():
        for opens, closes in HOURS:
            Availability.objects.create(
                clinician=clinician, location=location, weekday=weekday, opens=opens, closes=closes, starts_on=starts_on
            )
    return clinician


def _reviewers(manager: User, *doctors: User) -> None:
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
def _page_in_review(editor: User, doctor: User) -> None:
    """One page with an edit that a doctor has signed, so that the content desk has something to do."""
    page = Page.objects.public().filter(path="/stem-cells/risks/").first()
    if page is None or page.sign_offs.exists() or page.state != Page.State.PUBLISHED:
        return
    page.change_note = "Read again for this demonstration."
    records.save_record(record=page, by=editor, changed=["change_note"])
    perform_action(SignClinical(), page, SignData("approved", "", page.digest), by=doctor)
