"""The hand-over page, the notes on it, and what one person holds."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import new_token
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, of_form
from clinic.staff.signed_in import signed_in
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin, page_title
from consultations.enums import Actor
from consultations.forms.hand_over import HandOverNoteForm, PassOnForm
from consultations.models import HandOverNote
from consultations.permissions import actors_of
from consultations.presenters.hand_over import hand_over_page
from consultations.presenters.holdings import holdings_page
from consultations.services import hand_over_notes, leaving, readings

PAGE = "admin:consultations_handovernote_changelist"
PERSON = "admin:consultations_handovernote_person"


@admin.register(HandOverNote)
class HandOverAdmin(PurposeBuiltAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_handovernote"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("write/", wrap(self.write_view), name=f"{name}_write"),
            path("<int:pk>/read/", wrap(self.read_view), name=f"{name}_read"),
            path("person/<int:pk>/", wrap(self.person_view), name=f"{name}_person"),
            path("person/<int:pk>/pass-on/", wrap(self.pass_on_view), name=f"{name}_pass_on"),
        ]

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        return self._show(request, HandOverNoteForm(initial={"once": new_token()}))

    @method_decorator(post_only(PAGE))
    @gives_back(of_form(HandOverNoteForm))
    def write_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view(request)
        form = HandOverNoteForm(request.POST)
        if not form.is_valid():
            return self._show(request, form)
        said = form.cleaned_data
        try:
            hand_over_notes.write(
                text=said["text"], consultation_request=said["about"], key=said["once"], by=signed_in(request)
            )
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._show(request, form)
        messages.success(request, _("The note stands here until somebody says that they have read it."))
        return HttpResponseRedirect(reverse(PAGE))

    @method_decorator(post_only(PAGE))
    def read_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        notes = HandOverNote.objects.visible_to(request.user).defer("text")
        note = get_object_or_404(notes, pk=min(pk, OUT_OF_RANGE))
        try:
            hand_over_notes.acknowledge(note=note, by=signed_in(request))
            messages.success(request, _("Marked as read. The note stands below for a day."))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse(PAGE))

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def person_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = self._person(request, pk)
        return self._show_person(request, user, PassOnForm(user=user))

    @method_decorator(post_only(PERSON, keeps=("pk",)))
    def pass_on_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = self._person(request, pk)
        form = PassOnForm(request.POST, user=user)
        if not form.is_valid():
            return self._show_person(request, user, form)
        try:
            done = leaving.give_away(user=user, by=signed_in(request), to=leaving.To(**form.cleaned_data))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._show_person(request, user, form)
        messages.success(request, _passed_on(done.cases, done.requests))
        return HttpResponseRedirect(reverse(PERSON, args=[user.pk]))

    def _person(self, request: HttpRequest, pk: int) -> User:
        self.require_view(request)
        if Actor.MANAGER not in actors_of(request.user):
            raise PermissionDenied
        if pk > OUT_OF_RANGE:
            raise Http404
        return get_object_or_404(User, pk=pk)

    def _show(self, request: HttpRequest, form: HandOverNoteForm) -> HttpResponse:
        context = hand_over_page(viewer=signed_in(request), now=clock.now())
        readings.log(by=request.user, action="hand_over.view", page="hand_over", **context.pop("shown"))
        title = page_title(_("Hand-over"), has_errors=bool(form.errors))
        return self.page(request, "admin/consultations/hand_over.html", {**context, "title": title, "note_form": form})

    def _show_person(self, request: HttpRequest, user: User, form: PassOnForm) -> HttpResponse:
        context = holdings_page(user, viewer=signed_in(request), now=clock.now())
        readings.log(by=request.user, action="hand_over.held", target=user, **context.pop("shown"))
        title = page_title(_("What %(name)s holds") % {"name": user.display_name}, has_errors=bool(form.errors))
        return self.page(request, "admin/consultations/holdings.html", {**context, "title": title, "form": form})


def _passed_on(cases: int, requests: int) -> str:
    in_cases = ngettext("%(number)d safety case", "%(number)d safety cases", cases) % {"number": cases}
    in_requests = ngettext("%(number)d request", "%(number)d requests", requests) % {"number": requests}
    return _("Passed on: %(cases)s and %(requests)s.") % {"cases": in_cases, "requests": in_requests}
