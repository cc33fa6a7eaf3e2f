"""Which passwords staff may choose: long ones of any letters, none that who knows the clinic would try first."""

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from clinic import settings as shipped
from clinic.accounts.models import User

NURSE = User(username="norah", name="Norah Adeyemi", email="n.adeyemi@clinic.example")


@pytest.mark.parametrize(
    "password",
    [
        "a quiet passphrase",
        "correct horse battery staple",
        "7394018273645nurse",
        "spine of a hedgehog",
        "тихое место у реки",
        "x" * 11 + "¡🙂",
        "a quiet passphrase " * 10,
    ],
)
def test_a_long_one_of_any_letters_is_taken(password: str) -> None:
    validate_password(password, NURSE)


@pytest.mark.parametrize(
    "password",
    [
        "eleven char",
        "password1234",
        "Password12345!",
        "123456789012",
        "larchwell-demo",
        "Larchwell Spine Clinic",
        "larchwell2026!",
        "spineclinic2026",
        "norah adeyemi",
        "NorahAdeyemi1",
        "Adeyemi2026!!!!",
        "welcome doctor nurse 99",
    ],
)
def test_a_short_a_common_and_a_near_one_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, NURSE)


def test_what_is_wanted_is_said_before_it_is_typed() -> None:
    assert (
        "Your password needs more than the clinic’s name, your own name, and words such as “password”."
        in password_validators_help_texts()
    )


def test_they_are_kept_under_argon2_and_never_expire() -> None:
    assert shipped.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"
    assert not [field.name for field in User._meta.get_fields() if "expir" in field.name]
