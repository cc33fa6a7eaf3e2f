"""Staff forms that were refused: the summary of errors is read first, and says what to do."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _


def say_what_to_do(field: forms.Field) -> forms.Field:
    """The error summary puts the field's label before this."""
    is_choice = isinstance(field.widget, forms.widgets.ChoiceWidget)
    field.error_messages["required"] = _("Select an option.") if is_choice else _("Enter a value.")
    return field


class SummaryFirst:
    """A form that was refused leaves the focus to its error summary."""

    fields: dict[str, forms.Field]
    is_bound: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            say_what_to_do(field)
            if self.is_bound:
                field.widget.attrs.pop("autofocus", None)
