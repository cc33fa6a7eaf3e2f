"""Form fields that both apps use."""

from typing import Any

from django import forms


class LongTextField(forms.CharField):
    """Free text, counted as the person sees it: one line break is one character."""

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")
