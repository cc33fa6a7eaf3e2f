from typing import Any

from django.core.management.base import CommandError, CommandParser

from clinic.core import audit
from clinic.core.management.clinic_command import ClinicCommand
from clinic.core.models import AuditEvent


class Command(ClinicCommand):
    help = "Walk the audit trail from its first event. Exit status 1 names the first event that is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", help="sequence:digest that an earlier run printed, kept on another machine")

    def handle(self, *args: Any, head: str | None = None, **options: Any) -> None:
        problems = audit.verify()
        if head:
            problems += self._compare(head)
        if problems:
            raise CommandError("\n".join(problems))
        count, words = AuditEvent.objects.count(), audit.head_words()
        self.stdout.write(f"{count} audit events, unbroken. Head: {words}")

    def _compare(self, head: str) -> list[str]:
        sequence, colon, digest = head.partition(":")
        if not colon or not sequence.isdecimal():
            raise CommandError("Write --head as sequence:digest, as an earlier run printed it.")
        if sequence == "0":
            return []
        event = AuditEvent.objects.filter(sequence=int(sequence)).first()
        if event is None or event.digest != digest:
            return [f"Event {sequence} is not the one that was noted earlier."]
        return []
