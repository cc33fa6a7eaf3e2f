"""The start of a check. Several can stand side by side in one browser; none is begun in place of another."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core import limits, sessions
from clinic.core.middleware import private_page
from consultations.models import QuestionnaireResponse
from consultations.services import carried, intake
from consultations.views import check_browser, check_lost, private_session
from consultations.views.check_required import show
from consultations.views.check_session import CARRIED, assess_session, is_danger, open_session, unsent_sessions

BEGINS_AN_HOUR = 120


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Say what the check is, and list those begun here. A POST begins one; with one begun, it asks first.

    `again` says that the person was asked, `key` is drawn by the page so that a second press begins nothing new, and
    `carried` brings the answers of a page that was lost.
    """
    if request.method != "POST":
        return render(request, "consultations/check/start.html", start_context(request))
    if "carried" in request.POST:
        return _begin_with_answers(request)
    key = request.POST.get("key", "")
    if response := check_browser.response_of(request, key):
        return redirect(assess_session(response, key=key).going_on())
    if request.POST.get("again") != "yes" and unsent_sessions(request):
        return redirect("consultations:start_another")
    return begin(request, intake.draft(), key=key)


def _begin_with_answers(request: HttpRequest) -> HttpResponse:
    try:
        draft = check_browser.unpack(request, request.POST["carried"])
    except carried.CannotBeRead:
        return check_lost.unknown(request, "start")
    return begin(request, draft, key=request.POST.get("key", ""))


def begin(request: HttpRequest, draft: QuestionnaireResponse, *, key: str = "") -> HttpResponse:
    """Store a new check and go to it. Over the network's limit it is carried in its pages, for nobody is shut out."""
    network = limits.client_network(request)
    within_limit = limits.allow(f"check:{network}", rate=BEGINS_AN_HOUR, per_seconds=3600)
    carried_session = assess_session(draft, key=CARRIED)
    if not within_limit and not is_danger(carried_session):
        return show(request, draft, carried_session.going_on())
    try:
        response = carried.write_down(draft=draft, network=network)
    except intake.AlreadySent:
        # The same page's other press went on to the end: its first page leads to the confirmation.
        response = QuestionnaireResponse.objects.get(token=draft.token)
    sessions.renew(request, keeps=check_browser.CHECKS)
    return redirect(open_session(request, response, key=key).going_on())


@require_safe
def start_another(request: HttpRequest) -> HttpResponse:
    """Before a second check: what is begun already, that it stays, and what a new one means."""
    if not unsent_sessions(request):
        return redirect("consultations:start")
    return render(request, "consultations/check/start_another.html", start_context(request))


def start_context(request: HttpRequest) -> dict[str, Any]:
    """What the pages before a check show: those begun in this browser, and the key that a new one would get."""
    sessions = unsent_sessions(request)
    return {
        "sessions": sessions,
        "has_brought": any(session.response.brought for session in sessions),
        "new_key": check_browser.new_key(),
        "open_here": private_session.still_open(request),
    }
