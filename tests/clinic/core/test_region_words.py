"""The words that differ by region: what each says, and that nothing in the table is dead."""

import re

import pytest

from clinic.core import defaults, region_words
from education.claims import template_text
from tests.pseudo.language import ROOT

SIGNS = {
    "US": ("belly", "poop"), "CA": ("tummy", "poo"), "GB": ("tummy", "poo"), "EU": ("tummy", "poo"),
    "AU": ("tummy", "poo"), "NZ": ("tummy", "poo"), "default": ("tummy", "poo"),
}  # fmt: skip
"""What the signs of danger are called. A change is a clinical change, signed by the medical director."""


def test_signs_are_called_what_the_medical_director_signed() -> None:
    said = {region: (words["belly"], words["poo"]) for region in SIGNS if (words := region_words.words(region))}
    assert said == SIGNS
    assert set(SIGNS) == set(defaults.REGIONS)


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("US", "Tell an emergency room about poop. Acetaminophen, one center."),
        ("GB", "Tell A&E about poo. Paracetamol, one centre."),
        ("CA", "Tell an emergency room about poo. Acetaminophen, one centre."),
        ("AU", "Tell an emergency department about poo. Paracetamol, one centre."),
        ("elsewhere", "Tell an emergency department about poo. Paracetamol, one centre."),
    ],
)
def test_words_are_put_into_a_text(region: str, said: str) -> None:
    text = "Tell {an_emergency_room} about {poo}. {Acetaminophen}, one {center}."
    assert region_words.put_in(text, region) == said


def test_other_braces_stay_and_an_unknown_word_is_refused() -> None:
    assert region_words.put_in('{ label = "x" } {{ a }} {} { poo }', "US") == '{ label = "x" } {{ a }} {} { poo }'
    with pytest.raises(region_words.UnknownWordError, match=r"there is no word “tumy” in region_words\.toml"):
        region_words.put_in("my {tumy}", "US")


def test_regions_of_the_table_are_regions() -> None:
    assert {region for forms in region_words.table().values() for region in forms} <= set(defaults.REGIONS)


def test_every_word_of_the_table_is_used() -> None:
    """Take out what no text asks for."""
    files = [
        *(ROOT / "education/content").rglob("*.md"), *(ROOT / "education/content").glob("*.toml"),
        *(ROOT / "consultations/candidacy/display").glob("*.toml"), ROOT / "consultations/forms/numbers.py",
        ROOT / "education/content/sources.json",
    ]  # fmt: skip
    asked = {name for file in files for name in re.findall(r"[{\"](\w+)[}\"]", file.read_text())}
    for folder in ("clinic", "consultations", "education"):
        for template in (ROOT / folder).rglob("templates/**/*.html"):
            asked |= set(template_text.WORD.findall(template.read_text()))
    assert sorted(name for name in region_words.table() if not {name, name.capitalize()} & asked) == []
