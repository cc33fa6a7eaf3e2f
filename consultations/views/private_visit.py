"""What a patient says about a visit: what makes it work for them, that they will come, and what reminders say."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core.actions import perform_action
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, in_form, of_form
from consultations.actions.choose_reminders import ChooseReminders, RemindersData
from consultations.actions.confirm_visit import ConfirmVisit, ConfirmVisitData
from consultations.actions.tell_needs import NeedsData, TellNeeds
from consultations.forms.visit_needs import NeedsFields, RemindersForm, initial_of
from consultations.models import ConsultationRequest
from consultations.presenters.patient_texts import help_for_unsent
from consultations.services import visit_needs
from consultations.services.scheduling import AnotherTime
from consultations.views.private_access import private_page, to_page, with_grant
from consultations.views.private_status import status_page

NOT_KEPT: Final = gettext_lazy("This request has ended, so what you wrote was not saved.")


@post_only("consultations:status", keeps=("key",))
@with_grant
def confirm(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """One press. A mail scanner that follows links never sends a form."""
    data = ConfirmVisitData(slot_key=request.POST.get("seen", ""))
    try:
        perform_action(ConfirmVisit(), consultation_request, data)
    except AnotherTime as refused:
        return status_page(request, consultation_request, refused=str(refused))
    except TransitionNotAllowed:
        return to_page("status", consultation_request)
    return to_page("status", consultation_request, "confirmed")


@post_only("consultations:status", keeps=("key",))
@with_grant
def reminders(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """What they say, or that none is sent."""
    form = RemindersForm(request.POST)
    if not form.is_valid():
        return status_page(request, consultation_request, reminders_form=form)
    try:
        perform_action(ChooseReminders(), consultation_request, RemindersData(form.cleaned_data["choice"]))
    except TransitionNotAllowed:
        return to_page("status", consultation_request)
    return to_page("status", consultation_request, "reminders")


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
@gives_back(of_form(NeedsFields))
def needs(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """Told once, and changed at any time while the request is open."""
    told = initial_of(visit_needs.of_row(consultation_request.patient))
    form = NeedsFields(request.POST if request.method == "POST" else None, initial=told)
    if request.method != "POST" and consultation_request.is_closed:
        return to_page("status", consultation_request)
    help_now = help_for_unsent([form.data.get("more", ""), form.data.get("language", "")])
    if not form.is_valid():
        return private_page(request, consultation_request, "needs.html", {"form": form, "first_help": help_now})
    try:
        perform_action(TellNeeds(), consultation_request, NeedsData(form.needs()))
    except TransitionNotAllowed:
        unsent = in_form(form.data, NeedsFields)
        return status_page(request, consultation_request, refused=NOT_KEPT, unsent=unsent, help_now=help_now)
    return to_page("status", consultation_request, "needs")
