"""The clinic that the run uses: its staff, and doctors with more free times than anybody takes."""

import datetime
from typing import Final

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock
from consultations.models import AppointmentType, Availability, Clinician, Location
from tests.faults.plan import Plan
from tests.personas import make_user

PASSWORD: Final = "a quiet passphrase"
VISIT: Final = "First consultation"


@transaction.atomic
def make(plan: Plan) -> None:
    AppointmentType.objects.create(name=VISIT, minutes=20)
    place = Location.objects.create(name="Orchard Row", address="14 Orchard Row, Suite 2")
    for number in range(plan.nurses):
        make_user(f"nurse{number}", "triage", name=f"Nurse {number}")
    for number in range(plan.doctors):
        doctor = make_user(f"doctor{number}", "doctor", name=f"Doctor {number}")
        _hours(doctor, place)
    for number in range(8):
        # Who is booked need not be who decides.
        _hours(make_user(f"visited{number}", "doctor", name=f"Visited {number}"), place)


def _hours(doctor: User, place: Location) -> None:
    clinician = Clinician.objects.create(user=doctor, display_name=f"Dr {doctor.name}")
    for weekday in range(7):
        Availability.objects.create(
            clinician=clinician, location=place, weekday=weekday, opens=datetime.time(8), closes=datetime.time(18),
            starts_on=clock.today(),
        )  # fmt: skip
