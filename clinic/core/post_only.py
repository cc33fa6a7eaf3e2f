"""Addresses that take a form and may answer with a page of their own: a refusal, a preview, a confirmation."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse

View = Callable[..., HttpResponseBase]


def post_only(page: str, *, keeps: Sequence[str] | Mapping[str, str] = ()) -> Callable[[View], View]:
    """POST runs the view; GET and HEAD change nothing and lead to `page`, the URL name of the page with the form.

    Whoever reads such an answer comes back by GET: the appearance switch, a reload of the address, the history, a
    sign-in after the session has ended. `keeps` names the parts of the address that `page` has as well; where they are
    called differently there, it is {name there: name here}.
    """
    names = dict(keeps) if isinstance(keeps, Mapping) else {name: name for name in keeps}

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method in ("GET", "HEAD"):
                arguments = {there: kwargs[here] for there, here in names.items()}
                return HttpResponseRedirect(reverse(page, kwargs=arguments))
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])

        return wrapped

    return decorate
