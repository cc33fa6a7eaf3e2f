"""What stands above the form of a record: its actions, what the rules say of its wording, and what was refused."""

from typing import Any

from django.db import models

from clinic.accounts.models import User
from clinic.core.unsent import Unsent, in_form
from education.presenters.action_panel import ActionEntry, Refused, action_panel, own_entry
from education.presenters.findings import findings_of


def above_form(row: models.Model, *, by: User, refused: Refused | None = None) -> dict[str, Any]:
    panel, wording = action_panel(row, by=by, refused=refused), findings_of(row, refused)
    waive = own_entry("waive", row, by=by)
    return {
        "panel": panel,
        "wording": wording,
        "waive": waive,
        "unsent": _unsent(refused or {}, panel, wording if waive else []),
    }


def _unsent(refused: Refused, panel: list[ActionEntry], wording: list[dict[str, Any]]) -> list[Unsent]:
    """What was typed into a form that this page does not have any more, to copy."""
    shown = {entry.action.name for entry in panel}
    if any(item["typed"] and item["is_open"] and not item["is_block"] for item in wording):
        shown.add("waive")
    return [item for name, form in refused.items() if name not in shown for item in in_form(form.data, type(form))]
