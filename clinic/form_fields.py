"""Form fields that both apps use."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic import addresses


class LongTextField(forms.CharField):
    """Free text, counted as the person sees it: one line break is one character."""

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")


class MailField(forms.CharField):
    """An address that can be mailed, in the one spelling it is kept in; see `clinic/addresses.py`.

    The box takes more letters than an address may have, because a browser would cut a longer one without a word.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}))
        messages = {"required": addresses.FORMAT}
        super().__init__(error_messages={**messages, **kwargs.pop("error_messages", {})}, **kwargs)
        # Django's own NUL validator would answer first, in words that say nothing to a patient.
        self.validators = []

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return text
        try:
            return addresses.normalise_address(text)
        except addresses.AddressRefused as refused:
            raise ValidationError(str(refused), code="invalid") from None
