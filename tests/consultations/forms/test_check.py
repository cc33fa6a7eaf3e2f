"""Forms built from the questionnaire: every question has a field, its own words and the types the rules read."""

from dataclasses import replace

import pytest
from django.http import QueryDict

from clinic.core.widgets import PainScale, TileCheckbox, TileRadio
from consultations.enums import ConsentKind
from consultations.forms.check import ScreenForm, answer_lines, field_for
from consultations.forms.consent import ConsentForm, wordings
from consultations.forms.question_copy import missing, short
from consultations.questionnaire.cleaning import clean
from consultations.questionnaire.definition import UnknownVersion, load

QUESTIONS = load("1.0.0").questions


def form_of(*ids: str, answers: dict | None = None, **data: object) -> ScreenForm:
    posted = QueryDict(mutable=True)
    for name, value in data.items():
        posted.setlist(name, value if isinstance(value, list) else [value])
    return ScreenForm(posted if data else None, questions=[load("1.0.0")[name] for name in ids], answers=answers or {})


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_every_question_has_its_own_words(question):
    field = field_for(question)
    assert field.label == question.text
    assert field.required is question.is_required
    assert field.error_messages["required"] == missing(question)


def test_no_two_questions_share_their_words():
    assert len({short(item) for item in QUESTIONS}) == len({missing(item) for item in QUESTIONS}) == len(QUESTIONS)


def test_a_question_of_an_unknown_version_is_refused_and_not_told_in_general_words():
    with pytest.raises(UnknownVersion):
        short(replace(QUESTIONS[0], version="9.9.9"))


def test_each_kind_has_its_control():
    assert isinstance(field_for(load("1.0.0")["rf_weak"]).widget, TileRadio)
    assert isinstance(field_for(load("1.0.0")["rf_now"]).widget, TileCheckbox)
    scale = field_for(load("1.0.0")["peg_p"]).widget
    assert isinstance(scale, PainScale)
    assert (scale.low, scale.high) == ("No pain", "Pain as bad as you can imagine")


@pytest.mark.parametrize(
    ("question", "data", "stored"),
    [
        ("ab_age", {"ab_age": "５６"}, 56),
        ("rf_now", {"rf_now": ["fever", "not_sure"]}, ["fever", "not_sure"]),
        ("rf_weak", {"rf_weak": "drop"}, "drop"),
        ("peg_p", {"peg_p": "10"}, 10),
        ("phq2_1", {"phq2_1": "0"}, "0"),
        ("hx_height_cm", {"hx_height_cm_cm": "175,25"}, 175.3),
        ("ex_note", {"ex_note": " \r\nIt\thurts. \r\n"}, "It\thurts."),
        ("ye_claim", {"other": "x"}, None),
        ("hx_weight_kg", {"other": "x"}, None),
    ],
)
def test_what_is_saved_is_what_the_rules_read(question, data, stored):
    form = form_of(question, **data)
    assert form.is_valid(), form.errors
    assert form.answers() == {question: stored}
    if stored is not None:
        assert clean(load("1.0.0")[question], stored) is not None


@pytest.mark.parametrize(
    ("question", "data"),
    [
        ("peg_p", {"peg_p": "11"}),
        ("peg_p", {"peg_p": "9" * 5000}),
        ("rf_weak", {"rf_weak": ["none", "made_up"]}),
        ("rf_now", {"rf_now": ["none", "fever"]}),
        ("rf_now", {"rf_now": ["none", "not_sure"]}),
        ("ab_age", {"ab_age": "121"}),
        ("ex_note", {"ex_note": "a\x1bb"}),
        ("ex_note", {"ex_note": "a" * 1001}),
    ],
)
def test_anything_else_is_a_sentence(question, data):
    form = form_of(question, **data)
    assert not form.is_valid()
    assert form.errors[question][0].endswith(".")


def test_answers_of_another_shape_do_not_break_the_page():
    form = form_of("rf_now", "hx_height_cm", "peg_p", answers={"rf_now": "x", "hx_height_cm": "tall", "peg_p": [1]})
    assert "checked" not in form.as_p()


@pytest.mark.parametrize(
    ("question", "value", "lines"),
    [
        ("rf_now", ("chest", "fever"), 2),
        ("rf_weak", "none", 1),
        ("peg_p", 6, 1),
        ("hx_height_cm", 175.3, 1),
        ("ex_note", None, 0),
    ],
)
def test_answers_are_shown_in_their_words(question, value, lines):
    assert len(answer_lines(load("1.0.0")[question], value)) == lines


def test_consents_cover_every_kind(settings):
    settings.CLINIC_NAME = "Another Clinic"
    assert set(wordings()) == set(ConsentKind)
    assert "Another Clinic" in wordings()[ConsentKind.CARE_TEAM]
    assert set(ConsentForm({}).errors) == set(ConsentKind.values)
