"""Fields for what a person is called and where we reach them, each refusing what nobody could see or use."""

import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = ("Cf", "Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me")
NAME_LENGTH = 120


def has_hidden_characters(text: str) -> bool:
    """Control characters, line breaks and text-direction overrides: they change how a name reads on a screen."""
    return any(
        character in BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text
    )


def is_invisible(text: str) -> bool:
    return all(unicodedata.category(character) in INVISIBLE for character in text)


class NameField(forms.CharField):
    """A name in any script, emoji included, in Unicode's composed form. Zero-width joiners within it are kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Django's own NUL validator would answer first, in words that say nothing to a patient.
        self.validators = []

    def clean(self, value: Any) -> str:
        name: str = unicodedata.normalize("NFC", super().clean(value))
        if not name:
            return name
        if has_hidden_characters(name):
            raise ValidationError("Type the name again: it has hidden characters that we cannot keep.", code="hidden")
        if is_invisible(name):
            raise ValidationError("Type a name that can be seen on a page.", code="invisible")
        if len(name) > NAME_LENGTH:
            raise ValidationError(f"Shorten the name to {NAME_LENGTH} characters or fewer.", code="max_length")
        return name


def phone_error() -> str:
    if settings.PHONENUMBER_DEFAULT_REGION is None:
        return "Enter a phone number with + and the country code, like +44 20 7946 0018."
    return "Enter a phone number with its area code, or with + and the country code."


class PhoneField(PhoneNumberField):
    """Cleans to the number as it is dialled from abroad, extension included; "" when left empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}))
        kwargs.setdefault("max_length", 60)
        messages = {"invalid": phone_error(), "required": phone_error(), "max_length": phone_error()}
        super().__init__(error_messages={**messages, **kwargs.pop("error_messages", {})}, **kwargs)

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and has_hidden_characters(value.strip()):
            raise ValidationError(phone_error(), code="invalid")
        number = super().clean(value)
        return number.as_international if isinstance(number, PhoneNumber) else ""
