"""Which check a page belongs to: the one its address names, and no other."""

import copy
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import resolve, reverse

from clinic.core import limits
from consultations.enums import ResponseStatus
from consultations.models import QuestionnaireResponse
from consultations.services import carried, intake
from consultations.views import check_browser, check_lost
from consultations.views.check_session import CARRIED, FROM_ANSWERS, assess_session

View = Callable[..., HttpResponse]
AFTER_SENDING: Final = ("sent", "correct_email")
"""The pages of a check that was sent; every other one leads to the confirmation."""


def session_required(view: View) -> View:
    """Hand the session that the address names to the view; say in words when this browser does not have it.

    A view must bear the name of its address. It raises AlreadySent freely: that leads to the confirmation.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, key: str, **kwargs: Any) -> HttpResponse:
        if key == CARRIED:
            return _carried(request, view, kwargs)
        response = check_browser.response_of(request, key)
        if response is None:
            return check_lost.unknown(request, view.__name__)
        return _stored(request, view, response, key, kwargs)

    return wrapped


def _stored(
    request: HttpRequest, view: View, response: QuestionnaireResponse, key: str, kwargs: dict[str, Any]
) -> HttpResponse:
    if response.status == ResponseStatus.COMPLETED and view.__name__ not in AFTER_SENDING:
        return check_lost.after_sending(request, view.__name__, response, key=key)
    try:
        return view(request, assess_session(response, key=key, here=_here(request, view, key, kwargs)), **kwargs)
    except intake.Deleted:
        # The worker deleted it between the look at it and the lock on it.
        return check_lost.unknown(request, view.__name__)
    except intake.AlreadySent:
        response.refresh_from_db()
        return check_lost.after_sending(request, view.__name__, response, key=key)


def _carried(request: HttpRequest, view: View, kwargs: dict[str, Any]) -> HttpResponse:
    """A page whose answers came with it. Once they are stored, it is that check's page."""
    draft: QuestionnaireResponse | None = getattr(request, "draft", None)
    if draft is not None:
        session = assess_session(draft, key=CARRIED, here=_here(request, view, CARRIED, kwargs))
        return _followed(request, draft, view(request, session, **kwargs))
    try:
        draft = check_browser.unpack(request, request.POST.get("carried", ""))
    except carried.CannotBeRead:
        return check_lost.unknown(request, view.__name__)
    is_look = "look" in request.POST
    stored = QuestionnaireResponse.objects.filter(token=draft.token).first()
    if stored is not None:
        key = check_browser.remember(request, stored)
        # What only this page had, contact details for instance, is added; what is stored stands. Words of the decision
        # aid are not: they may have been taken out.
        draft.brought = ""
        draft.answers = {name: value for name, value in draft.answers.items() if name not in stored.answers}
        if stored.status == ResponseStatus.IN_PROGRESS and (draft.answers or draft.contact):
            with suppress(intake.AlreadySent):
                stored = carried.write_down(draft=draft, network=limits.client_network(request))
        if is_look:
            return redirect(_here(request, view, key, kwargs))
        return _stored(request, view, stored, key, kwargs)
    if is_look:
        return show(request, draft, request.get_full_path())
    session = assess_session(draft, key=CARRIED, here=_here(request, view, CARRIED, kwargs))
    try:
        return _followed(request, draft, view(request, session, **kwargs))
    except intake.AlreadySent:
        # Sent from another tab since the row was looked for.
        stored = QuestionnaireResponse.objects.get(token=draft.token)
        key = check_browser.remember(request, stored)
        return check_lost.after_sending(request, view.__name__, stored, key=key)


def show(request: HttpRequest, draft: QuestionnaireResponse, url: str) -> HttpResponse:
    """The page of a carried check at `url`, in answer to this request: a redirect would leave the answers behind."""
    parts = urlsplit(url)
    look: Any = copy.copy(request)
    look.method, look.GET, look.draft = "GET", QueryDict(parts.query), draft
    match = resolve(parts.path)
    answer: HttpResponse = match.func(look, *match.args, **match.kwargs)
    return answer


def _followed(request: HttpRequest, draft: QuestionnaireResponse, answer: HttpResponse) -> HttpResponse:
    """The page that a redirect within the carried check leads to."""
    within = reverse("consultations:result", args=[CARRIED]).removesuffix("result/")
    where = answer.headers.get("Location", "")
    return show(request, draft, where) if where.startswith(within) else answer


def _here(request: HttpRequest, view: View, key: str, kwargs: dict[str, Any]) -> str:
    url = reverse(f"consultations:{view.__name__}", kwargs={"key": key, **kwargs})
    return url + (FROM_ANSWERS if request.GET.get("from") == "answers" else "")
