import base64
from typing import Any

from django.core.management.base import CommandError

from clinic.core import encryption, key_fingerprints
from clinic.core.management.clinic_command import ClinicCommand


class Command(ClinicCommand):
    help = "Print the key of the look-up digests, to be set as INDEX_KEY before its field key goes. It is a secret."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = [
            key_fingerprint.sentence
            for key_fingerprint in key_fingerprints.find_problems()
            if key_fingerprint.name == encryption.INDEX_KEY
        ]
        if wrong:
            raise CommandError(f"{wrong[0]} Put the field key back that was removed last, at the end of FIELD_KEYS.")
        self.stdout.write(f"INDEX_KEY={base64.b64encode(encryption.index_key()).decode()}")
