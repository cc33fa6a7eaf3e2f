"""Every danger that is ticked opens, raises or reopens a safety case: over all answers, ticks and settlements."""

import datetime
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.accounts.models import User
from clinic.core import clock
from consultations.candidacy import asked_again, engine
from consultations.candidacy.union import Sign
from consultations.enums import (
    OUTCOME_RISK,
    CallOutcome,
    CaseOutcome,
    CaseStatus,
    Effect,
    Outcome,
    RequestStatus,
    SettledHow,
)
from consultations.models import (
    Assessment,
    Call,
    ConsultationRequest,
    QuestionnaireResponse,
    SafetyCase,
    Settlement,
)
from consultations.questionnaire.definition import load
from consultations.services import cases, dangers
from tests.consultations.candidacy.test_properties import values_of
from tests.consultations.perform import perform
from tests.consultations.views.conftest import ROUTINE
from tests.depth import made_up
from tests.personas import MakeRequest, make_patient

ALWAYS = (
    "saddle", "bladder_start", "bladder_leak", "bowel", "both_legs", "sexual", "weak", "belly", "collapse", "cold_leg",
    "chest", "fever", "injury_new", "injury_checked", "band", "cancer", "unsteady", "weight_loss", "sweats",
    "night_pain", "steady_worse", "unwell", "unsure",
)  # fmt: skip
WITH_A_FLAG = ("procedure", "fall")
NEVER = ("else", "same", "none")
RED = {Effect.EMERGENCY, Effect.SAME_DAY, Effect.URGENT}
DANGERS = (Outcome.EMERGENCY, Outcome.SAME_DAY, Outcome.URGENT_REVIEW)
VERSIONS = ("1.0.0", "1.1.0")
SAFETY = [question for question in load("1.1.0").questions if question.is_safety and question.options]
SIGNS = sorted({(question.id, option.code) for question in SAFETY for option in question.options} | {
    ("asked_again", "unwell"), ("asked_again", "unsure"), *((question.id, "") for question in SAFETY)
})  # fmt: skip
names = itertools.count(1)

ANSWERS = st.fixed_dictionaries(
    {"ab_age": st.integers(18, 95)},
    optional={question.id: values_of(question) for question in load("1.1.0").questions if question.id != "ab_age"},
)
STORIES = {
    "version": st.sampled_from(VERSIONS),
    "answers": ANSWERS,
    "earlier": st.lists(st.sampled_from([*ALWAYS, *WITH_A_FLAG]), max_size=2, unique=True),
    "settled": st.lists(st.sampled_from(SIGNS), max_size=12, unique=True) | st.just(SIGNS),
    "how": st.sampled_from(SettledHow),
    "case": st.sampled_from(["none", "open", "acknowledged", "closed"]),
    "status": st.sampled_from(RequestStatus),
    "ticks": st.lists(st.sampled_from([*ALWAYS, *WITH_A_FLAG, *NEVER]), min_size=1, max_size=5, unique=True),
}
"""One of each makes a story: a form that was sent, what was told later, what a doctor settled, and the ticks of now."""
ANSWERED = {**ROUTINE, "ab_age": 56}
Tell = Callable[..., None]


def test_the_list_is_sorted_into_what_is_a_danger_and_what_is_none() -> None:
    assert {code: tick.danger for code, tick in asked_again.ticks().items()} == {
        **dict.fromkeys(ALWAYS, "yes"), **dict.fromkeys(WITH_A_FLAG, "with_flag"), **dict.fromkeys(NEVER, "no"),
    }  # fmt: skip


@pytest.fixture
def tell(make_request: MakeRequest, nurse: User, doctor: User, time_machine: Any) -> Tell:
    """One story to its end, with all that has to be so afterwards."""

    def told(
        *,
        version: str,
        answers: dict[str, Any],
        earlier: list[str],
        settled: list[tuple[str, str]],
        how: SettledHow,
        case: str,
        status: RequestStatus,
        ticks: list[str],
    ) -> None:
        consultation_request = _sent(make_request, answers, version=version, status=status)
        time_machine.shift(datetime.timedelta(hours=1))
        if earlier:
            perform("answer_again", consultation_request, ticks=tuple(earlier))
        _bring_case(consultation_request, case, by=nurse)
        time_machine.shift(datetime.timedelta(hours=1))
        if settled:
            _settle(consultation_request, settled, how, by=doctor, entered_by=nurse)
        time_machine.shift(datetime.timedelta(hours=1))
        before = dangers.standing_of(consultation_request.response, consultation_request=consultation_request).level
        answer = perform("answer_again", consultation_request, ticks=tuple(ticks)).result
        _check(consultation_request, answer, ticks, before=before, settled=settled)

    return told


