"""Lists as editors write and read them: an entry a line, in place of JSON."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _


class LinesField(forms.CharField):
    """A list of short texts, one a line. Empty lines say nothing."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(self.line_of, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[Any]:
        typed: str = super().clean(value)
        lines = [line.strip() for line in typed.splitlines()]
        return [self.entry_of(line) for line in lines if line]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.clean(data))
        except ValidationError:
            return True

    @staticmethod
    def line_of(entry: Any) -> str:
        return str(entry)

    @staticmethod
    def entry_of(line: str) -> Any:
        return line


class FactsField(LinesField):
    """Key facts, one a line: what it is about, a colon, and the fact."""

    @staticmethod
    def line_of(entry: Any) -> str:
        """An entry of another shape is shown as it is, and has to be put right before the page can be saved."""
        return ": ".join((entry.get("label", ""), entry.get("text", ""))) if isinstance(entry, dict) else str(entry)

    @staticmethod
    def entry_of(line: str) -> dict[str, str]:
        label, _colon, text = (part.strip() for part in line.partition(":"))
        if not (label and text):
            raise ValidationError(
                _("“%(line)s” needs a few words, a colon, and then the fact, for example “How common: …”."),
                code="no_colon",
                params={"line": line[:60]},
            )
        return {"label": label, "text": text}


def kind_for(field: models.JSONField) -> type[LinesField]:
    return FactsField if field.name == "key_facts" else LinesField


def field_for(field: models.JSONField) -> LinesField:
    return kind_for(field)(
        label=capfirst(field.verbose_name),
        required=not field.blank,
        help_text=(_("%(help)s One a line.") % {"help": field.help_text}).strip(),
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80}),
    )


def to_read(model: type[models.Model], names: Iterable[Any]) -> list[Any]:
    """The fields of a form nobody can send: lists an entry a line, and no mark of an edit that could cross others."""
    lists = {field.name: field for field in model._meta.concrete_fields if isinstance(field, models.JSONField)}
    return [_shown(lists[name]) if name in lists else name for name in names if name != "seen"]


def _shown(field: models.JSONField) -> Callable[[models.Model], str]:
    kind = kind_for(field)

    @admin.display(description=capfirst(field.verbose_name), empty_value=_("None."))
    def entries(record: models.Model) -> str:
        return "\n".join(map(kind.line_of, getattr(record, field.name)))

    return entries
