from typing import Any

from django.test import Client
from django.urls import reverse

from consultations.models import ConsultationRequest


def page_of(consultation_request: ConsultationRequest) -> str:
    return reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])


def act(
    client: Client, consultation_request: ConsultationRequest, verb: str, *, follow: bool = True, **data: Any
) -> Any:
    """Press one button of the request page as it is shown now."""
    url = reverse("admin:consultations_consultationrequest_action", args=[consultation_request.pk, verb])
    return client.post(url, {"seen": consultation_request.status, **data}, follow=follow)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())
