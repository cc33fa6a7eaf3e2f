from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import connection, models, transaction

from clinic.core import encrypted_values, encryption, key_fingerprints
from clinic.core.encrypted_values import Field, context_of, names
from clinic.core.management.clinic_command import GIVE_SETTINGS, ClinicCommand, typed
from clinic.core.models import KeyFingerprint

BATCH = 500


class Command(ClinicCommand):
    help = "Encrypt all that stands under FIELD_KEYS again under the newest of them. Safe to stop and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=BATCH, help=f"rows a transaction (default {BATCH})")

    def handle(self, *args: Any, batch: int = BATCH, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch must be at least 1: it is the number of rows a transaction changes.")
        if not encrypted_values.is_any():
            self._forget_tried_keys()
            return
        self._refuse_unfit_keys()
        current, broken = encryption.current_key_id(), 0
        for model, field in encrypted_values.columns_under_field_keys():
            done, failed = self._rotate(model, field, current, batch)
            broken += len(failed)
            self.stdout.write(f"{model._meta.label}.{field.name}: {done} encrypted again under {current}")
            for pk in failed:
                self.stderr.write(
                    f"{model._meta.label}.{field.name}: row {pk} cannot be decrypted and was left as it is"
                )
        if broken:
            raise CommandError(
                f"{broken} values cannot be decrypted. Add the key they were encrypted under to FIELD_KEYS."
            )
        # A server that still runs with the keys of before may have encrypted a value behind us.
        if left := encrypted_values.count(beyond=[current]):
            raise CommandError(
                f"{left} values are still encrypted under an older key. Restart everything that runs with the keys of "
                "before, then run this command again."
            )
        self._retire_older_keys(current)
        self.stdout.write(self._what_may_go(current))

    def _refuse_unfit_keys(self) -> None:
        """Keys that are missing hinder nothing: what they encrypted is named row by row. Others would do harm."""
        problems = [
            key_fingerprint
            for key_fingerprint in key_fingerprints.find_problems()
            if not _is_missing_field_key(key_fingerprint)
        ]
        if problems:
            raise CommandError(" ".join(item.sentence for item in problems) + " Nothing was changed.")

    def _forget_tried_keys(self) -> None:
        """In a clinic without a patient yet: a key that was put in and out again would else stop it for good."""
        tried = {problem.name for problem in key_fingerprints.find_problems() if _is_missing_field_key(problem)}
        if not tried:
            raise CommandError(f"This database holds no encrypted value. Is it the right one? {GIVE_SETTINGS}")
        with transaction.atomic():
            forgotten = key_fingerprints.retire(names=tried)
        self.stdout.write(
            f"This database holds no encrypted value, so {', '.join(forgotten)} was only tried, and is forgotten. This "
            "is no leave to remove a key from FIELD_KEYS."
        )

    def _retire_older_keys(self, current: str) -> None:
        with transaction.atomic():
            older = set(KeyFingerprint.objects.values_list("name", flat=True)) - {current, encryption.INDEX_KEY}
            key_fingerprints.retire(names=older)
        # The newest key may have encrypted nothing but what was encrypted again here.
        key_fingerprints.require_usable(writing=True)

    def _what_may_go(self, current: str) -> str:
        """What to do with the older keys. Only one sentence says that they can be removed."""
        done = f"Every value is encrypted under {current}"
        older = encryption.key_ids()[1:]
        if not older:
            return f"{done}, the only key of FIELD_KEYS. Keep it, and a copy of it off this machine."
        if not settings.INDEX_KEY:
            return (
                f"{done}. Keep {older[-1]} for now: without INDEX_KEY, look-up digests are made with it, and no "
                "patient who asks for a private link would be found without it.\n"
                f"Print the digest key:  {typed('print_index_key')}\n"
                "Set INDEX_KEY to what it prints, restart everything, and run this command again."
            )
        return f"{done}, and INDEX_KEY is set: {', '.join(older)} can be removed from FIELD_KEYS."

    def _rotate(self, model: type[models.Model], field: Field, current: str, batch: int) -> tuple[int, list[Any]]:
        done, failed, last = 0, [], None
        while rows := self._stale(model, field, current, last, batch):
            with transaction.atomic():
                for pk, stored in rows:
                    context = context_of(model, field, pk)
                    try:
                        plain = encryption.decrypt_unguarded(stored, context=context)
                    except encryption.DecryptionError:
                        failed.append(pk)
                        continue
                    again = encryption.encrypt_unguarded(plain, context=context)
                    done += self._replace(model, field, pk, stored, again)
            last = rows[-1][0]
        return done, failed

    def _stale(
        self, model: type[models.Model], field: Field, current: str, last: Any, batch: int
    ) -> list[tuple[Any, str]]:
        table, column, key = names(model, field)
        condition, values = encrypted_values.not_under(column, [current])
        after = f" AND {key} > %s" if last is not None else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {column} FROM {table} WHERE {condition}{after} ORDER BY {key} LIMIT %s",
                [*values, *([last] if last is not None else []), batch],
            )
            rows: list[tuple[Any, str]] = cursor.fetchall()
            return rows

    def _replace(self, model: type[models.Model], field: Field, pk: Any, old: str, new: str) -> int:
        """Only where nobody wrote in between; a newer value is encrypted under the newest key already."""
        table, column, key = names(model, field)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",
                [new, pk, old],
            )
            return int(cursor.rowcount)


def _is_missing_field_key(problem: encryption.KeyProblem) -> bool:
    return problem.kind == "missing" and problem.name != encryption.INDEX_KEY
