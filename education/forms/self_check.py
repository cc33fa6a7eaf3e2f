"""The two self-checks of a page, after DISCERN and the CDC's Clear Communication Index, in our own words.

Sources: DISCERN (Charnock 1999), fifteen questions and one overall, from 1 to 5; the index, twenty items.
"""

from typing import Any, Final

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from education.models import Page

MARKS: Final = range(1, 6)
DISCERN: Final = (
    _("Does it say at the start what it is about and for whom?"),
    _("Does it keep to that?"),
    _("Does it answer what patients ask?"),
    _("Is it clear where each fact comes from?"),
    _("Is it clear how old the facts are?"),
    _("Is it balanced, with no wish to sell?"),
    _("Does it say where to read more?"),
    _("Does it say what nobody knows yet?"),
    _("Does it say how each treatment is meant to work?"),
    _("Does it say what each treatment may bring?"),
    _("Does it say what harm each treatment may do?"),
    _("Does it say what happens with no treatment?"),
    _("Does it say how treatment changes daily life?"),
    _("Does it say that there is more than one choice?"),
    _("Does it help people decide together with a clinician?"),
    _("Overall: would you give it to somebody of your own family to decide with?"),
)
CLEAR: Final = (
    _("There is one main message."),
    _("The main message stands at the top."),
    _("The main message is set off from the text."),
    _("A picture or number supports the main message."),
    _("It says what to do next."),
    _("It speaks in the active voice."),
    _("It uses words the reader uses."),
    _("Lists are set as lists."),
    _("Text comes in short pieces with headings."),
    _("The most important thing comes first in each piece."),
    _("It says what is known and what is not."),
    _("It names at least one thing to do."),
    _("It says why that matters to the reader."),
    _("It says how to do it."),
    _("Numbers are of the kind readers use."),
    _("Numbers are explained."),
    _("The reader need not calculate."),
    _("The harm or danger is named."),
    _("Benefit and harm stand together."),
    _("Chances are given in numbers and in words or a picture."),
)


class MarkField(forms.Field):
    """A mark from 1 to 5; 0 where none was given."""

    def clean(self, value: Any) -> int:
        return int(value) if value in {str(mark) for mark in MARKS} else 0


class SelfCheckForm(forms.Form):
    """`discern-1` holds 1 to 5, `clear-1` is there when the item holds. Nothing need be answered."""

    def __init__(self, *args: Any, row: Page, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True  # the page that shows it has the token
        for number, question in enumerate(DISCERN, 1):
            self.fields[f"discern-{number}"] = MarkField(label=question, required=False)
        for number, item in enumerate(CLEAR, 1):
            self.fields[f"clear-{number}"] = forms.BooleanField(label=item, required=False)

    @property
    def discern(self) -> tuple[int, ...]:
        return tuple(self.cleaned_data[f"discern-{number}"] for number in range(1, len(DISCERN) + 1))

    @property
    def clear(self) -> tuple[bool, ...]:
        return tuple(self.cleaned_data[f"clear-{number}"] for number in range(1, len(CLEAR) + 1))
