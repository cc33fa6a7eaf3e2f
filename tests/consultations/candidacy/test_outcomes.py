import dataclasses
from typing import Any

import pytest

from consultations.candidacy import display, engine, outcomes
from consultations.candidacy.outcomes import Explanation, OutcomeContext
from consultations.enums import Outcome, Priority
from tests.consultations.candidacy.cases import ROUTINE, VIGNETTES

NUMBERS = {"keep_hours": "12", "keep_days": "30", "call_hours": "2", "contact_days": "2"}
OPEN = OutcomeContext(numbers=NUMBERS, call_by="12 pm", is_known=True)
LOW_MOOD = {"phq2_1": "3", "phq2_2": "3", "gad2_1": "0", "gad2_2": "0"}
LIST = "(list)"
EVERY_OUTCOME: dict[str, tuple[dict[str, Any], str, str]] = {
    "LIKELY_SUITABLE": (
        {},
        "A consultation makes sense",
        "Your answers fit the kind of back pain this clinic sees. That does not mean the treatment will suit you. Send "
        "your answers: a nurse and a doctor read them. If the doctor offers you a consultation, you choose the time. "
        "This treatment is still being studied and may not help.",
    ),
    "NEEDS_INFO": (
        {"im_mri": "never"},
        "We need a little more",
        "You may be able to have a consultation. What we noticed: (list) You can send your answers now. If a doctor "
        "offers you a consultation, bring what is missing.",
    ),
    "NEEDS_INFO, YF-02 alone": (
        LOW_MOOD,
        "We would like to talk with you",
        "You told us that things feel very hard right now. If you send your answers with a phone number, a nurse or "
        "doctor calls you within two working days. This does not rule out a consultation.",
    ),
    "DEFER": (
        {"pn_duration": "lt6w"},
        "Not yet",
        "Something needs time or attention before this treatment can be considered: (list) You can still send your "
        "answers if you want us to contact you about it. You can come back to your answers in this browser for 12 "
        "hours. We delete unsent answers after 30 days.",
    ),
    "URGENT_REVIEW": (
        {"rf_cancer": "current"},
        "A clinician should look at this first",
        "Some of your answers need a closer look before anything else happens. If you send them with a way to reach "
        "you, a clinician contacts you within 2 working days. If things get worse before then: {urgent_line}",
    ),
    "NOT_SUITABLE_NOW": (
        {"hx_gate": ["bleed"]},
        "This treatment may not be right for you",
        "From your answers, this injection is not likely to be the right choice now. If you send your answers, a "
        "doctor checks them before we close your request. You can ask for a call about other options. Keep taking "
        "your usual medicines.",
    ),
    "SAME_DAY": (
        {"rf_now": ["fever"]},
        "Speak to a doctor today",
        "Some of your answers need a check by a doctor today. Our team can see that somebody needs one, but not who. "
        "Leave your phone number now, and we try to call within 2 working hours. If we have not called by 12 pm: "
        "{urgent_line}",
    ),
    "EMERGENCY": (
        {"rf_now": ["chest"]},
        "Get emergency help now",
        "Some of your answers can be signs of a problem that needs help right away. {emergency_line} Do not drive "
        "yourself. Do not wait for us to call. Take your medicines list with you. Our team can see that somebody needs "
        "help, but not who. We are not an emergency service.",
    ),
}


def explained(changes: dict[str, Any], **situation: Any) -> Explanation:
    assessment = engine.assess({**ROUTINE, **changes}, version="1.0.0")
    return outcomes.explain(assessment, situation=dataclasses.replace(OPEN, **situation))


def words_of(explanation: Explanation) -> str:
    return " ".join(LIST if part.reasons else part.text for part in explanation.body)


@pytest.mark.parametrize(("changes", "heading", "body"), EVERY_OUTCOME.values(), ids=EVERY_OUTCOME)
def test_each_outcome_says_exactly_this(changes: dict[str, Any], heading: str, body: str) -> None:
    told = explained(changes)

    assert (told.heading, words_of(told)) == (heading, body)


def test_every_outcome_has_its_words() -> None:
    assert set(display.document("results")) - {"patient_lines"} == set(Outcome.values)


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda vignette: vignette["id"])
def test_every_result_explains_itself(vignette: dict[str, Any]) -> None:
    assessment = engine.assess(vignette["answers"], version="1.0.0")

    told = outcomes.explain(assessment, situation=OPEN)

    assert told.footer == outcomes.FOOTER
    assert not set(words_of(told).replace("{emergency_line}", "").replace("{urgent_line}", "")) & set("{}")
    assert told.reasons or assessment.outcome == Outcome.LIKELY_SUITABLE
    assert {reason.rule_id for reason in told.reasons} <= {fired.id for fired in assessment.fired}


