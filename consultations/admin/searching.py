"""The search box of the lists about patients: what was typed stays in the session, never in a web address."""

from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.core import encryption
from clinic.core.unsent import gives_back, of_form
from consultations.admin.pages import PurposeBuiltAdmin
from consultations.forms.queue_filters import SearchForm
from consultations.presenters.isolation import opened

SEARCHES_KEPT: Final = 5
SEARCH_CONTEXT: Final = "session.staff_search"
SESSION_KEY: Final = "staff_searches"


class SearchedAdmin(PurposeBuiltAdmin):
    """A list in which staff find a person. `search_view` needs an address named <app>_<model>_search."""

    def _list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(of_form(SearchForm))
    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the term in the session and send the browser to a page whose address says nothing about a patient."""
        if request.method != "POST":
            return HttpResponseRedirect(self._list_url())
        self.require_view(request)
        form, url = SearchForm(request.POST), self._list_url()
        if not form.is_valid():
            messages.error(
                request,
                _("That is too long to search for. Use a name, a reference, a date of birth or a phone number."),
            )
            return HttpResponseRedirect(url)
        term = form.cleaned_data["q"].strip()
        if not term:
            return HttpResponseRedirect(url)
        key = get_random_string(12)
        recent = list(request.session.get(SESSION_KEY, {}).items())[-SEARCHES_KEPT + 1 :]
        request.session[SESSION_KEY] = {**dict(recent), key: encryption.encrypt(term, context=SEARCH_CONTEXT)}
        return HttpResponseRedirect(f"{url}?{urlencode({'search': key})}")

    @staticmethod
    def search_term(request: HttpRequest) -> str | None:
        """What was asked for; None when this page shows no search."""
        sealed = request.session.get(SESSION_KEY, {}).get(request.GET.get("search", ""))
        if sealed is None:
            return None
        return opened(lambda: encryption.decrypt(sealed, context=SEARCH_CONTEXT), None, of=SEARCH_CONTEXT)[0]

    def search_context(self, term: str | None) -> dict[str, Any]:
        """What the search box and the line above the results need."""
        return {
            "term": term,
            "search_form": SearchForm(initial={"q": term or ""}, auto_id="search-%s"),
            "search_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_search"),
            "list_url": self._list_url(),
        }

    @staticmethod
    def page_query(request: HttpRequest) -> str:
        return urlencode({name: value for name, value in request.GET.items() if name != "page"})
