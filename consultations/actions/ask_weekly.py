"""The weekly question until the visit: switched off, or on again, by the person or by staff who were told so."""

import dataclasses
from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from consultations.actions.base import ChangeOnly, Ctx
from consultations.forms.staff import StepForm
from consultations.services.transitions import WORKFLOW


class WeeklyForm(StepForm):
    wanted = forms.ChoiceField(
        label=_("Ask every week if anything is new or worse"),
        choices=[("yes", _("Yes")), ("no", _("No, they do not want it"))],
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.initial.setdefault("wanted", "no" if self.consultation_request.weekly_off_at else "yes")


@dataclasses.dataclass(frozen=True, slots=True)
class WeeklyData:
    is_wanted: bool


@WORKFLOW.register
class AskWeekly(ChangeOnly[WeeklyData]):
    verb, data_class = "ask_weekly", WeeklyData
    position, form_class = 127, WeeklyForm
    button = _("Save")
    done = _("The weekly question is changed.")

    def data_of(self, form: forms.Form) -> WeeklyData:
        return WeeklyData(form.cleaned_data["wanted"] == "yes")

    def is_repeat(self, ctx: Ctx, data: WeeklyData) -> bool:
        return (ctx.row.weekly_off_at is None) == data.is_wanted

    def changes(self, ctx: Ctx, data: WeeklyData) -> Mapping[str, object]:
        return {"weekly_off_at": None if data.is_wanted else ctx.now}
