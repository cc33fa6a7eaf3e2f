"""The two telephone fields: one asks for a number that can be dialled, the other never refuses anybody."""

import pytest
from django.core.exceptions import ValidationError

from consultations.forms.phone import AnyPhoneField, PhoneField


@pytest.mark.parametrize("field", [PhoneField, AnyPhoneField])
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("202-555-0142", "202-555-0142"),
        ("  (624) 305-1111 ", "(624) 305-1111"),
        ("0049 30 901820", "0049 30 901820"),
        ("+1 212-555-2368 (mobile)", "+1 212-555-2368 (mobile)"),
        ("202-555-0142  after   5pm", "202-555-0142  after   5pm"),
        ("\u202e202-555-0142\x00", "202-555-0142"),
        ("202-555-0142\r\nask for Ana", "202-555-0142  ask for Ana"),
    ],
)
def test_both_keep_the_words_as_typed(field, typed, stored):
    assert field().clean(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["1", "911", "call my sister", "555-0142", "020 7946 0018", "00000000", "+999 1234", "no phone, flat 4", "😀", "?",
     "9" * 200],
)  # fmt: skip
def test_a_call_back_takes_what_the_other_refuses(typed):
    assert AnyPhoneField().clean(typed) == typed
    with pytest.raises(ValidationError, match="Enter a phone number"):
        PhoneField().clean(typed)


@pytest.mark.parametrize("field", [PhoneField, AnyPhoneField])
@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "\x00", None])
def test_nothing_is_asked_for_again_with_an_example(field, typed):
    with pytest.raises(ValidationError, match=r"like \(201\) 555-0123, or with \+ and the country code"):
        field().clean(typed)
    assert field(required=False).clean(typed) == ""


@pytest.mark.parametrize("field", [PhoneField, AnyPhoneField])
def test_what_is_too_long_gets_a_sentence(field):
    assert len(field().clean("202-555-0142" + "a" * 188)) == 200
    with pytest.raises(ValidationError, match="200 characters or fewer"):
        field().clean("202-555-0142" + "a" * 189)


def test_the_example_is_one_of_the_region(settings):
    settings.PHONENUMBER_DEFAULT_REGION = "GB"
    with pytest.raises(ValidationError, match="like 0121 234 5678, or with"):
        PhoneField().clean("none")
    settings.PHONENUMBER_DEFAULT_REGION = None
    with pytest.raises(ValidationError, match=r"Enter a phone number with \+ and the country code, like \+44"):
        PhoneField().clean("202-555-0142")
