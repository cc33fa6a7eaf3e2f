"""A private link, the dates of birth that open it, and what its pages say."""

import datetime
import re

from clinic.core import clock
from clinic.core.encryption import fingerprint, new_token
from consultations.models import PrivateLink

REFUSED = (
    "We could not open your request with this link and this date of birth. Check the date. If the link is old or was "
    "replaced, ask for a new one below."
)


BORN = {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}
BORN_BOB = {"birth_on_month": "2", "birth_on_day": "28", "birth_on_year": "1955"}
PAGES = ("", "withdraw/", "times/", "times/check/", "cancel-time/")
HAS_CLOSED = "This page has closed"
TOKEN_FIELD = re.compile(rb'<input type="hidden" name="csrfmiddlewaretoken" value="[^"]+">')


def link_to(consultation_request, **changes):
    """A private link as a mail carries it; returns its path."""
    token = new_token()
    values = {"created_at": clock.now(), "expires_at": clock.now() + datetime.timedelta(days=90), **changes}
    PrivateLink.objects.create(consultation_request=consultation_request, token_hash=fingerprint(token), **values)
    return f"/request/open/{token}/"


def bytes_of(response):
    return TOKEN_FIELD.sub(b"", response.content)
