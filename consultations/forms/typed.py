"""A form that cannot be kept, in words: each question and what was ticked or typed, for the person to copy."""

from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from consultations.forms.birth_date import LABELS, PARTS, BirthDateField
from consultations.forms.numbers import MeasureField

Row = tuple[str, list[str]]


def typed_rows(form: forms.Form) -> list[Row]:
    """Label and lines of every field that something was given in, right or wrong."""
    rows = [(str(bound.label), _lines(bound.field, bound.data)) for bound in form]
    return [(label, lines) for label, lines in rows if lines]


def names_in(data: MultiValueDict[str, str], field_name: str) -> list[str]:
    """The posted names that belong to a field; a measure or a date has one for each of its boxes."""
    return [name for name in data if name == field_name or name.startswith(f"{field_name}_")]


def _lines(field: Any, value: Any) -> list[str]:
    if isinstance(field, BirthDateField):
        return _boxes([str(LABELS[part]) for part in PARTS], value)
    if isinstance(field, MeasureField):
        return _boxes(list(field.parts.values()), value)
    if isinstance(field, forms.ChoiceField):
        chosen = value if isinstance(value, list) else [value]
        choices: Any = field.choices
        return [str(label) for code, label in choices if code in chosen and code != ""]
    text = str(value or "").replace("\r\n", "\n").strip()
    return [text] if text else []


def _boxes(labels: list[str], values: Any) -> list[str]:
    pairs = zip(labels, values or [], strict=False)
    # Translators: a box of a form, and what was typed into it.
    line = _("%(label)s: %(text)s")
    return [line % {"label": label, "text": text.strip()} for label, text in pairs if text and text.strip()]
