"""What staff type when they hand over: a note for whoever comes, and who gets what somebody holds."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from consultations.forms.staff import PersonChoiceField, text
from consultations.models import ConsultationRequest
from consultations.services import duty, leaving


class HandOverNoteForm(forms.Form):
    """`once` is drawn for each page, so that a second press of the same page is no second note."""

    text = text(
        gettext_lazy("Note for the next shift"),
        required=gettext_lazy("Write the note before you save it."),
        hint=gettext_lazy("For example: the fax is out of paper. What concerns one patient: add the reference below."),
    )
    about = forms.CharField(
        label=gettext_lazy("About request"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Its reference. Then the note goes when that record is erased."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
    )
    once = forms.RegexField(r"^[\w-]{8,64}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "hand-over-%s", **kwargs})

    def clean_about(self) -> ConsultationRequest | None:
        reference = "".join(self.cleaned_data["about"].split()).upper()
        if not reference:
            return None
        consultation_request = ConsultationRequest.objects.select_related("patient").filter(reference=reference).first()
        if consultation_request is None:
            example = f"{settings.REFERENCE_PREFIX}-AB23-CD"
            raise forms.ValidationError(
                _("There is no request with this reference. One looks like %(example)s.") % {"example": example}
            )
        if consultation_request.patient.erased_at is not None:
            raise forms.ValidationError(_("What this person told us was erased. Leave the reference out."))
        return consultation_request


class PassOnForm(forms.Form):
    """To whom everything goes that somebody holds. Left as it is, the rule decides."""

    cases = PersonChoiceField(
        label=gettext_lazy("Safety cases"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Whoever is next by duty"),
    )
    requests = PersonChoiceField(
        label=gettext_lazy("Requests in triage or waiting"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Back to the queue"),
    )
    reviews = PersonChoiceField(
        label=gettext_lazy("Requests as their doctor"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Another doctor, by the rule"),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "pass-%s", **kwargs})
        people = {
            "cases": duty.care_team(),
            "requests": duty.care_team(),
            "reviews": User.objects.filter(pk__in=leaving.doctors().values("pk")).order_by("name", "pk"),
        }
        for name, members in people.items():
            field: Any = self.fields[name]
            field.required = False
            field.queryset = members.exclude(pk=user.pk)
            field.error_messages["invalid_choice"] = _("That person cannot take these over. Select somebody else.")
            field.widget.attrs["class"] = "form-select"
