"""What every action on a consultation request shares: the message that its row names, and its place in the panel."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from django import forms
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import Action, Context, Data, NoData, Performed, Result, perform_action
from clinic.core.refusals import ChangedMeanwhile
from consultations.enums import Actor, MessageKind
from consultations.forms.staff import StepForm
from consultations.models import Appointment, AppointmentType, ConsultationRequest
from consultations.permissions import actors_of
from consultations.services import messaging
from consultations.services.settling import SettlingEvidence
from consultations.services.transitions import WORKFLOW, FlagsStand
from consultations.workflow import TRANSITIONS

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

Ctx = Context[ConsultationRequest]


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """What a message needs besides its kind: the key that makes it one, the visit that it tells of, if any, and when it
    goes, if not at once.
    """

    key: str
    appointment: Appointment | None = None
    send_at: datetime.datetime | None = None


def refuse_other_words(recorded: Container[Any], typed: Any) -> None:
    """The same action again with words that are not on record is no repeat: they would be lost.

    Raises ChangedMeanwhile.
    """
    if typed not in recorded:
        raise ChangedMeanwhile(
            _(
                "You did this already, in another tab or window, with other words. Nothing was changed. "
                "What you wrote is kept below."
            )
        )


class ConsultationAction(Action[Data, ConsultationRequest, Result]):
    workflow = WORKFLOW
    has_own_entry: ClassVar[bool] = False
    """Whether what was done stands in a row of its own, which the activity shows instead of the bare event."""

    @property
    def message_kind(self) -> MessageKind | None:
        kind = TRANSITIONS[self.verb].message
        return MessageKind(kind) if kind else None

    def from_page(
        self, consultation_request: ConsultationRequest, data: Data, *, by: User, seen: str
    ) -> Performed[ConsultationRequest, Result]:
        """As a member of staff does it on a page that showed the status `seen`."""
        return perform_action(self, consultation_request, data, by=by, seen=seen)

    def preview(self, data: Data) -> Preview:
        """What a previewed action shows before it is confirmed."""
        raise NotImplementedError(f"{self.name} has no preview.")

    def message(self, ctx: Ctx, data: Data, result: Result) -> Message:
        """The message to the patient, for an action whose row names one."""
        raise NotImplementedError(f"{self.name} sends a message and says nothing of it.")

    def enqueue(self, ctx: Ctx, data: Data, result: Result) -> None:
        if self.message_kind is not None:
            message = self.message(ctx, data, result)
            messaging.notify_patient(
                kind=self.message_kind,
                consultation_request=ctx.row,
                key=message.key,
                appointment=message.appointment,
                send_at=message.send_at,
            )


@dataclasses.dataclass(frozen=True, slots=True)
class ActionContext:
    """What a page knows of a request before it asks which buttons to show: the actions that are possible by name."""

    consultation_request: ConsultationRequest
    by: User
    available: Mapping[str, Action[Any, ConsultationRequest, Any]]
    visit: Appointment | None

    @property
    def has_begun(self) -> bool:
        return self.visit is not None and self.visit.starts_at <= clock.now()


@dataclasses.dataclass(frozen=True, slots=True)
class Preview:
    """What the patient would read, and what staff keep beside it."""

    text: str
    is_question: bool = False
    appointment_type: AppointmentType | None = None
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class PreviewSection:
    """A list that a preview shows under a title; `none` is said in place of an empty one."""

    title: str
    lines: tuple[str, ...]
    none: str


class PanelEntry:
    """Something to choose in the panel of the request page: one action, or a form that leads to one of several."""

    name: ClassVar[str]
    position: ClassVar[int]
    """Where it stands in the panel, from the top."""
    title: ClassVar[_StrOrPromise] = ""
    """What it is called there; otherwise the label of the action."""
    form_class: ClassVar[type[forms.Form] | None] = None
    """None means that a button is all it needs."""
    is_previewed: ClassVar[bool] = False
    asks: ClassVar[_StrOrPromise] = ""
    """The question of the page that asks once more before a button is followed; "" for none."""
    is_main: ClassVar[bool] = False
    """Whether it is the button that one most likely came for."""

    @property
    def panel_title(self) -> str:
        return str(self.title)

    @property
    def panel_button(self) -> str:
        raise NotImplementedError

    def is_wanted(self, situation: ActionContext) -> bool:
        return self.name in situation.available

    def form_options(
        self, consultation_request: ConsultationRequest, *, told: SettlingEvidence | None
    ) -> dict[str, Any]:
        """What the form is made with; `told` is what the page knows already of what the person said."""
        return {}

    def has_choices(self, form: StepForm) -> bool:
        """Whether there is anything to choose; without it the entry is left out."""
        return True

    def choice_of(self, form: StepForm) -> ChosenAction[Any, Any]:
        raise NotImplementedError

    def preview_sections(self, form: StepForm) -> tuple[PreviewSection, ...]:
        """What the preview lists, of an action that the patient reads nothing of."""
        return ()

    def preview_title(self, form: StepForm) -> str:
        """What the preview calls the choice."""
        return self.panel_title


def may_end(situation: ActionContext) -> bool:
    """Whether this person may end the request: while a red flag stands, only a doctor does."""
    return not situation.consultation_request.flag_level or Actor.DOCTOR in actors_of(situation.by)


def refuse_to_end(ctx: Ctx) -> None:
    """Raises FlagStands: while a red flag stands only a doctor ends a request."""
    if ctx.row.flag_level and Actor.DOCTOR not in actors_of(ctx.person):
        raise FlagsStand(_("A red flag stands, so only a doctor can close this request. Nothing was changed."))


class StaffAction(ConsultationAction[Data, Result], PanelEntry):
    """An action with a place of its own in the panel."""

    @property
    def panel_title(self) -> str:
        return str(self.title) or self.label

    @property
    def panel_button(self) -> str:
        return self.button_label

    def choice_of(self, form: StepForm) -> ChosenAction[Data, Result]:
        return ChosenAction(self, self.data_of(form))


class AskedOnce(StaffAction[NoData, Result]):
    """A button whose page asks once more, because pressing it ends something."""

    is_previewed = True

    def preview(self, data: NoData) -> Preview:
        return Preview("")


class ChangeOnly(StaffAction[Data, None]):
    """An action that is no more than its change of the row."""

    def perform(self, ctx: Ctx, data: Data) -> None:
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class ChosenAction(Generic[Data, Result]):
    """An action with what was filled in for it."""

    action: ConsultationAction[Data, Result]
    data: Data

    @property
    def done_message(self) -> str:
        return self.action.done_message(self.data)

    def perform(
        self, consultation_request: ConsultationRequest, *, by: User, seen: str
    ) -> Performed[ConsultationRequest, Result]:
        return self.action.from_page(consultation_request, self.data, by=by, seen=seen)
