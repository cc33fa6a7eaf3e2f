"""Passwords made of the words that come to mind first here: the clinic's name, one's own, and what everybody tries."""

import re
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

TRIED_FIRST: Final = (
    "administrator", "clinician", "password", "passwort", "reception", "hospital", "welcome", "letmein", "patient",
    "surgery", "qwerty", "doctor", "clinic", "nurse", "admin", "login", "staff", "spine", "back", "pain",
)  # fmt: skip
SHORTEST_WORD: Final = 3
ENOUGH: Final = 8
"""So many letters and digits must be left without those words and without a year or number of up to four digits."""
NUMBER: Final = re.compile(r"(?<!\d)\d{1,4}(?!\d)")
NO_LETTER: Final = re.compile(r"[\W_]+")


class ContextWordsValidator:
    def validate(self, password: str, user: Any = None) -> None:
        left = password.casefold()
        for word in words_near(user):
            left = left.replace(word, " ")
        if len(NO_LETTER.sub("", NUMBER.sub("", left))) < ENOUGH:
            raise ValidationError(self.get_help_text(), code="password_words")

    def get_help_text(self) -> str:
        return _("Your password needs more than the clinic’s name, your own name, and words such as “password”.")


def words_near(user: Any) -> list[str]:
    """The longest first, so that no part of one is left over."""
    own = [str(getattr(user, name, "") or "") for name in ("username", "name", "email")]
    said = " ".join([settings.CLINIC_NAME, settings.CLINIC_SHORT_NAME, settings.SITE_HOST, *own])
    words = {word for word in NO_LETTER.split(said.casefold()) if len(word) >= SHORTEST_WORD}
    return sorted(words | set(TRIED_FIRST), key=len, reverse=True)
