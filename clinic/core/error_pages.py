"""Error pages. None of them touches the database or the session, so they work when those do not."""

import logging
import re
import sys
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.template import loader
from django.utils.translation import gettext_lazy as _

from clinic.core.context_processors import facts
from clinic.core.database_errors import is_away
from clinic.core.database_writes import has_written
from clinic.core.form_origin import came_from_elsewhere, came_from_here, page_of_form
from clinic.core.logs import cause_of, id_of, note_cause, request_id
from clinic.core.unsent import Unsent, unsent_of

logger = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = "30"
FIRST_BUTTONS = {"consultations:start": "check", "consultations:private_link": "link"}
"""Where a browser that keeps no cookies is met first: its page says what did not begin."""
CHECK_PAGE = re.compile(r"/check/[0-9a-f]{8}/")
CALL_BACK = re.compile(r"/check/[^/]+/call-back/")
UNKNOWN = _("If you sent something just now, it may not have been saved.")
NOT_SAVED = _("We could not save what you sent just now.")
PERHAPS = _("What you sent just now may not have been saved.")
EARLIER_PAGES = _("Your answers on the earlier pages of this check are saved.")
CARRIED_PAGE = _(
    "Nothing of this check is saved with us. Go back in your browser: your answers are in the page before this one."
)
NO_NUMBER = _("We do not have your number, so nobody will call you.")
PERHAPS_NO_NUMBER = _("We may not have your number. Do not wait for our call.")


def page(
    template: str, status: int, request: HttpRequest | None = None, *, number: str = "", unsent: Any = "", **more: Any
) -> HttpResponse:
    """Rendered without a request context on purpose: context processors may read the session.

    `number` is what somebody who calls can say, so that staff find the line in the log; `unsent` what they wrote.
    """
    context = {"clinic": facts(request), "number": number, "unsent": unsent, "said": [UNKNOWN], **more}
    return HttpResponse(loader.render_to_string(template, context), status=status)


def is_staff_page(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/")


def lost_by(request: HttpRequest, *, may_be_kept: bool = False) -> dict[str, Any]:
    """What an error page says of the form it answers: what is saved and what is not, and what was typed.

    Nothing is looked up, so it says no more than the address tells. `may_be_kept` when the work was done before the
    failure, as far as anybody knows; so it may whenever this request has written something.
    """
    may_be_kept = may_be_kept or has_written(request)
    if request.method != "POST":
        return {"said": [EARLIER_PAGES] if CHECK_PAGE.match(request.path) else [], "unsent": []}
    said = [PERHAPS if may_be_kept else NOT_SAVED]
    if request.path.startswith("/check/carried/"):
        said.append(CARRIED_PAGE)
    elif CHECK_PAGE.match(request.path):
        said.append(EARLIER_PAGES)
    if CALL_BACK.match(request.path):
        said.append(PERHAPS_NO_NUMBER if may_be_kept else NO_NUMBER)
    return {"said": said, "unsent": typed_in(request)}


def typed_in(request: HttpRequest) -> list[Unsent]:
    """What the form held, if it is one of our own: a browser said so, or its token was right.

    What another site sent must not have its words shown under our name. The error page stands even when the form is
    what we cannot read.
    """
    is_ours = came_from_here(request) or getattr(request, "csrf_processing_done", False)
    if request.method != "POST" or came_from_elsewhere(request) or not is_ours:
        return []
    try:
        return unsent_of(request)
    except Exception as problem:
        logger.warning("an error page cannot give back what was typed: %s", cause_of(problem))
        return []


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    _note(request, exception)
    return page("400.html", 400, request)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """To staff with what they typed: a role may be taken away while somebody writes."""
    _note(request, exception)
    if not is_staff_page(request):
        return page("403.html", 403, request)
    return page("403_staff.html", 403, request, unsent=typed_in(request))


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    _note(request, exception)
    return page("404_staff.html" if is_staff_page(request) else "404.html", 404, request)


def _note(request: HttpRequest, exception: Any) -> None:
    if isinstance(exception, Exception):
        note_cause(request, cause_of(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the right token: say which of three causes it was, and give back what was typed.

    Only to a form of our own page. Another site that sends a form here must not have its words shown under our name.
    """
    # Two of Django's reasons quote the origin or the referrer that was sent.
    note_cause(request, f"csrf: {re.sub(r' - .* does not match', ' - it does not match', reason, flags=re.DOTALL)}")
    is_ours = came_from_here(request)
    case = "old page"
    if reason.startswith(("Origin checking", "Referer checking")):
        case = "elsewhere"
    elif reason == csrf.REASON_NO_CSRF_COOKIE:
        case = "no cookie"
    match = request.resolver_match
    context: dict[str, Any] = {
        "case": case,
        "begins": FIRST_BUTTONS.get(match.view_name, "") if match else "",
        "unsent": unsent_of(request) if is_ours and case != "elsewhere" else [],
        "is_check": request.path.startswith("/check/"),
        "came_from": page_of_form(request) if is_ours else "",
    }
    return page("403_csrf_staff.html" if is_staff_page(request) else "403_csrf.html", 403, request, **context)


def too_many(request: HttpRequest) -> HttpResponse:
    """429 with the telephone number: a limit must never leave someone in need without a way to reach us."""
    note_cause(request, "limit")
    response = page("429.html", 429, request)
    response["Retry-After"] = "60"
    return response


def too_big(request: HttpRequest) -> HttpResponse:
    return page("400.html", 413, request)


def unreadable(status: int) -> HttpResponse:
    """What the web server itself could not read, with the status that it found. The page stands on its own."""
    return page("web_server/400.html", status)


def service_unavailable(request: HttpRequest | None = None, *, may_be_kept: bool = False) -> HttpResponse:
    """503 for what passes by itself. Without a request it is the page that nginx shows."""
    lost = lost_by(request, may_be_kept=may_be_kept) if request is not None else {}
    response = page("503.html", 503, **lost)
    response["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def keys_unusable(request: HttpRequest) -> HttpResponse:
    """503 while nothing encrypted can be read. Staff are told where to see why."""
    if not is_staff_page(request):
        return service_unavailable(request)
    return page("503_staff.html", 503, request, unsent=typed_in(request))


def record_unreadable(request: HttpRequest) -> HttpResponse:
    """503 for one damaged record. Trying again does not help, so it does not ask to."""
    template = "damaged_staff.html" if is_staff_page(request) else "damaged.html"
    return page(template, 503, request, unsent=typed_in(request))


def reading_not_logged(request: HttpRequest) -> HttpResponse:
    """503 for a staff page about patients while nobody can write down who reads it."""
    response = page("reading_not_logged.html", 503, request, unsent=typed_in(request))
    response["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def session_ended(request: HttpRequest) -> HttpResponse:
    """409: the session was ended, in another tab for instance, while this request was under way."""
    template = "session_ended_staff.html" if is_staff_page(request) else "session_ended.html"
    return page(template, 409, request)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when middleware (sessions, sign-in) failed because the database is away."""
    problem = sys.exc_info()[1]
    if is_away(problem) and not settings.DEBUG:
        return service_unavailable(request)
    return page("500.html", 500, number=request_id.get() or id_of(request), **lost_by(request))


def server_error_page(number: str) -> HttpResponse:
    """500 where there is no request to look at."""
    return page("500.html", 500, number=number)
