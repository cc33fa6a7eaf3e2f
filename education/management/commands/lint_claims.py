"""Looks for wording that claims more than is known: in the shipped content, or in passages from standard input."""

import dataclasses
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.core import clock
from education.claims import content_checks, linter
from education.content import shipped


class Command(BaseCommand):
    help = (
        "Without options: every text of the shipped content, and failure while a finding is open. With --stdin: one "
        "passage a line is read, and one JSON list of findings (rule, level, span) a line is printed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stdin", action="store_true", help="Read passages from standard input, one a line.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["stdin"]:
            self._passages()
        else:
            self._shipped()

    def _passages(self) -> None:
        try:
            titles = shipped.source_titles()
        except shipped.ContentError as error:
            raise CommandError("\n".join(error.problems)) from None
        for raw in sys.stdin.buffer:
            passage = raw.decode("utf-8", errors="replace").rstrip("\r\n")
            findings = [dataclasses.asdict(finding) for finding in linter.find(passage, names=titles)]
            self.stdout.write(json.dumps(findings))
            self.stdout.flush()

    def _shipped(self) -> None:
        try:
            content = shipped.read()
        except shipped.ContentError as error:
            raise CommandError("\n".join(error.problems)) from None
        today = clock.today()
        remarks = shipped.remarks(content, today=today)
        left = content_checks.still_open(remarks, content.waivers, today=today)
        for item in left:
            self.stdout.write(f"{item.where}: {item.level} {item.rule}: {item.words or item.passage}")
            self.stdout.write(f"    {item.passage}\n    {item.why} Instead: {item.instead}")
        said = f"{len(remarks)} findings, {len(remarks) - len(left)} with a written reason, {len(left)} open."
        if left:
            raise CommandError(said)
        self.stdout.write(said)
