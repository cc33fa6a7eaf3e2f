"""A patient at a browser: begins the check, answers screen by screen, sends."""

import datetime
import html
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from clinic.core import clock, limits
from consultations.enums import RequestStatus
from consultations.models import (
    InformationRequest,
    QuestionnaireResponse,
)
from consultations.questionnaire import flow
from consultations.questionnaire.definition import CURRENT_VERSION
from consultations.services import carried
from tests.personas import make_patient, open_privately

ROUTINE: dict[str, Any] = {
    "ab_age": "56",
    "rf_now": ["none"],
    "rf_ce": ["none"],
    "rf_ce_when": "gt3m",
    "rf_weak": "none",
    "rf_injury": "none",
    "rf_cancer": "none",
    "rf_systemic": ["none"],
    "rf_risk": ["none"],
    "pn_where": ["low_back"],
    "pn_duration": "y1_5",
    "pn_worse": ["sit"],
    "pn_main": "back",
    "pn_walk": "no",
    "in_features": ["none"],
    "peg_p": "6",
    "peg_e": "5",
    "peg_g": "7",
    "dx_told": ["ddd"],
    "im_mri": "lt6m",
    "dx_detail": ["none"],
    "im_share": "yes",
    "im_metal": "no",
    "tx_tried": ["exercise", "tablets"],
    "tx_time": "gt6m",
    "sx_level": "other",
    "hx_gate": ["none"],
    "hx_pregnant": "na",
    "hx_thinner": "aspirin",
    "hx_diabetes": "yes",
    "hx_allergy": ["latex"],
    "phq2_1": "0",
    "phq2_2": "0",
    "gad2_1": "0",
    "gad2_2": "0",
    "ye_claim": "no",
    "ex_expect": "less_pain",
}
"""An answer for every question that may come up; together they lead to LIKELY_SUITABLE."""

OUTCOMES: dict[str, dict[str, Any]] = {
    "LIKELY_SUITABLE": {},
    "NEEDS_INFO": {"im_mri": "never"},
    "DEFER": {"pn_duration": "lt6w"},
    "NOT_SUITABLE_NOW": {"hx_gate": ["bleed"]},
    "URGENT_REVIEW": {"rf_weak": "not_sure"},
    "SAME_DAY": {"rf_now": ["fever"]},
    "EMERGENCY": {"rf_now": ["chest"]},
}
"""Headline -> what to answer differently to reach it."""

CONTACT = {
    "filled_for": "self",
    "helper_name": "",
    "name": "Alice Winther",
    "birth_on_month": "3",
    "birth_on_day": "27",
    "birth_on_year": "1970",
    "email": "alice@example.com",
    "phone": "",
    "contact_by": "email",
    "safe_to_contact": "email_only",
}
SAVING = {"email": "ana@example.com", "passphrase": "Rosebud 7"}
CONSENTS = {"true_answers": "on", "care_team": "on", "privacy_notice": "on"}
CALL_BACK = {
    "name": "Bob Pell",
    "phone": "202-555-0142",
}
MONDAY = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
"""10:00 on a Monday in New York; Alice, born in March 1970, is 56."""


HOSTILE = [
    "",
    " ",
    "\u202etxt",
    "\u200b",
    "\ufffd",
    "9" * 5000,
    "-1",
    "1e400",
    "NaN",
    "Infinity",
    "0x10",
    "١٢٣٤٥٦٧٨٩٠",
    "'; DROP TABLE x; --",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "a" * 100_000,
    "Z̸̢" * 400,
    "👩‍👩‍👧",
    "2024-02-29",
    "../../etc/passwd",
    "\x1b[31m",
    "\x7f",
]
"""What nobody types, for every field of every form."""


