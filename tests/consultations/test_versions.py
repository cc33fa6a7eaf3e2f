"""Two versions of the questionnaire at once: what was begun on one is judged, asked and shown on it to the end.

The second, 9.9.9, is made of the shipped files here and now. It words one question anew, and asks one more that is
required and about safety.
"""

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clinic.accounts.models import User
from consultations.candidacy import engine, rules
from consultations.enums import Outcome
from consultations.models import ConsultationRequest, QuestionnaireResponse, SafetyCase
from consultations.presenters import summary
from consultations.questionnaire import definition, flow, page_copy
from consultations.questionnaire.definition import UnknownVersion
from consultations.services import intake
from tests.consultations.admin.conftest import page_of
from tests.consultations.views.conftest import MONDAY, ROUTINE, Visitor, slug_of, text_of
from tests.personas import SignIn

pytestmark = pytest.mark.django_db
OLD, NEW = "1.0.0", "9.9.9"
OLD_WORDS, NEW_WORDS = "Is your leg or foot weak?", "Is one of your legs or feet weak?"
NIGHT_TEXT = "Does the pain wake you every night?"
NIGHT: dict[str, Any] = {
    "linkId": "rf_night",
    "text": NIGHT_TEXT,
    "type": "choice",
    "required": True,
    "answerOption": [
        {"valueCoding": {"system": "x", "code": "rf_night.yes", "display": "Yes, every night"}},
        {"valueCoding": {"system": "x", "code": "rf_night.no", "display": "No"}},
    ],
    "extension": [{"url": "https://clinic.example/fhir/StructureDefinition/control", "valueCode": "single"}],
}


def new_questionnaire() -> dict[str, Any]:
    document = copy.deepcopy(definition.raw(OLD))
    document["version"] = NEW
    document["item"][0]["item"].append(NIGHT)
    for group in document["item"]:
        for item in group["item"]:
            if item["linkId"] == "rf_weak":
                item["text"] = NEW_WORDS
    return document


def new_rules() -> str:
    text = (rules.RULES / f"{OLD}.toml").read_text()
    text = text.replace(f'version = "{OLD}"', f'version = "{NEW}"').replace(
        f'questionnaire = "{OLD}"', f'questionnaire = "{NEW}"'
    )
    return text + (
        '\n[[rule]]\nid = "RF-NIGHT-01"\ngroup = "Night"\neffect = "same_day"\nwhen = "rf_night in {yes}"\n'
        'staff = "Wakes every night."\npatient = "You told us that the pain wakes you every night."\nsource = "test"\n'
    )


def new_copy() -> str:
    text = (definition.DEFINITIONS / f"{OLD}.copy.toml").read_text()
    for old, new in (
        (f'version = "{OLD}"', f'version = "{NEW}"'),
        ('["ab_age", "rf_now"]', '["ab_age", "rf_now", "rf_night"]'),
        ("We ask this first because some causes of back pain need a hospital, not a clinic.", "The newest lead."),
        ('"low back"', '"lower back"'),
        ('"Weak leg, new or worse"', '"A leg is weak"'),
    ):
        assert old in text
        text = text.replace(old, new)
    return text + '\n[about.rf_night]\nshort = "your nights"\nmissing = "Choose if the pain wakes you every night."\n'


