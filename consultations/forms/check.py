"""One form per screen of the check, built from the definition. A field that is not on the screen does not exist."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.form_fields import PatientTextField
from clinic.core.widgets import PainScale, TileCheckbox, TileRadio
from consultations.forms.numbers import HeightField, NumberField, WeightField, in_feet, in_pounds, plain
from consultations.forms.question_copy import NOTHING_CHOSEN_TWICE, TOO_LONG, missing
from consultations.questionnaire.cleaning import NONE
from consultations.questionnaire.definition import QuestionnaireItem
from consultations.questionnaire.flow import display_answer

TEXT_LIMIT: Final = 1000
BROUGHT_LIMIT: Final = 2000
MOOD: Final = ("PHQ-2", "GAD-2")


class OneChoiceField(forms.ChoiceField):
    """Cleans to an option's code, or None when skipped."""

    def clean(self, value: Any) -> str | None:
        return super().clean(value) or None


class ScaleField(forms.TypedChoiceField):
    """Cleans to an int from 0 to 10, or None when skipped."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, empty_value=None, **kwargs)


class ManyChoicesField(forms.MultipleChoiceField):
    """Cleans to the ticked codes. "None of these" together with anything else is a question back to the person."""

    def clean(self, value: Any) -> list[str]:
        ticked: list[str] = super().clean(value)
        if NONE in ticked and len(ticked) > 1:
            choices: Any = self.choices
            label = dict(choices)[NONE]
            raise ValidationError(NOTHING_CHOSEN_TWICE % {"none": label}, code="none_and_more")
        return ticked


class NoteField(PatientTextField):
    """A text of the check, of which a person is told how long it is."""

    def __init__(self, *, limit: int = TEXT_LIMIT, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
            raise ValidationError(
                _("Type your text again: it has hidden characters that we cannot keep."), code="hidden"
            )
        if len(text) > self.limit:
            numbers = {"limit": _grouped(self.limit), "length": _grouped(len(text))}
            raise ValidationError(TOO_LONG % numbers, code="max_length")
        return text


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


class CarryForm(forms.Form):
    """The one text that the decision aid hands over, made of plain lines."""

    words = NoteField(
        limit=BROUGHT_LIMIT,
        error_messages={"required": gettext_lazy("There was nothing to carry over. Fill in the decision aid first.")},
    )


def _choices(question: QuestionnaireItem) -> list[tuple[str, str]]:
    return [(option.code, option.label) for option in question.options]


def _whole_number(question: QuestionnaireItem, common: dict[str, Any]) -> forms.Field:
    low, high = int(question.minimum or 0), int(question.maximum or 0)
    message = _("Enter a whole number from %(low)s to %(high)s, in figures, like 54.") % {"low": low, "high": high}
    return NumberField(low=low, high=high, message=message, **common)


def _measure(question: QuestionnaireItem, common: dict[str, Any]) -> forms.Field:
    kind = {"cm": HeightField, "kg": WeightField}[question.unit]
    return kind(
        low=Decimal(str(question.minimum)),
        high=Decimal(str(question.maximum)),
        metric_first=settings.CLINIC_REGION != "US",
        **common,
    )


def _scale(question: QuestionnaireItem, common: dict[str, Any]) -> forms.Field:
    low, high = question.anchors or ("", "")
    numbers = [(str(number), str(number)) for number in range(int(question.maximum or 10) + 1)]
    return ScaleField(choices=numbers, widget=PainScale(low=low, high=high), **common)


FIELDS: Final[dict[str, Callable[[QuestionnaireItem, dict[str, Any]], forms.Field]]] = {
    "integer": _whole_number,
    "decimal": _measure,
    "scale": _scale,
    "single": lambda question, common: OneChoiceField(choices=_choices(question), widget=TileRadio, **common),
    "multi": lambda question, common: ManyChoicesField(choices=_choices(question), widget=TileCheckbox, **common),
    "text": lambda question, common: NoteField(rows=7, **common),
}


def _hint(question: QuestionnaireItem) -> str:
    """The mood questions share one stem, which stands above them once."""
    if question.instrument in MOOD:
        return ""
    if question.kind != "multi":
        return question.help
    return " ".join(filter(None, [question.help, _("Choose all that apply.")]))


def field_for(question: QuestionnaireItem) -> forms.Field:
    """The form field of one question, with its own words for a missing or unknown answer."""
    sentence = missing(question)
    return FIELDS[question.kind](
        question,
        {
            "label": question.text,
            "help_text": _hint(question),
            "required": question.is_required,
            "error_messages": {
                "required": sentence,
                "invalid_choice": sentence,
                "invalid_list": sentence,
                "invalid": sentence,
            },
        },
    )


class ScreenForm(forms.Form):
    """The questions of one screen, filled with what was answered before. Nothing is chosen for the person."""

    asks_questions = True

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[QuestionnaireItem],
        answers: Mapping[str, Any],
        closed: Sequence[QuestionnaireItem] = (),
        order: Sequence[str] | None = None,
        heading: str | None = None,
        **kwargs: Any,
    ) -> None:
        """`closed` are follow-ups that the page may open: they are shown by a script, and neither read nor missed.

        `heading` is the question whose text heads the page; without it, that of a form with one question.
        """
        super().__init__(data, **kwargs)
        self.questions = questions
        self.closed = frozenset(question.id for question in closed)
        self.heading_field = heading if heading is not None else questions[0].id if len(questions) == 1 else ""
        for question in (*questions, *closed):
            field = field_for(question)
            field.initial = _initial(question, answers.get(question.id))
            self.fields[question.id] = field
        self.order_fields(order)

    def full_clean(self) -> None:
        super().full_clean()
        for question_id in self.closed:
            self.errors.pop(question_id, None)

    def answers(self) -> dict[str, Any]:
        """What to save, in the types the rules read. A skipped question is saved as None, or as an empty list."""
        return {question.id: _raw(self.cleaned_data.get(question.id)) for question in self.questions}

    def lacks_only_what_may_stay_blank(self) -> bool:
        """Whether nothing is wrong but that questions were left blank for which that counts as an answer."""
        may_stay = {question.id for question in self.questions if question.blank_counts}
        wrong = self.errors.keys()
        return bool(wrong) and wrong <= may_stay and all(self.has_error(name, "required") for name in wrong)

    def lacks_only_answers(self) -> bool:
        """Whether nothing is wrong but that questions were left blank."""
        return all(self.has_error(name, "required") for name in self.errors)

    def valid_answers(self) -> dict[str, Any]:
        """The answers that could be saved, whatever the others say; skipped questions are left out."""
        given = {question.id: _raw(self.cleaned_data.get(question.id)) for question in self.questions}
        return {question_id: value for question_id, value in given.items() if value not in (None, [], "")}

    def ticked_or_valid(self) -> dict[str, Any]:
        """The same, with what was ticked even where the ticks contradict each other: no danger is overlooked."""
        data: Any = self.data
        ticked = {question.id: data.getlist(question.id) for question in self.questions if question.kind == "multi"}
        return {**{question_id: codes for question_id, codes in ticked.items() if codes}, **self.valid_answers()}


def _raw(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _initial(question: QuestionnaireItem, raw: Any) -> Any:
    if question.kind == "multi":
        return raw if isinstance(raw, list) else []
    if question.kind == "decimal":
        return raw if isinstance(raw, int | float) and not isinstance(raw, bool) else None
    return raw if isinstance(raw, str | int) else None


def answer_lines(question: QuestionnaireItem, value: Any) -> list[str]:
    """A cleaned answer as the check page shows it back, one line a tick; nothing for none."""
    if value is None:
        return []
    if question.kind == "decimal":
        other = in_feet(value) if question.unit == "cm" else in_pounds(value)
        # Translators: a height or a weight, as "175 cm (about 5 feet 9 inches)".
        both = {"value": plain(value), "unit": question.unit, "other": other}
        return [_("%(value)s %(unit)s (about %(other)s)") % both]
    return display_answer(question, value)
