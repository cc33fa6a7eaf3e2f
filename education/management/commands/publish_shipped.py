"""One act by which a new clinic's visitors see the shipped pages."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from clinic.accounts.models import User
from clinic.core.management.clinic_command import ClinicCommand
from clinic.core.refusals import NotAllowed
from education.services import shipped_pages


class Command(ClinicCommand):
    help = (
        "Publish all shipped pages that wait, each marked “Not yet clinically reviewed”. What staff edited, signed, "
        "withdrew or published is left alone. Reviewers still sign the pages themselves, in the staff area."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", required=True, help="who decides it: the user name of a manager or superuser")

    def handle(self, *args: Any, by: str, **options: Any) -> None:
        person = User.objects.filter(username=by, is_active=True).first()
        if person is None:
            raise CommandError(f"No active member of staff has the user name “{by}”. Nothing was published.")
        try:
            result = shipped_pages.publish_shipped(by=person)
        except NotAllowed as refusal:
            raise CommandError(f"{person.display_name}: {refusal} Nothing was published.") from None
        for title, reason in result.left:
            self.stdout.write(f"Left alone: {title}: {reason}.")
        self.stdout.write(
            f"{len(result.published)} pages published by {person.display_name}, as not yet clinically reviewed; "
            f"{len(result.left)} left alone."
        )
