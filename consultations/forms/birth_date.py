"""A date of birth in three numbers, each typed as it stands on a passport: no picker, no memory test."""

import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from consultations.models.patient import EARLIEST_BIRTH

PARTS = ("month", "day", "year") if settings.LANGUAGE_CODE == "en-us" else ("day", "month", "year")
LABELS = {"day": gettext_lazy("Day"), "month": gettext_lazy("Month"), "year": gettext_lazy("Year")}


class BirthDateWidget(forms.MultiWidget):
    """Three number inputs in the clinic's usual order, under one legend."""

    template_name = "consultations/widgets/birth_date.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        widgets: dict[str, Any] = {
            part: forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": f"bday-{part}"}) for part in PARTS
        }
        super().__init__(widgets, attrs)

    def decompress(self, value: Any) -> list[Any]:
        return [getattr(value, part) for part in PARTS] if isinstance(value, datetime.date) else [None, None, None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, widget in zip(PARTS, context["widget"]["subwidgets"], strict=True):
            widget["label"] = LABELS[part]
            widget["is_wide"] = part == "year"
        return context

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0" if id_ else ""


class BirthDateField(forms.MultiValueField):
    """Cleans to a `datetime.date` from 1 January 1900 to today in clinic time."""

    widget = BirthDateWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("What is your date of birth?"))
        parts = [forms.CharField(required=False) for _part in PARTS]
        super().__init__(fields=parts, require_all_fields=False, **kwargs)

    def compress(self, data_list: list[str]) -> datetime.date | None:
        given = dict(zip(PARTS, (part.strip() for part in data_list), strict=True)) if data_list else {}
        missing = [LABELS[part].lower() for part in PARTS if not given.get(part)]
        if len(missing) == len(PARTS):
            return None
        # First of all: whoever types a whole date into one field must hear that, not that the other two are empty.
        # isdecimal() alone lets other scripts' digits through, which nobody would see on the page that follows.
        if not all(part.isascii() and part.isdecimal() for part in given.values() if part):
            raise ValidationError(
                _(
                    "Enter the date of birth in numbers: %(first)s, %(second)s and %(third)s each in its own field, "
                    "the year in four digits."
                )
                % dict(zip(("first", "second", "third"), (LABELS[part].lower() for part in PARTS), strict=True))
            )
        if missing:
            raise ValidationError(_said_missing(missing))
        if len(given["year"]) != len("1972"):
            raise ValidationError(_("Enter the year of birth in four digits, like 1972."))
        try:
            born = datetime.date(int(given["year"]), int(given["month"]), int(given["day"]))
        except (ValueError, OverflowError):
            raise ValidationError(_("Enter a date of birth that exists, with the year in four digits.")) from None
        if born < EARLIEST_BIRTH:
            raise ValidationError(_("Enter a year of birth from 1900 on."))
        if born > clock.today():
            raise ValidationError(_("Enter a date of birth in the past."))
        return born


def _said_missing(missing: list[str]) -> str:
    """One box is empty, or two of the three."""
    if len(missing) == 1:
        return _("Enter the %(part)s of the date of birth as well.") % {"part": missing[0]}
    return _("Enter the %(first)s and the %(second)s of the date of birth as well.") % {
        "first": missing[0],
        "second": missing[1],
    }
