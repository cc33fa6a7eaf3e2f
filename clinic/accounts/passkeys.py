"""Whether what came as the answer of a passkey is one."""

import struct

from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidSignature
from django import forms

NO_ANSWER = (AttributeError, InvalidSignature, LookupError, TypeError, ValueError, struct.error)
"""What the libraries raise when anybody's text is taken apart as a credential, beside what they refuse in words."""


def is_accepted(form: forms.Form) -> bool:
    try:
        if not form.is_valid():
            return False
    except NO_ANSWER:
        return False
    credential = form.cleaned_data["credential"]
    # An empty one is not looked into by the form, and would be stored as a passkey that nobody has.
    return isinstance(credential, Authenticator) or (isinstance(credential, dict) and bool(credential))
