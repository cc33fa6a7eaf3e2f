"""In a browser: a couple with a private link each, sessions that end before the form is sent, and blocked cookies."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from clinic.accounts.models import User
from consultations.enums import RequestStatus
from consultations.models import InformationRequest, PrivateLink, TriageDecision
from tests.axe import faults
from tests.consultations.views.private_links import link_to
from tests.journeys.test_the_whole_story import Person
from tests.personas import private_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BORN = {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}
BORN_BOB = {"birth_on_month": "2", "birth_on_day": "28", "birth_on_year": "1955"}
REFUSED = re.compile("Failed to load resource: the server responded with a status of 403")


@pytest.fixture
def meet(content: Any, chromium: Any, live_server: Any) -> Iterator[Any]:
    """People whose browsers may note that a form was refused, and nothing else."""
    met: list[Person] = []

    def meet(**kwargs: Any) -> Person:
        met.append(Person(chromium, live_server.url, **kwargs))
        met[-1].has_js = kwargs["with_js"]
        return met[-1]

    yield meet
    said = [line for person in met for line in person.said if not REFUSED.match(line)]
    for person in met:
        person.context.close()
    assert said == []


def open_link(person: Person, path: str, born: dict[str, str]) -> None:
    person.go(path)
    person.fill(**born)
    person.press("Open my request")


def check_looks(person: Person) -> None:
    """Axe, both themes and a small screen; what looks at a page is a script itself."""
    if person.has_js:
        assert faults(person.page) == []


def second_tab(person: Person) -> Person:
    """Another tab of the same browser."""
    tab = object.__new__(Person)
    tab.__dict__.update(person.__dict__)
    tab.page = person.context.new_page()
    return tab


@pytest.mark.parametrize(("with_js", "width"), [(True, 1280), (False, 390)], ids=["wide", "phone without JavaScript"])
def test_a_couple_shares_a_browser_and_each_page_stays_with_its_person(
    meet: Any, alice: Any, bob: Any, doctor: User, with_js: bool, width: int
) -> None:
    type(bob).objects.filter(pk=bob.pk).update(status=RequestStatus.INFORMATION_ASKED)
    InformationRequest.objects.create(
        consultation_request=bob,
        question="Which scan?",
        asked_at=bob.submitted_at,
        asked_by=doctor,
        is_from_doctor=False,
    )
    hers = meet(with_js=with_js, width=width)
    open_link(hers, link_to(alice), BORN)
    hers.follow("Withdraw my request")
    assert f"We stop working on request {alice.reference}" in hers.words
    his = second_tab(hers)
    open_link(his, link_to(bob), BORN_BOB)
    assert his.path == private_url(bob)
    assert f"Also open here: {alice.reference} (Alice)" in his.words
    check_looks(his)

    hers.fill(sure=True)
    hers.press("Withdraw my request")

    assert hers.path == private_url(alice)
    assert "your request is withdrawn" in hers.words
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.status, bob.status) == ("withdrawn", "information_asked")

    his.fill(answer="An MRI, last May.")
    his.press("Send my answer")
    assert "An MRI, last May." in his.words
    hers.page.go_back()
    hers.page.reload()
    assert "Bob, " not in hers.words

    his.press("Close my pages on this computer")
    assert "No private page is open in this browser." in his.words
    check_looks(his)
    hers.page.reload()
    assert "This page has closed" in hers.words


@pytest.mark.parametrize("with_js", [True, False], ids=["with JavaScript", "without"])
def test_a_private_page_that_ended_gives_the_answer_back(meet: Any, alice: Any, doctor: User, with_js: bool) -> None:
    type(alice).objects.filter(pk=alice.pk).update(status=RequestStatus.INFORMATION_ASKED)
    question = InformationRequest.objects.create(
        consultation_request=alice,
        question="Which scan?",
        asked_at=alice.submitted_at,
        asked_by=doctor,
        is_from_doctor=False,
    )
    patient = meet(with_js=with_js, width=390)
    open_link(patient, link_to(alice), BORN)
    patient.fill(answer="An MRI.\nThe picture is <with> my GP.")
    Session.objects.all().delete()
    patient.press("Send my answer")

    assert "Nothing was sent and nothing was changed." in patient.words
    typed = patient.page.get_by_label("Your answer").input_value()
    assert typed == "An MRI.\nThe picture is <with> my GP."
    check_looks(patient)
    question.refresh_from_db()
    assert question.answered_at is None

    open_link(patient, link_to(alice), BORN)
    patient.fill(answer=typed)
    patient.press("Send my answer")
    question.refresh_from_db()
    assert question.answer == typed


@pytest.mark.parametrize("with_js", [True, False], ids=["with JavaScript", "without"])
def test_a_staff_form_without_a_session_keeps_the_note_until_it_is_saved(
    meet: Any, alice: Any, nurse: User, with_js: bool
) -> None:
    staff = meet(with_js=with_js, width=1366)
    staff.sign_in(nurse)
    page = reverse("admin:consultations_consultationrequest_change", args=[alice.pk])
    staff.go(page)
    Session.objects.all().delete()
    staff.act("note", note='Rang at ten:\n"no <change>".')

    assert "You are not signed in any more, so nothing was saved." in staff.words
    assert staff.page.get_by_label("Note for colleagues").input_value() == 'Rang at ten:\n"no <change>".'
    check_looks(staff)
    staff.fill(username="nurse", password="not the word")
    staff.press("Sign in")
    assert "Nothing was saved yet." in staff.words
    staff.fill(username="nurse", password="a quiet passphrase")
    staff.press("Sign in")
    typed = staff.page.get_by_label("Note for colleagues").input_value()
    assert typed == 'Rang at ten:\n"no <change>".'
    check_looks(staff)
    assert not TriageDecision.objects.exists()

    staff.follow("Back to the page")
    assert staff.path == page
    staff.act("note", note=typed)
    assert TriageDecision.objects.get().note == typed


@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_that_blocks_cookies_is_told_so_at_the_first_button(meet: Any, alice: Any, width: int) -> None:
    visitor = meet(with_js=True, width=width)
    visitor.go("/check/")
    press_without_cookies(visitor, "Start now")
    assert "Your browser blocks our cookie The check has not started." in visitor.words
    assert "Allow cookies for this site" in visitor.words
    check_looks(visitor)
    visitor.follow("Open the page again")
    assert visitor.path == "/check/"

    visitor.go(link_to(alice))
    visitor.fill(**BORN)
    press_without_cookies(visitor, "Open my request")
    assert "Your request is not open yet." in visitor.words
    assert PrivateLink.objects.get().wrong_dates == 0


def press_without_cookies(person: Person, label: str) -> None:
    """What a browser that keeps no cookies sends."""
    person.context.clear_cookies()
    person.press(label)


def test_a_sign_in_in_another_tab_loses_no_words(meet: Any, alice: Any, nurse: User) -> None:
    staff = meet(with_js=True, width=1366)
    staff.sign_in(nurse)
    page = reverse("admin:consultations_consultationrequest_change", args=[alice.pk])
    staff.go(page)
    other = second_tab(staff)
    other.go("/admin/")
    other.page.get_by_role("button", name="Sign out").click()
    other.arrive()
    other.sign_in(nurse)

    staff.act("note", note="Rang at ten.")

    assert "This page is out of date" in staff.words
    assert staff.page.locator(".staffbar").count() == 1
    assert staff.page.get_by_label("Note").input_value() == "Rang at ten."
    check_looks(staff)
    staff.follow("Open the page again")
    assert staff.path == page
    staff.act("note", note="Rang at ten.")
    assert TriageDecision.objects.get().decided_at <= datetime.datetime.now(datetime.UTC)
