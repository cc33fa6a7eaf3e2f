"""Addresses that take a form and may answer with a page of their own: a refusal, a preview, a confirmation."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse

View = Callable[..., HttpResponseBase]


def post_from(page: str, *, keeps: tuple[str, ...] = ()) -> Callable[[View], View]:
    """POST runs the view; GET and HEAD change nothing and lead to `page`, the URL name of the page with the form.

    Whoever reads such an answer comes back by GET: the appearance switch, a reload of the address, the history. `keeps`
    names the parts of the address that `page` has as well.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method in ("GET", "HEAD"):
                return HttpResponseRedirect(reverse(page, kwargs={name: kwargs[name] for name in keeps}))
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])

        return wrapped

    return decorate
