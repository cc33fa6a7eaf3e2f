import base64
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.core import encryption
from clinic.core.backups import paper
from clinic.core.management.clinic_command import refuse_the_demonstration
from clinic.core.management.commands.print_keys import keys_in_use


class Command(BaseCommand):
    help = "Read keys that were typed again from paper, and say whether they are those of the settings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--show", action="store_true", help="print them as settings: after the machine was lost")

    def handle(self, *args: Any, show: bool = False, **options: Any) -> None:
        if sys.stdin.isatty():
            self.stderr.write("Type the name of a key and its lines, as they are printed; Ctrl-D ends.")
        try:
            typed = paper.read(sys.stdin.read())
        except paper.Mistyped as problem:
            raise CommandError(str(problem)) from None
        if not typed:
            raise CommandError("Nothing was typed.")
        if show:
            self._show(typed)
        else:
            self._compare(typed)

    def _show(self, typed: dict[str, bytes]) -> None:
        written = {name: base64.b64encode(key).decode() for name, key in typed.items()}
        index_key = written.pop(encryption.INDEX_KEY, "")
        if written:
            self.stdout.write("FIELD_KEYS=" + ",".join(f"{name}:{key}" for name, key in written.items()))
        if index_key:
            self.stdout.write(f"INDEX_KEY={index_key}")

    def _compare(self, typed: dict[str, bytes]) -> None:
        # With the demonstration's keys every sheet would look wrong.
        refuse_the_demonstration()
        used = keys_in_use() if settings.FIELD_KEYS else {}
        words = {name: _word(key, used.get(name)) for name, key in typed.items()}
        words |= {name: "in the settings, and not typed" for name in used if name not in typed}
        for name, word in words.items():
            self.stdout.write(f"{name}: {word}.")
        if set(words.values()) != {AS_PRINTED}:
            raise CommandError("The paper and the settings are not the same.")


AS_PRINTED = "as in the settings"


def _word(key: bytes, used: bytes | None) -> str:
    if used is None:
        return "not in the settings"
    return AS_PRINTED if key == used else "another key than in the settings"
