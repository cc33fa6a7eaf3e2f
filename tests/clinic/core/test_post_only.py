"""A button's address answers its form; a look at it leads to the page that the form stands on."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from clinic.core.post_only import post_only


@post_only("admin:consultations_consultationrequest_change", keeps=("pk",))
def press(request, pk, verb):
    return HttpResponse(f"{verb} {pk}")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_leads_to_the_page(method):
    answer = press(RequestFactory().generic(method, "/"), pk=7, verb="claim")
    assert (answer.status_code, answer.headers["Location"]) == (
        302, "/admin/consultations/consultationrequest/7/change/",
    )  # fmt: skip


def test_a_press_is_answered():
    assert press(RequestFactory().post("/"), pk=7, verb="claim").content == b"claim 7"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_else_is(method):
    answer = press(RequestFactory().generic(method, "/"), pk=7, verb="claim")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
