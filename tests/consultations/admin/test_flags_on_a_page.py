"""What a page says of red flags, over the states that it can be in: nothing contradicts, and nothing is reassured."""

import datetime
import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import (
    OPEN_STATUSES,
    AssessmentOrigin,
    CallOutcome,
    CaseOutcome,
    CaseStatus,
    Outcome,
    RequestStatus,
    SettledHow,
)
from consultations.models import Call, ConsultationRequest, SafetyCase, Settlement
from consultations.services import dangers, settling
from consultations.services.settling import Proof
from consultations.services.transitions import lock
from tests.consultations.admin.conftest import act, page_of, text_of
from tests.consultations.candidacy.test_asked_again import CLEAR
from tests.consultations.perform import perform
from tests.database_snapshot import taken_back
from tests.depth import deepens, depth
from tests.personas import MONDAY_MORNING, MakeRequest

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
REASSURES = re.compile(
    r"No red flag\b(?! stands)|(?:can|may) (?:now )?be offered|offered now|can choose a time now", re.IGNORECASE
)
PRESSES = re.compile(
    r"welfare policy|(?<!No )red flags? stands?\b|cannot be offered|case is still open",
    re.IGNORECASE,
)
FLAGS = ("none", "escalated", "form", "told later", "settled", "told again", "unreadable")
CALLS: dict[str, tuple[str, ...]] = {
    "no call": (),
    "two in vain": ("not_reached", "voicemail"),
    "reached, then two in vain": ("reached_other", "not_reached", "wrong_number"),
}
CASES = (None, CaseStatus.OPEN, CaseStatus.ACKNOWLEDGED, CaseStatus.CLOSED)
STATUSES = (
    RequestStatus.RECEIVED, RequestStatus.WITH_DOCTOR, RequestStatus.URGENT, RequestStatus.OFFERED,
    RequestStatus.BOOKED, RequestStatus.COMPLETED,
)  # fmt: skip


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY_MORNING, tick=False)


def tick(consultation_request: ConsultationRequest, *codes: str) -> None:
    with transaction.atomic():
        fresh = lock(consultation_request)
        dangers.hear(
            response=fresh.response, consultation_request=fresh, origin=AssessmentOrigin.ASKED_AGAIN, ticks=codes
        )
    consultation_request.refresh_from_db()


def settle_all(consultation_request: ConsultationRequest, by: User) -> None:
    told = settling.told_of(consultation_request)
    proof = Proof(how=SettledHow.EXAMINED, who="Dr Halloran", place="Here", seen_on=clock.today())
    perform("settle", consultation_request, signs=tuple(told.standing.open_signs), proof=proof, heard=told.key, by=by)
    consultation_request.refresh_from_db()


@pytest.fixture
def in_state(make_request: MakeRequest, nurse: User, doctor: User) -> Callable[..., ConsultationRequest]:
    def make(flags: str, calls: str, case: CaseStatus | None, status: RequestStatus) -> ConsultationRequest:
        record = {"answers": CLEAR, "cleaned": {}, "asked": []}
        outcome = Outcome.SAME_DAY if flags == "form" else Outcome.LIKELY_SUITABLE
        consultation_request = make_request(answers=CLEAR, record=record, outcome=outcome, status=status)
        if flags in ("told later", "settled", "told again"):
            tick(consultation_request, "fever", "weight_loss")
        if flags in ("settled", "told again"):
            settle_all(consultation_request, doctor)
        if flags == "told again":
            tick(consultation_request, "fever")
        if flags == "escalated" and status in OPEN_STATUSES:
            perform("escalate", consultation_request, note="Chest pain on the phone.", by=nurse)
            consultation_request.refresh_from_db()
        if flags == "unreadable":
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE consultations_assessment SET record = 'x' WHERE id = %s",
                    [consultation_request.assessment_id],
                )
        for number, outcome_of_call in enumerate(CALLS[calls]):
            Call.objects.create(
                response=consultation_request.response, outcome=CallOutcome(outcome_of_call), made_by=nurse,
                made_at=clock.now() + number * HOUR,
            )  # fmt: skip
        _set_case(consultation_request, case, nurse)
        return consultation_request

    return make


