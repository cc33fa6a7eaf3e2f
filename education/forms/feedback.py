"""Did this page help you?"""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.form_fields import LongTextField
from clinic.core.widgets import TileRadio


class FeedbackForm(forms.Form):
    helpful = forms.ChoiceField(
        label=_("Did this page help you?"),
        choices=[("yes", _("Yes")), ("no", _("No, or not enough"))],
        widget=TileRadio,
        error_messages={"required": _("Choose yes or no.")},
    )
    text = LongTextField(
        label=_("What should we change, or what is wrong?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Do not write about your own health here: nobody who reads this can help you with it."),
        error_messages={"max_length": _("Use at most 2,000 characters. Yours has %(show_value)d.")},
    )
    token = forms.RegexField(r"^[A-Za-z0-9_-]{20,64}$", widget=forms.HiddenInput, required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout("helpful", "text", "token")
