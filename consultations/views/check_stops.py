"""Where the check stops or pauses for safety: emergency, today, adults only, and the number for a safety call."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core import clock
from clinic.core.unsent import gives_back
from consultations.candidacy import outcomes, spoken
from consultations.enums import Outcome
from consultations.forms.contact import CallBackForm
from consultations.presenters import patient_texts
from consultations.services import intake
from consultations.views import check_browser
from consultations.views.check_lost import unsent_fields
from consultations.views.check_required import session_required
from consultations.views.check_result import call_back_by, explain, safety_case
from consultations.views.check_session import QuestionnaireSession, render_page


@require_safe
def emergency(request: HttpRequest) -> HttpResponse:
    """What to do now, for everybody; the pages of a check name the reasons in `emergency_stop`."""
    return render(request, "consultations/check/emergency.html", {"has_begun": check_browser.CHECKS in request.session})


@session_required
@require_safe
def emergency_stop(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """What to do now, with the reasons, for answers that are an emergency."""
    if not session.is_emergency:
        return redirect(session.going_on())
    case = safety_case(session)
    context = {
        "explanation": explain(session),
        "to_say": spoken.what_to_say(session.assessment, region=settings.CLINIC_REGION),
        "change_url": session.question_url(_first_cause(session)),
        "signs": outcomes.emergency_signs(region=settings.CLINIC_REGION),
        "case": case,
        "call_by": call_back_by(case),
    }
    return render_page(request, session, "emergency", context)


def _pressing(session: QuestionnaireSession) -> list[Any]:
    deciding = outcomes.DECIDING[session.assessment.outcome]
    return [fired for fired in session.assessment.fired if fired.effect == deciding]


def _first_cause(session: QuestionnaireSession) -> str:
    causes = {question for fired in _pressing(session) for question in fired.because}
    return next(question for question in session.assessment.visible if question in causes)


@session_required
@require_safe
def today(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Speak to a doctor today: send now, or carry on with the questions."""
    if session.stop or session.headline != Outcome.SAME_DAY:
        return redirect(session.going_on())
    context = {
        "explanation": explain(session),
        "signs": outcomes.emergency_signs(region=settings.CLINIC_REGION),
        "carry_on_url": session.going_on(),
    }
    return render_page(request, session, "today", context)


@session_required
@require_safe
def adults_only(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Under 18: no request, and the same safety advice as anybody would get."""
    if session.stop != "adults_only":
        return redirect(session.going_on())
    is_pressing = session.headline in (Outcome.SAME_DAY, Outcome.URGENT_REVIEW)
    context = {
        "explanation": explain(session) if is_pressing else None,
        "signs": outcomes.emergency_signs(region=settings.CLINIC_REGION),
        "is_today": session.headline == Outcome.SAME_DAY,
        "change_url": session.question_url("ab_age"),
        "case": safety_case(session),
    }
    return render_page(request, session, "adults_only", context)


@session_required
@require_http_methods(["GET", "HEAD", "POST"])
@gives_back(unsent_fields)
def call_back(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """A number for somebody who was sent to emergency care. A second try shows that we have it."""
    case = safety_case(session)
    if case is None:
        return redirect(session.going_on())
    if case.patient_id is not None:
        context = {
            "is_emergency": case.level == Outcome.EMERGENCY,
            "call_by": call_back_by(case),
            "first_help": patient_texts.first_help(case.response_id, now=clock.now()),
        }
        return render_page(request, session, "call_back_done", context)
    form = CallBackForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        intake.ask_for_call_back(response=session.response, contact=form.contact())
        return redirect(session.url("call_back"))
    return render_page(request, session, "call_back", {"form": form})
