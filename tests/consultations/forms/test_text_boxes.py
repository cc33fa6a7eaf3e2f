"""Under every box in which a patient writes freely stand the lines for help, and they belong to the box."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template

from clinic.core import lines
from clinic.core.form_fields import PatientTextField
from consultations import actions
from consultations import forms as patient_forms
from consultations.forms.check import ScreenForm
from consultations.forms.staff import StepForm
from consultations.questionnaire import definition, flow

OF_STAFF = {
    f"consultations.forms.{name}"
    for name in (
        "calls",
        "cases",
        "diary",
        "hand_over",
        "missed",
        "notes",
        "persons",
        "queue_filters",
        "settle",
        "staff",
    )
}
TEMPLATES = Path(patient_forms.__file__).parents[1] / "templates/consultations"
WORDS = (
    'We do not read this straight away. If you feel you might harm yourself: <a class="dial" href="tel:988" '
    'aria-label="call 988">call</a> or <a class="dial" href="sms:988">text 988</a>, or call <a class="dial" '
    'href="tel:911">911</a>. If you feel very unwell: Call <a class="dial" href="tel:911">911</a> or go to the '
    "nearest emergency room."
)
PAGE = Template("{% load crispy_forms_tags %}{% for field in form %}{{ field|as_crispy_field }}{% endfor %}")


def form_classes() -> list[type[forms.Form]]:
    modules = [
        importlib.import_module(module.name)
        for package in (patient_forms, actions)
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
        if module.name not in OF_STAFF
    ]
    return [
        var
        for module in modules
        for var in vars(module).values()
        if isinstance(var, type) and issubclass(var, forms.BaseForm) and not issubclass(var, StepForm)
        if var.__module__ == module.__name__
    ]


def patient_boxes() -> list[tuple[str, forms.Form]]:
    """A form with each multi-line box that a patient may meet: of the classes, and of every screen of every version."""
    known = [(form_class.__name__, form_class.base_fields) for form_class in form_classes()]
    results = [
        (f"{owner}.{name}", type("Alone", (forms.Form,), {name: field})())
        for owner, fields in known
        for name, field in fields.items()
        if isinstance(field.widget, forms.Textarea)
    ]
    for version in definition.versions():
        asked = definition.load(version)
        for screen in flow.screens(version):
            form = ScreenForm(questions=[asked[question_id] for question_id in screen.question_ids], answers={})
            if any(isinstance(field.widget, forms.Textarea) for field in form.fields.values()):
                results.append((f"{version} {screen.slug}", form))
    return results


BOXES = patient_boxes()


def test_the_boxes_are_found():
    names = {name for name, _ in BOXES}
    assert {"AnswerForm.answer", "CancelTimeForm.reason", "MessageForm.message", "1.0.0 hopes"} <= names
    assert not any("Staff" in name for name in names)


@pytest.mark.parametrize(("name", "form"), BOXES, ids=[name for name, _ in BOXES])
def test_the_lines_stand_under_each_box_and_belong_to_it(name, form):
    html = PAGE.render(Context({"form": form}))
    boxes = re.findall(r"<textarea[^>]*>", html)
    assert boxes
    for box in boxes:
        [described] = re.findall(r'aria-describedby="([^"]+)"', box)
        helped = described.split()[-1]
        assert re.search(rf'</textarea>\s*<p class="hint hint--under" id="{helped}">(.*?)</p>', html, re.S)[1] == WORDS
        assert html.index(box) < html.index(f'id="{helped}"')


def test_every_box_is_of_the_one_kind():
    for _, form in BOXES:
        for field in form.fields.values():
            assert isinstance(field, PatientTextField) == isinstance(field.widget, forms.Textarea)


def test_no_template_of_a_patient_has_a_box_of_its_own():
    for file in [*TEMPLATES.glob("check/*.html"), *TEMPLATES.glob("private/*.html")]:
        for box in re.findall(r"<textarea[^>]*>", file.read_text()):
            assert " hidden" in box, file.name


def test_a_help_of_its_own_gives_way_and_the_lines_are_those_of_the_day(settings):
    field = PatientTextField(help_text="Ring us.")
    settings.CRISIS_LINE = "call a friend."
    assert str(field.help_text) == lines.under_a_text()
    assert "harm yourself: call a friend. If you" in str(field.help_text)


def test_with_an_error_the_box_is_described_by_both():
    form = next(form for name, form in BOXES if name == "AnswerForm.answer")
    bound = type(form)({"answer": ""})
    html = PAGE.render(Context({"form": bound}))
    [described] = re.findall(r'<textarea[^>]*aria-describedby="([^"]+)"', html)
    assert {f'id="{item}"' in html for item in described.split()} == {True}
    assert len(described.split()) == 2
