"""One action, one place: the base of everything people do to a row that has a status. It knows neither app.

An action stands in two places: its row in the transition table of its app (from, to, who, in which words, which
message), and a module of its own (form, button, confirmation, `perform`). Panels, activity, audit words and messages
read these two.
"""

from __future__ import annotations

import dataclasses
import datetime
import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.core import audit, clock
from clinic.core.refusals import ChangedMeanwhile, NotAllowed, WrongStatus
from clinic.core.transitions import Row, Transition, Workflow

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from clinic.accounts.models import User

Data = TypeVar("Data")
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, slots=True)
class NoData:
    """What an action is given that asks nothing."""


@dataclasses.dataclass(slots=True)
class Context(Generic[Row]):
    """The locked row, who acts on it (None: whoever the app means by nobody signed in), and the instant.

    `fields` and `details` go into the audit event; `perform` may add to both. `seen` is the status that the page
    showed.
    """

    row: Row
    by: User | None
    before: str
    seen: str
    now: datetime.datetime = dataclasses.field(default_factory=clock.now)
    fields: list[str] = dataclasses.field(default_factory=list)
    details: dict[str, str | int] = dataclasses.field(default_factory=dict)

    @property
    def person(self) -> User:
        """Whoever is signed in, in an action that nobody else may do."""
        if self.by is None:
            raise NotAllowed(_("Sign in to do this."))
        return self.by


@dataclasses.dataclass(frozen=True, slots=True)
class Performed(Generic[Row, Result]):
    """The row as it stands now. `is_repeat`: the same person did it before, and nothing was changed."""

    row: Row
    result: Result | None
    is_repeat: bool = False


class Action(ABC, Generic[Data, Row, Result]):
    """What one person may do to one row. A subclass is stateless; what is asked of somebody comes as typed data."""

    workflow: ClassVar[Workflow[Any]]
    verb: ClassVar[str]
    """Its row in the table, and the end of its audit code."""
    name: ClassVar[str] = ""
    """How a page names it, where two actions share a row; otherwise the verb."""
    data_class: type[Data]
    form_class: ClassVar[type[forms.Form] | None] = None
    """None means that a button is all it needs."""
    button: ClassVar[_StrOrPromise] = ""
    """The words on the button; otherwise the label of the row."""
    done: ClassVar[_StrOrPromise] = ""
    """What is said once it is done."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "verb" in cls.__dict__ and "name" not in cls.__dict__:
            cls.name = cls.verb

    @property
    def transition(self) -> Transition:
        return self.workflow.transitions[self.verb]

    @property
    def label(self) -> str:
        return _(self.transition.label)

    @property
    def button_label(self) -> str:
        return str(self.button) or self.label

    def data_of(self, form: forms.Form) -> Data:
        """The typed data in a valid form: each field of the data class by its name."""
        names = [field.name for field in dataclasses.fields(self.data_class)]  # type: ignore[arg-type]
        return self.data_class(**{name: form.cleaned_data[name] for name in names})

    def done_message(self, data: Data) -> str:
        return str(self.done)

    def is_repeat(self, ctx: Context[Row], data: Data) -> bool:
        """Whether this was done already, told by something else than the last change of the status."""
        return False

    def result_again(self, ctx: Context[Row], data: Data) -> Result | None:
        """What a repeat answers. It may refuse a repeat that is none."""
        return None

    def check(self, ctx: Context[Row], data: Data) -> None:
        """Raise what stands in the way besides status and permission."""
        return None

    def target(self, ctx: Context[Row]) -> str:
        """The status that it leads to; an action that undoes another one knows where that came from."""
        return self.transition.target_from(ctx.before)

    def changes(self, ctx: Context[Row], data: Data) -> Mapping[str, object]:
        """Fields of the row that are saved together with its status."""
        return {}

    @abstractmethod
    def perform(self, ctx: Context[Row], data: Data) -> Result:
        """Do what the action is for, on the row that was saved. What is raised here undoes everything."""

    def enqueue(self, ctx: Context[Row], data: Data, result: Result) -> None:
        """Put what it makes known to people into the outbox."""
        return None


def import_actions(package: str) -> None:
    """Import every module of a package of actions, so that they are registered and a new one needs no list."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")


@transaction.atomic
def perform_action(
    action: Action[Data, Row, Result], row: Row, data: Data, *, by: User | None = None, seen: str = ""
) -> Performed[Row, Result]:
    """Lock, permission, transition, perform, audit event last, outbox: whole or not at all.

    The same by the same person again is harmless. `seen` is the status that the page showed: when another one stands,
    nothing is done. Raises NotAllowed, ChangedMeanwhile and WrongStatus, naming who was first, and what `check` and
    `perform` raise.
    """
    workflow, transition = action.workflow, action.transition
    fresh = workflow.lock(row)
    ctx = Context(row=fresh, by=by, before=workflow.status_of(fresh), seen=seen)
    if not workflow.permitted([action.verb], by=by, row=fresh):
        raise NotAllowed(workflow.no_permission(transition))
    if _is_repeat(action, ctx, data):
        return Performed(fresh, action.result_again(ctx, data), is_repeat=True)
    action.check(ctx, data)
    changes = action.changes(ctx, data)
    target = action.target(ctx)
    if target != ctx.before:
        workflow.set_status(fresh, target, now=ctx.now)
    for name, value in changes.items():
        setattr(fresh, name, value)
    fresh.save()
    ctx.fields += [workflow.status_field, *changes]
    result = action.perform(ctx, data)
    audit.record(
        action=workflow.code(action.verb),
        target=fresh,
        by=by,
        actor="" if by else workflow.nobody,
        fields=ctx.fields,
        details=workflow.event_details(ctx),
    )
    action.enqueue(ctx, data, result)
    return Performed(fresh, result)


def _is_repeat(action: Action[Data, Row, Result], ctx: Context[Row], data: Data) -> bool:
    """Whether it was done already by this person. Raises ChangedMeanwhile, WrongStatus where it cannot be done now."""
    workflow = action.workflow
    is_stale = bool(ctx.seen) and ctx.seen != ctx.before
    if not is_stale:
        if action.is_repeat(ctx, data):
            return True
        if ctx.before in action.transition.sources:
            return False
    earlier = workflow.last_transition(ctx.row)
    is_same = earlier is not None and earlier.action == workflow.code(action.verb)
    if is_same and earlier is not None and earlier.actor_user_id == (ctx.by.pk if ctx.by else None):
        return True
    if is_stale:
        raise ChangedMeanwhile(workflow.changed_meanwhile(ctx.row, earlier))
    raise WrongStatus(workflow.no_longer_possible(action.transition, ctx.row, earlier))