def _sent(make_request: MakeRequest, answers: dict[str, Any], *, version: str, status: RequestStatus) -> Any:
    assessed = engine.assess(answers, version=version)
    consultation_request = make_request(
        patient=make_patient(f"Person {next(names)}"),
        status=status,
        outcome=assessed.outcome,
        answers=answers,
        result=json.dumps(assessed.as_json()),
        record={"answers": answers, "cleaned": dict(assessed.cleaned), "asked": []},
    )
    QuestionnaireResponse.objects.filter(pk=consultation_request.response_id).update(questionnaire_version=version)
    Assessment.objects.filter(response=consultation_request.response_id).update(
        questionnaire_version=version, ruleset_version=assessed.versions["ruleset"]
    )
    return ConsultationRequest.objects.get(pk=consultation_request.pk)


def _settle(
    consultation_request: ConsultationRequest,
    signs: list[tuple[str, str]],
    how: SettledHow,
    *,
    by: User,
    entered_by: User,
) -> None:
    proof: dict[str, Any] = {}
    if how == SettledHow.SPOKEN_TO:
        outcome = CallOutcome.DANGER_ASKED
        proof["call"] = Call.objects.create(
            response=consultation_request.response, outcome=outcome, made_at=clock.now(), made_by=by
        )
    if how == SettledHow.MISTAKE:
        proof["entered_by"] = entered_by
    Settlement.objects.create(
        response=consultation_request.response, how=how, signs=[list(sign) for sign in signs], words="Seen by me.",
        settled_at=clock.now(), settled_by=by, **proof,
    )  # fmt: skip


def _bring_case(consultation_request: ConsultationRequest, state: str, *, by: User) -> None:
    case = SafetyCase.objects.filter(response=consultation_request.response).first()
    if state == "none":
        return
    if case is None:
        case = cases.open_case(
            response=consultation_request.response, level=Outcome.SAME_DAY, patient=consultation_request.patient
        )
    status = {"open": CaseStatus.OPEN, "acknowledged": CaseStatus.ACKNOWLEDGED, "closed": CaseStatus.CLOSED}[state]
    now = clock.now()
    taken = {"acknowledged_at": now, "acknowledged_by": by} if state != "open" else {}
    ended = {"closed_at": now, "closed_by": by, "outcome": CaseOutcome.WENT_FOR_CARE} if state == "closed" else {}
    SafetyCase.objects.filter(pk=case.pk).update(status=status, **taken, **ended)


def _check(
    consultation_request: ConsultationRequest,
    answer: Assessment | None,
    ticks: list[str],
    *,
    before: Outcome | None,
    settled: list[tuple[str, str]],
) -> None:
    fresh = ConsultationRequest.objects.get(pk=consultation_request.pk)
    case = SafetyCase.objects.filter(response=consultation_request.response).first()
    signs = [code for code in ticks if code not in NEVER]
    assert fresh.answered_again_at == clock.now()
    if not signs:
        assert answer is None
        return
    assert answer is not None
    _check_replay(answer)
    assert before is None or OUTCOME_RISK[Outcome(answer.outcome)] <= OUTCOME_RISK[before]
    fired = {item["effect"] for item in json.loads(answer.result)["fired"]}
    is_danger = bool(set(signs) & set(ALWAYS)) or (not settled and bool(fired & RED))
    if not is_danger:
        return
    assert answer.outcome in DANGERS
    assert case is not None
    assert case.status != CaseStatus.CLOSED
    assert OUTCOME_RISK[Outcome(case.level)] <= OUTCOME_RISK[Outcome(answer.outcome)]
    if set(signs) & set(ALWAYS):
        assert fresh.flag_level in DANGERS
        assert fresh.danger_due_at is not None
    assert fresh.risk <= OUTCOME_RISK[Outcome(answer.outcome)]


def _check_replay(answer: Assessment) -> None:
    """From what is stored with it the same result comes out again, byte for byte."""
    record = answer.record
    again = asked_again.judge(
        base=record["base"],
        said=record["said"],
        ticked=record["ticks"],
        settled=[Sign(*pair) for pair in record["settled"]],
        before=Outcome(record["before"]) if record["before"] else None,
        version=answer.questionnaire_version,
    )
    stored = json.dumps(again.assessment.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert stored == answer.result
    assert again.outcome == answer.outcome


@made_up(15, 3000)
@given(story=st.fixed_dictionaries(STORIES))
def test_every_ticked_danger_reaches_a_case(tell: Tell, story: dict[str, Any]) -> None:
    tell(**story)


@pytest.mark.parametrize("code", ALWAYS)
def test_a_danger_stands_until_a_doctor_settles_it_whatever_rule_fires(
    make_request: MakeRequest, doctor: User, time_machine: Any, code: str
) -> None:
    consultation_request = _sent(make_request, ANSWERED, version="1.1.0", status=RequestStatus.OFFERED)
    perform("answer_again", consultation_request, ticks=(code,))
    consultation_request.refresh_from_db()
    assert consultation_request.flag_level in DANGERS
    time_machine.shift(datetime.timedelta(hours=1))
    standing = dangers.standing_of(consultation_request.response, consultation_request=consultation_request)
    Settlement.objects.create(
        response=consultation_request.response, how=SettledHow.EXAMINED, signs=sorted(map(list, standing.open_signs)),
        words="Seen.", settled_at=clock.now(), settled_by=doctor,
    )  # fmt: skip
    dangers.refresh(consultation_request)
    assert consultation_request.flag_level == ""
