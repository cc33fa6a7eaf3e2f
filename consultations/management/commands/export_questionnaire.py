"""Prints the questionnaire as a FHIR R4 Questionnaire, for another system. Needs no database."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from consultations.questionnaire import definition
from consultations.questionnaire.definition import DefinitionError, UnknownVersion
from consultations.questionnaire.fhir_base import with_base


class Command(BaseCommand):
    help = "Print the questionnaire as FHIR R4 JSON. Addresses of our own begin with FHIR_BASE_URL."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version, its number, gives way to that of the questionnaire.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        current = definition.CURRENT_VERSION
        parser.add_argument(
            "--version", default=current, metavar="VERSION", help=f"{current}, the current one, without it."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = definition.raw(options["version"])
            definition.load(options["version"])
        except (DefinitionError, UnknownVersion) as problem:
            raise CommandError(str(problem)) from None
        handed_out = with_base(document, settings.FHIR_BASE_URL)
        self.stdout.write(json.dumps(handed_out, ensure_ascii=False, indent=1))