def text_of(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def fields_of(slug: str, answers: dict[str, Any], *, version: str = CURRENT_VERSION) -> dict[str, Any]:
    """What the form of one screen would post without JavaScript, out of answers to all."""
    screen = flow.screen_named(slug, version=version)
    ids = screen.question_ids if screen else ()
    return {name: value for name, value in answers.items() if any(name == i or name.startswith(f"{i}_") for i in ids)}


NO_KEY = "00000000"


def slug_of(where: str) -> str:
    """The screen that an address of the check leads to, or ""."""
    match = re.match(r"/check/[0-9a-f]{8}/q/([a-z-]+)/", where)
    return match[1] if match else ""


class Visitor:
    """One browser. Every method returns the server's answer, not followed."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @property
    def key(self) -> str:
        """The key of the check this visitor began last, or one that no browser knows."""
        keys = list(self.client.session.get("checks", {}))
        return keys[-1] if keys else NO_KEY

    @property
    def check(self) -> str:
        return f"/check/{self.key}"

    def begin(self, **data: str) -> HttpResponse:
        return self.client.post("/check/", data)

    def see(self, path: str) -> HttpResponse:
        return self.client.get(path)

    def give(self, slug: str, *, query: str = "", **data: Any) -> HttpResponse:
        return self.client.post(f"{self.check}/q/{slug}/{query}", data)

    def give_all_at_once(self, slug: str, answers: dict[str, Any]) -> HttpResponse:
        """What a browser with JavaScript posts: the screen's own questions, and the follow-ups that it opened."""
        version = self.response.questionnaire_version
        screen = flow.screen_named(slug, version=version)
        raw = {**self.response.answers, **{name: answers[name] for name in screen.question_ids if name in answers}}
        opened = [
            name
            for name in screen.follow_ups
            if any(
                all(code in (given if isinstance(given := raw.get(q), list) else [given]) for q, code in way)
                for way in flow.triggers(name, screen, self.response.answers, version=version)
            )
        ]
        later = {name: answers[name] for name in opened if name in answers}
        return self.give(slug, **{**fields_of(slug, answers, version=version), **later, "shown": opened})

    def answer(self, *, until: str = "", **changes: Any) -> str:
        """Begin, and answer screen after screen until one leads elsewhere, or stands before `until`. Returns where."""
        answers = {**ROUTINE, **changes}
        where = self.standing() or self.begin().headers["Location"]
        for _ in range(40):
            slug = slug_of(where)
            if not slug or slug == until:
                return where
            answered = self.give(slug, **fields_of(slug, answers, version=self.response.questionnaire_version))
            assert answered.status_code == 302, answered.context["form"].errors
            where = answered.headers["Location"]
        raise AssertionError(f"The check never ended: {where}")

    def standing(self) -> str:
        """Where the check that was begun last goes on; "" when none is begun, or it was sent."""
        response = QuestionnaireResponse.objects.filter(token=self.client.session.get("checks", {}).get(self.key))
        if not response.filter(status="in_progress").exists():
            return ""
        return self.client.get(f"{self.check}/sent/").headers["Location"]

    def tell_contact(self, **changes: str) -> HttpResponse:
        return self.client.post(f"{self.check}/contact/", {**CONTACT, **changes})

    def send(self, **changes: str) -> HttpResponse:
        return self.client.post(f"{self.check}/answers/", {**CONSENTS, **changes})

    def complete(self, **changes: Any) -> HttpResponse:
        if self.answer(**changes) == f"{self.check}/today/":
            self.answer(**changes)
        assert self.tell_contact().status_code == 302
        return self.send()

    def response_of(self, key: str) -> QuestionnaireResponse:
        return QuestionnaireResponse.objects.get(token=self.client.session["checks"][key])

    @property
    def response(self) -> QuestionnaireResponse:
        return QuestionnaireResponse.objects.get(token=self.client.session["checks"][self.key])


@pytest.fixture
def monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def visitor(db: None, monday: None) -> Visitor:
    return Visitor(Client())


@pytest.fixture
def other_visitor(db: None, monday: None) -> Visitor:
    return Visitor(Client())


TUESDAY = datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC)
"""The first free time: Tuesday, 9:00 in New York."""


LATER = TUESDAY + datetime.timedelta(minutes=40)


@pytest.fixture
def offered(monday, make_request, clinician):
    """A request of Alice that may be booked, with a doctor whose mornings are free."""
    return make_request(status=RequestStatus.OFFERED)


@pytest.fixture
def rival(monday, make_request, clinician):
    """Bob, who may book the same times, at his own browser."""
    consultation_request = make_request(
        status=RequestStatus.OFFERED, patient=make_patient("Bob Pell", birth_on=datetime.date(1955, 2, 28))
    )
    client = Client()
    open_privately(client, consultation_request)
    client.request_row = consultation_request
    return client


@pytest.fixture
def patient(client, offered):
    open_privately(client, offered)
    return client


def key(starts_at, clinician):
    location = clinician.availabilities.first().location_id
    return f"{starts_at:%Y%m%dT%H%MZ}-{clinician.pk}-{location}"


def status_of(consultation_request):
    consultation_request.refresh_from_db()
    return consultation_request.status


UNSAFE = "<script>alert('x')</script> & \"rest\"\nSecond line"


def ask(consultation_request, by, question="Which scan was it?", **changes):
    return InformationRequest.objects.create(
        consultation_request=consultation_request,
        question=question,
        asked_at=clock.now(),
        asked_by=by,
        is_from_doctor=False,
        **changes,
    )


HERE = "/check/carried/"


class Reader:
    """A browser that has nothing but the page before it: it fills the form in, or presses one of its buttons."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.page: Any = None

    def begin(self) -> HttpResponse:
        self.page = self.client.post("/check/", {})
        return self.page

    @property
    def body(self) -> str:
        return str(self.page.content.decode())

    @property
    def state(self) -> str:
        return html.unescape(re.findall(r'name="carried" value="([^"]+)"', self.body)[-1])

    @property
    def action(self) -> str:
        """Where the form of the page goes."""
        return html.unescape(re.findall(r'<form method="post" action="([^"]+)" novalidate', self.body)[-1])

    @property
    def slug(self) -> str:
        match = re.search(r"/q/([a-z-]+)/", self.action) if "novalidate" in self.body else None
        return match[1] if match else ""

    @property
    def ways(self) -> list[str]:
        return [html.unescape(item) for item in re.findall(r'formaction="([^"]+)"', self.body)]

    def fill(self, **data: Any) -> HttpResponse:
        self.page = self.client.post(self.action, {**data, "carried": self.state})
        return self.page

    def press(self, way: str) -> HttpResponse:
        assert way in self.ways
        self.page = self.client.post(way.partition("#")[0], {"carried": self.state, "look": "yes"})
        return self.page

    def answer(self, *, until: str = "", **changes: Any) -> None:
        while self.page.status_code == 200 and self.slug and self.slug != until:
            self.fill(**fields_of(self.slug, {**ROUTINE, **changes}))

    @property
    def answers(self) -> dict[str, Any]:
        return dict(carried.unpack(self.state).answers)


@pytest.fixture
def reader(db: None, monday: None, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Somebody on a network over its limits."""
    monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: False)
    return Reader(Client())
