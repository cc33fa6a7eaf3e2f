"""Names, addresses and numbers: anything real is kept exactly, anything hidden is refused in words."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError

from clinic.form_fields import MailField
from consultations.forms.person import NameField, PhoneField


@pytest.mark.parametrize(
    "name",
    [
        "Zoë O'Neil-Smith",
        "李小龍",
        "محمد علي",
        "Nguyễn Thị Hồng",
        "Ng",
        "X",
        "👩‍👩‍👧 Family",
        "نیلوفر\u200cجان",
        "क्‍ष",
        "Dr. José III",
    ],
)
def test_names_of_any_script_are_kept_exactly(name):
    assert NameField().clean(name) == unicodedata.normalize("NFC", name)


def test_names_are_composed():
    assert NameField().clean("Zoe\u0308") == "Zoë"


@pytest.mark.parametrize(
    "name",
    [
        "\u202eevil",
        "a\u2066b",
        "a\u200eb",
        "a\x00b",
        "a\x1bb",
        "a\nb",
        "a\r\nBcc: x",
        "a\u2028b",
        "\u200b",
        "\u200d\u200c",
        "\u3164x\u202a",
    ],
)
def test_hidden_characters_are_refused(name):
    with pytest.raises(ValidationError, match=r"^\['Type .*\.'\]$"):
        NameField().clean(name)


def test_length_counts_after_composing():
    assert len(NameField().clean("e\u0301" * 120)) == 120
    with pytest.raises(ValidationError, match="120 characters or fewer"):
        NameField().clean("a" * 121)


@pytest.mark.parametrize("address", ["a@b.co", "first.last+tag@example.com", "x@münchen.example", "O'B@example.org"])
def test_addresses_are_kept(address):
    assert MailField().clean(f" {address} ") == address


@pytest.mark.parametrize(
    "address",
    ["", "a@b", "a b@c.com", '"a b"@example.com', "a@[127.0.0.1]", "a@example.com\nBcc: x@y.com", "a\u202e@example.com",
     "a@example.com, b@example.com", "a" * 250 + "@example.com", "a@" + "b" * 5000, "<a@example.com>", "@", "a@b..com"],
)  # fmt: skip
def test_other_addresses_get_the_sentence(address):
    with pytest.raises(ValidationError, match=r"like name@example\.com"):
        MailField().clean(address)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("202-555-0142", "+1 202-555-0142"),
        ("(202) 555 0142", "+1 202-555-0142"),
        ("+44 20 7946 0018", "+44 20 7946 0018"),
        ("+1 202 555 0142 ext. 12", "+1 202-555-0142 ext. 12"),
        ("", ""),
    ],
)
def test_phone_numbers_are_kept_as_dialled_from_abroad(typed, kept):
    assert PhoneField(required=False).clean(typed) == kept


@pytest.mark.parametrize(
    "typed", ["1", "call me", "+", "00000000", "+999 1234", "9" * 5000, "\u202e202-555-0142", "911"]
)
def test_other_phone_numbers_get_the_sentence(typed):
    with pytest.raises(ValidationError, match="Enter a phone number"):
        PhoneField().clean(typed)


def test_without_a_region_the_country_code_is_asked_for(settings):
    settings.PHONENUMBER_DEFAULT_REGION = None
    with pytest.raises(ValidationError, match=r"with \+ and the country code"):
        PhoneField().clean("202-555-0142")
