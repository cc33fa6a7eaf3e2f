"""Numbers as people type them: any script's digits, a comma or a point, and heights and weights in either system."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import region_words
from clinic.core.wording import Wording

NUMBER = re.compile(r"(\d{1,6})(?:\.(\d{1,4}))?")
CM_PER_INCH = Decimal("2.54")
KG_PER_POUND = Decimal("0.45359237")
LONGEST = 20


def read_number(text: str, *, unit: str = "") -> Decimal | None:
    """The number that was typed, exactly; None when it is not one.

    Full-width, Arabic and other decimal digits are read as what they show; a decimal comma as a point.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if unit:
        text = text.lower().removesuffix(unit).strip()
    if len(text) > LONGEST:
        return None
    digits = "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in text)
    match = NUMBER.fullmatch(digits.replace(",", ".").replace("٫", "."))
    return Decimal(match[0]) if match else None


def one_decimal(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def plain(value: Any) -> str:
    """ "175" or "175.3", never "175.0"."""
    return f"{Decimal(str(value)).normalize():f}"


def centimetres() -> str:
    """The word as the clinic's region spells it."""
    return region_words.word("centimeters", settings.CLINIC_REGION)


def in_feet(height: Any) -> str:
    inches = int((Decimal(str(height)) / CM_PER_INCH).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return _("%(feet)s feet %(inches)s inches") % {"feet": inches // 12, "inches": inches % 12}


def in_pounds(kilograms: Any) -> str:
    pounds = (Decimal(str(kilograms)) / KG_PER_POUND).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return _("%(pounds)s pounds") % {"pounds": pounds}


class NumberField(forms.CharField):
    """One whole number in a text input, so that nothing typed is lost: browsers bring back the text of a field on the
    way back and forward unless autocomplete is off. Cleans to an int, or None when left empty."""

    def __init__(self, *, low: int, high: int, message: str, **kwargs: Any) -> None:
        self.low, self.high, self.message = low, high, message
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "class": "w-10"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        number = read_number(text)
        if number is None or number != int(number) or not self.low <= number <= self.high:
            raise ValidationError(self.message, code="number")
        return int(number)


class MeasureWidget(forms.MultiWidget):
    """One metric input, and the other system's inputs beside it."""

    template_name = "consultations/widgets/measure.html"
    use_fieldset = True

    def __init__(self, *, parts: dict[str, str], metric_first: bool) -> None:
        self.parts = parts
        self.metric_first = metric_first
        widgets: dict[str, Any] = {name: forms.TextInput(attrs={"inputmode": "decimal"}) for name in parts}
        super().__init__(widgets)

    def decompress(self, value: Any) -> list[str]:
        return [plain(value) if value not in (None, "") else "", *[""] * (len(self.parts) - 1)]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        boxes = context["widget"]["subwidgets"]
        for box, label in zip(boxes, self.parts.values(), strict=True):
            box["label"] = label
        groups = [boxes[:1], boxes[1:]]
        context["widget"]["groups"] = groups if self.metric_first else groups[::-1]
        return context

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_{0 if self.metric_first else 1}" if id_ else ""


class MeasureField(forms.MultiValueField):
    """Cleans to centimetres or kilograms with one decimal at most, or None when left empty.

    A saved value comes back in the metric input. Someone who then types into the other system means to replace it,
    so a metric text that was not touched gives way; two different new values are a question to the person.
    """

    unit: str

    def __init__(self, *, low: Decimal, high: Decimal, metric_first: bool, **kwargs: Any) -> None:
        self.low, self.high = low, high
        boxes = [forms.CharField(required=False, max_length=200) for _part in self.parts]
        widget = MeasureWidget(parts=self.parts, metric_first=metric_first)
        super().__init__(fields=boxes, widget=widget, require_all_fields=False, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        texts = [str(text or "").strip() for text in value or []]
        metric, others = texts[0] if texts else "", texts[1:]
        if any(others) and self.initial not in (None, "") and metric == plain(self.initial):
            metric = ""
        if metric and any(others):
            raise ValidationError(self.once, code="twice")
        if metric:
            measure = read_number(metric, unit=self.unit)
        elif any(others):
            measure = self.from_imperial(others)
        else:
            return None
        if measure is None or not self.low <= one_decimal(measure) <= self.high:
            raise ValidationError(self.wrong, code="number")
        return one_decimal(measure)

    @property
    def parts(self) -> dict[str, str]:
        """Unit -> the label of its box; the metric one first."""
        raise NotImplementedError

    @property
    def once(self) -> Wording:
        raise NotImplementedError

    @property
    def wrong(self) -> str:
        raise NotImplementedError

    def from_imperial(self, texts: list[str]) -> Decimal | None:
        raise NotImplementedError


class HeightField(MeasureField):
    unit = "cm"
    once = gettext_lazy("Give your height in one unit only. Empty the boxes of the other unit.")

    @property
    def parts(self) -> dict[str, str]:
        return {"cm": centimetres().capitalize(), "ft": _("Feet"), "in": _("Inches")}

    @property
    def wrong(self) -> str:
        return _(
            "Enter your height between %(low)s and %(high)s %(centimetres)s, like 175, "
            "or between %(low_feet)s and %(high_feet)s, like 5 feet 9 inches."
        ) % {
            "low": plain(self.low),
            "high": plain(self.high),
            "centimetres": centimetres(),
            "low_feet": in_feet(self.low),
            "high_feet": in_feet(self.high),
        }

    def from_imperial(self, texts: list[str]) -> Decimal | None:
        feet, inches = read_number(texts[0] or "0", unit="ft"), read_number(texts[1] or "0", unit="in")
        if feet is None or inches is None or feet != int(feet) or (inches >= 12 and feet):
            return None
        return (feet * 12 + inches) * CM_PER_INCH


class WeightField(MeasureField):
    unit = "kg"
    once = gettext_lazy("Give your weight in one unit only. Empty the boxes of the other unit.")

    @property
    def parts(self) -> dict[str, str]:
        return {"kg": _("Kilograms"), "lb": _("Pounds")}

    @property
    def wrong(self) -> str:
        return _(
            "Enter your weight between %(low)s and %(high)s kilograms, like 72.5, "
            "or between %(low_pounds)s and %(high_pounds)s, like 160."
        ) % {
            "low": plain(self.low),
            "high": plain(self.high),
            "low_pounds": in_pounds(self.low),
            "high_pounds": in_pounds(self.high),
        }

    def from_imperial(self, texts: list[str]) -> Decimal | None:
        pounds = read_number(texts[0], unit="lb")
        return None if pounds is None else pounds * KG_PER_POUND
