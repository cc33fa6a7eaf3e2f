"""The panel of the request page: what this person may do now, with which form, and in which words."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.text_lists import paragraph
from consultations.actions.base import ActionContext, ChosenAction, ConsultationAction, PanelEntry, may_end
from consultations.actions.book import Book
from consultations.actions.decide import Decide, Decision
from consultations.actions.undo_complete import UndoComplete
from consultations.actions.undo_no_show import UndoNoShow
from consultations.candidacy.suggestion import departs
from consultations.emails import opening, subject_of
from consultations.enums import CLOSED_STATUSES, Actor, RequestStatus
from consultations.forms.staff import StepForm
from consultations.models import Appointment, ConsultationRequest, SafetyCase
from consultations.permissions import actors_of
from consultations.presenters.isolation import opened
from consultations.presenters.waiting_list import offer_line
from consultations.services import scheduling
from consultations.services.review import suggestion_of
from consultations.services.settling import SettlingEvidence
from consultations.services.transitions import WORKFLOW
from consultations.services.triage import author_of
from consultations.status_copy import heading_for

UNDOING: Final = {UndoComplete.name, UndoNoShow.name}
ORDERED: Final = gettext_lazy("A doctor ordered this visit although a red flag stands: book it on the phone.")
ORDERED_ESCALATED: Final = gettext_lazy(
    "A doctor ordered this visit although an escalation is not settled: book it on the phone."
)
NO_OFFER: Final = gettext_lazy("A consultation cannot be offered while a red flag stands.")
NO_OFFER_ESCALATED: Final = gettext_lazy("A consultation cannot be offered while an escalation is not settled.")
FLAG_STOPS: Final = {
    RequestStatus.OFFERED: gettext_lazy("No time can be booked while a red flag stands."),
    RequestStatus.BOOKED: gettext_lazy(
        "The booked time stays until a person decides; no other one can be chosen while a red flag stands."
    ),
}
"""What a red flag stops in a status; in any other, an offer."""
ESCALATION_STOPS: Final = {
    RequestStatus.OFFERED: gettext_lazy("No time can be booked while an escalation is not settled."),
    RequestStatus.BOOKED: gettext_lazy(
        "The booked time stays until a person decides; no other one can be chosen while an escalation is not settled."
    ),
}


@dataclasses.dataclass(frozen=True, slots=True)
class PanelAction:
    """One thing that can be done now; `is_bare` means a button is all it needs."""

    name: str
    label: str
    button: str
    form: StepForm
    url: str
    is_bare: bool
    is_main: bool
    is_open: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ActionPanel:
    """`decision` is the doctor's form; `notes` say why something that one might expect is missing."""

    decision: PanelAction | None
    actions: tuple[PanelAction, ...]
    notes: tuple[str, ...]


def panel_entries() -> dict[str, PanelEntry]:
    """Everything that can stand in the panel, by name, from the top."""
    actions = [action for action in WORKFLOW.actions.values() if isinstance(action, PanelEntry)]
    entries: list[PanelEntry] = sorted([*actions, Decide()], key=lambda entry: entry.position)
    return {entry.name: entry for entry in entries}


def action_panel(
    consultation_request: ConsultationRequest,
    *,
    by: User,
    bound: Mapping[str, StepForm] | None = None,
    told: SettlingEvidence | None = None,
    asked: Mapping[str, str] | None = None,
) -> ActionPanel:
    """`bound` are forms that were refused, `asked` what the address of the page asks a form to show.

    `told` is what the page knows already of what the person said; without it, a form that needs it asks.
    """
    bound = bound or {}
    situation = _situation(consultation_request, by)
    made: dict[str, PanelAction] = {}
    for name, entry in panel_entries().items():
        if not entry.is_wanted(situation):
            continue
        form = bound.get(name) or form_of(entry, consultation_request=consultation_request, by=by, told=told)
        if name in bound or entry.has_choices(form):
            form.look_at(asked or {})
            made[name] = _panel_action(entry, form, is_open=name in bound or form.is_looked_at)
    decision = made.pop(Decide.name, None)
    offered = {name for name, action in made.items() if getattr(action.form, "has_free_times", True)}
    return ActionPanel(decision, tuple(made.values()), _notes(situation, offered=offered))


def _situation(consultation_request: ConsultationRequest, by: User) -> ActionContext:
    available = {action.name: action for action in WORKFLOW.actions_for(consultation_request, by=by)}
    visit = booked_visit(consultation_request) if consultation_request.status == RequestStatus.BOOKED else None
    return ActionContext(consultation_request, by, available, visit)


def booked_visit(consultation_request: ConsultationRequest) -> Appointment | None:
    """When it is, and in which zone; of the rest nothing is read."""
    return consultation_request.appointments.live().only("starts_at", "time_zone").first()


def _panel_action(entry: PanelEntry, form: StepForm, *, is_open: bool) -> PanelAction:
    return PanelAction(
        name=entry.name,
        label=entry.panel_title,
        button=entry.panel_button,
        form=form,
        url=reverse("admin:consultations_consultationrequest_action", args=[form.consultation_request.pk, entry.name]),
        is_bare=entry.form_class is None,
        is_main=entry.is_main,
        is_open=is_open,
    )


def form_of(
    entry: PanelEntry,
    *,
    consultation_request: ConsultationRequest,
    by: User,
    data: Mapping[str, Any] | None = None,
    told: SettlingEvidence | None = None,
) -> StepForm:
    """The form of one entry, bound when there is data."""
    form_class: Any = entry.form_class or StepForm
    options = entry.form_options(consultation_request, told=told)
    form: StepForm = form_class(data, consultation_request=consultation_request, by=by, verb=entry.name, **options)
    return form


