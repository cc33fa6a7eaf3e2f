"""Adding a note to a safety case or to a person. The pages that show them are those of the case and of the person."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy

from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, of_form
from clinic.staff.signed_in import signed_in
from consultations.admin.pages import PurposeBuiltAdmin
from consultations.forms.notes import CaseNoteForm, NoteForm
from consultations.models import Patient, SafetyCase
from consultations.presenters.notes import notes_of_case, notes_of_person
from consultations.services import case_proofs, notes

OF_CASE: Final = "admin:consultations_safetycase_change"
OF_PERSON: Final = "admin:consultations_consultationrequest_person"
SAVED: Final = gettext_lazy("The note is saved.")


def note_form(data: Any = None) -> NoteForm:
    return NoteForm(data, auto_id="note-%s")


def case_note_form(case: SafetyCase, by: Any, data: Any = None) -> NoteForm:
    """With the box for who entered something; without it for everybody else."""
    kind = CaseNoteForm if case_proofs.entered_something(case, by) else NoteForm
    return kind(data, auto_id="note-%s")


def case_notes(case: SafetyCase, form: NoteForm) -> dict[str, Any]:
    """What the page of a case shows of its notes."""
    url = reverse("admin:consultations_safetycase_note", args=[case.pk])
    return {"notes": notes_of_case(case), "add_note_form": form, "note_url": url}


def person_notes(pk: int, patient: Patient, form: NoteForm | None = None) -> dict[str, Any]:
    """The same of the page of the person behind a request."""
    url = reverse("admin:consultations_consultationrequest_person_note", args=[pk])
    return {"notes": notes_of_person(patient), "add_note_form": form or note_form(), "note_url": url}


class CaseNotePages(PurposeBuiltAdmin):
    """`show` answers with the page of a case, also with a note that was not saved."""

    def note_urls(self) -> list[URLPattern]:
        return [path("<int:pk>/note/", self.guarded(self.note_view), name="consultations_safetycase_note")]

    def load_case(self, request: HttpRequest, pk: int) -> SafetyCase:
        raise NotImplementedError

    def show(self, request: HttpRequest, case: SafetyCase, *, note_form: NoteForm | None = None) -> HttpResponse:
        raise NotImplementedError

    @method_decorator(post_only(OF_CASE, keeps=("pk",)))
    @gives_back(of_form(CaseNoteForm))
    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        case = self.load_case(request, pk)
        form = case_note_form(case, request.user, request.POST)
        if not form.is_valid():
            return self.show(request, case, note_form=form)
        says_mistake = form.cleaned_data.get("says_mistake", False)
        try:
            notes.add_to_case(
                case=case, text=form.cleaned_data["note_text"], says_mistake=says_mistake, by=signed_in(request)
            )
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self.show(request, case, note_form=form)
        messages.success(request, SAVED)
        return HttpResponseRedirect(reverse(OF_CASE, args=[case.pk]))
