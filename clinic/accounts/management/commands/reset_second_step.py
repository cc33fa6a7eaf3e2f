from typing import Any

from django.core.management.base import CommandError, CommandParser

from clinic.accounts import second_factor_changes
from clinic.accounts.models import User
from clinic.core.management.clinic_command import ClinicCommand

OPERATOR = "operator"


class Command(ClinicCommand):
    help = (
        "Take away the second step of somebody who has lost phone and recovery codes, and end their sessions. "
        "They set up a new one at the next sign-in. It goes into the audit trail, and they are told by mail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("username", help="The name that they sign in with.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"Nobody signs in as “{options['username']}”. Nothing was changed.")
        if not options["yes"] and not self._is_sure(user):
            raise CommandError("Nothing was changed.")
        count = second_factor_changes.reset(user, actor=OPERATOR)
        steps = "1 second step was" if count == 1 else f"{count} second steps were"
        self.stdout.write(f"{user.display_name}: {steps} taken away. Their sessions have ended.")

    def _is_sure(self, user: User) -> bool:
        """Whoever asked may be somebody else on the telephone."""
        self.stdout.write(
            f"This is for {user.display_name} ({user.email}). Have you seen them, or called them back on a number that "
            "you knew before?"
        )
        return input(f"Type “{user.get_username()}” to go on: ").strip() == user.get_username()
