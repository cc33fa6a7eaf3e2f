"""Who has opened what a patient sent: role, time and what was seen, for the patient to read."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from consultations.models import ConsultationRequest
from consultations.presenters import seen
from consultations.views.private_access import private_page, with_grant


@require_safe
@with_grant
def who_has_seen(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    page = seen.for_patient(consultation_request.patient_id, before=seen.number_in(request.GET.get("before", "")))
    context = {"page": page, "is_later": "before" in request.GET}
    return private_page(request, consultation_request, "who_has_seen.html", context)
