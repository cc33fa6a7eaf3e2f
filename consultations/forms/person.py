"""The field for an address that mail can reach."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
EMAIL_ERROR = "Enter an email address in the right format, like name@example.com."


def has_hidden_characters(text: str) -> bool:
    """Control characters, line breaks and text-direction overrides: they change how a name reads on a screen."""
    return any(
        character in BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text
    )


class MailField(forms.EmailField):
    """An address that every mail system takes: no quoted names, no bare IP addresses, nothing hidden."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}))
        kwargs.setdefault("max_length", 254)
        messages = {"required": EMAIL_ERROR, "invalid": EMAIL_ERROR, "max_length": EMAIL_ERROR}
        super().__init__(error_messages={**messages, **kwargs.pop("error_messages", {})}, **kwargs)

    def clean(self, value: Any) -> str:
        text = value if isinstance(value, str) else ""
        if has_hidden_characters(text.strip()) or '"' in text or "[" in text:
            raise ValidationError(EMAIL_ERROR, code="invalid")
        address: str = super().clean(value)
        return address
