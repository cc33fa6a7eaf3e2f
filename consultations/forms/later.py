"""Saving a check to finish it later: where the link goes, and the word that opens it."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.form_fields import MailField
from consultations.services.saved_checks import folded

SHORTEST: Final = 6
LONGEST: Final = 100


class PassphraseField(forms.CharField):
    """Shown as it is typed: it is chosen for this, and often copied from a piece of paper. Five wrong lock it."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        attrs = {"autocomplete": autocomplete, "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)
        # Django's own NUL validator would answer first, in words that say nothing to a patient.
        self.validators = []

    def clean(self, value: Any) -> str:
        word: str = super().clean(value)
        if len(word) > LONGEST:
            raise ValidationError(
                _("Shorten it to %(longest)s characters or fewer.") % {"longest": LONGEST}, code="max_length"
            )
        return word


class LaterForm(forms.Form):
    email = MailField(
        label=gettext_lazy("Your email address"),
        help_text=gettext_lazy("We mail the link here. The clinic uses this address for nothing else."),
    )
    passphrase = PassphraseField(
        autocomplete="new-password",
        label=gettext_lazy("Choose a word or a number that opens the link"),
        help_text=gettext_lazy(
            "At least 6 letters or figures. Choose something that people who read your mail do not know, so no name or "
            "birthday, and write it down: we cannot tell you what it was."
        ),
        error_messages={"required": gettext_lazy("Choose a word or a number.")},
    )
    wants_reminder = forms.BooleanField(
        required=False,
        label=gettext_lazy("Remind me once by email before it is deleted"),
    )

    def clean_passphrase(self) -> str:
        word: str = self.cleaned_data["passphrase"]
        if len(folded(word)) < SHORTEST:
            raise ValidationError(
                _("Choose at least %(shortest)s letters or figures.") % {"shortest": SHORTEST}, code="min_length"
            )
        return word


class OpenSavedForm(forms.Form):
    passphrase = PassphraseField(
        autocomplete="current-password",
        label=gettext_lazy("What is your word or number?"),
        help_text=gettext_lazy("The one you chose when you saved your answers. Capital letters make no difference."),
        error_messages={"required": gettext_lazy("Enter the word or number that you chose.")},
    )
