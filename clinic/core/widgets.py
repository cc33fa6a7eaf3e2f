"""Choice inputs in the house style: real radios and checkboxes; the whole tile is the label."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


class TileRadio(forms.RadioSelect):
    """One choice of a few. `hints` maps a value to a second, smaller line."""

    template_name = "clinic/widgets/tiles.html"
    use_fieldset = True

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        hints: Mapping[str, "_StrOrPromise"] | None = None,
    ):
        super().__init__(attrs, choices)
        self.hints = hints or {}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for _, options, _ in context["widget"]["optgroups"]:
            for option in options:
                option["hint"] = self.hints.get(str(option["value"]), "")
        return context


class TileCheckbox(forms.CheckboxSelectMultiple):
    """Any number of choices; `exclusive` names the value ("none") that stands apart under an "or"."""

    template_name = "clinic/widgets/tiles.html"
    use_fieldset = True

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        hints: Mapping[str, "_StrOrPromise"] | None = None,
        exclusive: str = "none",
    ):
        super().__init__(attrs, choices)
        self.hints, self.exclusive = hints or {}, exclusive

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["exclusive"] = self.exclusive
        for _, options, _ in context["widget"]["optgroups"]:
            for option in options:
                option["hint"] = self.hints.get(str(option["value"]), "")
                option["is_exclusive"] = str(option["value"]) == self.exclusive != ""
        return context


class PainScale(forms.RadioSelect):
    """0 to 10 as eleven radios; `low` and `high` are the words at both ends. Nothing is preselected."""

    template_name = "clinic/widgets/scale.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = (), *, low: str = "", high: str = ""):
        super().__init__(attrs, choices or [(str(score), str(score)) for score in range(11)])
        self.low, self.high = low, high

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {"low": self.low, "high": self.high}
        return context
