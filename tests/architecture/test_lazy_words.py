"""What is read when a module loads is translated when it is shown: forms, actions, models and choices."""

import enum
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.forms.forms import BaseForm
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from consultations import enums, mail_copy, status_copy
from consultations.services.transitions import WORKFLOW
from tests.architecture.sentence_finder import is_words

PACKAGES = ("consultations.forms", "consultations.actions")


def is_frozen(text: Any) -> bool:
    """Whether it is words in one language for good."""
    return isinstance(text, str) and is_words(text)


def form_classes() -> list[type[BaseForm]]:
    for package in PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            importlib.import_module(f"{package}.{module.name}")
    results, waiting = set(), [BaseForm]
    while waiting:
        children = waiting.pop().__subclasses__()
        results |= {child for child in children if child.__module__.startswith(PACKAGES)}
        waiting += children
    return sorted(results, key=lambda form: form.__qualname__)


def texts_of(field: Any) -> Iterator[Any]:
    yield from (field.label, field.help_text, getattr(field, "empty_label", None))
    yield from field.error_messages.values()
    if isinstance(getattr(field, "choices", None), list):
        yield from (label for _code, label in field.choices)
    yield from getattr(field.widget, "hints", {}).values()


def test_labels_hints_and_errors_of_forms():
    forms = form_classes()
    frozen = [
        f"{form.__name__}.{name}: {text}"
        for form in forms
        for name, field in getattr(form, "base_fields", {}).items()
        for text in texts_of(field)
        if is_frozen(text)
    ]
    assert len(forms) >= 30
    assert frozen == []


def test_words_of_actions():
    frozen = [
        f"{action.name}.{part}: {text}"
        for action in WORKFLOW.actions.values()
        for part in ("title", "button", "done", "asks")
        if is_frozen(text := getattr(action, part, ""))
    ]
    assert WORKFLOW.actions["note"].done == "The note is saved."
    assert frozen == []


def test_labels_of_choices():
    known = [var for var in vars(enums).values() if isinstance(var, enum.EnumType)]
    choices = [item for item in known if issubclass(item, models.Choices)]
    assert enums.Outcome.EMERGENCY.label == "Emergency now"
    assert [f"{choice.__name__}.{label}" for choice in choices for label in choice.labels if is_frozen(label)] == []


def test_names_of_models_in_the_admin():
    shown = [model for model in admin.site._registry if model._meta.app_label == "consultations"]
    names = [name for model in shown for name in (model._meta.verbose_name, model._meta.verbose_name_plural)]
    assert len(shown) >= 14
    assert [str(name) for name in names if not isinstance(name, Promise)] == []


def test_words_of_mails_and_of_the_private_page():
    wordings = mail_copy.WORDINGS.values()
    texts = [
        text for wording in wordings for text in (wording.subject, wording.opening, wording.action, wording.next_step)
    ]
    texts += [*status_copy.HEADINGS.values(), *status_copy.TO_HELPERS.values(), *status_copy.STEPS]
    assert [str(text) for text in texts if not isinstance(text, Promise)] == []


@pytest.mark.parametrize(
    ("text", "expected"), [("Save", True), (gettext_lazy("Save"), False), ("", False), (None, False)]
)
def test_what_is_frozen(text, expected):
    assert is_frozen(text) is expected
