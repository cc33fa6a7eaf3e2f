"""The addresses of actions: each takes a press of a button and leads back to the record, with a sentence either way."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse

from clinic.core.actions import perform_action
from clinic.core.post_only import post_only
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from clinic.staff.base_admin import BaseModelAdmin
from education.actions.base import ContentAction
from education.presenters.action_panel import actions_on
from education.services.refusals import NotComplete
from education.services.transitions import WORKFLOW

Pressed = Callable[..., HttpResponse]


class ActionAdmin(BaseModelAdmin):
    """A model whose rows people change by actions; each stands at an address of its own."""

    def get_urls(self) -> list[URLPattern]:
        slugs = dict.fromkeys(action.slug() for action in actions_on(self.model))
        return [*(self._address(slug) for slug in slugs), *super().get_urls()]

    def _address(self, slug: str) -> URLPattern:
        model = self.model._meta.model_name
        to_form = post_only(f"admin:education_{model}_change", keeps={"object_id": "pk"})

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return self._pressed(request, pk, slug)

        name = f"education_{model}_{slug.replace('-', '_')}"
        return path(f"<int:pk>/{slug}/", self.admin_site.admin_view(to_form(view)), name=name)

    def _pressed(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        row = get_object_or_404(self.model, pk=pk)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        action = self._meant(request, slug)
        if not WORKFLOW.permitted([action.verb], by=request.user, row=row):
            raise PermissionDenied(WORKFLOW.no_permission(action.transition))
        for problem in self._perform(request, action, row):
            messages.error(request, problem)
        return redirect(reverse(f"admin:education_{self.model._meta.model_name}_change", args=[pk]))

    def _meant(self, request: HttpRequest, slug: str) -> ContentAction[Any, Any, Any]:
        """The action that a form is for. Raises PermissionDenied for one that was made up."""
        for action in actions_on(self.model):
            if action.slug() == slug and action.is_meant(request.POST):
                return action
        raise PermissionDenied

    def _perform(self, request: HttpRequest, action: ContentAction[Any, Any, Any], row: models.Model) -> Iterator[str]:
        """Do it and say so; what stands in the way, in sentences."""
        form = action.form_for(row, data=request.POST)
        if not form.is_valid():
            yield from (error for errors in form.errors.values() for error in errors)
            return
        data = action.data_of(form)
        try:
            perform_action(action, row, data, by=request.user)
        except NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from None
        except NotComplete as refusal:
            yield from refusal.problems
        except TransitionNotAllowed as refusal:
            yield str(refusal)
        else:
            messages.success(request, action.done_message(data).format(row))
