"""Adding a note to a safety case or to a person. The pages that show them are those of the case and of the person."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator

from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, of_form
from consultations.admin.pages import PurposeBuiltAdmin
from consultations.forms.notes import NoteForm
from consultations.models import Patient, SafetyCase
from consultations.presenters.notes import notes_of_case, notes_of_person
from consultations.services import notes

OF_CASE: Final = "admin:consultations_safetycase_change"
OF_PERSON: Final = "admin:consultations_consultationrequest_person"
SAVED: Final = "The note is saved."


def note_form(data: Any = None) -> NoteForm:
    return NoteForm(data, auto_id="note-%s")


def case_notes(case: SafetyCase, form: NoteForm | None = None) -> dict[str, Any]:
    """What the page of a case shows of its notes."""
    url = reverse("admin:consultations_safetycase_note", args=[case.pk])
    return {"notes": notes_of_case(case), "add_note_form": form or note_form(), "note_url": url}


def person_notes(pk: int, patient: Patient, form: NoteForm | None = None) -> dict[str, Any]:
    """The same of the page of the person behind a request."""
    url = reverse("admin:consultations_consultationrequest_person_note", args=[pk])
    return {"notes": notes_of_person(patient), "add_note_form": form or note_form(), "note_url": url}


class CaseNotePages(PurposeBuiltAdmin):
    """`_case` loads the case for whoever looks, `_show_with_note` shows its page with a note that was not saved."""

    def note_urls(self) -> list[URLPattern]:
        return [path("<int:pk>/note/", self.guarded(self.note_view), name="consultations_safetycase_note")]

    def _case(self, request: HttpRequest, pk: int) -> SafetyCase:
        raise NotImplementedError

    def _show_with_note(self, request: HttpRequest, case: SafetyCase, form: NoteForm) -> HttpResponse:
        raise NotImplementedError

    @method_decorator(post_only(OF_CASE, keeps=("pk",)))
    @gives_back(of_form(NoteForm))
    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        case, form = self._case(request, pk), note_form(request.POST)
        if not form.is_valid():
            return self._show_with_note(request, case, form)
        try:
            notes.add_to_case(case=case, text=form.cleaned_data["note_text"], by=request.user)
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._show_with_note(request, case, form)
        messages.success(request, SAVED)
        return HttpResponseRedirect(reverse(OF_CASE, args=[case.pk]))
