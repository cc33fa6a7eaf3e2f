"""Every form of staff with the session gone: nothing is done, and what was typed stands on the sign-in page."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from clinic.accounts.models import User
from consultations.admin.requests import PREVIEW_SALT
from consultations.enums import Outcome, RequestStatus
from tests.access.conftest import TRAIL, address, everything, get_as, routes
from tests.access.forms import FORMS, NEW_PASSWORD, Stage
from tests.consultations.views.conftest import text_of
from tests.personas import MakeRequest

PASSWORD = "a quiet passphrase"
HAS_ENDED = "You are not signed in any more, so nothing was saved."
STAFF_FORMS = [
    name
    for name in FORMS
    if name
    in (
        "hand-over note", "missed", "missed answer", "weekly shift",
        "danger questions", "end of a call", "caller",
        "own password", "search", "preview", "note", "call", "escalate", "pass", "settle", "order", "follow-up",
        "own urgency",
        "ask", "decide", "book", "give back", "needs by phone", "waiting by phone", "close",
        "case", "case confirmed", "case note",
        "case opened again", "person note", "join",
        "take apart",
        "absence", "cannot come", "keep free", "weekly time", "extra session", "user", "place",
    )
]  # fmt: skip
SHOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "own password": (),
    "search": (("Find by ", "Alice"),),
    "preview": (),
    "note": (("Note for colleagues", "Rang at ten."),),
    "call": (("Outcome of the call", "Reached, other matter"), ("What was said", "No change.")),
    "danger questions": (("Do you have any of these now", "ou feel hot and shivery"),),
    "end of a call": (("What was said", "She is well."),),
    "caller": (("Full name", "Maeve Hart"), ("What they said", "Her legs are numb.")),
    "join": (("Reference of the other request", "LS-AB23-CD"), ("Why is it the same person?", "Same voice.")),
    "take apart": (("Why is it not the same person?", "Two sisters."),),
    "escalate": (("Why is it pressing?", "Worse."),),
    "pass": (("Note for the doctor", "Please read."),),
    "settle": (("How?", "Examined"), ("By whom?", "Dr Halloran")),
    "order": (("Why may this visit be booked while a red flag stands?", "To see this foot."),),
    "follow-up": (("Not before", "2026-11-23"),),
    "own urgency": (("Why is it less pressing than the other request?", "A new, harmless question."),),
    "ask": (("Question to the patient", "Which scan?"),),
    "decide": (("Note to the patient", "Walk."),),
    "book": (("Free time", "Tuesday 24 November, 9 am"),),
    "give back": (("Why is the time cancelled?", "Ill."),),
    "needs by phone": (("Anything else we should know to make the visit work", "A wide chair."),),
    "waiting by phone": (("Which days would suit?", "Monday"), ("Which part of the day?", "Mornings")),
    "close": (("Why does the clinic close this request?", "Moved away."),),
    "case": (("Note", "Her son told us."),),
    "case confirmed": (("Note", "Her son told us."),),
    "case note": (("Note for colleagues", "Called at ten."),),
    "case opened again": (("Why is it opened again?", "Her son called: she came home."),),
    "person note": (("Note for colleagues", "Prefers mornings."),),
    "absence": (("Reason", "Course"), ("From", "2027-01-04T09:00")),
    "cannot come": (("First day", "2026-11-24"), ("Last day", "2026-11-25")),
    "keep free": (("Reason", "Letters"), ("From", "2027-01-04T09:00")),
    "weekly time": (("From", "14:00"), ("Weekday", "Tuesday")),
    "extra session": (("From", "14:00"), ("Until", "16:00")),
    "hand-over note": (("Note for the next shift", "The fax is out of paper."), ("About request", "LS-AB23-CD")),
    "missed": (("What did it miss?", "A danger that it did not find"), ("What happened", "Numb since May.")),
    "missed answer": (("Answer", "Put right in 1.2."),),
    "weekly shift": (("From", "14:00"), ("Weekday", "Tuesday")),
    "user": (("Name", "Ines Halloran"),),
    "place": (("Name", "Mill Lane"), ("Address", "2 Mill Lane")),
}
"""Form -> labels and texts on the sign-in page. A secret has none, and so has a button that carries nothing typed."""
HOSTILE = "<script>alert(1)</script>\n\"' --> </textarea> {{ 7*7 }} & Ω\u202e"


@pytest.fixture
def stage(monday_content: Any, monday: None, make_request: MakeRequest, clinician: Any, doctor: User) -> Stage:
    return Stage(make_request, clinician, doctor)


def lost(client: Client) -> Client:
    """The session ends on our side; the browser still has its cookies."""
    Session.objects.all().delete()
    return client


def carried(page: Any) -> dict[str, list[str]]:
    """The fields of the sign-in form, as a browser would send them."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode()):
        fields.setdefault(name, []).append(unescaped(value))
    return fields


