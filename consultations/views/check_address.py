"""The address that the private link goes to, corrected or added by the browser that sent the request."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core import limits
from clinic.core.actions import perform_action
from clinic.core.refusals import WrongStatus
from clinic.core.unsent import gives_back, of_form
from consultations.actions.correct_email import CorrectEmail, EmailData
from consultations.forms.contact import EmailForm
from consultations.models import ConsultationRequest
from consultations.services import contact_details
from consultations.services.contact_details import SameAddress
from consultations.views.check_required import session_required
from consultations.views.check_session import QuestionnaireSession, render_page

A_DAY: Final = 3
"""Corrections of one request. Whoever needs more gets it wrong, or mails strangers in our name."""
TOO_OFTEN: Final = gettext_lazy(
    "Nothing was changed: too many links were asked for in a short time. Call us: %(phone)s."
)


@session_required
@require_http_methods(["GET", "HEAD", "POST"])
@gives_back(of_form(EmailForm))
def correct_email(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Another address, and the link to the old one dies. Too late for it, the confirmation says whom to call."""
    consultation_request = (
        ConsultationRequest.objects.select_related("patient").filter(response=session.response.pk).first()
    )
    if consultation_request is None:
        return redirect(session.going_on())
    if not contact_details.may_correct(consultation_request):
        return redirect(session.url("sent"))
    form = EmailForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound and form.is_valid():
        try:
            status = _correct(request, consultation_request, form)
        except SameAddress as same:
            form.add_error("email", str(same))
        except WrongStatus:
            return redirect(session.url("sent"))
        if not form.errors:
            return redirect(session.url("sent"))
    context = {"form": form, "consultation_request": consultation_request, "back_url": session.url("sent")}
    return render_page(request, session, "correct_email", context, status=status)


def _correct(request: HttpRequest, consultation_request: ConsultationRequest, form: EmailForm) -> int:
    """The status to answer with, 429 when it was tried too often."""
    email = form.cleaned_data["email"]
    allowed = (
        limits.allow(f"correct-email-by:{limits.client_network(request)}", rate=20, per_seconds=3600)
        and limits.allow(f"send-link-to:{email.casefold()}", rate=3, per_seconds=3600)
        and limits.allow(f"correct-email:{consultation_request.pk}", rate=A_DAY, per_seconds=24 * 3600)
    )
    if not allowed:
        form.add_error("email", TOO_OFTEN % {"phone": settings.CLINIC_PHONE})
        return 429
    perform_action(CorrectEmail(), consultation_request, EmailData(email))
    return 200
