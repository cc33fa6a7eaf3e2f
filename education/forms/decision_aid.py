"""What matters to a patient, and their questions."""

import unicodedata
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.safestring import SafeString

from clinic.core.form_fields import LongTextField
from clinic.core.lines import QUIET, with_lines
from clinic.core.widgets import TileCheckbox

_with_lines = lazy(with_lines, SafeString)
"""When a page is shown, not when this is read: settings may change the lines."""

OWN_LIMIT: Final = 1000
RATINGS: Final = (
    ("1", "Not at all"),
    ("2", "A little"),
    ("3", "Some"),
    ("4", "A lot"),
    ("5", "Very much"),
)
STATEMENTS: Final = {
    "pain": "Having less pain",
    "daily": "Doing daily things again",
    "work": "Getting back to work soon",
    "no_operation": "Avoiding an operation",
    "no_harm": "Avoiding serious harm, even if it is rare",
    "tested": "Knowing that it was fairly tested",
    "new": "Trying something, even if little is known about it",
    "cost": "A cost and a number of visits that I can plan for",
}
"""Some speak for caution and some for trying: a list that leaned to one side would be advice."""
QUESTIONS: Final = (
    ("others", "What are my other choices, and what would you expect from each?"),
    ("wait", "What happens if I do nothing new for three months?"),
    ("tested", "Has it been fairly tested in people like me?"),
    ("numbers", "How many of 100 people felt better with it, and how many without it?"),
    ("harm", "What can go wrong, and what is the worst you have seen?"),
    ("unknown", "What is not known, for example after 3 years?"),
    ("price", "What is the full price, and what does it leave out?"),
    ("stop", "Can I change my mind, and do I get my money back?"),
)


class RatingField(forms.ChoiceField):
    """How much one thing matters, in five steps. Nothing is chosen beforehand, and none need be."""

    hide_optional = True

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.RadioSelect()
        widget.template_name, widget.use_fieldset = "education/widgets/rating.html", True
        unknown = {"invalid_choice": "Choose one of the five answers."}
        super().__init__(choices=RATINGS, required=False, widget=widget, error_messages=unknown, **kwargs)


class DecisionAidForm(forms.Form):
    questions = forms.MultipleChoiceField(
        label="Questions you may want to ask",
        help_text="They fit every option. Tick those you want on your page.",
        choices=QUESTIONS,
        required=False,
        widget=TileCheckbox,
        error_messages={
            "invalid_choice": "Tick questions from the list.",
            "invalid_list": "Tick questions from the list.",
        },
    )
    own = LongTextField(
        label="Questions in your own words",
        help_text=_with_lines(f"Nobody but you sees this. {QUIET}"),
        required=False,
        max_length=OWN_LIMIT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": "Use at most 1,000 characters. Yours has %(show_value)d."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ratings = {name: RatingField(label=label) for name, label in STATEMENTS.items()}
        self.fields = {**ratings, **self.fields}

    @property
    def is_to_change(self) -> bool:
        """Whether the answers came back from the page to print, to be filled in once more."""
        return "change" in self.data

    @property
    def ratings(self) -> list[forms.BoundField]:
        return [self[name] for name in STATEMENTS]

    def clean_own(self) -> str:
        text: str = self.cleaned_data["own"]
        if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
            raise ValidationError("Type your text again: it has hidden characters that cannot be printed.")
        return text
