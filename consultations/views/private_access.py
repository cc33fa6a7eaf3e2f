"""Into and out of the pages behind a private link. A GET changes nothing, because mail scanners follow links."""

import datetime
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock, error_pages, limits
from clinic.buttons import post_from
from consultations.forms.private import OpenLinkForm, SendLinkForm
from consultations.models import ConsultationRequest, PrivateLink
from consultations.services import private_links

GRANT = "private"
REFUSED = (
    "We could not open your request with this link and this date of birth. Check the date. If the link is old or was "
    "replaced, ask for a new one below."
)
OWN_WORDS = ("answer", "reason")
"""The fields of the private pages in which a patient writes freely. Nothing else of a form is ever shown again."""
PrivateView = Callable[..., HttpResponse]


def grant(request: HttpRequest, link: PrivateLink) -> None:
    """Open the one request of this link to this browser for half an hour, under a new session id."""
    request.session.cycle_key()
    until = clock.now() + datetime.timedelta(minutes=settings.PRIVATE_LINK_MINUTES)
    request.session[GRANT] = {"link": link.pk, "until": until.isoformat()}


def granted_request(request: HttpRequest) -> ConsultationRequest | None:
    """The one request this browser may see, taken from its session alone.

    None when there is none, when time is up, or when the link it came in by was replaced, locked or has expired.
    """
    granted = request.session.get(GRANT)
    if not granted or "link" not in granted or datetime.datetime.fromisoformat(granted["until"]) <= clock.now():
        return None
    return private_links.request_behind(granted["link"])


def with_grant(view: PrivateView) -> PrivateView:
    """Hand the granted request to the view, or send the visitor to ask for a link. What was typed is not lost."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        consultation = granted_request(request)
        if consultation is not None:
            return view(request, consultation, *args, **kwargs)
        return _closed(request) if request.method == "POST" else redirect("consultations:send_link")

    return wrapped


def _closed(request: HttpRequest) -> HttpResponse:
    """Give back what was typed, and keep nothing. The same page whether the time is up or there was never a grant."""
    typed = [request.POST[name] for name in OWN_WORDS if request.POST.get(name, "").strip()]
    context = {"unsent": "\n\n".join(typed)}
    return render(request, "consultations/private/closed.html", context, status=403)


@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """One button and the date of birth; the same words whatever is wrong."""
    if len(token) > 100:
        raise Http404
    form = OpenLinkForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not limits.allow(f"link:{limits.client_network(request)}", rate=20, per_seconds=600):
            return error_pages.too_many(request)
        if form.is_valid():
            link = private_links.open_link(token=token, birth_on=form.cleaned_data["birth_on"])
            if link is not None:
                grant(request, link)
                return redirect("consultations:status")
            form.add_error(None, REFUSED)
    return render(request, "consultations/private/open_link.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def send_link(request: HttpRequest) -> HttpResponse:
    """Have a link mailed; say the same, in the same time, whether or not we know the address."""
    form = SendLinkForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        by_network = limits.allow(f"send-link:{limits.client_network(request)}", rate=20, per_seconds=3600)
        by_mailbox = limits.allow(f"send-link-to:{email.casefold()}", rate=3, per_seconds=3600)
        if not by_network:
            return error_pages.too_many(request)
        # A mailbox over its limit gets the same page: another answer would tell that it is known.
        if by_mailbox:
            private_links.ask(email=email)
        return render(request, "consultations/private/link_sent.html", {"email": email})
    return render(request, "consultations/private/send_link.html", {"form": form})


@post_from("consultations:status")
@with_grant
def replace_link(request: HttpRequest, consultation: ConsultationRequest) -> HttpResponse:
    """End the links of this request and all that they opened, except here: this browser goes on with the new one."""
    granted = request.session[GRANT]
    fresh = private_links.replace(request=consultation, link=granted["link"])
    if fresh is not None:
        request.session[GRANT] = {**granted, "link": fresh.pk}
    context = {"email": consultation.patient.email, "is_replaced": True}
    return render(request, "consultations/private/link_sent.html", context)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the private pages in this browser, for a shared computer."""
    request.session.flush()
    return redirect("education:home")
