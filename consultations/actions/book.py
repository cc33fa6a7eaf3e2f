"""Booking a time: the patient the one that is held, staff any that is free."""

import dataclasses
import datetime
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import Performed, perform_action
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, Ctx, Message, StaffAction
from consultations.enums import TriageAction
from consultations.forms.diary import DateTimeLocal
from consultations.forms.staff import StepForm, text
from consultations.models import Appointment, Clinician, ConsultationRequest, Location
from consultations.services import clocks, scheduling, triage, visit_needs
from consultations.services.settling import SettlingEvidence
from consultations.services.transitions import WORKFLOW, FlagsStand

DAYS_SHOWN: Final = 28
OTHER_FIELDS: Final = ("other_at", "other_clinician", "other_location", "other_reason")
OTHER_NEEDS: Final = {
    "other_clinician": gettext_lazy("Select with whom the visit is."),
    "other_location": gettext_lazy("Select where the visit is."),
    "other_reason": gettext_lazy("Write why it is booked outside the times on offer."),
}
"""What a time that is not in the list needs besides itself."""


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class FreeTime:
    """One time that staff may book. `of` says whose it is: the doctor who decided first, and marked."""

    key: str
    starts_at: datetime.datetime
    of: str
    is_theirs: bool

    @property
    def day(self) -> datetime.date:
        return clock.local(self.starts_at).date()


