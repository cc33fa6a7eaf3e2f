from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from clinic.core import audit, audit_heads, reading_batches
from clinic.core.management.clinic_command import ClinicCommand
from clinic.core.models import AuditEvent, AuditLink, RecordRead, UnchainedEvent, UnchainedRead


class Command(ClinicCommand):
    help = "Walk the audit trail and the reading log. Exit status 1 names each event and reading that is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", help="position:digest that an earlier run printed, kept on another machine")
        parser.add_argument(
            "--restored",
            metavar="WHY",
            help="The database was put back to an earlier time: put that on record, and compare from here on.",
        )

    def handle(self, *args: Any, head: str | None = None, restored: str | None = None, **options: Any) -> None:
        problems = audit.verify() + reading_batches.verify()
        if restored is not None:
            self._put_on_record(restored, problems)
        problems += audit_heads.compare_all()
        if head:
            problems += self._compare(head)
        if problems:
            raise CommandError("\n".join(problems))
        events, readings = AuditEvent.objects.count(), RecordRead.objects.count()
        self.stdout.write(f"{events} audit events and {readings} readings, unbroken. Head: {audit.head_words()}")
        self._say_what_waits()

    def _put_on_record(self, why: str, problems: list[str]) -> None:
        """A chain that is wrong in itself was not put back, but changed."""
        if problems:
            raise CommandError("\n".join([*problems, "Not put on record: the chain is wrong in itself."]))
        if not why.strip():
            raise CommandError("Say why the database was put back, as in --restored 'disk failure, backup of 3 May'.")
        audit_heads.note_restored(reason=why.strip())
        while audit.chain() == audit.BATCH:
            pass
        try:
            audit_heads.mark_restored()
        except OSError as error:
            raise CommandError(f"{settings.AUDIT_HEAD_FILE} cannot be written: {error.strerror}.") from None

    def _say_what_waits(self) -> None:
        for model, what in ((UnchainedEvent, "Events"), (UnchainedRead, "Readings")):
            numbers = list(model.objects.order_by("pk").values_list("pk", flat=True))
            if numbers:
                spans = reading_batches.spans_text(numbers)
                self.stdout.write(f"{what} that the worker has still to chain: {spans}.")

    def _compare(self, head: str) -> list[str]:
        position, colon, digest = head.partition(":")
        if not colon or not position.isdecimal():
            raise CommandError("Write --head as position:digest, as an earlier run printed it.")
        if position == "0":
            return []
        if not AuditLink.objects.filter(position=int(position), digest=digest).exists():
            return [f"Link {position} is not the one that was noted earlier."]
        return []
