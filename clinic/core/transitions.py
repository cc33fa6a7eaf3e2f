"""What an app says about rows that have a status: its transition table, who may do what, and how it refuses."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from clinic.core.models import AuditEvent

if TYPE_CHECKING:
    from clinic.accounts.models import User
    from clinic.core.actions import Action, Context

Row = TypeVar("Row", bound=models.Model)
ActionClass = TypeVar("ActionClass", bound="Action[Any, Any, Any]")


class Transition(Protocol):
    """A row of a transition table. Its words are English and are translated where they are shown."""

    @property
    def verb(self) -> str: ...

    @property
    def sources(self) -> Container[str]: ...

    @property
    def label(self) -> str: ...

    @property
    def past(self) -> str: ...

    def target_from(self, status: str) -> str:
        """The status that this leads to; the same one for an action that keeps it."""

    def changes_status(self) -> bool: ...


class Workflow(ABC, Generic[Row]):
    """What an app says about the rows of one transition table, and the register of the actions on them."""

    audit_prefix: ClassVar[str]
    noun: ClassVar[str]
    """As in “this request”."""
    status_field: ClassVar[str] = "status"
    nobody: ClassVar[str] = "system"
    """Who acts where nobody is signed in, as the audit trail names them."""

    def __init__(self, transitions: Mapping[str, Transition]) -> None:
        self.transitions = transitions
        self.actions: dict[str, Action[Any, Row, Any]] = {}

    def register(self, action: type[ActionClass]) -> type[ActionClass]:
        """As a decorator of the class of an action. Raises ValueError for a name that is taken, a verb without row."""
        if action.verb not in self.transitions:
            raise ValueError(f"“{action.verb}” has no row in the transition table of a {self.noun}.")
        if action.name in self.actions:
            raise ValueError(f"There are two actions named “{action.name}”.")
        self.actions[action.name] = action()
        return action

    @abstractmethod
    def lock(self, row: Row) -> Row:
        """Read the row again under a lock: all is decided on what stands there, not on what a page showed."""

    @abstractmethod
    def permitted(self, verbs: Iterable[str], *, by: User | None, row: Row) -> set[str]:
        """Which of these this person may do to this row, whatever its status."""

    @abstractmethod
    def status_label(self, status: str) -> str: ...

    def status_of(self, row: Row) -> str:
        return str(getattr(row, self.status_field))

    def set_status(self, row: Row, status: str, *, now: datetime.datetime) -> None:
        setattr(row, self.status_field, status)

    def event_details(self, ctx: Context[Row]) -> dict[str, str | int]:
        return {"from": ctx.before, "to": self.status_of(ctx.row), **ctx.details}

    def code(self, verb: str) -> str:
        return f"{self.audit_prefix}.{verb}"

    def activity_words(self) -> dict[str, str]:
        """Audit code -> what somebody did, as “offered a consultation”, for every row of the table."""
        return {self.code(verb): _(transition.past) for verb, transition in self.transitions.items()}

    def actions_for(self, row: Row, *, by: User | None) -> list[Action[Any, Row, Any]]:
        """Every action that this person may do to the row as it stands, in the order of the table."""
        status = self.status_of(row)
        possible = [verb for verb, transition in self.transitions.items() if status in transition.sources]
        permitted = self.permitted(possible, by=by, row=row)
        return [
            action for verb in possible if verb in permitted for action in self.actions.values() if action.verb == verb
        ]

    def last_transition(self, row: Row) -> AuditEvent | None:
        """The audit event of the newest action that changed the status."""
        codes = [self.code(verb) for verb, transition in self.transitions.items() if transition.changes_status()]
        return AuditEvent.objects.about(row).filter(action__in=codes).select_related("actor_user").last()

    # --- Sentences of refusals -------------------------------------------------------------------------------------

    def who(self, event: AuditEvent | None) -> str:
        if event and event.actor_user:
            return str(event.actor_user.display_name)
        return _("Someone")

    def no_permission(self, transition: Transition) -> str:
        return _("“%(label)s” is not something your role may do.") % {"label": _(transition.label)}

    def no_longer_possible(self, transition: Transition, row: Row, earlier: AuditEvent | None) -> str:
        return _(
            "“%(label)s” is no longer possible: %(who)s has moved this %(noun)s to “%(status)s”. Nothing was changed."
        ) % {
            "label": _(transition.label),
            "who": self.who(earlier),
            "noun": _(self.noun),
            "status": self.status_label(self.status_of(row)),
        }

    def changed_meanwhile(self, row: Row, earlier: AuditEvent | None) -> str:
        return _(
            "%(who)s moved this %(noun)s to “%(status)s” while your page was open. "
            "Nothing was changed. What you wrote is kept below."
        ) % {"who": self.who(earlier), "noun": _(self.noun), "status": self.status_label(self.status_of(row))}
