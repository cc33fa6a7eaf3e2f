"""Reads the shipped content a second time: every number of a cited sentence must stand in what its sources support."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.core import clock
from education.claims import facts
from education.content import exemptions, shipped

MONTHS = 6
"""A record nobody looked at for longer is named."""


class Command(BaseCommand):
    help = (
        "Compare every number in a cited sentence of the shipped content with the “supports” text of its sources. "
        "Exit status 1 while one occurs in none of them and has no reason in facts.toml, or while a reason there is "
        "needed no more. Records nobody looked at for long are named, and change nothing. It needs no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=shipped.CONTENT, help="Where the content stands.")
        parser.add_argument(
            "--months", type=int, default=MONTHS, help=f"Name records older than this many months ({MONTHS})."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = shipped.read(options["folder"])
            accepted = exemptions.exemptions(options["folder"])
        except shipped.ContentError as error:
            raise CommandError("\n".join(error.problems)) from None
        sentences = exemptions.sentences(content)
        wrong = exemptions.unknown_sources(sentences, content)
        unsourced = facts.findings(sentences, {source["key"]: source for source in content.sources})
        still, idle = facts.weighed(unsourced, accepted)
        self._warn_of_age(content, options["months"])
        for line in wrong:
            self.stdout.write(line)
        for finding in still:
            self._show(finding)
        for exemption, numbers in idle:
            self.stdout.write(
                f"{exemption.where}: no sentence needs the exception {exemption.digest} for {', '.join(numbers)}. "
                "Take it out of facts.toml."
            )
        said = (
            f"{len(sentences)} cited sentences, {len(unsourced)} with a number its sources do not hold, "
            f"{len(still)} of them open; {len(idle)} exceptions needed no more."
        )
        if wrong or still or idle:
            raise CommandError(said)
        self.stdout.write(said)

    def _warn_of_age(self, content: shipped.Shipped, months: int) -> None:
        tables = {"trials": content.trials, "evidence": content.evidence, "regulations": content.regulations}
        for line in facts.old_records(tables, today=clock.today(), months=months):
            self.stdout.write(f"warning: {line}. Look at it again.")

    def _show(self, finding: facts.UnsourcedNumbers) -> None:
        """The sentence, and the entry of `facts.toml` that would accept it, but for its reason."""
        sentence = finding.sentence
        self.stdout.write(f"{sentence.where}: {', '.join(finding.numbers)} in none of {', '.join(sentence.sources)}")
        self.stdout.write(f"    {sentence.text}")
        self.stdout.write(f'    digest = "{sentence.digest}"')
        self.stdout.write(f"    numbers = {json.dumps(finding.numbers, ensure_ascii=False)}")
