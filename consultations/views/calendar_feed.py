"""The address that a clinician's calendar program asks every hour or so. No session, no cookie, nothing is written."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from clinic.core import error_pages, limits
from consultations.presenters.calendar_feed import feed_of
from consultations.services import calendar_feeds


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """The visits as a calendar, or "not modified". Whatever else is asked for is not there."""
    if not limits.allow(f"feed:{limits.client_network(request)}", rate=60, per_seconds=600):
        return error_pages.too_many(request)
    clinician = calendar_feeds.clinician_behind(token) if len(token) <= 100 else None
    if clinician is None:
        raise Http404
    body = feed_of(clinician)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response["Content-Disposition"] = 'inline; filename="visits.ics"'
    answer: HttpResponseBase = get_conditional_response(request, etag=response["ETag"], response=response) or response
    return answer
