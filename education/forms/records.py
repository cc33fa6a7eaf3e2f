"""The form of a page or a small record in the staff area."""

from typing import Any

from django import forms
from django.db import models

from education.claims import linter
from education.models import Page
from education.services import records, waivers


class ContentForm(forms.ModelForm):
    """Refuses references that lead nowhere, and an edit of words that somebody else changed meanwhile."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seen" in self.fields:
            self.fields["seen"].initial = _stamp(self.instance)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk and cleaned.get("seen", "") != _stamp(self._held()):
            self.add_error(
                None,
                "Somebody else changed this while you wrote. Your words are still below: open the page in a second "
                "window, bring both together, and save there.",
            )
        if self.errors:
            return cleaned
        record = self._meta.model(pk=self.instance.pk)
        for field in record._meta.concrete_fields:
            setattr(record, field.name, cleaned.get(field.name, getattr(self.instance, field.name)))
        # A page may be saved while it is unfinished. A small record may not point nowhere, nor claim too much.
        if not isinstance(record, Page):
            blocked = [waiver for waiver in waivers.remarks_of(record) if waiver.level == linter.BLOCK]
            for problem in (*records.problems_of(record), *map(waivers.sentence_of, blocked)):
                self.add_error(None, problem)
        return cleaned

    def _held(self) -> models.Model:
        """The row as it stands, locked until the words are saved: of two edits at once, the later one is refused."""
        rows: models.QuerySet[models.Model] = self._meta.model._base_manager.select_for_update()
        return rows.get(pk=self.instance.pk)


def _stamp(record: models.Model) -> str:
    edited_at = getattr(record, "edited_at", None)
    return edited_at.isoformat() if edited_at else ""
