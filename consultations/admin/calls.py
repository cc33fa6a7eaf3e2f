"""Calls: writing one down, asking the danger questions screen by screen, and opening a case for a caller."""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core.encrypted_rows import with_keys
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.text_lists import comma_list
from clinic.core.unsent import Unsent, gives_back, of_form
from clinic.staff.signed_in import signed_in
from consultations.admin import call_steps
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin, page_title
from consultations.candidacy import call_script, spoken
from consultations.candidacy.call_script import ScriptScreen
from consultations.enums import Actor, CallOutcome, Outcome
from consultations.forms.calls import CallerForm, CallForm, EndForm, ScriptForm, ToldForm, page_key
from consultations.forms.typed import typed_rows
from consultations.models import Call, QuestionnaireResponse
from consultations.permissions import actors_of
from consultations.presenters import call_pages
from consultations.presenters import calls as call_words
from consultations.presenters.call_pages import CallSubject
from consultations.presenters.isolation import load
from consultations.questionnaire.definition import QuestionnaireItem, versions, worded
from consultations.services import call_scripts, callers, calls, readings

NAME: Final = "consultations_consultationrequest"
NEW: Final = f"admin:{NAME}_call_new"
WHEN_NEEDED: Final = gettext_lazy(
    "Ask when this began, or choose “Not asked”. It decides whether this is an emergency now."
)
SAID_ONCE: Final = gettext_lazy("The call is recorded.")


def _unsent_answers(request: HttpRequest) -> list[Unsent]:
    """What was ticked on a screen of the script, in words. Of which version it is stands in the database alone."""
    questions: dict[str, QuestionnaireItem] = {}
    for version in versions():
        questions |= worded(version, settings.CLINIC_REGION).by_id
    unsent = []
    for name in request.POST:
        question = questions.get(name)
        chosen = [code for code in request.POST.getlist(name) if question is not None and code in question.codes]
        if question is not None and chosen:
            unsent.append(Unsent(question.text, comma_list(map(question.label_of, chosen)), is_choice=True))
    return unsent


