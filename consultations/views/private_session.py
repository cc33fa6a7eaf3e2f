"""What one browser may see behind private links: several requests side by side, each named and signed in its address.

The address says which request a page is about, so that a form acts on the request it was shown for, whatever else was
opened since. It opens nothing: that does the grant in the session, given by a private link and the date of birth.
"""

import dataclasses
import datetime
from typing import Any, Final

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.urls import reverse

from clinic.core import clock, sessions
from clinic.core.encryption import DamagedRecord
from consultations.models import ConsultationRequest, PrivateLink
from consultations.presenters.isolation import log_damage
from consultations.services import private_links
from consultations.views import check_browser

GRANTS: Final = "private"
"""The session's {reference: {"link": key, "until": instant}}."""
MOST_OPEN: Final = 8
SIGNER_SALT: Final = "consultations.private-page"
LONGEST_KEY: Final = 100


@dataclasses.dataclass(frozen=True, slots=True)
class OpenRequest:
    """One request that this browser may see, with the key in its addresses and the end of its half hour."""

    consultation_request: ConsultationRequest
    key: str
    link: int
    until: datetime.datetime


def key_of(consultation_request: ConsultationRequest) -> str:
    """The reference and our signature: nobody can make up an address for a reference that they know."""
    return _signer().sign(consultation_request.reference)


def url_of(page: str, consultation_request: ConsultationRequest) -> str:
    return reverse(f"consultations:{page}", kwargs={"key": key_of(consultation_request)})


def open_request(request: HttpRequest, key: str) -> OpenRequest | None:
    """The request that `key` names, when this browser may see it.

    None when the signature is wrong, when there is no grant, when time is up, or when the link it came in by was
    replaced, locked or has expired: the caller cannot tell which, and neither can the visitor.
    """
    try:
        reference = _signer().unsign(key) if len(key) <= LONGEST_KEY else ""
    except BadSignature:
        return None
    return _opened(reference, _grants(request).get(reference))


def all_open(request: HttpRequest) -> list[OpenRequest]:
    """Every request that this browser may see now, the one opened last at the end.

    One whose record is damaged is left out: what is open beside it belongs to somebody else.
    """
    opened = (_opened_if_whole(reference, grant) for reference, grant in _grants(request).items())
    return [item for item in opened if item is not None]


def still_open(request: HttpRequest) -> list[OpenRequest]:
    """Those of them that have not ended: what a second request would stand beside."""
    return [item for item in all_open(request) if not item.consultation_request.is_closed]


def grant(request: HttpRequest, link: PrivateLink) -> None:
    """Open the one request of this link to this browser for half an hour, under a new session id."""
    sessions.renew(request, keeps=check_browser.CHECKS)
    reference = link.consultation_request.reference
    running = [(name, grant) for name, grant in _grants(request).items() if name != reference and _is_running(grant)]
    until = clock.now() + datetime.timedelta(minutes=settings.PRIVATE_LINK_MINUTES)
    fresh = {"link": link.pk, "until": until.isoformat()}
    request.session[GRANTS] = {**dict(running[-MOST_OPEN + 1 :]), reference: fresh}


def follow_link(request: HttpRequest, opened: OpenRequest, link: PrivateLink) -> None:
    """Go on with another link of the same request, no longer than before."""
    fresh = {"link": link.pk, "until": opened.until.isoformat()}
    request.session[GRANTS] = {**_grants(request), opened.consultation_request.reference: fresh}


def close(request: HttpRequest, consultation_request: ConsultationRequest) -> None:
    """Close this request in this browser, and leave the others open."""
    request.session[GRANTS] = {
        name: grant for name, grant in _grants(request).items() if name != consultation_request.reference
    }


def _signer() -> Signer:
    return Signer(salt=SIGNER_SALT, sep=".")


def _grants(request: HttpRequest) -> dict[str, dict[str, Any]]:
    """What the session holds in the shape that we write; anything else in it opens nothing."""
    grants = request.session.get(GRANTS)
    if not isinstance(grants, dict):
        return {}
    return {
        name: grant for name, grant in grants.items() if isinstance(grant, dict) and {"link", "until"} <= grant.keys()
    }


def _is_running(grant: dict[str, Any]) -> bool:
    return datetime.datetime.fromisoformat(grant["until"]) > clock.now()


def _opened_if_whole(reference: str, grant: dict[str, Any]) -> OpenRequest | None:
    try:
        return _opened(reference, grant)
    except DamagedRecord as damage:
        row = PrivateLink.objects.filter(pk=grant["link"]).values_list("consultation_request", flat=True).first()
        log_damage("consultations.consultationrequest", row, damage)
        return None


def _opened(reference: str, grant: dict[str, Any] | None) -> OpenRequest | None:
    if grant is None or not _is_running(grant):
        return None
    consultation_request = private_links.request_behind(grant["link"])
    if consultation_request is None or consultation_request.reference != reference:
        return None
    until = datetime.datetime.fromisoformat(grant["until"])
    return OpenRequest(consultation_request, key_of(consultation_request), grant["link"], until)
