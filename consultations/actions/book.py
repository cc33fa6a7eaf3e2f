"""Booking a time: the patient the one that is held, staff any that is free."""

import dataclasses
import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import Performed, perform_action
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, Ctx, Message, StaffAction
from consultations.forms.staff import StepForm
from consultations.models import Appointment, Clinician, ConsultationRequest
from consultations.services import clocks, scheduling, visit_needs
from consultations.services.transitions import WORKFLOW, FlagsStand

DAYS_SHOWN: Final = 28


class BookForm(StepForm):
    slot_key = forms.ChoiceField(
        label=gettext_lazy("Free time"),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": gettext_lazy("Choose a time."),
            "invalid_choice": gettext_lazy("That time is not free any more. Choose another one."),
        },
    )

    def __init__(self, *args: Any, slots: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        slot_field: Any = self.fields["slot_key"]
        slot_field.choices = [("", _("Choose a time")), *slots]


@dataclasses.dataclass(frozen=True, slots=True)
class BookData:
    """`has_expired`: the time was held, and the hold ran out."""

    slot: scheduling.Slot
    has_expired: bool = False


@WORKFLOW.register
class Book(StaffAction[BookData, Appointment]):
    """It takes locks of its own, in their own order: whoever loses the race is told of the nearest free times."""

    verb, data_class = "book", BookData
    position, form_class = 80, BookForm
    title = gettext_lazy("Book on the phone")
    button = gettext_lazy("Book this time")
    done = gettext_lazy("The time is booked and the patient is told.")

    def form_options(self, consultation_request: ConsultationRequest) -> dict[str, Any]:
        return {"slots": free_times(consultation_request)}

    def has_choices(self, form: StepForm) -> bool:
        slot_field: Any = form.fields["slot_key"]
        return len(slot_field.choices) > 1

    def data_of(self, form: Any) -> BookData:
        """Raises SlotTaken."""
        return BookData(scheduling.find(form.consultation_request, form.cleaned_data["slot_key"]))

    def from_page(
        self, consultation_request: ConsultationRequest, data: BookData, *, by: User, seen: str
    ) -> Performed[ConsultationRequest, Appointment]:
        """Whatever status the page showed: the free time decides. Raises SlotTaken."""
        return _book(consultation_request, data, by=by)

    def is_repeat(self, ctx: Ctx, data: BookData) -> bool:
        return scheduling.booked(ctx.row) is not None

    def result_again(self, ctx: Ctx, data: BookData) -> Appointment | None:
        return scheduling.booked(ctx.row)

    def is_wanted(self, situation: ActionContext) -> bool:
        consultation_request = situation.consultation_request
        is_ordered = consultation_request.booking_ordered_at is not None
        return super().is_wanted(situation) and (is_ordered or not consultation_request.is_blocked_by_flags)

    def check(self, ctx: Ctx, data: BookData) -> None:
        """Raises FlagsStand: nobody takes a time while a red flag stands, but for staff on the order of a doctor.

        Raises AskFirst: the patient is asked before if anything is new or worse.
        """
        if ctx.row.is_blocked_by_flags and (ctx.by is None or ctx.row.booking_ordered_at is None):
            raise FlagsStand(
                _("Not while a red flag stands: a doctor settles it, or orders the visit. Nothing is booked.")
                if ctx.row.flag_level
                else _(
                    "Not while an escalation is not settled: a doctor settles it, or orders the visit. "
                    "Nothing is booked."
                )
            )
        if ctx.by is None:
            scheduling.require_asked(ctx.row)

    def changes(self, ctx: Ctx, data: BookData) -> dict[str, object]:
        return {"due_at": clocks.visit_due(data.slot.ends_at)}

    def perform(self, ctx: Ctx, data: BookData) -> Appointment:
        return scheduling.book(consultation_request=ctx.row, slot=data.slot, by=ctx.by, has_expired=data.has_expired)

    def message(self, ctx: Ctx, data: BookData, result: Appointment) -> Message:
        return Message(f"booked-{result.pk}", appointment=result)


def book_held(*, consultation_request: ConsultationRequest, by: User | None = None, seen: str = "") -> Appointment:
    """Book the time that is held; `by=None` is the patient. Booking twice gives the same appointment.

    `seen` is the key of the time that the page showed. Raises AnotherTime when another one is held now, SlotTaken when
    the time has begun, or the hold ran out and it is not offered any more; WrongStatus and NotAllowed.
    """
    if existing := scheduling.booked(consultation_request):
        return existing
    slot, has_expired = scheduling.held_slot(consultation_request=consultation_request, seen=seen)
    appointment = _book(consultation_request, BookData(slot, has_expired), by=by).result
    if appointment is None:
        raise WrongStatus(_("Nothing is booked."))
    return appointment


def _book(
    consultation_request: ConsultationRequest, data: BookData, *, by: User | None
) -> Performed[ConsultationRequest, Appointment]:
    with scheduling.booking(consultation_request, data.slot):
        return perform_action(Book(), consultation_request, data, by=by)


def free_times(consultation_request: ConsultationRequest) -> list[tuple[str, str]]:
    """Slot keys and words for the next four weeks."""
    kind = visit_needs.visit_type_of(consultation_request)
    if kind is None:
        return []
    today = clock.today()
    slots = scheduling.free_slots(
        appointment_type=kind,
        since=today,
        until=today + datetime.timedelta(days=DAYS_SHOWN),
        ignoring=consultation_request,
    )
    names = dict(Clinician.objects.values_list("pk", "display_name"))
    return [
        (
            slot.key,
            # Translators: a free time in a list, and whose it is.
            _("%(time)s, %(clinician)s")
            % {"time": clock.moment(slot.starts_at), "clinician": names.get(slot.clinician_id, "")},
        )
        for slot in slots
    ]