def _set_case(consultation_request: ConsultationRequest, status: CaseStatus | None, nurse: User) -> None:
    """None leaves what there is: what was told later has opened one."""
    if status is None:
        return
    now = clock.now()
    values: dict[str, Any] = {
        "patient": consultation_request.patient,
        "level": "SAME_DAY",
        "priority": "asap",
        "status": status,
    }
    values |= {"raised_at": now, "due_at": now, "closed_at": None, "closed_by": None, "outcome": ""}
    if status != CaseStatus.OPEN:
        values |= {"acknowledged_at": now, "acknowledged_by": nurse}
    if status == CaseStatus.CLOSED:
        values |= {"closed_at": now, "closed_by": nurse, "outcome": CaseOutcome.WENT_FOR_CARE}
    SafetyCase.objects.update_or_create(response=consultation_request.response, defaults=values)


@deepens
def test_no_page_reassures_and_presses_at_once(
    sign_in: Any, doctor: User, in_state: Callable[..., ConsultationRequest]
) -> None:
    """Every flag with every call and every case, shortly with a fifth of them; the statuses take turns."""
    client, seen_words, turns = sign_in(doctor), set(), itertools.cycle(STATUSES)
    for flags, calls, case in list(itertools.product(FLAGS, CALLS, CASES))[:: depth(5, 1)]:
        with taken_back():
            consultation_request = in_state(flags, calls, case, next(turns))
            seen_words.add((flags, *says_the_same_everywhere(client, consultation_request, flags)))
    assert {flags for flags, *_ in seen_words} == set(FLAGS)


def says_the_same_everywhere(
    client: Client, consultation_request: ConsultationRequest, flags: str
) -> tuple[bool, bool]:
    """Whether its page reassures, and whether it presses."""
    page = text_of(client.get(page_of(consultation_request)))
    main = page[page.index("<main") :] if "<main" in page else page
    reassures, presses = REASSURES.search(main), PRESSES.search(main)
    assert not (reassures and presses), (flags, consultation_request.status, reassures, presses)
    is_open = (
        SafetyCase.objects.filter(response=consultation_request.response).exclude(status=CaseStatus.CLOSED).exists()
    )
    has_flag = flags in ("form", "told later", "told again")
    says_none = "> No red flag <" in main
    is_quiet = not (has_flag or is_open or consultation_request.is_escalated or flags in ("settled", "unreadable"))
    assert says_none == is_quiet, (flags, consultation_request.status)
    assert bool(consultation_request.flag_level) == has_flag
    if flags == "unreadable":
        assert "Red flags: cannot be read" in main
    elif has_flag or is_open:
        assert presses, (flags, consultation_request.status)
    return bool(reassures), bool(presses)


def test_each_flag_says_where_it_was_told_since_when_and_what_settled_the_others(
    sign_in: Any, nurse: User, doctor: User, in_state: Callable[..., ConsultationRequest], time_machine: Any
) -> None:
    consultation_request = in_state("settled", "no call", None, RequestStatus.WITH_DOCTOR)
    time_machine.move_to(MONDAY_MORNING + HOUR, tick=False)
    with transaction.atomic():
        fresh = lock(consultation_request)
        dangers.hear(
            response=fresh.response, consultation_request=fresh, origin=AssessmentOrigin.CALL,
            said={"rf_now": ["fever"]}, asked_by=nurse,
        )  # fmt: skip
    view = sign_in(doctor).get(page_of(consultation_request)).context["flags"]
    assert (view.title, view.kind) == ("1 red flag stands", "danger")
    (line,) = view.standing
    assert line.since == "Monday 23 November, 11 am"
    assert line.told == ("Call by Nora Adeyemi, Monday 23 November, 11 am",)
    assert [answer for _, answer in line.signs] == ["Fever, or feeling hot and shivery"] or line.signs
    (settled,) = view.settled
    assert (settled.who, settled.when) == ("Ines Halloran", "Monday 23 November, 10 am")
    assert settled.how == "Examined by Dr Halloran at Here on Monday 23 November"
    assert len(settled.signs) == 2


