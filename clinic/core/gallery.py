"""The gallery of components at `/ui/`: every component in every state, with the source that makes it. Only with DEBUG.

The states stand in `gallery.toml`. A test asks that every variable and every kind of every component is shown there.
"""

import dataclasses
import tomllib
from itertools import groupby
from pathlib import Path
from typing import Final

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import RequestContext, Template
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from clinic.core.unsent import Unsent
from clinic.core.widgets import PainScale, TileCheckbox, TileRadio

STATES: Final = Path(__file__).with_name("gallery.toml")
LOADED: Final = "{% load clinic_ui components crispy_forms_tags %}"


@dataclasses.dataclass(frozen=True, slots=True)
class ComponentState:
    """One state of one component; `is_staff` shows it as the staff area does."""

    component: str
    says: str
    source: str
    is_staff: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    state: ComponentState
    html: SafeString


class SampleForm(forms.Form):
    """One field of every kind."""

    reason = forms.ChoiceField(
        label="Why do you come?",
        help_text="Choose the main one.",
        choices=[("pain", "Pain"), ("other", "Something else")],
        widget=TileRadio(hints={"pain": "In the back or the legs"}),
    )
    signs = forms.MultipleChoiceField(
        label="Which of these are new?",
        choices=[("numb", "Numbness"), ("weak", "Weakness"), ("none", "None of these")],
        widget=TileCheckbox,
    )
    score = forms.ChoiceField(
        label="How bad is it?",
        choices=[(str(number), str(number)) for number in range(11)],
        widget=PainScale(low="No pain", high="Worst pain"),
    )
    name = forms.CharField(label="Full name", help_text="As in your passport.")
    phone = forms.CharField(label="Phone number", required=False)
    location = forms.ChoiceField(label="Where?", choices=[("", "Select"), ("a", "Here")])
    agrees = forms.BooleanField(label="I agree")


def states() -> list[ComponentState]:
    """In the order of the file, those of one component together."""
    return [ComponentState(**item) for item in tomllib.loads(STATES.read_text(encoding="utf-8"))["state"]]


def render_state(state: ComponentState, request: HttpRequest) -> SafeString:
    refused = SampleForm({}, auto_id="refused_%s", prefix=None)
    refused.add_error(None, "Choose a time that is still free.")
    context = {
        "form": SampleForm(auto_id="sample_%s"),
        "refused": refused,
        "unsent": [Unsent("Your message", "My leg is numb.\nSince Monday."), Unsent("", "Pain", is_choice=True)],
    }
    return Template(LOADED + state.source).render(RequestContext(request, context))


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    shown = (Shown(state, render_state(state, request)) for state in states())
    parts = [(name, list(group)) for name, group in groupby(shown, key=lambda one: one.state.component)]
    return render(request, "clinic/gallery.html", {"parts": parts})