class CallPages(PurposeBuiltAdmin):
    """Reached from the pages of a request and of a safety case: both show the same calls."""

    def call_urls(self) -> list[URLPattern]:
        wrap = self.guarded
        return [
            path("calls/caller/", wrap(self.caller_view), name=f"{NAME}_caller"),
            path("calls/new/<int:pk>/", wrap(self.new_call_view), name=f"{NAME}_call_new"),
            path("calls/new/<int:pk>/questions/", wrap(self.begin_call_view), name=f"{NAME}_call_begin"),
            path("calls/<int:pk>/ask/<slug:slug>/", wrap(self.ask_view), name=f"{NAME}_call_ask"),
            path("calls/<int:pk>/stop/", wrap(self.stop_view), name=f"{NAME}_call_stop"),
            path("calls/<int:pk>/end/", wrap(self.end_view), name=f"{NAME}_call_end"),
        ]

    # --- One call -----------------------------------------------------------------------------------------------------

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(of_form(CallForm))
    def new_call_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write down a call that asked no danger question."""
        self.require_view(request)
        subject = self._subject(request, pk)
        if request.method != "POST":
            return self._new_call(request, subject, CallForm())
        form = CallForm(request.POST)
        if not form.is_valid():
            return self._new_call(request, subject, form)
        data = form.cleaned_data
        try:
            call = calls.log(
                response=subject.response,
                outcome=data["outcome"],
                note=data["note"],
                danger=data["danger"],
                once=data["once"],
                by=signed_in(request),
            )
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._new_call(request, subject, CallForm({**request.POST.dict(), "once": page_key()}))
        said = call_pages.said_of(Outcome(call.assessment.outcome)) if call.assessment else SAID_ONCE
        messages.success(request, said)
        return HttpResponseRedirect(subject.url)

    @method_decorator(post_only(NEW, keeps=("pk",)))
    def begin_call_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open the danger questions, or go on with those that were left open."""
        self.require_view(request)
        subject = self._subject(request, pk)
        try:
            call = calls.begin(response=subject.response, by=signed_in(request), once=request.POST.get("once", ""))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(subject.url)
        return HttpResponseRedirect(call_steps.going_on(call) if calls.is_open(call) else subject.url)

    # --- The danger questions -----------------------------------------------------------------------------------------

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(_unsent_answers)
    def ask_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """One screen. It is saved whatever is wrong with it, so that no danger waits for a tick to be put right."""
        self.require_view(request)
        call, subject = self._call(request, pk)
        step = next((call_step for call_step in call_steps.steps_of(call) if call_step.slug == slug), None)
        if step is None:
            raise Http404
        form = call_steps.form_of(call, step, request.POST if request.method == "POST" else None)
        if not form.is_bound:
            return self._ask(request, call, subject, step, form)
        try:
            saved = call_scripts.save(call=call, answers=form.kept_answers(), by=signed_in(request))
        except TransitionNotAllowed as refusal:
            return self._over(request, call, subject, str(refusal), form)
        if call_steps.lacks_its_onset(form, step, saved.call):
            form.add_error(call_steps.follow_up(step, saved.call), WHEN_NEEDED)
        if form.errors and not (call_steps.stands_still(saved.call, by=request.user)):
            return self._ask(request, saved.call, subject, step, form)
        return HttpResponseRedirect(call_steps.after(call, saved.call, step, by=request.user))

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What to say to somebody whose answers are an emergency."""
        self.require_view(request)
        call, subject = self._call(request, pk)
        if not calls.is_open(call) or not call_steps.is_emergency(call):
            return HttpResponseRedirect(call_steps.going_on(call) if calls.is_open(call) else subject.url)
        assessment = call_script.assessed(call.answers, version=call_steps.version_of(call))
        context = {
            "title": _("Emergency: what to say now"),
            "to_say": spoken.what_to_say(assessment, region=settings.CLINIC_REGION),
            "heard": [item for item in call_words.heard_in(call, subject.response) if item.is_danger],
            "steps": call_steps.step_links(call, by=request.user),
            "going_on": call_steps.next_url(call) if Actor.DOCTOR in actors_of(request.user) else "",
            "end_url": reverse(call_steps.END, args=[call.pk]),
        }
        return self._show_call(request, "call_stop", call, subject, context)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(of_form(EndForm))
    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The end of a call: what was heard, what was not asked, and a note."""
        self.require_view(request)
        call, subject = self._call(request, pk)
        asks_outcome = not call.answers
        if request.method != "POST":
            if not calls.is_open(call) or call.made_by_id != request.user.pk:
                return HttpResponseRedirect(subject.url)
            return self._end(request, call, subject, EndForm(asks_outcome=asks_outcome, initial={"note": call.note}))
        form = EndForm(request.POST, asks_outcome=asks_outcome)
        if call.made_by_id != request.user.pk:
            return self._over(request, call, subject, call_pages.not_open_words(call, viewer=signed_in(request)), form)
        if not form.is_valid():
            return self._end(request, call, subject, form)
        try:
            self._finish(request, call, form)
        except TransitionNotAllowed as refusal:
            return self._over(request, call, subject, str(refusal), form)
        return HttpResponseRedirect(subject.url)

    @staticmethod
    def _finish(request: HttpRequest, call: Call, form: EndForm) -> None:
        note = form.cleaned_data["note"]
        if outcome := form.cleaned_data.get("outcome"):
            call_scripts.end_unasked(call=call, outcome=CallOutcome(outcome), note=note, by=signed_in(request))
            messages.success(request, SAID_ONCE)
            return
        ended = call_scripts.finish(call=call, note=note, by=signed_in(request)).call
        level = call_script.level_of(ended.answers, version=call_steps.version_of(ended))
        messages.success(request, call_pages.said_of(level))

    # --- A caller -----------------------------------------------------------------------------------------------------

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(of_form(CallerForm))
    def caller_view(self, request: HttpRequest) -> HttpResponse:
        """Open a case for somebody without a request. Who may be the same person is shown once before."""
        self.require_view(request)
        if request.method != "POST":
            return self._caller(request, CallerForm(), [])
        form = CallerForm(request.POST)
        if not form.is_valid():
            return self._caller(request, form, [])
        data, asks = form.cleaned_data, request.POST.get("next") != "open"
        if not data["checked"] and (matches := call_pages.alike(data["name"], data["phone"])):
            return self._caller(request, CallerForm({**request.POST.dict(), "checked": "on"}), matches)
        try:
            opened = callers.open_case(
                name=data["name"],
                phone=data["phone"],
                said=data["said"],
                level=data["level"],
                asks=asks,
                by=signed_in(request),
                once=data["once"],
            )
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._caller(request, CallerForm({**request.POST.dict(), "once": page_key()}), [])
        if calls.is_open(opened.call):
            return HttpResponseRedirect(call_steps.going_on(opened.call))
        messages.success(request, call_pages.opened_words(data["level"]))
        return HttpResponseRedirect(reverse("admin:consultations_safetycase_change", args=[opened.case.pk]))

    # --- Pages --------------------------------------------------------------------------------------------------------

    def _subject(self, request: HttpRequest, response_pk: int) -> CallSubject:
        """Whom a call is about. Raises Http404, Erased."""
        if response_pk > OUT_OF_RANGE:
            raise Http404
        response: QuestionnaireResponse | None = load(
            QuestionnaireResponse.objects.filter(pk=response_pk).defer(*call_pages.UNOPENED), opens=False
        )
        subject = call_pages.subject_of(response, viewer=signed_in(request)) if response is not None else None
        if subject is None:
            raise Http404
        self.require_not_erased(subject.patient)
        return subject

    def _call(self, request: HttpRequest, pk: int) -> tuple[Call, CallSubject]:
        if pk > OUT_OF_RANGE:
            raise Http404
        rows = with_keys(Call.objects.filter(pk=pk).select_related("made_by", "assessment"))
        call: Call | None = load(rows)
        if call is None or call.outcome != CallOutcome.DANGER_ASKED:
            raise Http404
        subject = self._subject(request, call.response_id)
        call.response = subject.response
        return call, subject

    def _new_call(self, request: HttpRequest, subject: CallSubject, form: CallForm) -> HttpResponse:
        context = {"title": _("Write down a call"), "form": form, "once": page_key()}
        return self._call_page(request, "call_new", subject, context, has_errors=bool(form.errors))

    def _ask(
        self, request: HttpRequest, call: Call, subject: CallSubject, step: ScriptScreen, form: ScriptForm | ToldForm
    ) -> HttpResponse:
        if call.made_by_id != request.user.pk or not calls.is_open(call):
            messages.error(request, call_pages.not_open_words(call, viewer=signed_in(request)))
            return HttpResponseRedirect(subject.url)
        if call_steps.stands_still(call, by=request.user) and not call_steps.is_answered(call, step):
            return HttpResponseRedirect(reverse(call_steps.STOP, args=[call.pk]))
        places = [call_step.slug for call_step in call_steps.steps_of(call)]
        context = {
            "title": step.title,
            "form": form,
            "rows": call_pages.rows_of(form, call, step),
            "steps": call_steps.step_links(call, by=request.user, now=step.slug),
            "place": places.index(step.slug) + 1,
            "total": len(places),
            "end_url": reverse(call_steps.END, args=[call.pk]),
            "stop_url": reverse(call_steps.STOP, args=[call.pk]) if call_steps.is_emergency(call) else "",
        }
        return self._show_call(request, "call_ask", call, subject, context, has_errors=bool(form.errors))

    def _end(self, request: HttpRequest, call: Call, subject: CallSubject, form: EndForm) -> HttpResponse:
        level = call_script.level_of(call.answers, version=call_steps.version_of(call))
        context = {
            "title": _("End the call"),
            "form": form,
            "heard": call_words.heard_in(call, subject.response),
            "not_asked": call_pages.not_asked_words(call),
            "level": level,
            "advice": call_pages.advice_for(level),
            "going_on": "" if call_steps.stands_still(call, by=request.user) else call_steps.next_url(call),
        }
        return self._show_call(request, "call_end", call, subject, context, has_errors=bool(form.errors))

    def _over(self, request: HttpRequest, call: Call, subject: CallSubject, refusal: str, form: Any) -> HttpResponse:
        """The call cannot take it any more; what was chosen or typed is shown to be copied."""
        messages.error(request, refusal)
        return self._show_call(
            request, "call_over", call, subject, {"title": _("Not saved"), "typed": typed_rows(form)}
        )

    def _caller(self, request: HttpRequest, form: CallerForm, matches: list[CallSubject]) -> HttpResponse:
        if matches:
            patients = [item.patient.pk for item in matches]
            readings.log(by=request.user, action="call.caller", patients=patients)
        title = _("Open a case for a caller")
        whole = page_title(title, has_errors=bool(form.errors))
        context = {"title": whole, "heading": title, "form": form, "found": matches}
        return self.page(request, "admin/consultations/caller.html", context)

    def _show_call(
        self,
        request: HttpRequest,
        template: str,
        call: Call,
        subject: CallSubject,
        context: dict[str, Any],
        *,
        has_errors: bool = False,
    ) -> HttpResponse:
        return self._call_page(request, template, subject, {**context, "call": call}, has_errors=has_errors)

    def _call_page(
        self, request: HttpRequest, template: str, subject: CallSubject, context: dict[str, Any], *, has_errors: bool
    ) -> HttpResponse:
        target: Any = context.get("call") or subject.consultation_request or subject.case
        readings.log(by=request.user, action="call.view", target=target, patients=[subject.patient.pk])
        title = page_title(context["title"], has_errors=has_errors)
        calls_box = call_pages.box_of(subject, viewer=signed_in(request))
        whole = {**context, "heading": context["title"], "title": title, "subject": subject, "calls": calls_box}
        return self.page(request, f"admin/consultations/{template}.html", whole)