def forget() -> None:
    for cached in (definition.load, definition.raw, definition.worded, page_copy.load, page_copy.raw, rules.load):
        cached.cache_clear()


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """9.9.9 stands beside 1.0.0 and is what a new session is begun on."""
    files = {
        "definitions/1.0.0.copy.toml": (definition.DEFINITIONS / f"{OLD}.copy.toml").read_text(),
        "definitions/9.9.9.copy.toml": new_copy(),
        "definitions/1.0.0.json": (definition.DEFINITIONS / f"{OLD}.json").read_text(),
        "definitions/9.9.9.json": json.dumps(new_questionnaire()),
        "rules/1.0.0.toml": (rules.RULES / f"{OLD}.toml").read_text(),
        "rules/9.9.9.toml": new_rules(),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(definition, "DEFINITIONS", tmp_path / "definitions")
    monkeypatch.setattr(rules, "RULES", tmp_path / "rules")
    monkeypatch.setattr(definition, "CURRENT_VERSION", NEW)
    monkeypatch.setitem(engine.RULESET_OF_QUESTIONNAIRE, NEW, NEW)
    forget()
    yield
    forget()


def begun_on(version: str, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """A visitor who began while this version was the current one; afterwards 9.9.9 is."""
    visitor = Visitor(Client())
    with monkeypatch.context() as earlier:
        earlier.setattr(definition, "CURRENT_VERSION", version)
        visitor.begin()
    assert visitor.response.questionnaire_version == version
    return visitor


def go_through(visitor: Visitor, answers: dict[str, Any]) -> str:
    """Answer screen after screen until one leads out of the questions; returns where."""
    where = f"{visitor.check}/q/now/"
    for _ in range(40):
        slug = slug_of(where)
        if not slug:
            return where
        screen = flow.screen_named(slug, version=visitor.response.questionnaire_version)
        ids = screen.question_ids if screen else ()
        posted = {k: v for k, v in answers.items() if any(k == i or k.startswith(f"{i}_") for i in ids)}
        answered = visitor.give(slug, **posted)
        assert answered.status_code == 302, answered.context["form"].errors
        where = answered.headers["Location"]
    raise AssertionError(where)


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY, tick=False)


FEVER = {
    "ab_age": 56, "rf_now": ["fever"], "rf_ce": ["none"], "rf_weak": "none", "rf_injury": "none",
    "rf_cancer": "none", "rf_systemic": ["none"], "rf_risk": ["none"],
}  # fmt: skip


def response_on(version: str) -> QuestionnaireResponse:
    response = intake.start()
    QuestionnaireResponse.objects.filter(pk=response.pk).update(questionnaire_version=version)
    response.refresh_from_db()
    return response


@pytest.mark.usefixtures("both")
class TestJudged:
    def test_fever_settles_same_day_on_the_version_it_was_told_to(self, nurse: User) -> None:
        response = response_on(OLD)
        assessment = intake.save_answers(response=response, answers=FEVER)
        assert intake.settled_headline(FEVER, assessment, version=OLD) == Outcome.SAME_DAY
        case = SafetyCase.objects.get(response=response)
        assert (case.level, case.owner) == (Outcome.SAME_DAY, nurse)
        stored = response.assessments.get()
        assert (stored.questionnaire_version, stored.ruleset_version, stored.outcome) == ("1.0.0", "1.0.0", "SAME_DAY")
        assert "rf_night" not in [entry["id"] for entry in stored.record["asked"]]

    def test_on_the_new_version_the_new_question_comes_first(self, nurse: User) -> None:
        response = response_on(NEW)
        assessment = intake.save_answers(response=response, answers=FEVER)
        assert intake.settled_headline(FEVER, assessment, version=NEW) is None
        assert not SafetyCase.objects.exists()
        intake.save_answers(response=response, answers={"rf_night": "no"})
        stored = response.assessments.get()
        assert (stored.questionnaire_version, stored.ruleset_version, stored.outcome) == ("9.9.9", "9.9.9", "SAME_DAY")
        assert "rf_night" in [entry["id"] for entry in stored.record["asked"]]

    def test_a_rule_of_the_new_version_judges_the_new_version_alone(self) -> None:
        wakes = {**FEVER, "rf_now": ["none"], "rf_night": "yes"}
        fired = {
            version: [rule.id for rule in engine.assess(wakes, version=version).fired if rule.effect == "same_day"]
            for version in (OLD, NEW)
        }
        assert fired == {"1.0.0": [], "9.9.9": ["RF-NIGHT-01"]}

    def test_a_new_session_is_begun_on_the_current_version(self) -> None:
        assert intake.start().questionnaire_version == "9.9.9"


@pytest.mark.usefixtures("both")
class TestAskedAndShown:
    def test_fever_leads_to_the_page_about_today_on_the_old_version(self, monkeypatch: pytest.MonkeyPatch) -> None:
        visitor = begun_on(OLD, monkeypatch)
        assert NIGHT_TEXT not in text_of(visitor.see(f"{visitor.check}/q/now/"))
        assert go_through(visitor, {**ROUTINE, "rf_now": ["fever"]}) == f"{visitor.check}/today/"
        assert SafetyCase.objects.get().level == Outcome.SAME_DAY

    def test_each_is_asked_in_its_own_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        old, new = begun_on(OLD, monkeypatch), begun_on(NEW, monkeypatch)
        old_page, new_page = text_of(old.see(f"{old.check}/q/now/")), text_of(new.see(f"{new.check}/q/now/"))
        assert "We ask this first because" in old_page
        assert NIGHT_TEXT not in old_page
        assert "The newest lead." in new_page
        assert NIGHT_TEXT in new_page
        refused = new.give("now", ab_age="56", rf_now=["none"])
        assert "Choose if the pain wakes you every night." in text_of(refused)
        assert refused.context["form"].errors.keys() == {"rf_night"}

    def test_the_check_page_and_the_staff_page_keep_to_the_version(
        self, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn, nurse: User
    ) -> None:
        for version, has_night in ((OLD, False), (NEW, True)):
            visitor = begun_on(version, monkeypatch)
            answers = {**ROUTINE, "rf_night": "no"} if has_night else ROUTINE
            assert go_through(visitor, answers) == f"{visitor.check}/result/"
            visitor.tell_contact()
            page = text_of(visitor.see(f"{visitor.check}/answers/"))
            assert (NIGHT_TEXT in page, NEW_WORDS in page, OLD_WORDS in page) == (has_night, has_night, not has_night)
            assert ("Change your nights" in page) is has_night
            visitor.send()
            consultation_request = ConsultationRequest.objects.order_by("-pk")[0]
            shown = text_of(sign_in(nurse).get(page_of(consultation_request)))
            assert (NIGHT_TEXT in shown, NEW_WORDS in shown, OLD_WORDS in shown) == (
                has_night,
                has_night,
                not has_night,
            )
            assert consultation_request.assessment.questionnaire_version == version

    def test_the_list_sums_up_in_the_words_of_the_version(self) -> None:
        answers = {"pn_where": ["low_back"], "rf_weak": "worse"}
        assert summary.one_line(answers, version=OLD) == "Low back pain"
        assert summary.look_outs(answers, version=OLD) == ["Weak leg, new or worse"]
        assert summary.one_line(answers, version=NEW) == "Lower back pain"
        assert summary.look_outs(answers, version=NEW) == ["A leg is weak"]

    def test_the_list_sums_up_nothing_in_words_that_it_does_not_have(self) -> None:
        answers = {"pn_where": ["low_back"], "rf_weak": "worse"}
        assert summary.one_line(answers, version="9.9.8") == (
            "Answered on questionnaire 9.9.8: open the request to read it"
        )
        assert summary.look_outs(answers, version="9.9.8") == []


@pytest.mark.parametrize("version", ["", "2.0.0", "../1.0.0", "1.0.0.json"])
def test_a_version_that_was_never_published_is_refused_and_never_judged_by_another(version: str) -> None:
    for ask in (
        lambda: definition.load(version),
        lambda: flow.screens(version),
        lambda: flow.safety_complete({}, version=version),
        lambda: engine.assess({}, version=version),
    ):
        with pytest.raises(UnknownVersion):
            ask()


def test_the_made_up_rules_are_read_as_toml() -> None:
    assert tomllib.loads(new_rules())["version"] == "9.9.9"
