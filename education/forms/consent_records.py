"""Forms for what is on file behind accounts of real people, and for who may review."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _


class UserChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return _("%(name)s (%(username)s)") % {"name": obj.display_name, "username": obj.get_username()}


class AccountForm(forms.ModelForm):
    """Says in a sentence what the database would refuse."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("consent_taken_by") and cleaned["consent_taken_by"] == cleaned.get("treated_by"):
            self.add_error("consent_taken_by", _("Somebody else than the clinician who treats them asks for consent."))
        if (cleaned.get("agreed") or 0) > (cleaned.get("asked") or 0):
            self.add_error("agreed", _("No more people can agree than were asked."))
        return cleaned
