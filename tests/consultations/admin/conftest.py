from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from consultations.models import ConsultationRequest
from tests.cast import make_user

SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in() -> SignIn:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def staff(db: None) -> Callable[[str], User]:
    """A member of one group by the group's name."""

    def member(group: str) -> User:
        return User.objects.filter(username=f"a_{group}").first() or make_user(f"a_{group}", group, first_name=group)

    return member


def page_of(request: ConsultationRequest) -> str:
    return reverse("admin:consultations_consultationrequest_change", args=[request.pk])


def act(client: Client, request: ConsultationRequest, verb: str, *, follow: bool = True, **data: Any) -> Any:
    """Press one button of the request page as it is shown now."""
    url = reverse("admin:consultations_consultationrequest_act", args=[request.pk, verb])
    return client.post(url, {"seen": request.status, **data}, follow=follow)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())
