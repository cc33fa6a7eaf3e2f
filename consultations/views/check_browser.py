"""The checks of one browser: a short key in the address means something only in the session of the browser it was made
in, where it stands for a response.
"""

import re
import secrets
from typing import Any, Final

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.crypto import salted_hmac

from clinic.core.encrypted_rows import open_all, with_keys
from clinic.core.encryption import DamagedRecord
from consultations.enums import ResponseStatus
from consultations.models import QuestionnaireResponse
from consultations.presenters.isolation import log_damage
from consultations.services import carried

CHECKS: Final = "checks"
MOST: Final = 10
KEY: Final = re.compile("[0-9a-f]{8}")


def browser_of(request: HttpRequest) -> str:
    """A name for this browser that needs no session and tells nothing: a digest of the secret in its CSRF cookie.

    Every form needs that cookie, so the browser had it before the first page that carries its answers.
    """
    get_token(request)  # Sets the cookie where there is none yet.
    return salted_hmac("consultations.browser", request.META["CSRF_COOKIE"], algorithm="sha256").hexdigest()


def unpack(request: HttpRequest, text: str) -> QuestionnaireResponse:
    """What a page of this browser carried; of another browser's page, the answers alone. Raises CannotBeRead."""
    tokens: dict[str, str] = request.session.get(CHECKS, {})
    return carried.unpack(text, browser=browser_of(request), known=tokens.values())


def new_key() -> str:
    return secrets.token_hex(4)


def remember(request: HttpRequest, response: QuestionnaireResponse, *, key: str = "") -> str:
    """Keep a response in this browser under `key`, or the key it has already. Returns the key."""
    tokens: dict[str, str] = request.session.get(CHECKS, {})
    for known, token in tokens.items():
        if token == response.token:
            return known
    if not KEY.fullmatch(key) or key in tokens:
        key = new_key()
    request.session[CHECKS] = _within_bounds({**tokens, key: response.token})
    return key


def keep_open(request: HttpRequest) -> None:
    """A page was saved: the session lasts as long as it does from now. Not one in which somebody is signed in."""
    if SESSION_KEY not in request.session:
        request.session.modified = True


def leave(request: HttpRequest, key: str) -> None:
    """This browser does not have the check any more."""
    tokens: dict[str, str] = request.session.get(CHECKS, {})
    request.session[CHECKS] = {known: token for known, token in tokens.items() if known != key}


def _within_bounds(tokens: dict[str, str]) -> dict[str, str]:
    """At most ten: the oldest that was sent goes first, then the oldest. The newest always stays."""
    if len(tokens) <= MOST:
        return tokens
    open_tokens = set(
        QuestionnaireResponse.objects.filter(token__in=tokens.values(), status=ResponseStatus.IN_PROGRESS).values_list(
            "token", flat=True
        )
    )
    older = list(tokens)[:-1]
    leaving = sorted(older, key=lambda key: tokens[key] in open_tokens)[: len(tokens) - MOST]
    return {key: token for key, token in tokens.items() if key not in leaving}


def response_of(request: HttpRequest, key: str) -> QuestionnaireResponse | None:
    """The response of this key in this browser; None for a key that means nothing here."""
    tokens: dict[str, str] = request.session.get(CHECKS, {})
    return _read(tokens[key]) if key in tokens else None


def responses(request: HttpRequest) -> list[tuple[str, QuestionnaireResponse]]:
    """All that can be read, the newest first, each with its key."""
    tokens: dict[str, Any] = request.session.get(CHECKS, {})
    pairs = [(key, _read(token)) for key, token in reversed(tokens.items())]
    return [(key, response) for key, response in pairs if response is not None]


def _read(token: str) -> QuestionnaireResponse | None:
    try:
        response = with_keys(QuestionnaireResponse.objects.filter(token=token)).first()
        if response is not None:
            open_all(response)
        return response
    except DamagedRecord as damage:
        row = QuestionnaireResponse.objects.filter(token=token).values_list("pk", flat=True).first()
        log_damage("consultations.questionnaireresponse", row, damage)
        return None
