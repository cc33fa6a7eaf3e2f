from typing import Any

from django.core.management.base import BaseCommand

from clinic.core.backups import keys


class Command(BaseCommand):
    help = "Make a key pair for backups. The secret half is shown once and kept nowhere: put it on paper."

    def handle(self, *args: Any, **options: Any) -> None:
        made = keys.generate()
        public, secret = made.to_public(), str(made)
        groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        self.stdout.write(
            f"For the settings, and no secret:\n\n    BACKUP_KEY={public}\n\n"
            f"For the paper, and nowhere else (docs/operations.md, Keys on paper):\n\n    {groups}\n\n"
            f"Fingerprint: {keys.fingerprint(public)}. Blanks do not count, and one wrong letter is noticed. Whoever "
            "loses the paper can open no backup; whoever finds it, and a backup, reads what is not sealed in it."
        )
