"""Where the check stops or pauses for safety: emergency, today, adults only, and the number for a safety call."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from consultations.candidacy import outcomes
from consultations.enums import Outcome
from consultations.forms.contact import CallBackForm
from consultations.models import SafetyCase
from consultations.questionnaire import flow
from consultations.questionnaire.definition import load
from consultations.services import intake
from consultations.views.check_walk import Walk, explain, going_on, readable_walk, screen_url, with_walk


@require_safe
def emergency(request: HttpRequest) -> HttpResponse:
    """What to do now: with the reasons for answers that are an emergency, general advice for everybody else."""
    walk = readable_walk(request)
    if walk is None or not walk.is_emergency:
        return render(request, "consultations/check/emergency.html", {"walk": walk})
    context = {
        "walk": walk,
        "explanation": explain(walk),
        "ticked": ticked_signs(walk),
        "change_url": screen_url(flow.screen_of(_first_cause(walk), version=walk.version)),
        "case": SafetyCase.objects.filter(response=walk.response).first(),
    }
    return render(request, "consultations/check/emergency.html", context)


def ticked_signs(walk: Walk) -> list[str]:
    """The answers behind the emergency in the words of their options: what to show and say at the hospital."""
    questions = load(walk.version)
    causes = {question for fired in _pressing(walk) for question in fired.because}
    signs: list[str] = []
    for question_id in walk.assessment.visible:
        value = walk.assessment.cleaned.get(question_id)
        if question_id in causes and value is not None:
            question = questions[question_id]
            if isinstance(value, tuple):
                signs += flow.display_answer(question, value)
            else:
                signs += [f"{question.text} {line}" for line in flow.display_answer(question, value)]
    return signs


def _pressing(walk: Walk) -> list[Any]:
    deciding = outcomes.DECIDING[walk.assessment.outcome]
    return [fired for fired in walk.assessment.fired if fired.effect == deciding]


def _first_cause(walk: Walk) -> str:
    causes = {question for fired in _pressing(walk) for question in fired.because}
    return next(question for question in walk.assessment.visible if question in causes)


@require_safe
@with_walk
def today(request: HttpRequest, walk: Walk) -> HttpResponse:
    """Speak to a doctor today: send now, or carry on with the questions."""
    if walk.stop or walk.headline != Outcome.SAME_DAY:
        return redirect(going_on(walk))
    context = {"walk": walk, "explanation": explain(walk), "carry_on_url": going_on(walk)}
    return render(request, "consultations/check/today.html", context)


@require_safe
@with_walk
def adults_only(request: HttpRequest, walk: Walk) -> HttpResponse:
    """Under 18: no request, and the same safety advice as anybody would get."""
    if walk.stop != "consultations:adults_only":
        return redirect(going_on(walk))
    is_pressing = walk.headline in (Outcome.SAME_DAY, Outcome.URGENT_REVIEW)
    context = {
        "walk": walk,
        "explanation": explain(walk) if is_pressing else None,
        "signs": outcomes.EMERGENCY_SIGNS,
        "change_url": screen_url(flow.screen_of("ab_age", version=walk.version)),
        "case": SafetyCase.objects.filter(response=walk.response).first(),
    }
    return render(request, "consultations/check/adults_only.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_walk
def call_back(request: HttpRequest, walk: Walk) -> HttpResponse:
    """A number for somebody who was sent to emergency care. A second try shows that we have it."""
    case = SafetyCase.objects.filter(response=walk.response).first()
    if case is None:
        return redirect("consultations:emergency")
    if case.patient_id is not None:
        return render(request, "consultations/check/call_back_done.html", {"walk": walk, "case": case})
    form = CallBackForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        intake.ask_for_call_back(response=walk.response, contact=form.contact())
        return redirect("consultations:call_back")
    return render(request, "consultations/check/call_back.html", {"walk": walk, "form": form})