def preview_of(entry: PanelEntry, form: StepForm, choice: ChosenAction[Any, Any]) -> dict[str, Any]:
    """What the patient will read, exactly, and what else happens when this is confirmed."""
    preview, action = choice.action.preview(choice.data), choice.action
    consultation_request, kind = form.consultation_request, action.message_kind
    patient = consultation_request.patient
    has_email = bool(opened(lambda: patient.email, "", of=patient)[0])
    return {
        "decision": entry.preview_title(form),
        "asks": entry.asks,
        "sections": entry.preview_sections(form),
        "visit": _visit_words(consultation_request) if entry.asks else "",
        "heading": heading_for(
            consultation_request, RequestStatus(action.transition.target_from(consultation_request.status))
        ),
        "note": preview.text,
        "is_question": preview.is_question,
        "author": author_of(form.by),
        "appointment_type": preview.appointment_type,
        "subject": subject_of(kind, reference=consultation_request.reference) if kind else "",
        "mail_opening": opening(kind, helped_name=consultation_request.helped_name) if kind else "",
        "has_email": has_email,
        "reason": preview.reason,
        "departs_from": _departs_from(consultation_request, action),
        "confirm": _("Yes, record it") if entry.asks else _("Confirm and send") if kind else _("Confirm"),
    }


def _visit_words(consultation_request: ConsultationRequest) -> str:
    visit = booked_visit(consultation_request)
    return clock.moment(visit.starts_at, visit.time_zone) if visit else ""


def _departs_from(consultation_request: ConsultationRequest, action: ConsultationAction[Any, Any]) -> str:
    """What the rules suggest, where a decision departs from it; "" where it does not."""
    if not isinstance(action, Decision):
        return ""
    suggested = suggestion_of(consultation_request)
    return str(suggested.label) if departs(action.decision, suggested) else ""


def typed_text(form: StepForm) -> str:
    """Everything somebody wrote into a form that cannot be shown again."""
    fields = dict[str, Any](form.fields)
    values = [form.cleaned_data[name] for name in fields if not isinstance(fields[name], forms.ChoiceField)]
    return "\n\n".join(value for value in values if isinstance(value, str) and value)


def _notes_of_flags(situation: ActionContext) -> list[str]:
    """What a red flag that stands stops, and who lifts it."""
    consultation_request = situation.consultation_request
    is_flagged = bool(consultation_request.flag_level)
    if consultation_request.booking_ordered_at is not None:
        return [str(ORDERED if is_flagged else ORDERED_ESCALATED)]
    status = RequestStatus(consultation_request.status)
    stops = FLAG_STOPS.get(status, NO_OFFER) if is_flagged else ESCALATION_STOPS.get(status, NO_OFFER_ESCALATED)
    who = "" if Actor.DOCTOR in actors_of(situation.by) else _("Only a doctor settles it, or orders a visit.")
    notes = [paragraph([stops, who])]
    return notes if may_end(situation) else [*notes, _("Only a doctor can close this request now.")]


def _notes(situation: ActionContext, *, offered: set[str]) -> tuple[str, ...]:
    consultation_request, actors = situation.consultation_request, actors_of(situation.by)
    status, notes = consultation_request.status, []
    if status in CLOSED_STATUSES:
        return (paragraph(_sentences_of_closed(consultation_request, offered=offered)),)
    if status == RequestStatus.WITH_DOCTOR and Actor.DOCTOR not in actors:
        notes.append(_("A doctor decides now. You can add a note, log a call or escalate."))
    if status in (RequestStatus.RECEIVED, RequestStatus.IN_TRIAGE) and Actor.DOCTOR in actors:
        notes.append(_("To decide, first pass the request to a doctor. That can be you."))
    if consultation_request.is_blocked_by_flags:
        notes.extend(_notes_of_flags(situation))
    if status == RequestStatus.INFORMATION_ASKED:
        notes.append(_("Waiting for the patient’s answer. It brings the request back to the list."))
    if status == RequestStatus.OFFERED and not consultation_request.is_blocked_by_flags:
        notes.extend(_notes_of_an_offer(consultation_request, offered=offered))
    if waits := offer_line(consultation_request):
        notes.append(waits)
    if situation.visit is not None and not situation.has_begun:
        sentence = _(
            "That the consultation took place, or that the patient did not attend, can be recorded once it has begun "
            "(%(moment)s)."
        )
        notes.append(sentence % {"moment": clock.moment(situation.visit.starts_at, situation.visit.time_zone)})
    return tuple(notes)


def _sentences_of_closed(consultation_request: ConsultationRequest, *, offered: set[str]) -> Iterator[str]:
    yield _("This request is closed: %(status)s.") % {"status": consultation_request.get_status_display()}
    if consultation_request.texts_due_at:
        yield _("What the patient wrote still waits to be read.")
    else:
        yield _("A call or a note can still be recorded.")
    if offered & UNDOING:
        yield _("What was recorded of the visit can be undone until midnight.")


def _notes_of_an_offer(consultation_request: ConsultationRequest, *, offered: set[str]) -> Iterator[str]:
    if SafetyCase.objects.filter(response=consultation_request.response_id, closed_at=None).exists():
        yield _("A time is on offer, but the safety case is still open: see to that first.")
    else:
        yield _("The patient can choose a time now.")
    if kept := scheduling.to_take_back(consultation_request):
        cancelled = _("The patient cancelled %(moment)s and can take that back until %(until)s.")
        yield cancelled % {"moment": clock.moment(kept.starts_at), "until": clock.time(kept.expires_at)}
    if Book.name not in offered:
        yield _("There is no free time in the next 4 weeks to book on the phone. Add times in the diary.")
