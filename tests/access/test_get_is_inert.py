"""Looking changes nothing, whoever follows the link: a mail scanner, a preview, a second tab. Odd methods get a no.

That a look at any address as any role changes nothing is shown in test_matrix.py, by the same looks.
"""

import datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from clinic.core import clock
from consultations.enums import RequestStatus
from consultations.models import InformationRequest
from tests.access.conftest import address, everything, get_as, routes
from tests.consultations.views.conftest import OUTCOMES, Visitor
from tests.personas import open_privately, private_url

OFFERED = {"GET", "HEAD", "POST", "OPTIONS"}
REFUSED = ("PUT", "PATCH", "DELETE", "TRACE", "TRACK", "CONNECT", "PROPFIND", "COPY", "POST2", "")


def looks_everywhere(client: Client, site: dict[str, Any]) -> dict[str, int]:
    """Each address with what GET says."""
    return {name: client.get(address(pattern, site)).status_code for name, pattern in routes()}


def asks_for_heads_everywhere(client: Client, site: dict[str, Any]) -> dict[str, int]:
    """Each address with what HEAD says."""
    results = {}
    for name, pattern in routes():
        headed = client.head(address(pattern, site))
        assert headed.content == b"" or headed.status_code in (404, 405), name
        results[name] = headed.status_code
    return results


@pytest.mark.parametrize("role", ["visitor", "patient", "superuser"])
def test_asking_for_heads_changes_nothing_and_says_as_much(role: str, site: dict[str, Any]) -> None:
    client = get_as(role, site)
    seen = looks_everywhere(client, site)
    before = everything()

    headed = asks_for_heads_everywhere(client, site)

    assert everything() == before
    # Django sends those who are signed in on from its sign-in page at a GET, and shows it at a HEAD.
    assert {name for name in seen if seen[name] != headed[name]} <= {"admin:login"}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_nor_does_looking_in_the_middle_of_a_check(outcome: str, site: dict[str, Any]) -> None:
    """Wherever the answers stop or lead: a danger page, the result, the last look before sending."""
    walker = Visitor(Client(raise_request_exception=False))
    walker.answer(**OUTCOMES[outcome])
    before, session = everything(), dict(walker.client.session.items())

    results = [
        walker.client.get(address(pattern, site)).status_code for name, pattern in routes() if "admin" not in name
    ]

    assert everything() == before
    assert dict(walker.client.session.items()) == session
    assert max(results) < 500


def test_nor_does_looking_after_sending(site: dict[str, Any]) -> None:
    walker = Visitor(Client(raise_request_exception=False))
    walker.complete()
    before = everything()

    looks_everywhere(walker.client, site)

    assert everything() == before


@pytest.mark.parametrize("status", RequestStatus.values)
def test_nor_does_looking_at_a_request_in_any_state(
    status: str, db: None, monday: None, make_request: Any, nurse: Any
) -> None:
    consultation_request = make_request(status=status)
    if status == RequestStatus.INFORMATION_ASKED:
        InformationRequest.objects.create(
            consultation_request=consultation_request,
            question="Which scan?",
            asked_at=clock.now(),
            asked_by=nurse,
            is_from_doctor=False,
        )
    client = Client()
    open_privately(client, consultation_request)
    staff = get_as("doctor", {})
    before = everything()

    for page in ("", "withdraw/", "times/", "times/check/", "cancel-time/", "appointment.ics"):
        for ask in (client.get, client.head):
            assert ask(private_url(consultation_request, page)).status_code in (200, 302, 404)
    assert staff.get(f"/admin/consultations/consultationrequest/{consultation_request.pk}/change/").status_code == 200

    assert everything() == before


def test_a_visitor_who_only_reads_gets_no_session(site: dict[str, Any]) -> None:
    Session.objects.all().delete()

    looks_everywhere(Client(), site)

    assert not Session.objects.exists()


def test_looking_does_not_lengthen_a_private_session(site: dict[str, Any], time_machine: Any) -> None:
    client = get_as("patient", site)
    grants = client.session["private"]
    time_machine.move_to(clock.now() + datetime.timedelta(minutes=29), tick=False)

    looks_everywhere(client, site)

    assert client.session["private"] == grants


@pytest.mark.parametrize("role", ["visitor", "patient", "superuser"])
def test_no_other_method_is_served(role: str, site: dict[str, Any]) -> None:
    client = get_as(role, site)
    before = everything()

    for name, pattern in routes():
        for method in REFUSED:
            answer = client.generic(method, address(pattern, site), headers={"X-Secret": "not to be echoed"})
            assert answer.status_code == 405, (name, method)
            assert set(answer.headers["Allow"].split(", ")) == OFFERED
            assert answer.content == b""

    assert everything() == before


def test_asking_what_is_offered_shows_nothing(site: dict[str, Any]) -> None:
    client = get_as("superuser", site)

    for name, pattern in routes():
        answer = client.options(address(pattern, site))
        assert (answer.status_code, answer.content) == (204, b""), name
        assert set(answer.headers["Allow"].split(", ")) == OFFERED


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_cannot_be_put_on_by_a_header(header: str, site: dict[str, Any]) -> None:
    client = get_as("patient", site)
    before = everything()

    for method in ("POST", "DELETE"):
        client.get(private_url(site["patient"], "withdraw/?sure=on&_method=POST"), headers={header: method})

    assert everything() == before
