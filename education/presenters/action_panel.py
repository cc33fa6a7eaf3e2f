"""What somebody may do with a record now: each action with its words, its address and its form."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.forms import Form
from django.http import QueryDict
from django.urls import reverse

from clinic.accounts.models import User
from education.actions.base import ContentAction
from education.services.transitions import WORKFLOW
from education.workflow import TRANSITIONS


@dataclasses.dataclass(frozen=True, slots=True)
class ActionEntry:
    """`form` is there even for an action that asks nothing; it is empty then. `is_open`: it was sent, and refused."""

    action: ContentAction[Any, Any, Any]
    label: str
    button: str
    url: str
    form: Form
    is_open: bool = False

    @property
    def is_button(self) -> bool:
        return not self.form.visible_fields()


def actions_on(model: type[models.Model]) -> list[ContentAction[Any, Any, Any]]:
    """The actions that people do to rows of a model, in the order of the table."""
    return [
        action
        for verb, row in TRANSITIONS.items()
        for action in WORKFLOW.actions.values()
        if action.verb == verb and row.permissions and isinstance(action, ContentAction) and action.is_for(model)
    ]


Refused = Mapping[str, Form]
"""By the name of its action, the form that was sent and refused, with what was typed."""


def entry_of(action: ContentAction[Any, Any, Any], row: models.Model, refused: Refused | None = None) -> ActionEntry:
    name = f"education_{row._meta.model_name}_{action.slug().replace('-', '_')}"
    sent = (refused or {}).get(action.name)
    return ActionEntry(
        action,
        action.label_for(row),
        action.button_for(row),
        reverse(f"admin:{name}", args=[row.pk]),
        sent or action.form_for(row),
        is_open=sent is not None,
    )


def action_panel(row: models.Model, *, by: User, refused: Refused | None = None) -> list[ActionEntry]:
    """What this person may do to the record as it stands, without what has a place of its own."""
    return [
        entry_of(action, row, refused)
        for action in WORKFLOW.actions_for(row, by=by)
        if isinstance(action, ContentAction) and not action.has_own_place and action.is_offered(row, by=by)
    ]


def sent_again(action: ContentAction[Any, Any, Any], row: models.Model, posted: QueryDict) -> Form:
    """A refused form for the page that answers it: what was typed, and the marks of the words that this page shows."""
    data = posted.copy()
    form = action.form_for(row)
    for name, value in form.initial.items():
        if form.fields[name].widget.is_hidden:
            data[name] = value
    return action.form_for(row, data=data)


def own_entry(name: str, row: models.Model, *, by: User) -> ActionEntry | None:
    """An action that has a place of its own beside a record, for somebody who may do it now."""
    for action in WORKFLOW.actions_for(row, by=by):
        if isinstance(action, ContentAction) and action.name == name and action.is_offered(row, by=by):
            return entry_of(action, row)
    return None
