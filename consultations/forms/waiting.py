"""What would do, as the patient ticks it and as staff do on the phone."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.widgets import TileCheckbox, TileRadio
from consultations.enums import Weekday
from consultations.models import WaitingEntry
from consultations.services.waiting import Wishes
from consultations.waiting_enums import PartOfDay

NOTICE: Final = {
    "0": _("As short as the clinic gives"),
    "24": _("At least a day"),
    "48": _("At least two days"),
    "168": _("At least a week"),
}
DOCTORS: Final = {"any": _("Any doctor"), "own": _("My own doctor alone")}


class WishesFields(forms.Form):
    """Nothing ticked is any time at all."""

    weekdays = forms.MultipleChoiceField(
        label=_("Which days would suit?"),
        help_text=_("Select all that would. None selected: any day."),
        required=False,
        choices=Weekday.choices,
        widget=TileCheckbox(exclusive=""),
        error_messages={"invalid_choice": _("Select from the list.")},
    )
    part_of_day = forms.ChoiceField(
        label=_("Which part of the day?"),
        choices=PartOfDay.choices,
        initial=PartOfDay.ANY,
        widget=TileRadio,
        error_messages={"required": _("Select a part of the day."), "invalid_choice": _("Select from the list.")},
    )
    doctor = forms.ChoiceField(
        label=_("With whom?"),
        choices=list(DOCTORS.items()),
        initial="any",
        widget=TileRadio,
        error_messages={"required": _("Select with whom."), "invalid_choice": _("Select from the list.")},
    )
    notice = forms.ChoiceField(
        label=_("How long before the visit do you need to know?"),
        choices=list(NOTICE.items()),
        initial="0",
        widget=TileRadio,
        error_messages={"required": _("Select how long before."), "invalid_choice": _("Select from the list.")},
    )

    def wishes(self) -> Wishes:
        days = sorted(self.cleaned_data["weekdays"])
        return Wishes(
            weekdays="".join(days) if len(days) < len(Weekday) else "",
            part_of_day=self.cleaned_data["part_of_day"],
            own_doctor_only=self.cleaned_data["doctor"] == "own",
            notice_hours=int(self.cleaned_data["notice"]),
        )


def initial_of(entry: WaitingEntry | None) -> dict[str, Any]:
    if entry is None:
        return {}
    return {
        "weekdays": list(entry.weekdays),
        "part_of_day": entry.part_of_day,
        "doctor": "own" if entry.own_doctor_only else "any",
        "notice": str(entry.notice_hours),
    }
