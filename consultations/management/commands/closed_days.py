"""Whose visits are booked on dates that are to be added to CLOSED_DATES. Changes nothing."""

import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from clinic.core import clock
from clinic.core.management.clinic_command import ClinicCommand
from consultations.services import stranded


class Command(ClinicCommand):
    help = (
        "Names the visits that are booked on each date, before it is added to CLOSED_DATES. Exit status 1 while there "
        "are any: move or cancel them first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("date", nargs="+", help="a date like 2026-12-24")

    def handle(self, *args: Any, **options: Any) -> None:
        days = {_date(text) for text in options["date"]}
        visits = [visit for visit in stranded.ahead() if clock.local(visit.starts_at).date() in days]
        for visit in visits:
            when = clock.moment(visit.starts_at, visit.time_zone)
            self.stdout.write(f"{visit.consultation_request.reference}  {when}")
        if visits:
            number = f"{len(visits)} visit is" if len(visits) == 1 else f"{len(visits)} visits are"
            raise CommandError(f"{number} booked on these dates. Move or cancel each, so that the patients are told.")
        self.stdout.write("Nobody is booked on these dates.")


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no date. Write it like 2026-12-24.") from None