def unescaped(text: str) -> str:
    for mark, entity in (("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"), ("&", "&amp;")):
        text = text.replace(entity, mark)
    return text


def test_every_form_of_staff_is_listed() -> None:
    public = {
        "start", "first screen", "numbers", "free text", "carry", "contact", "contact of a helper", "answers",
        "call back", "start with answers", "carried screen", "save for later", "open saved check",
        "send link", "open link", "withdraw", "answer", "how it went", "something has changed", "message", "times",
        "cancel time", "needs", "earlier time", "appearance", "sign in",
    }  # fmt: skip
    assert set(FORMS) - public == set(STAFF_FORMS) == set(SHOWN)


@pytest.mark.parametrize("name", STAFF_FORMS)
def test_a_form_without_a_session_is_given_back_and_does_nothing(stage: Stage, name: str) -> None:
    client, path, data = FORMS[name](stage)
    lost(client)
    before = everything()

    page = client.post(path, data)

    page_text, html = text_of(page), page.content.decode()
    assert page.status_code == 403
    assert HAS_ENDED in page_text
    assert page.headers["Cache-Control"] == "no-store, private"
    for label, text in SHOWN[name]:
        assert label in page_text
        assert escape(text) in html.partition("What you had filled in")[2]
    assert ("What you had filled in" in html) == bool(SHOWN[name])
    assert PASSWORD not in html
    assert NEW_PASSWORD["new_password1"] not in html
    assert everything() == before
    assert not Session.objects.exists()


@pytest.mark.parametrize("name", STAFF_FORMS)
def test_signing_in_leads_to_a_page_that_can_be_read(stage: Stage, name: str) -> None:
    """The address takes the form; a look at it leads to the page on which the form stands."""
    client, path, data = FORMS[name](stage)
    user = User.objects.get(pk=client.session["_auth_user_id"])
    page = lost(client).post(path, data)
    before = everything()

    signed_in = client.post("/admin/login/", {**carried(page), "username": user.username, "password": PASSWORD})

    if SHOWN[name]:
        assert signed_in.status_code == 200
        assert "What you had filled in is not saved yet." in text_of(signed_in)
        assert escape(SHOWN[name][0][1]) in signed_in.content.decode()
        following = re.search(r'class="btn btn-primary" href="([^"]+)"', signed_in.content.decode())
        assert following is not None
        where = unescaped(following[1])
    else:
        where = signed_in.headers["Location"]
    assert where == path
    assert client.get(where, follow=True).status_code == 200
    # A sign-in writes when somebody was last here, that they signed in, and nothing of the form.
    changed = {table.rpartition(".")[2] for table, rows in everything().items() if rows != before[table]}
    assert changed <= {"User", *TRAIL}


