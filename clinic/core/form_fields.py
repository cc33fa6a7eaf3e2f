"""Form fields that both apps use."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.core import addresses, lines
from clinic.core.name_folding import has_letter
from clinic.core.names import clean_name

NAME_LENGTH: Final = 120
_under_a_text = lazy(lines.under_a_text, SafeString)


class LongTextField(forms.CharField):
    """Free text, counted as the person sees it: one line break is one character."""

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")


class PatientTextField(LongTextField):
    """A box in which a patient writes freely, in the check or behind a private link.

    People write of danger in such a box. In place of a help of its own, the lines for help stand under it.
    """

    help_is_under = True

    def __init__(self, *, rows: int = 6, **kwargs: Any) -> None:
        kwargs["help_text"] = _under_a_text()
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        """What only looks empty is empty: nobody could read it."""
        text = super().to_python(value)
        return text if any(addresses.is_seen(character) for character in text) else ""


def require_readable_name(name: str) -> None:
    """Raises ValidationError for a name that nobody could read out or look for."""
    if name and not has_letter(name):
        raise ValidationError(_("Enter a name with at least one letter, in any alphabet."), code="invisible")


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
            raise ValidationError(
                _("Shorten the name to %(longest)s characters or fewer.") % {"longest": self.longest}, code="max_length"
            )
        return name


class MailField(forms.CharField):
    """An address that can be mailed, in the one spelling it is kept in; see `clinic/core/addresses.py`.

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
