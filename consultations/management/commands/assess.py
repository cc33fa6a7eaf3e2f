"""Reads one JSON object of answers a line and prints one result a line. Needs no database."""

import codecs
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consultations.candidacy import engine
from consultations.questionnaire import definition

MAX_LINE = 1_000_000
NO_ANSWERS = (
    "No key of this object is a question of the questionnaire, so every question counts as unanswered. "
    "Give the answers themselves: question ids as keys, no wrapper and no FHIR resource around them."
)


class BadLine(ValueError):
    """A line that is no answer set; the text says why."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    answers = dict(pairs)
    if len(answers) != len(pairs):
        raise BadLine("A question stands twice in one object: which answer counts is not clear.")
    return answers


def _refuse_constant(name: str) -> Any:
    raise BadLine(f"{name} is no number that JSON knows.")


def answers_of(line: bytes) -> dict[str, Any]:
    """Parse one line strictly. Raises BadLine."""
    if len(line) > MAX_LINE:
        raise BadLine("The line is longer than one million bytes.")
    try:
        answers = json.loads(line.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise BadLine("The line is not UTF-8.") from None
    except RecursionError:
        raise BadLine("The line is nested too deeply.") from None
    except BadLine:
        raise
    except ValueError as error:
        raise BadLine(f"The line is not JSON: {error}.") from None
    if not isinstance(answers, dict):
        raise BadLine("The line is not a JSON object of answers.")
    return answers


def result_of(line: bytes, number: int, *, version: str) -> dict[str, Any]:
    """The assessment, or the error of a line that is no answer set. What answers nothing is assessed as unanswered."""
    try:
        answers = answers_of(line)
    except BadLine as error:
        return {"error": str(error), "line": number, "booking_allowed": False}
    result = engine.assess(answers, version=version).as_json()
    if answers and not answers.keys() & definition.load(version).by_id.keys():
        result |= {"warning": NO_ANSWERS, "line": number}
    return result


def lines_of(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Number and text of each line that holds something. A byte order mark, which some editors write, is no answer."""
    for number, line in enumerate(source, start=1):
        text = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
        if text:
            yield number, text


class Command(BaseCommand):
    help = "Assess answer sets: one JSON object a line in (FILE or standard input), one JSON result a line out."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version, its number, gives way to that of the questionnaire.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="Answer sets; standard input without it.")
        current = definition.CURRENT_VERSION
        told = f"The questionnaire that the answers were given to; {current}, the current one, without it."
        parser.add_argument("--version", default=current, metavar="VERSION", help=told)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            engine.ruleset_for(options["version"])
        except (ValueError, LookupError) as error:
            raise CommandError(str(error)) from None
        if options["file"] is None:
            self._answer(sys.stdin.buffer, options["version"])
            return
        try:
            with open(options["file"], "rb") as source:
                self._answer(source, options["version"])
        except OSError as error:
            raise CommandError(f"Cannot read {options['file']}: {error.strerror}.") from None

    def _answer(self, source: BinaryIO, version: str) -> None:
        for number, line in lines_of(source):
            self.stdout.write(
                json.dumps(result_of(line, number, version=version), ensure_ascii=True, separators=(",", ":"))
            )
            self.stdout.flush()