class TestTheForm:
    @pytest.fixture
    def flagged(self, in_state: Callable[..., ConsultationRequest]) -> ConsultationRequest:
        return in_state("told later", "no call", None, RequestStatus.WITH_DOCTOR)

    def data(self, client: Any, consultation_request: ConsultationRequest, **more: Any) -> dict[str, Any]:
        (form,) = [
            action.form
            for action in client.get(page_of(consultation_request)).context["panel"].actions
            if action.name == "settle"
        ]
        return {
            "heard": form["heard"].value(), "signs": ["rf_now:fever"], "how": "examined", "who": "Dr Halloran",
            "place": "Here", "seen_on": "2026-11-23", **more,
        }  # fmt: skip

    def test_the_preview_lists_what_is_settled_and_what_stays(
        self, sign_in: Any, doctor: User, flagged: ConsultationRequest
    ) -> None:
        client = sign_in(doctor)
        preview = act(client, flagged, "settle", **self.data(client, flagged))
        assert "Nothing is settled yet." in text_of(preview)
        how, settles, stays = preview.context["preview"]["sections"]
        assert how.lines == ("Examined", "By whom? Dr Halloran", "Where? Here", "On which day? Monday 23 November")
        assert (len(settles.lines), len(stays.lines)) == (1, 1)
        assert stays.lines[0].endswith("You did not select it.")
        assert not Settlement.objects.exists()
        for _ in range(2):
            done = client.post(preview.context["confirm_url"], {"decision": preview.context["decision"]}, follow=True)
        assert "Settled. What stays is shown with the red flags." in text_of(done)
        assert Settlement.objects.get().signs == [["rf_now", "fever"]]
        flagged.refresh_from_db()
        assert flagged.flag_level == "URGENT_REVIEW"

    def test_what_was_chosen_is_kept_when_it_is_changed(
        self, sign_in: Any, doctor: User, flagged: ConsultationRequest
    ) -> None:
        client = sign_in(doctor)
        chosen = ["rf_now:fever", "rf_systemic:weight_loss"]
        preview = act(client, flagged, "settle", **self.data(client, flagged, signs=chosen))
        again = client.post(preview.context["edit_url"], {**preview.context["data"], "edit": "1"})
        form = again.context["bound"]["settle"]
        assert (form["signs"].value(), form["who"].value()) == (chosen, "Dr Halloran")
        hidden = re.findall(r'name="signs" value="([^"]+)"', preview.content.decode())
        assert hidden == chosen

    @pytest.mark.parametrize(
        ("changes", "field", "sentence"),
        [
            ({"signs": []}, "signs", "Select the signs that you settle."),
            ({"how": ""}, "how", "Select how the signs were settled."),
            ({"who": ""}, "how", "Write by whom"),
            ({"seen_on": "2026-11-20"}, "signs", "Nothing would be settled. It was told later"),
            ({"how": "spoken_to"}, "how", "Select the call"),
        ],
    )
    def test_what_is_missing_is_said(
        self, sign_in: Any, doctor: User, flagged: ConsultationRequest, changes: Any, field: str, sentence: str
    ) -> None:
        client = sign_in(doctor)
        page = act(client, flagged, "settle", **self.data(client, flagged, **changes))
        assert sentence in " ".join(page.context["bound"]["settle"].errors[field])
        assert not Settlement.objects.exists()

    def test_what_was_told_meanwhile_is_shown_before_anything_is_settled(
        self, sign_in: Any, doctor: User, flagged: ConsultationRequest
    ) -> None:
        client = sign_in(doctor)
        preview = act(client, flagged, "settle", **self.data(client, flagged))
        tick(flagged, "fever")
        page = client.post(preview.context["confirm_url"], {"decision": preview.context["decision"]}, follow=True)
        assert "while your page was open" in text_of(page)
        assert not Settlement.objects.exists()