def test_a_preview_gives_back_what_was_typed_before_it(stage: Stage) -> None:
    consultation_request = stage.make_request(status=RequestStatus.WITH_DOCTOR, outcome=Outcome.SAME_DAY)
    url = reverse("admin:consultations_consultationrequest_confirm", args=[consultation_request.pk])
    client, _, _ = stage.staff(url)
    data = {"decision": "not_suitable", "patient_note": "Walk <daily>.", "reason": "Staff words", "seen": "with_doctor"}
    stored = {"request": consultation_request.pk, "by": stage.doctor.pk, "verb": "decide", "data": data}
    signed = signing.dumps(stored, salt=PREVIEW_SALT, compress=True)

    html = lost(client).post(url, {"decision": signed}).content.decode()

    assert "Walk &lt;daily&gt;." in html
    assert "Staff words" in html
    assert signed not in html
    consultation_request.refresh_from_db()
    assert consultation_request.status == RequestStatus.WITH_DOCTOR


def test_a_made_up_preview_gives_back_nothing(stage: Stage) -> None:
    url = reverse("admin:consultations_consultationrequest_confirm", args=[stage.make_request().pk])
    page = Client().post(url, {"decision": "eyJ4IjoxfQ:1x:y"})
    assert page.status_code == 403
    assert "What you had filled in" not in page.content.decode()


@pytest.mark.parametrize("name", ["note", "place", "case"])
def test_hostile_text_is_text(stage: Stage, name: str) -> None:
    client, path, data = FORMS[name](stage)
    field = {"note": "note", "place": "address", "case": "words"}[name]
    page = lost(client).post(path, {**data, field: HOSTILE})
    again = client.post("/admin/login/", {**carried(page), "username": "nobody", "password": "wrong"})
    for answer in (page, again):
        html = answer.content.decode()
        assert "<script>alert(1)" not in html
        assert html.count(escape(HOSTILE)) == 2  # to copy, and to take along
        assert html.count("</textarea>") == html.count("<textarea")


def test_a_wrong_password_loses_nothing_and_says_so(stage: Stage) -> None:
    client, path, data = FORMS["call"](stage)
    page = lost(client).post(path, data)
    for _ in range(3):
        page = client.post("/admin/login/", {**carried(page), "username": "doctor", "password": "not it"})
        text = text_of(page)
        assert page.status_code == 200
        assert "Nothing was saved yet." in text
        assert "No change." in text
        assert "not it" not in page.content.decode()
    last = client.post("/admin/login/", {**carried(page), "username": "doctor", "password": PASSWORD})
    assert "No change." in text_of(last)
    assert "Outcome of the call Reached, other matter" in text_of(last)


def test_no_button_of_the_page_but_the_sign_in_leads_away_from_the_text(stage: Stage) -> None:
    """The switch of the appearance comes back by GET, and the text would be gone."""
    client, path, data = FORMS["note"](stage)
    page = lost(client).post(path, data)
    again = client.post("/admin/login/", {**carried(page), "username": "doctor", "password": PASSWORD})
    assert [re.findall(r'<form[^>]* action="([^"]+)"', item.content.decode()) for item in (page, again)] == [
        ["/admin/login/"],
        ["/admin/logout/"],
    ]


def test_too_many_tries_lose_nothing_either(stage: Stage) -> None:
    client, path, data = FORMS["note"](stage)
    page = lost(client).post(path, data)
    for _ in range(11):
        page = client.post("/admin/login/", {**carried(page), "username": "doctor", "password": "not it"})
    assert page.status_code == 429
    assert "Rang at ten." in text_of(page)