class BookForm(StepForm):
    """First the day, which the address of the page names, then one of its times. A time of any day is taken. Or, with a
    reason, any other time at which nobody has a visit.
    """

    slot_key = forms.ChoiceField(
        label=gettext_lazy("Free time"),
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "invalid_choice": gettext_lazy("That time is not free any more. Choose another one."),
        },
    )

    other_at = forms.DateTimeField(
        label=gettext_lazy("Or a time that is not in the list"),
        help_text=gettext_lazy(
            "It may be nearer than the notice, outside the hours, in a busy time of the clinician’s own calendar, or "
            "without the minutes kept free around visits. Nobody is booked over another visit or an absence."
        ),
        required=False,
        widget=DateTimeLocal(attrs={"class": "form-control"}),
    )
    other_clinician = forms.ModelChoiceField(
        label=gettext_lazy("With"),
        required=False,
        queryset=Clinician.objects.none(),
        empty_label=gettext_lazy("Select with whom"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    other_location = forms.ModelChoiceField(
        label=gettext_lazy("Where"),
        required=False,
        queryset=Location.objects.none(),
        empty_label=gettext_lazy("Select where"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    other_reason = text(
        gettext_lazy("Why this time?"),
        hint=gettext_lazy("For colleagues: it stands beside the visit, on the request and in the diary."),
        limit=300,
        rows=2,
    )

    def __init__(self, *args: Any, times: list[FreeTime], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.times = times
        self.slot_field.choices = [("", ""), *((time.key, "") for time in times)]
        self.day = times[0].day if times else None
        self.look_at({})
        if self.is_bound:
            self._add(self.data.get("slot_key", ""))
        for name in ("slot_key", *OTHER_FIELDS):
            self.any_field(name).hide_optional = True
        bookable = Clinician.objects.filter(is_bookable=True, user__is_active=True)
        self.any_field("other_clinician").queryset = bookable.order_by("display_name", "pk")
        self.any_field("other_location").queryset = Location.objects.order_by("name")

    def any_field(self, name: str) -> Any:
        return self.fields[name]

    @property
    def has_free_times(self) -> bool:
        return bool(self.times)

    @property
    def slot_field(self) -> Any:
        return self.fields["slot_key"]

    @property
    def days(self) -> list[tuple[str, str]]:
        """The days with free times, as the address and in words with how many."""
        counts = Counter(time.day for time in self.times)
        return [
            (
                day.isoformat(),
                ngettext("%(day)s (%(number)d free)", "%(day)s (%(number)d free)", number)
                % {"day": clock.day(day), "number": number},
            )
            for day, number in counts.items()
        ]

    @property
    def shown_day(self) -> str:
        return self.day.isoformat() if self.day else ""

    def look_at(self, asked: Mapping[str, str]) -> None:
        """The address names a day, or one time, which is chosen then."""
        self._add(asked.get("slot", ""))
        days = {time.day.isoformat(): time.day for time in self.times}
        self.is_looked_at = asked.get("day") in days
        self.day = days.get(asked.get("day", ""), self.day)
        whose: dict[str, list[tuple[str, str]]] = {}
        for time in sorted(self.times, key=lambda time: not time.is_theirs):
            if time.day == self.day:
                whose.setdefault(time.of, []).append((time.key, clock.time(time.starts_at)))
        self.slot_field.widget.choices = [("", _("Choose a time")), *whose.items()]
        if self.is_looked_at:
            self.initial["slot_key"] = asked.get("slot", "")

    def _add(self, slot_key: str) -> None:
        """A time further ahead than the list goes, which the week of the diary shows. When it is taken it is asked once
        more whether it is free.
        """
        if not slot_key or any(time.key == slot_key for time in self.times):
            return
        try:
            slot = scheduling.find(self.consultation_request, slot_key)
        except (scheduling.SlotTaken, WrongStatus):
            return
        name = Clinician.objects.values_list("display_name", flat=True).get(pk=slot.clinician_id)
        self.times = sorted([*self.times, FreeTime(slot.key, slot.starts_at, name, is_theirs=False)])
        self.slot_field.choices = [("", ""), *((time.key, "") for time in self.times)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.has_error("other_at") or self.has_error("slot_key"):
            return data
        if bool(data.get("slot_key")) == bool(data.get("other_at")):
            self.add_error("slot_key", _("Choose a time in the list, or enter one that is not in it."))
        elif data.get("other_at"):
            for name, sentence in OTHER_NEEDS.items():
                if not data.get(name) and not self.has_error(name):
                    self.add_error(name, str(sentence))
        return data


@dataclasses.dataclass(frozen=True, slots=True)
class BookData:
    """`has_expired`: the time was held, and the hold ran out. `reason`: why a time is taken that is not on offer."""

    slot: scheduling.Slot
    has_expired: bool = False
    reason: str | None = None


class TakeTime(StaffAction[BookData, Appointment]):
    """It takes locks of its own, in their own order: whoever loses the race is told of the nearest free times."""

    data_class = BookData
    form_class: ClassVar[type[forms.Form] | None] = BookForm

    def form_options(
        self, consultation_request: ConsultationRequest, *, told: SettlingEvidence | None
    ) -> dict[str, Any]:
        return {"times": free_times(consultation_request)}

    def data_of(self, form: Any) -> BookData:
        """Raises SlotTaken, and WrongStatus for a time of one's own that nobody can have."""
        data = form.cleaned_data
        if data["slot_key"]:
            return BookData(scheduling.find(form.consultation_request, data["slot_key"]))
        slot = scheduling.slot_outside(
            form.consultation_request,
            clinician=data["other_clinician"],
            location=data["other_location"],
            starts_at=data["other_at"],
        )
        return BookData(slot, reason=data["other_reason"])

    def from_page(
        self, consultation_request: ConsultationRequest, data: BookData, *, by: User, seen: str
    ) -> Performed[ConsultationRequest, Appointment]:
        """Whatever status the page showed: the free time decides. Raises SlotTaken; and WrongStatus for a time of one's
        own, so that what was typed is kept.
        """
        try:
            return take(self, consultation_request, data, by=by)
        except scheduling.SlotTaken:
            if data.reason is None:
                raise
        raise WrongStatus(
            _("Another visit or an absence is in the way of that time, or no room is free. Nothing was changed.")
        )

    def result_again(self, ctx: Ctx, data: BookData) -> Appointment | None:
        return scheduling.booked(ctx.row)

    def is_wanted(self, situation: ActionContext) -> bool:
        consultation_request = situation.consultation_request
        is_ordered = consultation_request.booking_ordered_at is not None
        return super().is_wanted(situation) and (is_ordered or not consultation_request.is_blocked_by_flags)

    def check(self, ctx: Ctx, data: BookData) -> None:
        """Raises FlagsStand: nobody takes a time while a red flag stands, but for staff on the order of a doctor.

        Raises AskFirst: the patient is asked before if anything is new or worse, and before a follow-up, whoever books
        it, the whole safety section.
        """
        if ctx.row.is_blocked_by_flags and (ctx.by is None or ctx.row.booking_ordered_at is None):
            raise FlagsStand(
                _("Not while a red flag stands: a doctor settles it, or orders the visit. Nothing was changed.")
                if ctx.row.flag_level
                else _(
                    "Not while an escalation is not settled: a doctor settles it, or orders the visit. "
                    "Nothing was changed."
                )
            )
        if ctx.by is None:
            scheduling.require_asked(ctx.row)
        else:
            scheduling.require_section(ctx.row)

    def changes(self, ctx: Ctx, data: BookData) -> dict[str, object]:
        return {"due_at": clocks.visit_due(data.slot.ends_at)}


@WORKFLOW.register
class Book(TakeTime):
    verb, position = "book", 80
    title = gettext_lazy("Book on the phone")
    button = gettext_lazy("Book this time")
    done = gettext_lazy("The time is booked and the patient is told.")

    def is_repeat(self, ctx: Ctx, data: BookData) -> bool:
        return scheduling.booked(ctx.row) is not None

    def perform(self, ctx: Ctx, data: BookData) -> Appointment:
        return note_outside(
            ctx,
            scheduling.book(
                consultation_request=ctx.row,
                slot=data.slot,
                by=ctx.by,
                has_expired=data.has_expired,
                reason=data.reason,
            ),
        )

    def message(self, ctx: Ctx, data: BookData, result: Appointment) -> Message:
        return Message(f"booked-{result.pk}", appointment=result)


def note_outside(ctx: Ctx, appointment: Appointment) -> Appointment:
    """In the audit, which rules a time does not keep; and the reason as a note, which stays when the visit changes."""
    if appointment.outside is not None and appointment.outside_reason:
        ctx.details["outside"] = appointment.outside
        triage.record_decision(
            consultation_request=ctx.row, action=TriageAction.NOTE, note=appointment.outside_reason, by=ctx.person
        )
    return appointment


def book_held(*, consultation_request: ConsultationRequest, by: User | None = None, seen: str = "") -> Appointment:
    """Book the time that is held; `by=None` is the patient. Booking twice gives the same appointment.

    `seen` is the key of the time that the page showed. Raises AnotherTime when another one is held now, SlotTaken when
    the time has begun, or the hold ran out and it is not offered any more; WrongStatus and NotAllowed.
    """
    if existing := scheduling.booked(consultation_request):
        return existing
    slot, has_expired = scheduling.held_slot(consultation_request=consultation_request, seen=seen)
    appointment = take(Book(), consultation_request, BookData(slot, has_expired), by=by).result
    if appointment is None:
        raise WrongStatus(_("Nothing is booked."))
    return appointment


def take(
    action: TakeTime, consultation_request: ConsultationRequest, data: BookData, *, by: User | None
) -> Performed[ConsultationRequest, Appointment]:
    with scheduling.booking(consultation_request, data.slot):
        return perform_action(action, consultation_request, data, by=by)


def free_times(consultation_request: ConsultationRequest) -> list[FreeTime]:
    """What is free in the next four weeks, soonest first."""
    kind = visit_needs.visit_type_of(consultation_request)
    if kind is None:
        return []
    today = clock.today()
    until = today + datetime.timedelta(days=DAYS_SHOWN)
    slots = scheduling.free_slots(appointment_type=kind, since=today, until=until, ignoring=consultation_request)
    if not slots:
        return []
    theirs = scheduling.your_doctor(consultation_request)
    names = {
        pk: _("%(clinician)s, who decided") % {"clinician": name} if pk == theirs else name
        for pk, name in Clinician.objects.values_list("pk", "display_name")
    }
    return [FreeTime(slot.key, slot.starts_at, names[slot.clinician_id], slot.clinician_id == theirs) for slot in slots]
