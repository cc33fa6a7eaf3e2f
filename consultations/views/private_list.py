"""The list of what may be new or worse, as a page: by its own address, or at once after words about danger."""

from typing import Final

from django.http import HttpRequest, HttpResponse

from clinic.core.encryption import new_token
from clinic.core.wording import Wording
from consultations.enums import RequestStatus
from consultations.forms.asked_again import AskedAgainForm
from consultations.models import ConsultationRequest
from consultations.presenters import patient_texts
from consultations.presenters.asked_again import question
from consultations.presenters.patient_texts import help_for_unsent
from consultations.services import asked_again
from consultations.views.private_access import private_page

TIMES_ARE_CHOSEN: Final = (RequestStatus.OFFERED, RequestStatus.BOOKED)
FOR_A_TIME: Final = "time"
"""What the address says when somebody is asked before they take a time."""


def list_page(
    request: HttpRequest,
    consultation_request: ConsultationRequest,
    *,
    form: AskedAgainForm | None = None,
    notice: Wording = "",
) -> HttpResponse:
    """The list, empty or with what was ticked and typed in it."""
    if form is None:
        form = AskedAgainForm(initial={"once": new_token()}, question=question(consultation_request))
    typed = help_for_unsent([form.data.get("message", "")]) if form.is_bound else None
    context = {
        "form": form,
        "notice": notice,
        "is_for_time": is_for_a_time(request) and consultation_request.status in TIMES_ARE_CHOSEN,
        "wrote_of_danger": asked_again.wrote_of_danger(consultation_request),
        "first_help": typed or patient_texts.support_only(consultation_request.response_id),
    }
    return private_page(request, consultation_request, "something_changed.html", context)


def is_for_a_time(request: HttpRequest) -> bool:
    return request.GET.get("for") == FOR_A_TIME