def test_a_sign_in_from_nowhere_goes_straight_to_today(stage: Stage) -> None:
    answer = Client().post("/admin/login/", {"username": "doctor", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("length", [100_000, 900_000])
def test_a_very_long_text_fits_the_form_that_takes_it_along(stage: Stage, length: int) -> None:
    client, path, data = FORMS["note"](stage)
    page = lost(client).post(path, {**data, "note": "w " * (length // 2)})
    again = client.post("/admin/login/", {**carried(page), "username": "doctor", "password": PASSWORD})
    assert page.status_code == 403
    assert again.status_code == 200
    assert ("(only the beginning)" in text_of(again)) == (length > 700_000)


def test_a_text_of_the_longest_characters_fits_too(stage: Stage) -> None:
    client, path, data = FORMS["note"](stage)
    page = lost(client).post(path, {**data, "note": "\U0001f9b4" * 85_000})
    fields = {**carried(page), "username": "doctor", "password": PASSWORD}
    assert client.post("/admin/login/", fields).status_code == 200


@pytest.mark.parametrize("ending", ["signed out elsewhere", "password changed", "may not sign in", "no session"])
def test_whatever_ended_the_session(stage: Stage, ending: str) -> None:
    client, path, data = FORMS["note"](stage)
    if ending == "signed out elsewhere":
        client.post(reverse("admin:logout"))
    elif ending == "password changed":
        stage.doctor.set_password("a louder passphrase")
        stage.doctor.save()
    elif ending == "may not sign in":
        User.objects.update(is_active=False)
    else:
        del client.cookies[settings.SESSION_COOKIE_NAME]
    before = everything()
    page = client.post(path, data)
    assert HAS_ENDED in text_of(page)
    assert "Rang at ten." in text_of(page)
    assert everything() == before


def test_no_right_is_no_lost_session(stage: Stage, editor: User) -> None:
    _, path, data = FORMS["note"](stage)
    client = Client()
    client.force_login(editor)
    page = client.post(path, data)
    assert page.status_code == 403
    assert HAS_ENDED not in text_of(page)
    assert "You may not see this page" in text_of(page)


def test_who_lost_the_staff_mark_reads_why_and_gets_the_text_back(stage: Stage) -> None:
    client, path, data = FORMS["note"](stage)
    User.objects.update(is_staff=False)
    text = text_of(client.post(path, data))
    assert "who may not see this page" in text
    assert HAS_ENDED not in text
    assert "Rang at ten." in text


def test_what_a_form_holds_beside_the_words_is_not_shown(stage: Stage) -> None:
    client, path, data = FORMS["note"](stage)
    machine = {
        "seen": "in_triage-x", "csrfmiddlewaretoken": "t0ken-x", "password": "pw-x", "new_password1": "pw-y",
        "_save": "Save-x", "api_token": "tok-x", "form-TOTAL_FORMS": "3-x", "next": "/next-x/",
        "client_secret": "sec-x",
    }  # fmt: skip
    html = lost(client).post(path, {**data, **machine}).content.decode()
    assert "Rang at ten." in html
    for value in machine.values():
        assert value not in html


def test_nothing_typed_is_in_an_address_a_log_line_or_a_session(stage: Stage, caplog: Any) -> None:
    client, path, data = FORMS["note"](stage)
    with caplog.at_level("DEBUG"):
        page = lost(client).post(path, {**data, "note": "Zebrafish."})
        client.post("/admin/login/", {**carried(page), "username": "doctor", "password": PASSWORD})
    assert "Zebrafish" not in " ".join(record.getMessage() for record in caplog.records)
    assert "Zebrafish" not in str(dict(client.session.items()))
    assert "Zebrafish" not in "".join(carried(page)["next"])


def test_every_address_of_staff_answers_so(site: dict[str, Any]) -> None:
    """Also those that have no form of their own: whatever a browser still has open may be sent."""
    client = get_as("visitor", site)
    results = {
        name: HAS_ENDED in text_of(client.post(address(pattern, site), {"note": "Mine."}))
        for name, pattern in routes()
        if name.startswith("admin")
    }
    assert {name for name, is_said in results.items() if not is_said} == {
        "admin:login", "admin:logout", "admin:news", "admin:second_step", "admin:start_over",
        "admin:ask_for_password_link", "admin:password_link",
    }  # fmt: skip
