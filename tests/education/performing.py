"""Doing what a button of the staff area does, without the page around it."""

from typing import Any

from django.db import models

from clinic.accounts.models import User
from clinic.core.actions import Performed, perform_action
from education.actions.base import ContentAction
from education.services.transitions import WORKFLOW


def perform(name: str, row: models.Model, *, by: User, **data: Any) -> Performed[Any, Any]:
    action = WORKFLOW.actions[name]
    assert isinstance(action, ContentAction)
    return perform_action(action, row, action.data_class(**data), by=by)