class TestWhatIsPromised:
    def test_closed_we_do_not_promise_a_call_today(self) -> None:
        assert words_of(explained({"rf_now": ["fever"]}, call_by="")) == (
            "Some of your answers need a check by a doctor today. Our team can see that somebody needs one, but not "
            "who. We cannot call you today. Do not wait for us: {urgent_line} If you leave a phone number, we try to "
            "call after we open."
        )

    @pytest.mark.parametrize("changes", [{"rf_now": ["fever"]}, {"rf_now": ["chest"]}])
    def test_not_who_is_said_only_while_nobody_is_named(self, changes: dict[str, Any]) -> None:
        assert "but not who" in words_of(explained(changes))
        assert "but not who" not in words_of(explained(changes, is_named=True))

    @pytest.mark.parametrize("changes", [{"rf_now": ["fever"]}, {"rf_now": ["chest"]}])
    def test_without_a_safety_case_nobody_sees_anything(self, changes: dict[str, Any]) -> None:
        assert "Our team" not in words_of(explained(changes, is_known=False))

    def test_a_number_we_have_is_not_asked_for_again(self) -> None:
        text = words_of(explained({"rf_now": ["fever"]}, is_named=True, has_phone=True))
        assert "We have your phone number, and we try to call within 2 working hours." in text
        assert "Leave your phone number" not in text

    def test_answers_carried_in_the_page_are_not_said_to_wait_in_the_browser(self) -> None:
        assert "in this browser" not in words_of(explained({"pn_duration": "lt6w"}, is_kept=False))

    @pytest.mark.parametrize(
        ("name", "number", "said"),
        [
            ("keep_hours", "1", "in this browser for 1 hour. We"),
            ("keep_hours", "21", "in this browser for 21 hours. We"),
            ("keep_days", "1", "after 1 day."),
        ],
    )
    def test_one_is_singular(self, name: str, number: str, said: str) -> None:
        assert said in words_of(explained({"pn_duration": "lt6w"}, numbers={**NUMBERS, name: number}))


class TestLowMood:
    def test_among_other_reasons_it_is_one_line_of_the_list(self) -> None:
        told = explained({**LOW_MOOD, "im_mri": "never"})

        assert told.heading == "We need a little more"
        assert "You told us that things feel very hard right now." in [reason.text for reason in told.reasons]
        assert "calls you" not in words_of(told)

    @pytest.mark.parametrize(
        ("changes", "is_low", "needs_support"),
        [
            ({}, False, False),
            ({"phq2_1": "1", "phq2_2": "1", "gad2_1": "1", "gad2_2": "1"}, False, False),
            ({"phq2_1": "2", "phq2_2": "1"}, False, True),
            ({"phq2_1": "1", "gad2_1": "2", "gad2_2": "1"}, False, True),
            (LOW_MOOD, True, True),
            ({"phq2_1": "2", "phq2_2": "2", "gad2_1": "3", "gad2_2": "2"}, True, True),
        ],
    )
    def test_support_from_three_a_call_from_the_worst(
        self, changes: dict[str, Any], is_low: bool, needs_support: bool
    ) -> None:
        assessment = engine.assess({**ROUTINE, **changes}, version="1.0.0")
        assert outcomes.is_low_mood(assessment) is is_low
        assert outcomes.needs_support(assessment) is needs_support


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"rf_injury": "minor", "ab_age": 70}, "You had a small fall, and your spine needs a check first."),
        (
            {"ab_age": 50, "rf_systemic": ["night_pain"], "pn_duration": "lt6w"},
            "You are 50 or over and have new pain that is worse at night or keeps getting worse.",
        ),
        (
            {"rf_cancer": "not_sure", "rf_systemic": ["night_pain"]},
            "You told us about cancer, or were not sure, and about a symptom to check quickly.",
        ),
        (
            {"rf_risk": ["procedure"], "rf_systemic": ["sweats"]},
            "You told us about a recent spine operation or injection, and night pain, worsening pain or sweats.",
        ),
        ({"rf_cancer": None}, "We could not read, or do not have, an answer to a safety question."),
        (LOW_MOOD, "You told us that things feel very hard right now."),
    ],
)
def test_the_new_lines_stand_on_the_old_version_too(changes: dict[str, Any], line: str) -> None:
    told = explained(changes)
    assert line in [reason.text for reason in told.reasons]


def test_no_line_of_the_table_speaks_of_a_rule_that_is_not_there() -> None:
    known = set(engine.ruleset_for("1.0.0").by_id)
    assert set(display.document("results")["patient_lines"]) <= known


@pytest.mark.parametrize(
    ("outcome", "priority"),
    [
        (Outcome.EMERGENCY, Priority.STAT),
        (Outcome.SAME_DAY, Priority.ASAP),
        (Outcome.URGENT_REVIEW, Priority.URGENT),
        (Outcome.NOT_SUITABLE_NOW, Priority.ROUTINE),
        (Outcome.DEFER, Priority.ROUTINE),
        (Outcome.NEEDS_INFO, Priority.ROUTINE),
        (Outcome.LIKELY_SUITABLE, Priority.ROUTINE),
    ],
)
def test_priority_follows_the_headline(outcome: Outcome, priority: Priority) -> None:
    assert outcomes.priority(outcome) == priority


def test_reasons_of_one_level_stand_once_each() -> None:
    told = explained({"rf_now": ["not_sure"], "rf_ce": ["not_sure"]})

    assert [reason.text for reason in told.reasons] == ["You were not sure about one of our safety questions."]


class TestTheWordsOfTheRegion:
    @pytest.mark.parametrize(("region", "word"), [("US", "poop"), ("GB", "poo"), ("", "poo"), ("AU", "poo")])
    def test_the_emergency_signs(self, region: str, word: str) -> None:
        assert f"controlling your pee or {word}, weakness in both legs" in outcomes.emergency_signs(region=region)

    @pytest.mark.parametrize(("region", "word"), [("US", "belly"), ("GB", "tummy"), ("CA", "tummy")])
    def test_a_reason(self, region: str, word: str) -> None:
        (reason,) = explained({"rf_now": ["belly"]}, region=region).reasons
        assert reason.text == f"You told us about sudden, very bad {word} or side pain."
