"""Fields for a telephone number, kept as it was typed: what staff dial is worked out when it is stored."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from clinic.core.names import clean_line
from consultations import phones

PHONE_LENGTH: Final = 200


def phone_error() -> str:
    example = phones.example()
    if not example:
        return _("Enter a phone number with + and the country code, like +44 20 7946 0018.")
    return _(
        "Enter a phone number with its area code, like %(example)s, or with + and the country code, "
        "like +44 20 7946 0018."
    ) % {"example": example}


phone_error_lazy = lazy(phone_error, str)


class AnyPhoneField(forms.CharField):
    """A number that is never refused: whoever was sent to emergency care must be able to leave one."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})

    def __init__(self, **kwargs: Any) -> None:
        messages = {"required": phone_error_lazy()}
        super().__init__(error_messages={**messages, **kwargs.pop("error_messages", {})}, **kwargs)
        self.validators = []

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > PHONE_LENGTH:
            sentence = _("Shorten the phone number and its note to %(limit)s characters or fewer.")
            raise ValidationError(sentence % {"limit": PHONE_LENGTH}, code="max_length")


class PhoneField(AnyPhoneField):
    """A number that can be dialled, with any words after it; "" when left empty."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and phones.read(value) is None:
            raise ValidationError(phone_error(), code="invalid")
