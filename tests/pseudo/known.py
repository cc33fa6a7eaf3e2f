"""What may stay plain English on a page: content files, settings, and labels that Django makes of field names."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.utils.text import camel_case_to_spaces

from clinic.core import region_words
from tests.content_fixtures import SHIPPED
from tests.pseudo.language import ROOT
from tests.pseudo.reader import plain_pieces, words_of

COPY = (
    *sorted((ROOT / "consultations/candidacy/display").glob("*.toml")),
    *sorted((ROOT / "consultations/candidacy/rules").glob("*.toml")),
    ROOT / "consultations/questionnaire/sentences.toml",
    *sorted((ROOT / "consultations/questionnaire/definitions").glob("*.toml")),
    *sorted((ROOT / "consultations/questionnaire/definitions").glob("*.json")),
    *sorted((ROOT / "clinic/core").glob("danger_signs.toml")),
)
SETTINGS = (
    "CLINIC_NAME", "CLINIC_SHORT_NAME", "CLINIC_ADDRESS", "EMERGENCY_LINE", "URGENT_LINE", "CRISIS_LINE",
    "REGULATOR_LINE", "SCAN_REPORT_LINE",
)  # fmt: skip
OURS = ("core", "accounts", "education", "consultations")
FEW = 3
"""So few words are known only as a whole piece, not as part of one: a glued "was sent" stands in many a text."""


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for inner in value.values() for text in strings_in(inner))
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in strings_in(inner))


@cache
def education_texts() -> str:
    """All texts of the education pages in a row: Markdown cuts them into pieces of any length."""
    texts = [text for field in fields(SHIPPED) for text in strings_in(getattr(SHIPPED, field.name))]
    for file in (*sorted((ROOT / "education").rglob("*.toml")), ROOT / "education/claims/patterns.json"):
        texts += strings_in(_read(file))
    return f" {' | '.join(words_of(text) for text in texts)} ".lower()


def _read(file: Path) -> Any:
    return json.loads(file.read_text()) if file.suffix == ".json" else tomllib.loads(file.read_text())


def in_words_of(region: str, text: str) -> str:
    """The text with the words of a region; other placeholders stay."""
    for name, said in region_words.words(region).items():
        text = text.replace(f"{{{name}}}", said)
    return text


@cache
def copy_pieces() -> frozenset[str]:
    """The pieces of the check's questions and results, and of what settings say."""
    texts = [in_words_of(settings.CLINIC_REGION, text) for file in COPY for text in strings_in(_read(file))]
    texts += region_words.words(settings.CLINIC_REGION).values()
    texts += [str(getattr(settings, name)) for name in SETTINGS]
    texts.append(settings.CLINIC_NAME.removeprefix(settings.CLINIC_SHORT_NAME))
    return frozenset(piece.lower() for text in texts for piece in plain_pieces(text))


@cache
def copy_in_a_row() -> str:
    return f" {' | '.join(sorted(copy_pieces()))} "


@cache
def made_labels() -> frozenset[str]:
    """Labels that Django makes of the names of fields and models that have none of their own."""
    labels = set()
    for app in OURS:
        for model in apps.get_app_config(app).get_models():
            made = camel_case_to_spaces(model.__name__)
            labels |= {label for label in (made, f"{made}s") if label in map(str, names_of(model))}
            made_of_fields = {field.name.replace("_", " ") for field in model._meta.fields}
            labels |= made_of_fields & {str(field.verbose_name) for field in model._meta.fields}
    return frozenset(labels)


def names_of(model: type[Model]) -> tuple[Any, Any]:
    return model._meta.verbose_name, model._meta.verbose_name_plural


@cache
def is_known(piece: str, data: frozenset[str]) -> bool:
    if piece in data:
        return True
    lowered = piece.lower()
    if lowered in copy_pieces() or lowered in made_labels() or f" {lowered} " in education_texts():
        return True
    return len(piece.split()) > FEW and f" {lowered} " in copy_in_a_row()
