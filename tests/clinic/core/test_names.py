"""How a typed name is cleaned, which names can be read, and by which part of a name somebody is greeted."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from clinic.accounts.models import User
from clinic.core.form_fields import NameField
from clinic.core.name_folding import fold_name, has_letter
from clinic.core.names import clean_line, clean_name, greeting_name
from tests.depth import made_up

REAL_NAMES = [
    "Zoë O'Neil-Smith",
    "Siobhán O’Brien",
    "李小龍",
    "佐々木 葛\U000e0100子",
    "山本 サリー",
    "김민준",
    "محمد علي",
    "נועה בן־דוד",
    "Nguyễn Thị Hồng",
    "Ng",
    "O",
    "X",
    "李",
    "Madonna",
    "Robert Downey Jr.",
    "Dr. José III",
    "John 3rd",
    "X Æ A-12",
    "Kaʻahumanu",
    "Nneka d'Arc",
    "N'Golo Kanté",
    "M‘Benga",
    "نیلوفر\u200cجان",
    "क्\u200dष",
    "ශ්\u200dරී",
    "👩\u200d👩\u200d👧 Family",
    "Ødegård",
    "Ελένη",
    "Żółć",
    "Марія",
    "\U0002ebf0太",
]


@pytest.mark.parametrize("name", REAL_NAMES)
def test_names_of_any_script_are_kept_exactly(name):
    assert NameField().clean(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Zoe\u0308", "Zoë"),
        ("  Marta   Quill ", "Marta Quill"),
        ("Marta\u00a0Quill", "Marta Quill"),
        ("山田\u3000太郎", "山田 太郎"),
        ("Al\u200bice", "Alice"),
        ("\ufeffAlice Winther", "Alice Winther"),
        ("Win\u00adther", "Winther"),
        ("\u202eevil", "evil"),
        ("a\u2066b\u2069", "ab"),
        ("a\u200eb", "ab"),
        ("a\x00b\x1b", "ab"),
        ("a\nb", "a b"),
        ("a\r\nBcc: x", "a Bcc: x"),
        ("a\x85b\u2028c\td", "a b c d"),
        ("Ali\u200dce", "Alice"),
        ("\u200cنیلوفر\u200c\u200cجان\u200c", "نیلوفر\u200cجان"),
        ("\u3164Alice\u3164", "Alice"),
        ("Alice\u2800Winther", "Alice Winther"),
        ("\u0301Anna", "Anna"),
        ("Anna\ud800", "Anna"),
        ("A\U000e0041nna", "Anna"),
    ],
)
def test_what_cannot_be_seen_is_taken_out_in_silence(typed, stored):
    assert NameField().clean(typed) == stored


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "\u200d\u200c", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\ufeff\u00ad", "\u202e",
             "\u0301\u0308", "\ufe0f", "\u034f", "\U000e0020"]
)  # fmt: skip
def test_a_name_in_which_nothing_shows_is_an_empty_one(name):
    with pytest.raises(ValidationError, match=r"Enter the full name\."):
        NameField(error_messages={"required": "Enter the full name."}).clean(name)
    assert NameField(required=False).clean(name) == ""


@pytest.mark.parametrize(
    "name", [".", "-", "--", "'", "ʻ", "?!", "123", "١٢", "４２", "0049", "😀", "👩\u200d👩\u200d👧", "🇳🇱", "1️⃣", "·",
             "…", "—", "\u00b4", "ˈ", "\ue000", "$", "+"]
)  # fmt: skip
def test_a_name_without_a_letter_is_refused_with_a_sentence(name):
    with pytest.raises(ValidationError, match="Enter a name with at least one letter, in any alphabet"):
        NameField().clean(name)


def test_length_counts_after_composing_and_cleaning():
    assert NameField().clean("e\u0301" * 120) == "é" * 120
    assert len(NameField().clean("a" * 120 + "\u200b" * 9)) == 120
    with pytest.raises(ValidationError, match="120 characters or fewer"):
        NameField().clean("a" * 121)
    with pytest.raises(ValidationError, match="80 characters or fewer"):
        NameField(max_length=80).clean("a" * 81)


@given(st.text())
@made_up(50, 2000)
def test_cleaning_twice_is_cleaning_once(text):
    once = clean_name(text)
    assert clean_name(once) == once
    assert clean_line(clean_line(text)) == clean_line(text)
    assert unicodedata.is_normalized("NFC", once)


@given(st.text(min_size=1))
@made_up(50, 2000)
def test_a_name_that_is_taken_can_always_be_looked_for(text):
    name = clean_name(text)
    if has_letter(name):
        assert fold_name(name) != ""


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Alice Winther", "Alice"),
        ("Quill, Marta", "Marta"),
        ("QUILL,Marta Jane", "Marta"),
        ("Dr. Quill, Marta", "Marta"),
        ("Quill, Dr. Marta", "Marta"),
        ("Quill, Marta, MD", "Marta"),
        ("Marta Quill, PhD", "Marta"),
        ("Quill, Jr., Tom", "Tom"),
        ("Quill, Mrs.", "Quill"),
        ("Dr. Marta Quill", "Marta"),
        ("DR Marta Quill", "Marta"),
        ("Prof. Dr. Marta Quill", "Marta"),
        ("Mrs Marta Quill", "Marta"),
        ("Herr Jürgen Groß", "Jürgen"),
        ("Frau Dr. Anke Groß", "Anke"),
        ("Señora Ana Ruiz", "Ana"),
        ("Sra. Ana Ruiz", "Ana"),
        ("Mme Chloé Dupont", "Chloé"),
        ("Д-р Марія Ковач", "Марія"),
        ("Κος Νίκος Παππάς", "Νίκος"),
        ("Dr. Quill", "Dr. Quill"),
        ("Mr and Mrs Quill", "Mr and Mrs Quill"),
        ("M. Quill", "M. Quill"),
        ("J. R. Quill", "J. R. Quill"),
        ("J.R. Quill", "J.R. Quill"),
        ("J-P Quill", "J-P Quill"),
        ("Dr. M. Quill", "Dr. M. Quill"),
        ("O", "O"),
        ("李", "李"),
        ("李 小龍", "李 小龍"),
        ("김 민준", "김 민준"),
        ("محمد علي", "محمد"),
        ("Jean-Luc Picard", "Jean-Luc"),
        ("D'Arcy Quill", "D'Arcy"),
        ("Jo Quill", "Jo"),
        ("Don Smith", "Don"),
        ("“Bob” Pell", "Bob"),
        ("(Bob) Pell", "Bob"),
        ("- Bob Pell", "Bob"),
        ("👩\u200d👩\u200d👧 Family", "Family"),
        ("Madonna", "Madonna"),
        ("3 Doors", "Doors"),
        ("\u200bAlice Winther", "Alice"),
        ("Dr.", ""),
        ("Dr", ""),
        ("Mr. Dr.", ""),
        ("Prof. ,", ""),
        ("", ""),
        (" ", ""),
        (".", ""),
        ("\u3164", ""),
        ("123", ""),
        ("https://evil.example win", ""),
        ("www.evil.example", ""),
        ("evil.example Prize", ""),
        ("me@example.com", ""),
    ],
)
def test_who_is_greeted(name, greeted):
    assert greeting_name(name) == greeted


@given(st.text())
@made_up(50, 2000)
def test_a_greeting_is_part_of_the_name_and_never_blank(text):
    greeted = greeting_name(text)
    assert greeted == greeted.strip()
    assert greeted in clean_name(text)
    if greeted:
        assert has_letter(greeted)


@pytest.mark.parametrize(
    ("name", "greeted"), [("Dr. Ines Halloran", "Ines"), ("Halloran, Ines", "Ines"), ("Dr.", "ines"), ("", "ines")]
)
def test_staff_are_greeted_by_the_same_rule(name, greeted):
    assert User(username="ines", name=name).get_short_name() == greeted
