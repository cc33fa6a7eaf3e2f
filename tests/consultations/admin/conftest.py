from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from consultations.admin.requests import ConsultationRequestAdmin
from consultations.models import ConsultationRequest
from tests.depth import depth


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


@contextmanager
def drawn_in_turn(number: int) -> Iterator[None]:
    """Draw the page that a refusal leads to for one number in three; at length for each.

    For tests of what an act does to the rows: the page takes ten times as long as the act.
    """
    if number % depth(3, 1) == 0:
        yield
    else:
        with mock.patch.object(ConsultationRequestAdmin, "_show", return_value=HttpResponse()):
            yield
