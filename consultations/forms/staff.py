"""What the forms of the staff pages share. The form of an action stands beside it, in `consultations/actions/`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core.form_fields import LongTextField
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

NOTE_LIMIT: Final = 4000
PATIENT_NOTE_LIMIT: Final = 2000


def _too_long(limit: int) -> str:
    return _("Shorten this to %(limit)s characters or fewer.") % {"limit": number_format(limit, force_grouping=True)}


too_long = lazy(_too_long, str)


def text(
    label: "_StrOrPromise",
    *,
    required: "_StrOrPromise" = "",
    hint: "_StrOrPromise" = "",
    rows: int = 3,
    limit: int = NOTE_LIMIT,
    **kwargs: Any,
) -> LongTextField:
    """A text box; `required` is the sentence shown when it is left empty, and none means it may be."""
    messages: dict[str, _StrOrPromise] = {"max_length": too_long(limit)}
    if required:
        messages["required"] = required
    return LongTextField(
        label=label,
        help_text=hint,
        required=bool(required),
        max_length=limit,
        error_messages=messages,
        widget=forms.Textarea(attrs={"rows": rows, "class": "form-control"}),
        **kwargs,
    )


class PersonChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return obj.display_name


class StepForm(forms.Form):
    """An action on one request. `seen` is the status its page showed, compared with what stands when it is done."""

    is_looked_at = False
    """Whether the address of the page asked for this form: it is open then."""

    seen = forms.ChoiceField(choices=RequestStatus.choices, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, consultation_request: ConsultationRequest, by: User, verb: str, **kwargs: Any
    ) -> None:
        kwargs.setdefault("auto_id", f"{verb}-%s")
        super().__init__(*args, **kwargs)
        self.consultation_request, self.by, self.verb = consultation_request, by, verb
        self.initial.setdefault("seen", consultation_request.status)

    def look_at(self, asked: Mapping[str, str]) -> None:
        """Show what the address of the page asks for: nothing, unless a form has several things to show."""

    def shown_now(self) -> dict[str, str]:
        """What a page made now is held against; a refused form is shown again with it."""
        return {"seen": self.consultation_request.status}
