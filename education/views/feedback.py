"""Did this page help you? A page of its own, so that reading pages stay the same for everyone."""

import secrets
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.core import limits
from clinic.core.danger_words import dangers_in
from education import library
from education.fixed_pages import FIXED_PAGES
from education.forms.feedback import FeedbackForm
from education.services import feedback as feedback_service

HOURLY: Final = 3600
A_NETWORK_AN_HOUR: Final = 20
FIXED: Final = {page.path.strip("/"): page for page in FIXED_PAGES.values()}
TOO_MANY: Final = _("Many remarks came from your network in the last hour. Try again later, or call us.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feedback(request: HttpRequest, key: str) -> HttpResponse:
    """The form, and the thanks. Nothing that says who somebody is goes in."""
    path, title = _page(key)
    form = FeedbackForm(request.POST or None, initial={"token": secrets.token_urlsafe(24)})
    context = {"form": form, "path": path, "title": title}
    if request.method == "POST" and form.is_valid():
        if not limits.allow(f"feedback:{limits.client_network(request)}", rate=A_NETWORK_AN_HOUR, per_seconds=HOURLY):
            form.add_error(None, TOO_MANY)
            return render(request, "education/feedback.html", context, status=429)
        feedback_service.submit_feedback(
            token=form.cleaned_data["token"] or secrets.token_urlsafe(24),
            path=path,
            is_helpful=form.cleaned_data["helpful"] == "yes",
            text=form.cleaned_data["text"],
        )
        # Nobody knows who writes here, so nobody can be told; the help stands on the next page all the same.
        dangers = dangers_in(form.cleaned_data["text"])
        return render(request, "education/feedback_thanks.html", {**context, "dangers": dangers})
    return render(request, "education/feedback.html", context)


def _page(key: str) -> tuple[str, str]:
    """Address and title of the page that is spoken of. Raises Http404 for one that readers cannot see."""
    if key in FIXED:
        return FIXED[key].path, str(FIXED[key].title)
    for page in library.current().pages.values():
        if page["key"] == key:
            return page["path"], page["title"]
    raise Http404
