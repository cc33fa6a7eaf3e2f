"""The addresses of actions: each takes a press of a button and leads back to the record, with a sentence either way."""

import copy
from collections.abc import Iterator
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse

from clinic.core.actions import perform_action
from clinic.core.post_only import post_only
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from clinic.core.unsent import Unsent, gives_back, in_form
from clinic.staff.base_admin import BaseModelAdmin
from clinic.staff.signed_in import signed_in
from education.actions.base import ActionForm, ContentAction
from education.presenters.action_panel import actions_on, sent_again
from education.services.refusals import NotComplete
from education.services.transitions import WORKFLOW

OUT_OF_RANGE: Final = 2**62
"""Keys beyond this fit no column of either database."""


class ActionAdmin(BaseModelAdmin):
    """A model whose rows people change by actions; each stands at an address of its own."""

    def get_urls(self) -> list[URLPattern]:
        slugs = dict.fromkeys(action.slug() for action in actions_on(self.model))
        return [*(self._address(slug) for slug in slugs), *super().get_urls()]

    def _address(self, slug: str) -> URLPattern:
        model = self.model._meta.model_name
        to_form = post_only(f"admin:education_{model}_change", keeps={"object_id": "pk"})

        @gives_back(lambda request: self._typed_in(request, slug))
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return self._pressed(request, pk, slug)

        name = f"education_{model}_{slug.replace('-', '_')}"
        return path(f"<int:pk>/{slug}/", self.admin_site.admin_view(to_form(view)), name=name)

    def row_shown(self, request: HttpRequest, pk: int) -> Any:
        """A row that this person may look at. Refused before it is looked for: numbers tell a stranger nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(self.get_queryset(request), pk=min(pk, OUT_OF_RANGE))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def _pressed(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        row = self.row_shown(request, pk)
        action = self._meant(request, slug)
        if not WORKFLOW.permitted([action.verb], by=signed_in(request), row=row):
            raise PermissionDenied(WORKFLOW.no_permission(action.transition))
        form = action.form_for(row, data=request.POST)
        try:
            problems = list(self._perform(request, action, row, form))
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._refused(request, action, pk, status=403)
        for problem in problems:
            messages.error(request, problem)
        if problems and form.visible_fields():
            return self._refused(request, action, pk, status=200)
        return redirect(self._address_of(pk))

    def _meant(self, request: HttpRequest, slug: str) -> ContentAction[Any, Any, Any]:
        """The action that a form is for. Raises PermissionDenied for one that was made up."""
        for action in actions_on(self.model):
            if action.slug() == slug and action.is_meant(request.POST):
                return action
        raise PermissionDenied

    def _perform(
        self, request: HttpRequest, action: ContentAction[Any, Any, Any], row: models.Model, form: Form
    ) -> Iterator[str]:
        """Do it and say so; what stands in the way, in sentences. Raises NotAllowed."""
        if not form.is_valid():
            yield from (str(error) for errors in form.errors.values() for error in errors)
            return
        data = action.data_of(form)
        try:
            perform_action(action, row, data, by=signed_in(request))
        except NotAllowed:
            raise
        except NotComplete as refusal:
            yield from refusal.problems
        except TransitionNotAllowed as refusal:
            yield str(refusal)
        else:
            messages.success(request, action.done_message(data) % {"title": row})

    def _refused(
        self, request: HttpRequest, action: ContentAction[Any, Any, Any], pk: int, *, status: int
    ) -> HttpResponse:
        """The page as it stands now, as if it was opened anew, with what was typed in its place."""
        refused = {action.name: sent_again(action, self.row_shown(request, pk), request.POST)}
        asked = copy.copy(request)
        asked.method, asked.POST = "GET", QueryDict()
        response = self.change_view(asked, str(pk), self._address_of(pk), {"refused": refused})
        response.status_code = status
        return response

    def _address_of(self, pk: int) -> str:
        return reverse(f"admin:education_{self.model._meta.model_name}_change", args=[pk])

    def _typed_in(self, request: HttpRequest, slug: str) -> list[Unsent]:
        """For a page that answers instead of ours: a session that ended, a database that is away."""
        for action in actions_on(self.model):
            if action.slug() == slug and action.is_meant(request.POST):
                return in_form(request.POST.dict(), action.form_class or ActionForm)
        return []
