"""Staff forms that were refused: the summary of errors is read first, and says what to do."""

from typing import Any

from django import forms
from django.forms.utils import pretty_name
from django.utils.translation import gettext as _


def say_what_to_do(field: forms.Field, *, name: str = "") -> forms.Field:
    """An empty field is asked for by its label, or by `name` where it has none."""
    is_choice = isinstance(field, forms.ChoiceField)
    sentence = _("Select an option for “%(label)s”.") if is_choice else _("Enter a value for “%(label)s”.")
    field.error_messages["required"] = sentence % {"label": field.label or pretty_name(name)}
    return field


class SummaryFirst:
    """A form that was refused leaves the focus to its error summary."""

    fields: dict[str, forms.Field]
    is_bound: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            say_what_to_do(field, name=name)
            if self.is_bound:
                field.widget.attrs.pop("autofocus", None)
