"""Into and out of the pages behind a private link. A GET changes nothing, because mail scanners follow links."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core import error_pages, limits
from clinic.core.post_only import post_only
from clinic.core.unsent import bounded, gives_back, of_form
from consultations.forms.private import OpenLinkForm, SendLinkForm
from consultations.models import ConsultationRequest
from consultations.presenters.patient_texts import help_for_unsent
from consultations.services import private_links
from consultations.views import private_session

REFUSED = gettext_lazy(
    "We could not open your request with this link and this date of birth. Check the date. If the link is old or was "
    "replaced, ask for a new one below."
)
PrivateView = Callable[..., HttpResponse]


def with_grant(view: PrivateView) -> PrivateView:
    """Hand the request in the address to the view while this browser may see it; else say so and give back the form."""

    @wraps(view)
    def wrapped(request: HttpRequest, key: str, *args: Any, **kwargs: Any) -> HttpResponse:
        opened = private_session.open_request(request, key)
        if opened is not None:
            return view(request, opened.consultation_request, *args, **kwargs)
        return _ended(request, view)

    return wrapped


def _ended(request: HttpRequest, view: PrivateView) -> HttpResponse:
    """Give back what was typed, and keep nothing. The same page whether the time is up or there was never a grant."""
    reader = getattr(view, "unsent_reader", None)
    is_form = request.method == "POST"
    unsent = bounded(reader(request)) if is_form and reader is not None else []
    context = {
        "is_form": is_form,
        "unsent": unsent,
        "first_help": help_for_unsent(item.text for item in unsent),
        "still_open": private_session.all_open(request),
        "minutes": settings.PRIVATE_LINK_MINUTES,
    }
    return render(request, "consultations/private/closed.html", context, status=403)


def private_page(
    request: HttpRequest,
    consultation_request: ConsultationRequest,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """A page about one request: whose it is, until when it stays open, and what else this browser has open."""
    every = private_session.all_open(request)
    own = {
        "consultation_request": consultation_request,
        "key": private_session.key_of(consultation_request),
        "until": next((item.until for item in every if item.consultation_request == consultation_request), None),
        "also_open": [item for item in every if item.consultation_request != consultation_request],
    }
    return render(request, f"consultations/private/{template}", {**own, **context}, status=status)


def to_page(page: str, consultation_request: ConsultationRequest, query: str = "") -> HttpResponse:
    """Send the browser to a page of the same request."""
    url = private_session.url_of(page, consultation_request)
    return redirect(f"{url}?{query}" if query else url)


@require_http_methods(["GET", "HEAD", "POST"])
@gives_back(of_form(OpenLinkForm))
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """One button and the date of birth; the same words whatever is wrong."""
    if len(token) > 100:
        raise Http404
    helped_name = private_links.helped_name_behind(token)
    form = OpenLinkForm(request.POST if request.method == "POST" else None, helped_name=helped_name)
    if request.method == "POST":
        if not limits.allow(f"link:{limits.client_network(request)}", rate=20, per_seconds=600):
            return error_pages.too_many(request)
        if form.is_valid():
            link = private_links.open_link(token=token, birth_on=form.cleaned_data["birth_on"])
            if link is not None:
                private_session.grant(request, link)
                return to_page("status", link.consultation_request)
            form.add_error(None, REFUSED)
    context = {"form": form, "helped_name": helped_name, "minutes": settings.PRIVATE_LINK_MINUTES}
    return render(request, "consultations/private/open_link.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@gives_back(of_form(SendLinkForm))
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


@require_safe
def open_pages(request: HttpRequest) -> HttpResponse:
    """The requests that are open in this browser, and what was just closed; without any, the way to a link."""
    opened = private_session.all_open(request)
    was_closed = "closed" in request.GET
    if not opened and not was_closed:
        return redirect("consultations:send_link")
    context = {"opened": opened, "was_closed": was_closed}
    return render(request, "consultations/private/open_pages.html", context)


@post_only("consultations:status", keeps=("key",))
@with_grant
def replace_link(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """End the links of this request and all that they opened, except here: this browser goes on with the new one."""
    opened = private_session.open_request(request, private_session.key_of(consultation_request))
    if opened is not None:
        fresh = private_links.replace(consultation_request=consultation_request, link=opened.link)
        if fresh is not None:
            private_session.follow_link(request, opened, fresh)
    context = {"email": consultation_request.patient.email, "is_replaced": True}
    return private_page(request, consultation_request, "link_sent.html", context)


@post_only("consultations:status", keeps=("key",))
@with_grant
def close(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """Close the pages of this request in this browser; what else is open stays so."""
    private_session.close(request, consultation_request)
    return redirect(f"{reverse('consultations:open_pages')}?closed")


@post_only("consultations:open_pages")
def leave(request: HttpRequest) -> HttpResponse:
    """Close everything of this visitor in this browser, for a shared computer."""
    request.session.flush()
    return redirect(f"{reverse('consultations:open_pages')}?closed")
