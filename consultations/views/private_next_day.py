"""The day after: "Were you seen? What did they find?" Whoever was not seen, or is worse, is called."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.encryption import new_token
from clinic.core.unsent import Unsent, gives_back, of_form
from consultations.forms.next_day import NextDayForm
from consultations.models import ConsultationRequest
from consultations.presenters import patient_texts
from consultations.presenters.patient_texts import help_for_unsent
from consultations.services import case_mails
from consultations.views.private_access import private_page, to_page, with_grant


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(of_form(NextDayForm))
def how_it_went(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """The question, or what becomes of the answer. What was chosen counts, whatever is wrong with the text."""
    if request.method != "POST":
        question = case_mails.open_question(consultation_request)
        if question is None:
            return _after(request, consultation_request, [])
        initial = {"asked": question.pk, "once": new_token()}
        return _ask(
            request, consultation_request, NextDayForm(initial=initial, helped_name=consultation_request.helped_name)
        )
    form = NextDayForm(request.POST, helped_name=consultation_request.helped_name)
    is_valid = form.is_valid()
    if form.answer is None:
        return _ask(request, consultation_request, form)
    typed = form.data.get("found", "")
    text = form.cleaned_data["found"] if is_valid else ""
    unsent = [] if is_valid or not typed.strip() else [Unsent(str(form.fields["found"].label), typed)]
    try:
        case_mails.answer_next_day(
            consultation_request=consultation_request,
            closing=form.cleaned_data.get("asked") or 0,
            answer=form.answer,
            text=text,
            once=form.cleaned_data.get("once", ""),
        )
    except case_mails.NotAsked:
        unsent = [Unsent(str(form.fields["found"].label), typed)] if typed.strip() else []
    if unsent:
        return _after(request, consultation_request, unsent)
    return to_page("how_it_went", consultation_request)


def _ask(request: HttpRequest, consultation_request: ConsultationRequest, form: NextDayForm) -> HttpResponse:
    context = {"form": form, "first_help": help_for_unsent([form.data.get("found", "")])}
    return private_page(request, consultation_request, "how_it_went.html", context)


def _after(request: HttpRequest, consultation_request: ConsultationRequest, unsent: list[Unsent]) -> HttpResponse:
    """What happens now, as the record says and not the address; without any answer, the status page."""
    asked = case_mails.last_asked(consultation_request)
    if asked is None or (not asked.answer and not unsent):
        return to_page("status", consultation_request)
    needs_us = asked.answer in case_mails.NEEDS_US
    context = {
        "needs_us": needs_us,
        "is_answered": bool(asked.answer),
        "call_by": asked.case.due_at if needs_us else None,
        "unsent": unsent,
        "first_help": help_for_unsent(item.text for item in unsent)
        or patient_texts.first_help(consultation_request.response_id, now=clock.now()),
    }
    return private_page(request, consultation_request, "how_it_went_after.html", context)
