"""The page of the person behind a request: other requests, possible matches, joining and taking apart."""

from typing import Final

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import Unsent, gives_back, in_form, of_form
from clinic.staff.signed_in import signed_in
from consultations.admin.notes import SAVED, note_form, person_notes
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin, page_title
from consultations.forms.notes import NoteForm
from consultations.forms.persons import JoinForm, SeparateForm
from consultations.models import ConsultationRequest, Patient, PersonJoin
from consultations.presenters.isolation import load
from consultations.presenters.persons import person_view, preview_of
from consultations.presenters.request_page import banner
from consultations.services import notes, persons, readings

PAGE: Final = "admin:consultations_consultationrequest_person"
JOIN_SALT: Final = "consultations.join-preview"
JOIN_AGE: Final = 2 * 60 * 60


def _unsent_join(request: HttpRequest) -> list[Unsent]:
    """The button of the preview carries what was typed before it, under our signature."""
    try:
        signed = signing.loads(request.POST.get("join", ""), salt=JOIN_SALT)
    except signing.BadSignature:
        return []
    return in_form(signed["data"], JoinForm)


class PersonPages(PurposeBuiltAdmin):
    """Reached from the page of a request. Nothing of it is shown to patients."""

    def person_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_consultationrequest_person"
        return [
            path("<int:pk>/person/", wrap(self.person_view), name=name),
            path("<int:pk>/person/join/", wrap(self.join_view), name=f"{name}_join"),
            path("<int:pk>/person/confirm/", wrap(self.confirm_join_view), name=f"{name}_confirm"),
            path("<int:pk>/person/separate/", wrap(self.separate_view), name=f"{name}_separate"),
            path("<int:pk>/person/note/", wrap(self.person_note_view), name=f"{name}_note"),
        ]

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def person_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        return self._person(request, _request(request, pk))

    @method_decorator(post_only(PAGE, keeps=("pk",)))
    @gives_back(of_form(JoinForm))
    def join_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Name both before anything is done; or the form again, with what was typed."""
        self.require_view(request)
        consultation_request = _request(request, pk)
        if "edit" in request.POST:
            typed = {name: request.POST.get(name, "") for name in ("other", "reason")}
            return self._person(
                request, consultation_request, join=JoinForm(initial=typed, patient=consultation_request.patient)
            )
        form = JoinForm(request.POST, patient=consultation_request.patient)
        if not form.is_valid():
            return self._person(request, consultation_request, join=form)
        return self._preview_join(request, consultation_request, form)

    @method_decorator(post_only(PAGE, keeps=("pk",)))
    @gives_back(_unsent_join)
    def confirm_join_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do what the preview showed, if the same requests still stand on both sides."""
        self.require_view(request)
        consultation_request = _request(request, pk)
        try:
            signed = signing.loads(request.POST.get("join", ""), salt=JOIN_SALT, max_age=JOIN_AGE)
        except signing.BadSignature:
            messages.error(request, _("That preview has expired. Nothing was joined. Enter the reference again."))
            return self._to_person(consultation_request)
        if signed["request"] != consultation_request.pk or signed["by"] != request.user.pk:
            messages.error(request, _("That preview belongs to another page. Nothing was joined."))
            return self._to_person(consultation_request)
        try:
            is_joined = persons.join(
                patient=consultation_request.patient,
                other=get_object_or_404(Patient.objects.only("pk"), pk=signed["other"]),
                reason=signed["data"]["reason"],
                by=signed_in(request),
                seen=signed["seen"],
            )
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            form = JoinForm(initial=signed["data"], patient=consultation_request.patient)
            if isinstance(refusal, persons.VisitsOverlap):
                form.named = refusal.patients
            return self._person(request, _request(request, pk), join=form)
        done = (
            _("The requests are joined.") if is_joined else _("These requests are joined already. Nothing was changed.")
        )
        messages.success(request, done)
        return self._to_person(consultation_request)

    @method_decorator(post_only(PAGE, keeps=("pk",)))
    @gives_back(of_form(SeparateForm))
    def separate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        consultation_request = _request(request, pk)
        choices = person_view(consultation_request.patient).choices
        if not choices:
            messages.error(request, _("This request stands alone by now. Nothing was changed."))
            return self._person(request, consultation_request, unsent=request.POST.get("reason", ""))
        form = SeparateForm(request.POST, choices=choices)
        if not form.is_valid():
            return self._person(request, consultation_request, separate=form)
        try:
            is_done = self._separate(request, form)
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            typed = {name: request.POST.get(name, "") for name in ("what", "reason")}
            return self._person(request, _request(request, pk), typed=typed)
        done = _("Taken apart.") if is_done else _("That was taken apart already. Nothing was changed.")
        messages.success(request, done)
        return self._to_person(consultation_request)

    @method_decorator(post_only(PAGE, keeps=("pk",)))
    @gives_back(of_form(NoteForm))
    def person_note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        consultation_request, form = _request(request, pk), note_form(request.POST)
        if not form.is_valid():
            return self._person(request, consultation_request, note=form)
        try:
            notes.add_to_person(
                patient=consultation_request.patient, text=form.cleaned_data["note_text"], by=signed_in(request)
            )
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._person(request, consultation_request, note=form)
        messages.success(request, SAVED)
        return self._to_person(consultation_request)

    @staticmethod
    def _separate(request: HttpRequest, form: SeparateForm) -> bool:
        kind, _dash, key = form.cleaned_data["what"].partition("-")
        said = {"reason": form.cleaned_data["reason"], "by": request.user, "seen": form.seen_keys}
        if kind == "row":
            return persons.separate(patient=Patient(pk=int(key)), **said)
        return persons.undo(join=PersonJoin.objects.defer("reason", "ended_reason").get(pk=int(key)), **said)

    def _person(
        self,
        request: HttpRequest,
        consultation_request: ConsultationRequest,
        *,
        join: JoinForm | None = None,
        separate: SeparateForm | None = None,
        typed: dict[str, str] | None = None,
        unsent: str = "",
        note: NoteForm | None = None,
    ) -> HttpResponse:
        """The page as it stands now, with what was typed, and on record whom it showed."""
        person = person_view(consultation_request.patient)
        join_form = join or JoinForm(patient=consultation_request.patient)
        shown = {*person.shown, *join_form.named}
        readings.log(by=request.user, action="person.view", target=consultation_request.patient, patients=shown)
        seen = ",".join(map(str, person.keys))
        forms = {
            "join_form": join_form,
            "separate_form": separate or SeparateForm(initial={**(typed or {}), "seen": seen}, choices=person.choices),
        }
        notes_shown = person_notes(consultation_request.pk, consultation_request.patient, note)
        has_errors = any(form.errors for form in (*forms.values(), notes_shown["add_note_form"]))
        title = _("The person behind request %(reference)s")
        context = {
            "title": page_title(title % {"reference": consultation_request.reference}, has_errors=has_errors),
            "consultation_request": consultation_request,
            "banner": banner(consultation_request, viewer=signed_in(request), now=clock.now()),
            "person": person,
            "seen": seen,
            "unsent": unsent,
            "is_joining": join is not None,
            "is_separating": separate is not None or typed is not None,
            **forms,
            **notes_shown,
        }
        return self.page(request, "admin/consultations/person.html", context)

    def _preview_join(
        self, request: HttpRequest, consultation_request: ConsultationRequest, form: JoinForm
    ) -> HttpResponse:
        other = form.cleaned_data["other"]
        preview = preview_of(consultation_request.patient, other)
        readings.log(
            by=request.user, action="person.view", target=consultation_request.patient, patients=preview["seen"]
        )
        data = {"other": form.data["other"], "reason": form.cleaned_data["reason"]}
        signed = {
            "request": consultation_request.pk,
            "by": request.user.pk,
            "other": other.pk,
            "seen": preview["seen"],
            "data": data,
        }
        context = {
            "title": _("Preview: nothing is joined yet"),
            "consultation_request": consultation_request,
            "banner": banner(consultation_request, viewer=signed_in(request), now=clock.now()),
            "preview": preview,
            "reason": data["reason"],
            "data": data,
            "join": signing.dumps(signed, salt=JOIN_SALT, compress=True),
        }
        return self.page(request, "admin/consultations/person_preview.html", context)

    @staticmethod
    def _to_person(consultation_request: ConsultationRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse(PAGE, args=[consultation_request.pk]))


def _request(request: HttpRequest, pk: int) -> ConsultationRequest:
    if pk > OUT_OF_RANGE:
        raise Http404
    rows = ConsultationRequest.objects.visible_to(request.user)
    query = rows.select_related("patient", "claimed_by", "doctor")
    consultation_request: ConsultationRequest | None = load(query.filter(pk=pk))
    if consultation_request is None:
        raise Http404
    PurposeBuiltAdmin.require_not_erased(consultation_request.patient)
    return consultation_request
