"""Every box in which a patient writes freely is read when it is sent: whoever adds one says here what it becomes."""

import importlib
import pkgutil

from django import forms

from clinic.core.form_fields import PatientTextField
from consultations import actions
from consultations import forms as forms_of_patients
from consultations.enums import TextKind
from consultations.questionnaire.definition import load, versions

READ_AS = {
    ("AnswerForm", "answer"): TextKind.ANSWER,
    ("MessageForm", "message"): TextKind.MESSAGE,
    ("AskedAgainForm", "message"): TextKind.MESSAGE,
    ("CancelTimeForm", "reason"): TextKind.CANCEL_REASON,
    ("CarryForm", "words"): TextKind.DECISION_AID,
    ("NextDayForm", "found"): TextKind.NEXT_DAY,
    ("NeedsFields", "more"): TextKind.NEEDS,
    ("questionnaire", "ex_note"): TextKind.NOTE,
}
"""Form and field -> the kind of text it becomes; tests/consultations/services/test_patient_texts.py shows each."""
IN_A_LINE = {TextKind.PHONE, TextKind.ASKED_AGAIN}
"""Words beside a number, in a box of one line, and words that were ticked."""


def boxes() -> set[tuple[str, str]]:
    results = set()
    names = [
        module.name
        for package in (forms_of_patients, actions)
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    for module in names:
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, type) and issubclass(value, forms.Form):
                fields = getattr(value, "base_fields", {})
                results |= {(name, item) for item, field in fields.items() if isinstance(field, PatientTextField)}
    return results


def test_every_box_of_a_form_and_every_text_question_is_read() -> None:
    asked = {question.id for version in versions() for question in load(version).questions if question.kind == "text"}
    assert boxes() | {("questionnaire", item) for item in asked} == set(READ_AS)
    assert {*READ_AS.values(), *IN_A_LINE} == set(TextKind)
