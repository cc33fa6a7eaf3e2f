"""What staff type when the software missed something, and what is answered."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.widgets import TileRadio
from consultations.enums import MissedKind
from consultations.forms.staff import text


class MissedForm(forms.Form):
    """`once` is drawn for each page, so that a second press of the same page is no second report."""

    kind = forms.ChoiceField(
        label=_("What did it miss?"),
        choices=MissedKind.choices,
        widget=TileRadio,
        error_messages={"required": _("Select what it missed."), "invalid_choice": _("Select one of these.")},
    )
    text = text(
        _("What happened, and what should have?"),
        required=_("Write what happened."),
        hint=_("It stands on this record, and doctors and managers read it. No need to write the name."),
    )
    once = forms.RegexField(r"^[\w-]{8,64}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "missed-%s", **kwargs})


class MissedAnswerForm(forms.Form):
    answer = text(
        _("Answer"), required=_("Write what became of it."), hint=_("Whoever reported it reads it on the record.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "missed-%s", **kwargs})
