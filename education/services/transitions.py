"""What the transition table means for rows of the database: their states, who may do what, and how it is refused."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from clinic.core.permissions import may
from clinic.core.refusals import WrongStatus
from clinic.core.transitions import Transition, Workflow
from education import library, workflow
from education.models import Feedback, Page, SmallRecord


class ContentWorkflow(Workflow[models.Model]):
    """Pages keep their state; that of a small record and of feedback follows from their fields."""

    audit_prefix = "content"
    noun = gettext_noop("record")
    status_field = "state"

    def lock(self, row: models.Model) -> models.Model:
        return type(row)._base_manager.select_for_update().get(pk=row.pk)

    def permitted(self, verbs: Iterable[str], *, by: User | None, row: models.Model) -> set[str]:
        return {verb for verb in verbs if self._is_permitted(verb, by, row)}

    def _is_permitted(self, verb: str, by: User | None, row: models.Model) -> bool:
        asked = workflow.TRANSITIONS[verb].permissions
        if not asked or by is None:
            return not asked and by is None
        return any(may(by, permission, row) for permission in asked)

    def status_of(self, row: models.Model) -> str:
        if isinstance(row, Page):
            return row.state
        if isinstance(row, Feedback):
            return workflow.OPEN if row.done_at is None else workflow.RESOLVED
        if isinstance(row, SmallRecord):
            return workflow.WAITING if row.shown != library.plain(row) else workflow.SHOWN
        raise TypeError(f"{type(row).__name__} has no state.")

    def set_status(self, row: models.Model, status: str, *, now: datetime) -> None:
        if isinstance(row, Page):
            row.state = Page.State(status)

    def status_label(self, status: str) -> str:
        return _(workflow.STATES[status])

    def no_permission(self, transition: Transition) -> str:
        return _(workflow.TRANSITIONS[transition.verb].refusal)

    def no_longer_possible(self, transition: Transition, row: models.Model, earlier: AuditEvent | None) -> str:
        state = self.status_label(self.status_of(row)).lower()
        return _(workflow.TRANSITIONS[transition.verb].elsewhere) % {"state": state}

    def state_after(self, page: Page, verb: str) -> Page.State:
        """The state that an edit leads to. Raises WrongStatus."""
        row = workflow.TRANSITIONS[verb]
        if page.state not in row.sources:
            raise WrongStatus(self.no_longer_possible(row, page, None))
        return Page.State(row.target_from(page.state))


WORKFLOW: Final = ContentWorkflow(workflow.TRANSITIONS)


def states_of(model: type[models.Model]) -> Mapping[str, str]:
    """The states that a row of a model can have, with their labels."""
    if issubclass(model, Page):
        return workflow.PAGE_STATES
    return workflow.FEEDBACK_STATES if issubclass(model, Feedback) else workflow.RECORD_STATES
