"""What staff type into the request page: one form an act, each carrying the status its page showed."""

from typing import Any, Final

from django import forms

from clinic.accounts.models import User
from clinic.core.form_fields import LongTextField, MailField
from clinic.core.widgets import TileRadio
from consultations.enums import Outcome, Priority, RequestStatus, ReviewDecision
from consultations.models import AppointmentType, ConsultationRequest
from consultations.presenters import queue
from consultations.presenters.words import name_of

NOTE_LIMIT: Final = 4000
PATIENT_NOTE_LIMIT: Final = 2000
TOO_LONG: Final = "Shorten this to {limit:,} characters or fewer."


def text(
    label: str, *, required: str = "", hint: str = "", rows: int = 3, limit: int = NOTE_LIMIT, **kwargs: Any
) -> LongTextField:
    """A text box; `required` is the sentence shown when it is left empty, and none means it may be."""
    messages = {"max_length": TOO_LONG.format(limit=limit)}
    if required:
        messages["required"] = required
    return LongTextField(
        label=label,
        help_text=hint,
        required=bool(required),
        max_length=limit,
        error_messages=messages,
        widget=forms.Textarea(attrs={"rows": rows, "class": "form-control"}),
        **kwargs,
    )


class PersonChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return name_of(obj)


class StepForm(forms.Form):
    """An act on one request. `seen` is the status its page showed, compared with what stands when it is done."""

    seen = forms.ChoiceField(choices=RequestStatus.choices, widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: ConsultationRequest, by: User, verb: str, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{verb}-%s")
        super().__init__(*args, **kwargs)
        self.request, self.by, self.verb = request, by, verb
        self.initial.setdefault("seen", request.status)

    def values(self) -> dict[str, Any]:
        """What the service is called with besides request and person."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class NoteForm(StepForm):
    note = text("Note for colleagues", required="Write the note before you save it.")


class CallForm(StepForm):
    was_reached = forms.TypedChoiceField(
        label="How did the call go?",
        choices=[("yes", "Reached: red flags repeated by phone"), ("no", "Not reached")],
        coerce=lambda value: value == "yes",
        widget=TileRadio,
        error_messages={"required": "Choose whether you reached the patient."},
    )
    note = text("What was said", hint="For example: no change since the answers were sent.")


class EmailForm(StepForm):
    email = MailField(
        label="Email address",
        help_text=(
            "Make sure first that you speak to the right person: name, date of birth and a call to the number we have. "
            "Every link sent so far stops working at once."
        ),
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
    )


class EscalateForm(StepForm):
    note = text("Why is it pressing?", required="Write why somebody must ring today.")


class PassForm(StepForm):
    doctor = PersonChoiceField(
        label="Doctor",
        queryset=User.objects.none(),
        empty_label="Choose a doctor",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": "Choose a doctor.",
            "invalid_choice": "That person is not in the doctor group any more. Choose another doctor.",
        },
    )
    note = text("Note for the doctor", rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        doctors = User.objects.filter(groups__name="doctor", is_active=True, is_staff=True)
        self.fields["doctor"].queryset = doctors.order_by("name", "pk")
        if any(group.name == "doctor" for group in self.by.groups.all()):
            self.initial.setdefault("doctor", self.by.pk)


class ClearForm(StepForm):
    reason = text(
        "Why do the red flags not stand in the way?",
        required="Write why the red flags do not stand in the way, before you clear them.",
    )


class AskForm(StepForm):
    question = text(
        "Question to the patient",
        required="Write the question the patient should answer.",
        hint="The patient reads exactly this. Plain words, one question.",
        rows=4,
        limit=PATIENT_NOTE_LIMIT,
    )


class GiveBackForm(StepForm):
    reason = text("Why is the time cancelled?", hint="For colleagues. The patient is told only that it is.", limit=300)


class CloseForm(StepForm):
    note = text(
        "Why does the clinic close this request?",
        required="Write why the request is closed.",
        hint="For colleagues. The patient is told that the request is closed.",
    )


class BookForm(StepForm):
    slot_key = forms.ChoiceField(
        label="Free time",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": "Choose a time.",
            "invalid_choice": "That time is not free any more. Choose another one.",
        },
    )

    def __init__(self, *args: Any, slots: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slot_key"].choices = [("", "Choose a time"), *slots]


class DecisionForm(StepForm):
    """The doctor's decision. Which texts are needed depends on it, and is said at the field."""

    HINTS: Final = {
        ReviewDecision.OFFER: "They choose a time behind their link",
        ReviewDecision.ASK: "Their link shows your question",
        ReviewDecision.NOT_SUITABLE: "They get your reasons and what helps instead",
        ReviewDecision.URGENT: "Goes back to the nurse, top of the list",
    }

    decision = forms.ChoiceField(
        label="Decision",
        choices=ReviewDecision.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a decision."},
    )
    appointment_type = forms.ModelChoiceField(
        label="Visit",
        queryset=AppointmentType.objects.none(),
        required=False,
        empty_label="Choose the kind of visit",
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text="Needed for an offer.",
    )
    patient_note = text(
        "Note to the patient",
        hint="The patient reads exactly this. Plain words, no promises. You see it once more before it goes.",
        rows=5,
        limit=PATIENT_NOTE_LIMIT,
    )
    agreed_outcome = forms.ChoiceField(
        label="Computed result",
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text="The computed result is kept as it is. Your view stands beside it.",
    )
    reason = text("Note for staff only", hint="Needed when your view differs from the computed result.", rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        computed = Outcome(self.request.outcome)
        self.fields["agreed_outcome"].choices = [
            ("", f"I agree: {computed.label}"),
            *[(each.value, f"I hold: {each.label}") for each in Outcome if each != computed],
        ]
        for name in ("appointment_type", "patient_note", "agreed_outcome", "reason"):
            # Whether one is needed depends on the decision, so none is called optional.
            self.fields[name].hide_optional = True
        self.fields["appointment_type"].queryset = AppointmentType.objects.filter(is_active=True).order_by("name")

    def closed_decisions(self) -> dict[str, str]:
        """Decisions that this request does not allow now, each with the sentence that says why."""
        closed = {}
        if self.request.is_blocked_by_flags:
            closed[ReviewDecision.OFFER.value] = "Slots cannot be offered until red flags are cleared."
        if self.request.status == RequestStatus.URGENT:
            closed[ReviewDecision.URGENT.value] = "It is marked urgent already."
        return closed

    def decision_tiles(self) -> list[dict[str, Any]]:
        """One tile a decision, with what it leads to, or why it is closed."""
        closed = self.closed_decisions()
        return [
            {
                "option": option,
                "hint": closed.get(option.data["value"], self.HINTS[option.data["value"]]),
                "is_closed": option.data["value"] in closed,
            }
            for option in self["decision"]
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        decision = cleaned.get("decision")
        if refusal := self.closed_decisions().get(decision or ""):
            self.add_error("decision", refusal)
        if decision == ReviewDecision.OFFER:
            self._need("appointment_type", "Choose the kind of visit you offer.")
        if decision == ReviewDecision.ASK:
            self._need("patient_note", "Write the question the patient should answer.")
        if decision == ReviewDecision.NOT_SUITABLE:
            self._need("patient_note", "Write the advice the patient will read: a no without a reason is no help.")
        if decision == ReviewDecision.URGENT:
            self._need("reason", "Write what the nurse must ask or say when ringing the patient.")
        elif cleaned.get("agreed_outcome"):
            self._need("reason", "Your view differs from the computed result: write why.")
        return cleaned

    def _need(self, name: str, sentence: str) -> None:
        """What was typed and refused, as too long for example, has its own sentence already."""
        if not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, sentence)


class CaseNoteForm(forms.Form):
    note = text("What became of the person?", required="Write what became of the person before you close the case.")


class QueueFilterForm(forms.Form):
    """Filters of the list. A value that makes no sense narrows nothing, so that no typing error hides a request."""

    tab = forms.ChoiceField(choices=[(key, label) for key, (label, _) in queue.TABS.items()], required=False)
    outcome = forms.ChoiceField(label="Result", choices=[("", "Any result"), *Outcome.choices], required=False)
    priority = forms.ChoiceField(label="Priority", choices=[("", "Any priority"), *Priority.choices], required=False)
    age = forms.ChoiceField(
        label="Age of request",
        choices=[("", "Any age"), *[(key, label) for key, (label, _) in queue.AGES.items()], queue.OLDER],
        required=False,
    )
    mine = forms.ChoiceField(choices=[("on", "Only mine")], required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="filter-%s", **kwargs)
        for name in ("outcome", "priority", "age"):
            self.fields[name].widget.attrs["class"] = "form-select"

    def filters(self) -> queue.Filters:
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return queue.Filters(**{"tab": "all", **given, "mine": "mine" in given})


class SearchForm(forms.Form):
    q = forms.CharField(
        label="Find by name, reference, date of birth, phone or email",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "type": "search", "autocomplete": "off"}),
    )
