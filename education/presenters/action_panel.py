"""What somebody may do with a record now: each action with its words, its address and its form."""

import dataclasses
from typing import Any

from django.db import models
from django.forms import Form
from django.urls import reverse

from clinic.accounts.models import User
from education.actions.base import ContentAction
from education.services.transitions import WORKFLOW
from education.workflow import TRANSITIONS


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """`form` is there even for an action that asks nothing; it is empty then."""

    action: ContentAction[Any, Any, Any]
    label: str
    button: str
    url: str
    form: Form

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


def entry_of(action: ContentAction[Any, Any, Any], row: models.Model) -> Entry:
    name = f"education_{row._meta.model_name}_{action.slug().replace('-', '_')}"
    return Entry(
        action,
        action.label_for(row),
        action.button_for(row),
        reverse(f"admin:{name}", args=[row.pk]),
        action.form_for(row),
    )


def action_panel(row: models.Model, *, by: User) -> list[Entry]:
    """What this person may do to the record as it stands, without what has a place of its own."""
    return [
        entry_of(action, row)
        for action in WORKFLOW.actions_for(row, by=by)
        if isinstance(action, ContentAction) and not action.has_own_place and action.is_offered(row, by=by)
    ]


def may_waive(row: models.Model, *, by: User) -> bool:
    """Whether this person may give a reason why a wording of the record may stand."""
    action = WORKFLOW.actions["waive"]
    return bool(
        WORKFLOW.permitted(["waive"], by=by, row=row)
        and isinstance(action, ContentAction)
        and action.is_offered(row, by=by)
    )
