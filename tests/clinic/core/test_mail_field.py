"""Addresses: anything real is kept exactly, anything hidden is refused in words."""

import pytest
from django.core.exceptions import ValidationError

from clinic.core.form_fields import MailField


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
