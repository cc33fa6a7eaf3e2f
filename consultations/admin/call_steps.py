"""Where the danger questions of a call go on: the next screen, the stop at an emergency, or the end."""

import dataclasses
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from consultations.candidacy import call_script
from consultations.candidacy.call_script import ScriptScreen
from consultations.enums import Actor
from consultations.forms.calls import ScriptForm, ToldForm
from consultations.models import Call
from consultations.permissions import actors_of
from consultations.presenters import calls as call_words
from consultations.services import calls

ASK: Final = "admin:consultations_consultationrequest_call_ask"
STOP: Final = "admin:consultations_consultationrequest_call_stop"
END: Final = "admin:consultations_consultationrequest_call_end"


@dataclasses.dataclass(frozen=True, slots=True)
class StepLink:
    title: str
    url: str
    is_answered: bool
    is_now: bool


def version_of(call: Call) -> str:
    return str(call.response.questionnaire_version)


def steps_of(call: Call) -> tuple[ScriptScreen, ...]:
    ticks = {*calls.ticks_to_ask(call.response), *call_script.told_in(call.answers)}
    return call_script.steps(version_of(call), ticks=ticks)


def form_of(call: Call, step: ScriptScreen, data: Any) -> ScriptForm | ToldForm:
    if step.ticks:
        return ToldForm(data, ticks=call_words.tick_labels(step.ticks), answers=call.answers)
    questions = call_script.questions_on(step, version=version_of(call), region=settings.CLINIC_REGION)
    return ScriptForm(data, questions=questions, answers=call.answers)


def is_emergency(call: Call) -> bool:
    return call_script.is_emergency(call.answers, version=version_of(call))


def stands_still(call: Call, *, by: Any) -> bool:
    """Whether the script has stopped: only a doctor may go on after an emergency."""
    return is_emergency(call) and Actor.DOCTOR not in actors_of(by)


def is_answered(call: Call, step: ScriptScreen) -> bool:
    return call_script.is_answered(step, call.answers)


def going_on(call: Call) -> str:
    """Where an open script goes on: what to say in an emergency, the next screen, or its end."""
    return reverse(STOP, args=[call.pk]) if is_emergency(call) else next_url(call)


def next_url(call: Call) -> str:
    step = next((item for item in steps_of(call) if not is_answered(call, item)), None)
    return reverse(ASK, args=[call.pk, step.slug]) if step else reverse(END, args=[call.pk])


def after(before: Call, call: Call, step: ScriptScreen, *, by: Any) -> str:
    """The stop the moment that the answers are an emergency, then the screens in their order."""
    if is_emergency(call) and (stands_still(call, by=by) or not is_emergency(before)):
        return reverse(STOP, args=[call.pk])
    steps = steps_of(call)
    later = steps[[item.slug for item in steps].index(step.slug) + 1 :]
    return reverse(ASK, args=[call.pk, later[0].slug]) if later else reverse(END, args=[call.pk])


def follow_up(step: ScriptScreen, call: Call) -> str:
    """The follow-up of this screen that these answers put on show; "" for none."""
    shown = call_script.on_show(call.answers, version=version_of(call))
    later = call_script.follow_ups(step, version=version_of(call))
    return next((name for name in step.question_ids if name in later & shown), "")


def lacks_its_onset(form: ScriptForm | ToldForm, step: ScriptScreen, call: Call) -> bool:
    name = follow_up(step, call)
    return bool(name) and not form.data.get(name) and not form.has_error(name)


def step_links(call: Call, *, by: Any, now: str = "") -> list[StepLink]:
    """The screens of the script; after an emergency a nurse can only go back to those that were answered."""
    is_still = stands_still(call, by=by)
    return [
        StepLink(
            step.title,
            "" if is_still and not is_answered(call, step) else reverse(ASK, args=[call.pk, step.slug]),
            is_answered(call, step),
            step.slug == now,
        )
        for step in steps_of(call)
    ]