@pytest.mark.parametrize(
    ("code", "level"), [("chest", "Emergency now"), ("fever", "Same day"), ("band", "Urgent review")]
)
def test_what_was_told_later_leads_every_page(sign_in, nurse, in_state, code, level):
    """The form came to “Suitable for a consultation”; no page says so beside a red flag that stands."""
    consultation_request = in_state("none", "no call", None, RequestStatus.OFFERED)
    tick(consultation_request, code)
    case = SafetyCase.objects.get()
    client = sign_in(nurse)
    (row,) = client.get(reverse("admin:consultations_consultationrequest_changelist")).context["rows"]
    record = client.get(reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk]))
    assert "From the questionnaire. What was told later stands above" in text_of(record)
    of_case = client.get(reverse("admin:consultations_safetycase_change", args=[case.pk]))
    assert row.flags[0].text == level
    assert record.context["headline"]["now"].text == level
    for page in (record, of_case):
        assert "Suitable for a consultation" not in text_of(page)
    page_name = {"chest": "emergency", "fever": "same-day", "band": "urgent review"}[code]
    assert f"Saw the {page_name} page" in text_of(of_case)


def test_an_escalated_request_is_not_called_fit_for_a_consultation(sign_in, nurse, in_state):
    consultation_request = in_state("escalated", "no call", None, RequestStatus.RECEIVED)
    client = sign_in(nurse)
    (row,) = client.get(reverse("admin:consultations_consultationrequest_changelist")).context["rows"]
    record = text_of(
        client.get(reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk]))
    )
    assert [chip.text for chip in row.flags][:2] == ["Escalated", "Red flags open"]
    assert "Suitable for a consultation" not in record.split("Every rule that fired")[0]


def posted_by(page, values):
    """What a browser sends: the hidden fields that are in the form of the page, and what is typed."""
    form = page.content.decode().split('/settle/"')[1].split("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {**hidden, **values}


def test_a_doctor_settles_in_a_browser_and_again_after_something_new(sign_in, doctor, in_state):
    consultation_request = in_state("told later", "no call", None, RequestStatus.WITH_DOCTOR)
    client = sign_in(doctor)
    record = reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
    url = reverse("admin:consultations_consultationrequest_action", args=[consultation_request.pk, "settle"])
    confirm = reverse("admin:consultations_consultationrequest_confirm", args=[consultation_request.pk])
    values = {
        "signs": ["rf_now:fever"], "how": "examined", "who": "Dr Halloran", "place": "Here",
        "seen_on": clock.today().isoformat(),
    }  # fmt: skip
    preview = client.post(url, posted_by(client.get(record), values))
    tick(consultation_request, "belly")
    refused = client.post(confirm, {"decision": preview.context["decision"]})
    assert "Read it, then select again." in text_of(refused)
    assert not Settlement.objects.exists()
    preview = client.post(url, posted_by(refused, values))
    client.post(confirm, {"decision": preview.context["decision"]})
    assert Settlement.objects.count() == 1


def test_nothing_is_fit_for_a_consultation_while_its_case_is_open(sign_in, nurse, in_state):
    consultation_request = in_state("settled", "no call", CaseStatus.OPEN, RequestStatus.WITH_DOCTOR)
    record = sign_in(nurse).get(
        reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
    )
    assert "Safety case open" in text_of(record)
    assert "Suitable for a consultation" not in text_of(record).split("Every rule that fired")[0]


def test_whose_answers_these_are_is_asked_once_for_the_flags_and_the_form_that_settles_them(
    in_state: Callable[..., ConsultationRequest], sign_in: Callable[[User], Client], doctor: User
) -> None:
    consultation_request = in_state("told later", "no call", None, RequestStatus.WITH_DOCTOR)
    client = sign_in(doctor)

    with CaptureQueriesContext(connection) as queries:
        html = client.get(page_of(consultation_request)).content.decode()

    assert 'name="signs"' in html
    asked = [query["sql"] for query in queries if " UNION " in query["sql"]]
    assert len(asked) == 2, asked
