"""The contact screen: what belongs together, and what to do when it does not."""

import datetime

import pytest
import time_machine

from consultations.enums import ContactPreference, FilledFor, SafeToContact
from consultations.forms.contact import CallBackForm, ContactForm, age_on
from tests.consultations.views.conftest import CALL_BACK, CONTACT, MONDAY


@pytest.fixture(autouse=True)
def _monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


def errors(age_given: int | None = 56, **changes: str) -> dict[str, list[str]]:
    return ContactForm({**CONTACT, **changes}, age_given=age_given).errors


def test_a_full_form_makes_a_contact():
    form = ContactForm({**CONTACT, "phone": "202-555-0142"}, age_given=56)
    assert form.is_valid()
    contact = form.contact()
    assert (contact.name, contact.birth_on) == ("Alice Winther", datetime.date(1970, 3, 27))
    assert (contact.email, contact.phone) == ("alice@example.com", "202-555-0142")
    assert contact.contact_by is ContactPreference.EMAIL
    assert contact.safe_to_contact is SafeToContact.EMAIL_ONLY
    assert contact.filled_for is FilledFor.SELF
    assert type(contact).from_json(contact.as_json()) == contact


@pytest.mark.parametrize(
    ("changes", "field", "phrase"),
    [
        ({"contact_by": "email", "email": "", "phone": "202-555-0142"}, "email", "to hear from us by email"),
        ({"contact_by": "phone", "safe_to_contact": "any"}, "phone", "because you chose to be called"),
        ({"contact_by": "either", "safe_to_contact": "no_voicemail"}, "phone", "because you chose to be called"),
        ({"contact_by": "either", "safe_to_contact": "email_only", "email": ""}, "email", "to hear from us by email"),
        (
            {"contact_by": "either", "safe_to_contact": "any", "email": ""},
            "email",
            "an email address or a phone number",
        ),
        ({"contact_by": "phone", "safe_to_contact": "email_only"}, "contact_by", "you told us to use email only"),
        ({"filled_for": "other"}, "helper_name", "Enter your own name"),
        ({"helper_name": "Sam"}, "helper_name", "Empty this box"),
        ({"birth_on_year": "1980"}, "birth_on", "makes the age 46, but your answer was 56"),
        ({"birth_on_year": "2010"}, "birth_on", "under 18"),
        ({"birth_on_month": ""}, "birth_on", "Enter the month"),
        ({"birth_on_month": "March 27, 1970", "birth_on_day": ""}, "birth_on", "each in its own field"),
        ({"filled_for": "nobody"}, "filled_for", "Choose who"),
        ({"safe_to_contact": "x"}, "safe_to_contact", "Choose if"),
    ],
)
def test_each_contradiction_says_what_to_do(changes, field, phrase):
    result = errors(**changes)
    assert list(result) == [field]
    assert phrase in result[field][0]


@pytest.mark.parametrize("typed", ["555-0142", "020 7946 0018", "my son, flat 4"])
def test_no_number_of_a_person_who_needs_help_today_is_refused(typed):
    given = {**CONTACT, "phone": typed}
    form = ContactForm(given, age_given=56, is_pressing=True)
    assert form.is_valid()
    assert form.contact().phone == typed
    assert list(ContactForm(given, age_given=56).errors) == ["phone"]


def test_a_year_in_two_digits_is_asked_for_in_four():
    assert errors(birth_on_year="72")["birth_on"] == ["Enter the year of birth in four digits, like 1972."]
    assert errors(birth_on_year="0072")["birth_on"] == ["Enter a year of birth from 1900 on."]


@pytest.mark.parametrize(
    "changes",
    [
        {"contact_by": "email"},
        {"contact_by": "phone", "safe_to_contact": "any", "email": "", "phone": "202-555-0142"},
    ],
)
def test_one_way_to_reach_somebody_is_enough(changes):
    assert not errors(**changes)


@pytest.mark.parametrize(
    ("age_given", "is_fine"), [(54, False), (55, True), (56, True), (57, True), (58, False), (None, True)]
)
def test_an_age_may_be_a_year_off(age_given, is_fine):
    assert (not errors(age_given=age_given)) is is_fine


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ((2008, 2, 29), (2026, 2, 28), 17),
        ((2008, 2, 29), (2026, 3, 1), 18),
        ((2008, 11, 23), (2026, 11, 23), 18),
        ((2008, 11, 24), (2026, 11, 23), 17),
    ],
)
def test_ages(born, day, age):
    assert age_on(datetime.date(*born), datetime.date(*day)) == age


def test_somebody_who_is_18_today_may_send():
    changes = {"birth_on_year": "2008", "birth_on_month": "11", "birth_on_day": "23"}
    assert not errors(age_given=18, **changes)
    assert "under 18" in errors(age_given=18, **{**changes, "birth_on_day": "24"})["birth_on"][0]


def test_a_safety_call_needs_a_name_and_a_number_and_nothing_else():
    form = CallBackForm({"name": "Bob Pell", "phone": "202-555-0142"})
    assert form.is_valid()
    assert list(form.fields) == ["name", "phone", "safe_to_contact"]
    assert form.contact().birth_on is None
    assert form.contact().safe_to_contact is SafeToContact.NO_VOICEMAIL
    assert CallBackForm({**CALL_BACK, "safe_to_contact": "any"}).is_valid()
    assert form.contact().contact_by is ContactPreference.PHONE
    assert list(CallBackForm({**CALL_BACK, "phone": ""}).errors) == ["phone"]
    assert list(CallBackForm({**CALL_BACK, "safe_to_contact": "email_only"}).errors) == ["safe_to_contact"]
