"""Form fields that both apps use."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from clinic.name_folding import has_letter
from clinic.names import clean_name

NAME_LENGTH: Final = 120


class LongTextField(forms.CharField):
    """Free text, counted as the person sees it: one line break is one character."""

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")


def require_readable_name(name: str) -> None:
    """Raises ValidationError for a name that nobody could read out or look for."""
    if name and not has_letter(name):
        raise ValidationError("Enter a name with at least one letter, in any alphabet.", code="invisible")


class NameField(forms.CharField):
    """A name in any script. What cannot be seen is taken out in silence; a name without a letter is refused."""

    def __init__(self, *, max_length: int = NAME_LENGTH, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Django's own NUL validator would answer first, in words that say nothing to a patient.
        self.validators = []
        self.longest = max_length

    def to_python(self, value: Any) -> str:
        return clean_name(super().to_python(value) or "")

    def clean(self, value: Any) -> str:
        name: str = super().clean(value)
        require_readable_name(name)
        if len(name) > self.longest:
            raise ValidationError(f"Shorten the name to {self.longest} characters or fewer.", code="max_length")
        return name
