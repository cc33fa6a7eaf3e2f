"""How to reach somebody: the contact screen of the check, and the short form for a safety call."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from clinic.core.form_fields import MailField, NameField
from clinic.core.widgets import TileRadio
from consultations.enums import ContactPreference, FilledFor, SafeToContact
from consultations.forms.birth_date import BirthDateField
from consultations.forms.phone import AnyPhoneField, PhoneField
from consultations.services.intake import Contact

ADULT = 18
PREFERENCES = [
    (ContactPreference.EMAIL, gettext_lazy("Email")),
    (ContactPreference.PHONE, gettext_lazy("Phone call")),
    (ContactPreference.EITHER, gettext_lazy("Either is fine")),
]


def age_on(born: datetime.date, day: datetime.date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class ContactForm(forms.Form):
    """Who the answers are about and how to reach them. `age_given` is the age from the safety section, if any.

    Whoever `is_pressing` was told to get help today: no number of theirs is refused.
    """

    filled_for = forms.ChoiceField(
        label=gettext_lazy("Who is this request for?"),
        choices=FilledFor.choices,
        widget=TileRadio,
        error_messages={
            "required": gettext_lazy("Choose who this request is for."),
            "invalid_choice": gettext_lazy("Choose who this is for."),
        },
    )
    helper_name = NameField(
        label=gettext_lazy("Your name, if you fill this in for someone else"),
        help_text=gettext_lazy("Leave this empty if the request is for you."),
        required=False,
    )
    name = NameField(
        label=gettext_lazy("Full name of the person with back pain"),
        help_text=gettext_lazy("As it should appear in the clinic's records."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Enter the full name.")},
    )
    birth_on = BirthDateField(
        label=gettext_lazy("Date of birth of the person with back pain"),
        help_text=gettext_lazy("We also ask for it when you open your private link."),
        error_messages={"required": gettext_lazy("Enter the date of birth.")},
    )
    email = MailField(
        label=gettext_lazy("Email address"),
        help_text=gettext_lazy(
            "Your private link goes here. Without an email address you get no link, and we call you with news."
        ),
        required=False,
    )
    phone = PhoneField(
        label=gettext_lazy("Phone number"),
        help_text=gettext_lazy("A nurse may call with a question. You can add a note, like “work” or “after 5 pm”."),
        required=False,
    )
    contact_by = forms.ChoiceField(
        label=gettext_lazy("How should we contact you?"),
        choices=PREFERENCES,
        widget=TileRadio,
        error_messages={
            "required": gettext_lazy("Choose how we should contact you."),
            "invalid_choice": gettext_lazy("Choose how we should contact you."),
        },
    )
    safe_to_contact = forms.ChoiceField(
        label=gettext_lazy("Is it safe to leave a message?"),
        help_text=gettext_lazy("Tell us if someone else could see or hear it, and you would rather keep this private."),
        choices=SafeToContact.choices,
        widget=TileRadio,
        error_messages={
            "required": gettext_lazy("Choose if it is safe to leave a message."),
            "invalid_choice": gettext_lazy("Choose if it is safe to leave a message."),
        },
    )

    def __init__(self, *args: Any, age_given: int | None = None, is_pressing: bool = False, **kwargs: Any) -> None:
        self.age_given = age_given
        super().__init__(*args, **kwargs)
        if is_pressing:
            asked = self.fields["phone"]
            self.fields["phone"] = AnyPhoneField(label=asked.label, help_text=asked.help_text, required=False)

    def clean_birth_on(self) -> datetime.date:
        born: datetime.date = self.cleaned_data["birth_on"]
        age = age_on(born, clock.today())
        if age < ADULT:
            raise forms.ValidationError(
                _(
                    "This date of birth makes the person under 18, and this clinic treats adults only. "
                    "Check the date, or speak to your own doctor."
                ),
                code="under_age",
            )
        if self.age_given is not None and abs(age - self.age_given) > 1:
            raise forms.ValidationError(
                _(
                    "This date of birth makes the age %(age)s, but your answer was %(age_given)s. "
                    "Correct the date here, or go back and correct the age."
                )
                % {"age": age, "age_given": self.age_given},
                code="other_age",
            )
        return born

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._check_helper(data)
        self._check_ways_to_reach(data)
        return data

    def _check_helper(self, data: dict[str, Any]) -> None:
        helper, filled_for = data.get("helper_name"), data.get("filled_for")
        if filled_for == FilledFor.OTHER and "helper_name" in data and not helper:
            self.add_error("helper_name", _("Enter your own name, because you fill this in for someone else."))
        if filled_for == FilledFor.SELF and helper:
            self.add_error(
                "helper_name", _("Empty this box if the request is for you, or choose “Someone else, and they agree”.")
            )

    def _check_ways_to_reach(self, data: dict[str, Any]) -> None:
        """Each choice needs the detail it works with; two choices must not shut every way."""
        wish, safe = data.get("contact_by"), data.get("safe_to_contact")
        needs_mail = wish == ContactPreference.EMAIL or safe == SafeToContact.EMAIL_ONLY
        needs_phone = wish == ContactPreference.PHONE or safe == SafeToContact.NO_VOICEMAIL
        if wish == ContactPreference.PHONE and safe == SafeToContact.EMAIL_ONLY:
            self.add_error("contact_by", _("Choose “Email”, because you told us to use email only."))
            return
        if "email" not in data or "phone" not in data:
            return
        if needs_mail and not data["email"]:
            self.add_error("email", _("Enter an email address, because you chose to hear from us by email."))
        if needs_phone and not data["phone"]:
            self.add_error("phone", _("Enter a phone number, because you chose to be called."))
        if not (needs_mail or needs_phone or data["email"] or data["phone"]):
            self.add_error("email", _("Enter an email address or a phone number, so that we can answer you."))
        elif not self.errors:
            self._check_choices_without_a_detail(data)

    def _check_choices_without_a_detail(self, data: dict[str, Any]) -> None:
        """Choices that say nothing, because what they are about was left out."""
        if data.get("contact_by") == ContactPreference.EITHER and not data["phone"]:
            self.add_error(
                "contact_by", _("Choose “Email”, or enter a phone number too: you gave an email address only.")
            )
        if data.get("contact_by") == ContactPreference.EITHER and not data["email"]:
            self.add_error(
                "contact_by", _("Choose “Phone call”, or enter an email address: you gave only a phone number.")
            )
        if data.get("safe_to_contact") == SafeToContact.ANY and not data["phone"]:
            self.add_error(
                "safe_to_contact",
                _("Choose “Use email only”, or enter a phone number: there is none to leave a message on."),
            )

    def contact(self) -> Contact:
        data = self.cleaned_data
        return Contact(
            name=data["name"],
            birth_on=data["birth_on"],
            email=data["email"],
            phone=data["phone"],
            contact_by=ContactPreference(data["contact_by"]),
            safe_to_contact=SafeToContact(data["safe_to_contact"]),
            filled_for=FilledFor(data["filled_for"]),
            helper_name=data["helper_name"],
        )


class EmailForm(forms.Form):
    """The address of a request that was sent, to be corrected or added."""

    email = MailField(
        label=gettext_lazy("What is the right email address?"),
        help_text=gettext_lazy("We send a new private link there. The link that we sent before stops working at once."),
    )


CALL_CHOICES = [
    (SafeToContact.ANY, SafeToContact.ANY.label),
    (SafeToContact.NO_VOICEMAIL, SafeToContact.NO_VOICEMAIL.label),
]


class CallBackForm(forms.Form):
    """A name and a number, so that somebody can check on a person who was sent to emergency care.

    Nothing else is needed: whoever does not say that a message is safe gets none.
    """

    name = NameField(
        label=gettext_lazy("Full name"),
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Enter the full name.")},
    )
    phone = AnyPhoneField(label=gettext_lazy("Phone number"))
    safe_to_contact = forms.ChoiceField(
        label=gettext_lazy("Is it safe to leave a message?"),
        help_text=gettext_lazy("If you do not choose, we will not leave one."),
        choices=CALL_CHOICES,
        widget=TileRadio,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose if it is safe to leave a message.")},
    )

    def contact(self) -> Contact:
        data = self.cleaned_data
        return Contact(
            name=data["name"],
            birth_on=None,
            email="",
            phone=data["phone"],
            contact_by=ContactPreference.PHONE,
            safe_to_contact=SafeToContact(data["safe_to_contact"] or SafeToContact.NO_VOICEMAIL),
        )
