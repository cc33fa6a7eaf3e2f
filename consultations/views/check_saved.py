"""Carrying on from another device. A GET tells nothing and changes nothing, because mail scanners follow links."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core import error_pages, limits, sessions
from clinic.core.middleware import private_page
from clinic.core.unsent import gives_back, of_form
from consultations.enums import Outcome, ResponseStatus
from consultations.forms.later import OpenSavedForm
from consultations.services import saved_checks
from consultations.views import check_browser
from consultations.views.check_session import QuestionnaireSession, open_session

LONGEST_TOKEN: Final = 100
REFUSED: Final = gettext_lazy(
    "We could not open anything with this link and this word or number. Check what you typed. A link no longer works "
    "once a newer one was mailed, after several wrong tries, or when what it led to was deleted."
)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
@gives_back(of_form(OpenSavedForm))
def open_saved(request: HttpRequest, token: str) -> HttpResponse:
    """One box and one button; the same words whatever is wrong."""
    if len(token) > LONGEST_TOKEN:
        raise Http404
    form = OpenSavedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not limits.allow(f"link:{limits.client_network(request)}", rate=20, per_seconds=600):
            return error_pages.too_many(request)
        if form.is_valid():
            response = saved_checks.open_check(token=token, word=form.cleaned_data["passphrase"])
            if response is None:
                form.add_error(None, REFUSED)
            elif response.status == ResponseStatus.COMPLETED:
                return render(request, "consultations/check/saved_sent.html", {"sent_at": response.completed_at})
            else:
                sessions.renew(request, keeps=check_browser.CHECKS)
                return redirect(_way_on(open_session(request, response)))
    return render(request, "consultations/check/open_saved.html", {"form": form})


def _way_on(session: QuestionnaireSession) -> str:
    """What was said on the first device is said here first: to get help now, or today."""
    if not session.stop and session.headline == Outcome.SAME_DAY:
        return session.url("today")
    return session.going_on()
