"""What staff fill in about a call: what became of it, the danger questions screen by screen, and a caller's details."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.form_fields import NameField
from clinic.core.widgets import TileRadio
from consultations.candidacy.call_script import NO, YES
from consultations.candidacy.union import ASKED
from consultations.enums import CallOutcome, Outcome
from consultations.forms.check import ScreenForm
from consultations.forms.phone import AnyPhoneField
from consultations.forms.staff import text
from consultations.questionnaire.definition import QuestionnaireItem

NOT_ASKED: Final = "not_asked"
"""What a page sends for a question of which somebody says that it was not asked. It is kept as no answer."""
OUTCOMES: Final = tuple((item.value, item.label) for item in CallOutcome if item != CallOutcome.DANGER_ASKED)
SPOKEN: Final = (CallOutcome.REACHED_OTHER, CallOutcome.SOMEONE_ELSE)
DANGERS: Final = (
    ("", gettext_lazy("No")),
    (Outcome.EMERGENCY.value, gettext_lazy("Yes, it sounds like an emergency")),
    (Outcome.SAME_DAY.value, gettext_lazy("Yes, somebody should see them today")),
)
LEVELS: Final = (
    (Outcome.EMERGENCY.value, gettext_lazy("It sounds like an emergency")),
    (Outcome.SAME_DAY.value, gettext_lazy("Somebody should see them today")),
    (Outcome.URGENT_REVIEW.value, gettext_lazy("Not clear yet")),
)
LEVEL_HINTS: Final = {
    Outcome.EMERGENCY.value: gettext_lazy("They said something frightening. The case opens as an emergency at once."),
    Outcome.URGENT_REVIEW.value: gettext_lazy("The danger questions raise the case if they find something."),
}


def page_key() -> str:
    """Of one page that was shown: whatever is sent twice from it was done once."""
    return get_random_string(20)


class CallForm(forms.Form):
    """A call in which no danger question was asked."""

    once = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    outcome = forms.TypedChoiceField(
        label=gettext_lazy("Outcome of the call"),
        choices=OUTCOMES,
        coerce=CallOutcome,
        widget=TileRadio,
        error_messages={"required": gettext_lazy("Select the outcome of the call.")},
    )
    note = text(
        gettext_lazy("What was said"),
        hint=gettext_lazy("For example: asked for a later time. Or: no answer, try again at 3 pm."),
    )
    danger = forms.TypedChoiceField(
        label=gettext_lazy("Did they say something frightening?"),
        help_text=gettext_lazy(
            "Only when you could not ask the danger questions. It opens or raises the safety case at once."
        ),
        choices=DANGERS,
        coerce=Outcome,
        empty_value=None,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "call-%s", **kwargs})
        self.initial.setdefault("once", page_key())
        danger: Any = self.fields["danger"]
        danger.hide_optional = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_danger = bool(data.get("danger"))
        if is_danger and data.get("outcome") not in (None, *SPOKEN):
            self.add_error("danger", _("Nobody was spoken to in this call. Select another outcome, or “No”."))
        if is_danger and not data.get("note"):
            self.add_error("note", _("Write what they said."))
        return data


class EndForm(forms.Form):
    """The end of a call in which danger questions were opened; with `asks_outcome` none was answered."""

    outcome = forms.TypedChoiceField(
        label=gettext_lazy("Outcome of the call"),
        choices=OUTCOMES,
        coerce=CallOutcome,
        widget=TileRadio,
        required=False,
        error_messages={"required": gettext_lazy("Select the outcome of the call: no question was answered in it.")},
    )
    note = text(
        gettext_lazy("What was said"), hint=gettext_lazy("What they told you in their own words, and what you advised.")
    )

    def __init__(self, *args: Any, asks_outcome: bool, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "end-%s", **kwargs})
        self.fields["outcome"].required = asks_outcome
        if not asks_outcome:
            del self.fields["outcome"]


class ScriptForm(ScreenForm):
    """One screen of the danger questions. Nothing has to be answered, and what is left empty was not asked."""

    def __init__(self, data: Any = None, *, questions: Sequence[QuestionnaireItem], answers: Mapping[str, Any]) -> None:
        super().__init__(data, questions=questions, answers=answers, heading="", auto_id="ask-%s")
        for question in questions:
            field: Any = self.fields[question.id]
            field.required, field.hide_optional = False, True
            if question.kind == "single":
                field.choices = [*field.choices, (NOT_ASKED, _("Not asked"))]

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        return {name: None if value == NOT_ASKED else value for name, value in given.items()}

    def kept_answers(self) -> dict[str, Any]:
        """What can be kept whatever is wrong: ticks that contradict each other as well, so that no danger is lost."""
        if not self.errors:
            return self.answers()
        given = self.ticked_or_valid()
        return {name: value for name, value in given.items() if value != NOT_ASKED}


class ToldForm(forms.Form):
    """What the person ticked once and no question asks: is it still so?"""

    def __init__(self, data: Any = None, *, ticks: Mapping[str, str], answers: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id="ask-%s")
        told = answers.get(ASKED) or {}
        for code, label in ticks.items():
            self.fields[code] = forms.ChoiceField(
                label=_("Is this still so: “%(words)s”?") % {"words": label},
                choices=[(YES, _("Yes")), (NO, _("No")), (NOT_ASKED, _("Not asked"))],
                widget=TileRadio,
                required=False,
                initial=told.get(code),
            )
            field: Any = self.fields[code]
            field.hide_optional = True

    def kept_answers(self) -> dict[str, Any]:
        self.full_clean()
        given = {code: self.cleaned_data.get(code) for code in self.fields}
        return {ASKED: {code: value if value in (YES, NO) else None for code, value in given.items()}}


class CallerForm(forms.Form):
    """Somebody on the phone who has no request here."""

    once = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    checked = forms.BooleanField(required=False, widget=forms.HiddenInput)
    """Whether the people who may be the same were on the page that was sent."""
    name = NameField(
        label=gettext_lazy("Full name"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Enter the caller’s name, or “Unknown caller”.")},
    )
    phone = AnyPhoneField(
        label=gettext_lazy("Phone number"),
        required=False,
        help_text=gettext_lazy(
            "The number to call back, in case the line drops. Leave it empty if they do not give one."
        ),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    said = text(
        gettext_lazy("What they said"),
        required=gettext_lazy("Write what the caller said."),
        hint=gettext_lazy("In their own words where you can."),
    )
    level = forms.TypedChoiceField(
        label=gettext_lazy("How pressing does it sound?"),
        choices=LEVELS,
        coerce=Outcome,
        widget=TileRadio(hints=LEVEL_HINTS),
        error_messages={"required": gettext_lazy("Select how pressing it sounds. “Not clear yet” is an answer.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "caller-%s", **kwargs})
        self.initial.setdefault("once", page_key())
