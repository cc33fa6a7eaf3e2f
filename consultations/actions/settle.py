"""A doctor settles red flags: how, on what, and which signs. A sign that this does not show stays."""

import dataclasses
import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.widgets import TileCheckbox, TileRadio
from consultations.actions.base import ActionContext, Ctx, Preview, PreviewSection, StaffAction
from consultations.candidacy.union import Sign
from consultations.enums import SettledHow
from consultations.forms.diary import DateInput
from consultations.forms.staff import PersonChoiceField, StepForm, text
from consultations.models import Call, ConsultationRequest, Settlement
from consultations.services import settling, sign_copy
from consultations.services.settling import Proof, SettlingEvidence
from consultations.services.transitions import WORKFLOW

SHORT: Final = 300


class CallChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Call) -> str:
        return _("%(time)s, %(caller)s: %(outcome)s") % {
            "time": clock.moment(obj.made_at),
            "caller": obj.made_by.display_name,
            "outcome": obj.get_outcome_display().lower(),
        }


class SettleForm(StepForm):
    """`heard` says what the page was made from: what is said while it is open must not be settled unseen."""

    heard = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    signs = forms.MultipleChoiceField(
        label=gettext_lazy("Which signs do you settle?"),
        widget=TileCheckbox(exclusive=""),
        error_messages={
            "required": gettext_lazy("Select the signs that you settle."),
            "invalid_choice": gettext_lazy("A sign you selected does not stand any more. Select again."),
        },
    )
    how = forms.ChoiceField(
        label=gettext_lazy("How?"),
        choices=SettledHow.choices,
        widget=TileRadio(
            hints={
                SettledHow.EXAMINED: gettext_lazy("By whom, where, when"),
                SettledHow.SPOKEN_TO: gettext_lazy(
                    "In a call in which each sign was asked again. For an emergency, your own call"
                ),
                SettledHow.SEEN_ELSEWHERE: gettext_lazy("Where, when, and the letter or call that told us"),
                SettledHow.MISTAKE: gettext_lazy(
                    "The person said so in a call, or the member of staff who entered it says so"
                ),
            }
        ),
        error_messages={"required": gettext_lazy("Select how the signs were settled.")},
    )
    who = text(gettext_lazy("By whom?"), hint=gettext_lazy("Examined."), rows=1, limit=SHORT)
    place = text(gettext_lazy("Where?"), hint=gettext_lazy("Examined, or seen elsewhere."), rows=1, limit=SHORT)
    seen_on = forms.DateField(
        label=gettext_lazy("On which day?"),
        required=False,
        widget=DateInput(attrs={"class": "form-control"}),
        help_text=gettext_lazy("Examined, or seen elsewhere."),
        error_messages={"invalid": gettext_lazy("Enter a date.")},
    )
    told_by = text(
        gettext_lazy("Which letter, or whose call, told us?"), hint=gettext_lazy("Seen elsewhere."), rows=2, limit=SHORT
    )
    call = CallChoiceField(
        label=gettext_lazy("In which call?"),
        queryset=Call.objects.none(),
        required=False,
        empty_label=gettext_lazy("No call"),
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text=gettext_lazy("Spoken to, or the person said that it was a mistake."),
    )
    entered_by = PersonChoiceField(
        label=gettext_lazy("Who entered it by mistake?"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody of us"),
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text=gettext_lazy("Entered by mistake, by a member of staff who says so."),
    )
    words = text(gettext_lazy("Note for colleagues"), hint=gettext_lazy("Needed for a mistake: what was said."), rows=2)

    def __init__(self, *args: Any, told: SettlingEvidence | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields, self.told = dict[str, Any](self.fields), told or settling.told_of(self.consultation_request)
        version = self.consultation_request.response.questionnaire_version
        fields["signs"].choices = [
            (key_of(sign), sign_copy.line_of(sign, version=version)) for sign in sorted(self._signs())
        ]
        fields["call"].queryset = settling.calls_of(self.told)
        asked = {source.asked_by.pk for source in self.told.sources if source.asked_by is not None}
        fields["entered_by"].queryset = User.objects.filter(pk__in=asked).order_by("name", "pk")
        for name in ("who", "place", "seen_on", "told_by", "call", "entered_by", "words"):
            # Whether one is needed depends on how, so none is called optional.
            fields[name].hide_optional = True
        self.initial.setdefault("heard", self.told.key)

    def shown_now(self) -> dict[str, str]:
        return {**super().shown_now(), "heard": self.told.key}

    def _signs(self) -> set[Sign]:
        """Those that stand; and those that were settled since the page was made, for the service to say so."""
        posted = set(self.data.getlist("signs") if hasattr(self.data, "getlist") else self.data.get("signs", []))
        since = {sign for sign in self.told.settled.last if key_of(sign) in posted}
        return {*self.told.standing.open_signs, *since}

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.errors:
            return self.cleaned_data
        chosen = set(signs_of(self.cleaned_data["signs"]))
        try:
            self.judged = settling.judge(self.told, chosen=chosen, proof=proof_of(self), by=self.by)
        except settling.NotShown as missing:
            self.add_error("how", str(missing))
            return self.cleaned_data
        if chosen <= self.told.standing.open_signs and not self.judged.settles:
            self.add_error("signs", settling.nothing_settled(self.judged, chosen))
        return self.cleaned_data


@dataclasses.dataclass(frozen=True, slots=True)
class SettleData:
    """`heard` is the key of what the page was made from."""

    signs: tuple[Sign, ...]
    proof: Proof
    heard: str


@WORKFLOW.register
class Settle(StaffAction[SettleData, Settlement]):
    verb, data_class = "settle", SettleData
    position, form_class, is_previewed = 50, SettleForm, True
    button = gettext_lazy("Preview, then settle")
    done = gettext_lazy("Settled. What stays is shown with the red flags.")
    has_own_entry = True

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and bool(situation.consultation_request.flag_level)

    def form_options(
        self, consultation_request: ConsultationRequest, *, told: SettlingEvidence | None
    ) -> dict[str, Any]:
        return {"told": told}

    def data_of(self, form: Any) -> SettleData:
        return SettleData(tuple(signs_of(form.cleaned_data["signs"])), proof_of(form), form.cleaned_data["heard"])

    def preview(self, data: SettleData) -> Preview:
        return Preview("")

    def preview_sections(self, form: Any) -> tuple[PreviewSection, ...]:
        version = form.consultation_request.response.questionnaire_version
        settles = tuple(sign_copy.line_of(sign, version=version) for sign in form.judged.settles)
        stays = tuple(
            _("%(sign)s. %(reason)s") % {"sign": sign_copy.line_of(sign, version=version), "reason": reason}
            for sign, reason in form.judged.stays.items()
        )
        return (
            PreviewSection(_("How"), proof_lines(form), ""),
            PreviewSection(_("Settled by this"), settles, _("Nothing: what you selected is not shown by this.")),
            PreviewSection(_("Stays"), stays, _("Nothing: no red flag stands after this.")),
        )

    def is_repeat(self, ctx: Ctx, data: SettleData) -> bool:
        """The same page sent twice: what it settles was settled by it."""
        return self.result_again(ctx, data) is not None

    def result_again(self, ctx: Ctx, data: SettleData) -> Settlement | None:
        newest = Settlement.objects.filter(response=ctx.row.response_id, settled_by=ctx.person).last()
        if newest is None or (newest.how, newest.words) != (data.proof.how, data.proof.words):
            return None
        standing = settling.told_of(ctx.row).standing.open_signs
        is_done = {Sign(*pair) for pair in newest.signs} <= set(data.signs) and not standing & set(data.signs)
        return newest if is_done else None

    def perform(self, ctx: Ctx, data: SettleData) -> Settlement:
        settlement = settling.settle(
            consultation_request=ctx.row, chosen=data.signs, proof=data.proof, seen=data.heard, by=ctx.person
        )
        ctx.details |= {"settlement": settlement.pk, "how": settlement.how, "signs": len(settlement.signs)}
        return settlement


def proof_lines(form: SettleForm) -> tuple[str, ...]:
    """What goes on record as proof: how it was settled, and each thing that belongs to that, as it was filled in."""
    how = SettledHow(form.cleaned_data["how"])
    given = {name: form.cleaned_data.get(name) for name in OF_KIND[how]}
    answers = (
        _("%(label)s %(answer)s") % {"label": form.fields[name].label, "answer": _answer(form.fields[name], value)}
        for name, value in given.items()
        if value
    )
    return (str(how.label), *answers)


def _answer(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ModelChoiceField):
        return field.label_from_instance(value)
    return clock.day(value) if isinstance(value, datetime.date) else str(value)


def key_of(sign: Sign) -> str:
    return f"{sign.question}:{sign.option}"


def signs_of(keys: list[str]) -> list[Sign]:
    return [Sign(*key.split(":", 1)) for key in keys]


def proof_of(form: forms.Form) -> Proof:
    names = ("who", "place", "seen_on", "told_by", "call", "entered_by", "words")
    given = {name: form.cleaned_data.get(name) for name in names}
    return Proof(how=SettledHow(form.cleaned_data["how"]), **_of_this_kind(form.cleaned_data["how"], given))


OF_KIND: Final = {
    SettledHow.EXAMINED: ("who", "place", "seen_on", "words"),
    SettledHow.SPOKEN_TO: ("call", "words"),
    SettledHow.SEEN_ELSEWHERE: ("place", "seen_on", "told_by", "words"),
    SettledHow.MISTAKE: ("call", "entered_by", "words"),
}
"""What belongs to which; what else was filled in before the kind was changed is left out."""


def _of_this_kind(how: str, given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in OF_KIND[SettledHow(how)]}
