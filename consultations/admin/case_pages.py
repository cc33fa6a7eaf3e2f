"""The page of one safety case, and what is done from it: close with a proof, open again, note, write to the person."""

import datetime
from typing import Any, Final

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import Unsent, gives_back, in_form, of_form
from clinic.staff.signed_in import signed_in
from consultations.admin.notes import CaseNotePages, case_note_form, case_notes
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin, page_title
from consultations.enums import CaseOutcome, CaseStatus
from consultations.forms.cases import CloseCaseForm, ReopenCaseForm, claim_of
from consultations.forms.notes import NoteForm
from consultations.models import SafetyCase
from consultations.presenters.case_closing import close_forms, confirmation
from consultations.presenters.case_page import case_page
from consultations.presenters.cases import case_query
from consultations.presenters.formatting import name_of
from consultations.presenters.isolation import load
from consultations.services import case_closing, case_mails, case_proofs, cases, readings

PAGE_OF_ONE: Final = "admin:consultations_safetycase_change"
CLOSE_PAGE: Final = "admin:consultations_safetycase_close"
CLOSE_SALT: Final = "consultations.case-closing"
CLOSE_AGE: Final = 2 * 60 * 60
FIELDS: Final = ("outcome", "seen", "proof", "letter_from", "letter_on", "words")
ALREADY: Final = gettext_lazy("%(name)s has closed this case already. Nothing was changed.")
NOT_CHOSEN: Final = gettext_lazy("Choose an outcome.")
MAILED: Final = {
    True: gettext_lazy("The email is on its way. It says nothing about health."),
    False: gettext_lazy("The person was written to today already. Nothing was sent."),
}


def case_of(request: HttpRequest, pk: int) -> SafetyCase:
    if pk > OUT_OF_RANGE:
        raise Http404
    case: SafetyCase | None = load(with_keys(case_query(signed_in(request)).filter(pk=pk)))
    if case is None:
        raise Http404
    PurposeBuiltAdmin.require_not_erased(case.patient)
    return case


def instant_of(text: str) -> datetime.datetime | None:
    """What a page of ours put into its form, an instant in UTC. None for anything else."""
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.utcoffset() == datetime.timedelta(0) else None


def _unsent_closing(request: HttpRequest) -> list[Unsent]:
    """The button of the confirmation carries what was typed before it, under our signature."""
    signed = _signed(request, max_age=None)
    return in_form(signed["data"], CloseCaseForm) if signed else []


def _signed(request: HttpRequest, *, max_age: int | None) -> dict[str, Any] | None:
    try:
        signed: dict[str, Any] = signing.loads(request.POST.get("closing", ""), salt=CLOSE_SALT, max_age=max_age)
    except signing.BadSignature:
        return None
    return signed


class CaseClosingPages(CaseNotePages):
    """Reached from the page of a case, from Today and from the list."""

    def closing_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_safetycase"
        return [
            path("<int:pk>/close/", wrap(self.close_view), name=f"{name}_close"),
            path("<int:pk>/close/confirm/", wrap(self.confirm_close_view), name=f"{name}_confirm_close"),
            path("<int:pk>/reopen/", wrap(self.reopen_view), name=f"{name}_reopen"),
            path("<int:pk>/mail/", wrap(self.mail_view), name=f"{name}_mail"),
        ]

    def show(
        self,
        request: HttpRequest,
        case: SafetyCase,
        *,
        note_form: NoteForm | None = None,
        reopen_form: ReopenCaseForm | None = None,
        unsent: list[Unsent] | None = None,
    ) -> HttpResponse:
        """The page as it stands now, with what was typed in one of its boxes."""
        context = case_page(case, viewer=signed_in(request), now=clock.now())
        sent = context["consultation_request"]
        requests = [sent.pk] if sent is not None else []
        also = [line["pk"] for line in context["duplicates"]]
        shown = [case.patient_id, *context["beside"].patients]
        readings.log(by=request.user, action="case.view", target=case, patients=shown, requests=requests, cases=also)
        reopening = reopen_form or ReopenCaseForm(auto_id="reopen-%s")
        noting = note_form or case_note_form(case, request.user)
        title = page_title(context["title"], has_errors=bool(reopening.errors or noting.errors))
        more = {"title": title, "reopen_form": reopening, "unsent": unsent or [], **case_notes(case, noting)}
        return self.page(request, "admin/consultations/safety_case.html", {**context, **more})

    def load_case(self, request: HttpRequest, pk: int) -> SafetyCase:
        return case_of(request, pk)

    # --- Closing ----------------------------------------------------------------------------------------------------

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(of_form(CloseCaseForm))
    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every outcome with what it may rest on now; then what is about to be done, before it is."""
        self.require_view(request)
        case = case_of(request, pk)
        if request.method != "POST":
            return self._closing_page(request, case)
        if case.status == CaseStatus.CLOSED:
            return self._refused(request, case, request.POST.dict(), ALREADY % {"name": name_of(case.closed_by)})
        form = self._bound(request, case, request.POST.dict())
        if form is None:
            messages.error(request, NOT_CHOSEN)
            return self._closing_page(request, case)
        if "edit" in request.POST or not form.is_valid():
            return self._closing_page(request, case, form)
        return self._confirm_page(request, case, form)

    @method_decorator(post_only(CLOSE_PAGE, keeps=("pk",)))
    @gives_back(_unsent_closing)
    def confirm_close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do exactly what the page before showed: its signed text is the only thing read here."""
        self.require_view(request)
        case = case_of(request, pk)
        signed = _signed(request, max_age=CLOSE_AGE)
        if signed is None or signed["case"] != case.pk or signed["by"] != request.user.pk:
            data = (_signed(request, max_age=None) or {}).get("data", {})
            return self._refused(request, case, data, _("That page has expired, or belongs to another case."))
        form = self._bound(request, case, signed["data"])
        if form is None or not form.is_valid():
            return self._refused(request, case, signed["data"], _("What you chose does not stand any more."))
        try:
            case_closing.close(
                case=case, claim=claim_of(form.cleaned_data), by=signed_in(request), seen=signed["data"]["seen"]
            )
        except (TransitionNotAllowed, cases.CaseClosed) as refusal:
            return self._refused(request, case, signed["data"], str(refusal))
        messages.success(request, _("The case is closed: %(outcome)s.") % {"outcome": form.outcome_label})
        return HttpResponseRedirect(reverse(PAGE_OF_ONE, args=[case.pk]))

    def _refused(self, request: HttpRequest, case: SafetyCase, data: dict[str, str], why: str) -> HttpResponse:
        """Nothing was closed: say why, and keep what was typed where it can be sent again, or at least copied."""
        messages.error(request, why)
        fresh = case_of(request, case.pk)
        if fresh.status == CaseStatus.CLOSED:
            return self.show(request, fresh, unsent=in_form(data, CloseCaseForm))
        return self._closing_page(request, fresh, self._bound(request, fresh, {**data, "seen": ""}))

    @staticmethod
    def _bound(request: HttpRequest, case: SafetyCase, data: dict[str, Any]) -> CloseCaseForm | None:
        """None for an outcome that nobody knows."""
        if data.get("outcome") not in CaseOutcome.values:
            return None
        evidence = case_proofs.evidence_of(case)
        return CloseCaseForm(
            data, outcome=CaseOutcome(data["outcome"]), case=case, evidence=evidence, by=signed_in(request)
        )

    def _closing_page(self, request: HttpRequest, case: SafetyCase, given: CloseCaseForm | None = None) -> HttpResponse:
        if case.status == CaseStatus.CLOSED:
            return HttpResponseRedirect(reverse(PAGE_OF_ONE, args=[case.pk]))
        seen, evidence = case_closing.state_of(case), case_proofs.evidence_of(case)
        if given is not None and not given.data.get("seen"):
            given.data = {**given.data, "seen": seen}
        context = self._case_context(request, case, cases=[other.pk for other in evidence.others])
        is_wrong = given is not None and "edit" not in request.POST and bool(given.errors)
        title = _("Close safety case: %(who)s") % {"who": context["line"].who}
        context |= {
            "title": page_title(title, has_errors=is_wrong),
            "forms": close_forms(case, evidence, by=signed_in(request), seen=seen, given=given),
            "given": given,
            "shows_errors": is_wrong and given is not None and given.is_possible,
            "unsent": in_form(given.data, CloseCaseForm) if given is not None and not given.is_possible else [],
            "calls": evidence.calls,
        }
        return self.page(request, "admin/consultations/close_case.html", context)

    def _confirm_page(self, request: HttpRequest, case: SafetyCase, form: CloseCaseForm) -> HttpResponse:
        data = {name: form.data.get(name, "") for name in FIELDS}
        signed = {"case": case.pk, "by": request.user.pk, "data": data}
        claim = claim_of(form.cleaned_data)
        context = self._case_context(
            request, case, cases=[claim.named] if claim.outcome == CaseOutcome.DUPLICATE else []
        )
        context |= {
            "title": _("Confirm: nothing is closed yet"),
            "closing": confirmation(case, claim, form),
            "data": data,
            "signed": signing.dumps(signed, salt=CLOSE_SALT, compress=True),
        }
        return self.page(request, "admin/consultations/confirm_close_case.html", context)

    @staticmethod
    def _case_context(request: HttpRequest, case: SafetyCase, *, cases: list[Any]) -> dict[str, Any]:
        """Whose case it is, as on its own page, and on record who saw it."""
        context = case_page(case, viewer=signed_in(request), now=clock.now())
        readings.log(by=request.user, action="case.view", target=case, patients=[case.patient_id], cases=cases)
        return context

    # --- Afterwards, and meanwhile ----------------------------------------------------------------------------------

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    @gives_back(of_form(ReopenCaseForm))
    def reopen_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        case = case_of(request, pk)
        form = ReopenCaseForm(request.POST, auto_id="reopen-%s")
        if not form.is_valid():
            return self.show(request, case, reopen_form=form)
        try:
            case_closing.reopen(case=case, reason=form.cleaned_data["reason"], by=signed_in(request))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self.show(request, case_of(request, pk), unsent=in_form(request.POST.dict(), ReopenCaseForm))
        messages.success(request, _("The case is open again. Its alarm has gone out."))
        return HttpResponseRedirect(reverse(PAGE_OF_ONE, args=[case.pk]))

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    def mail_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask the person by email to contact us."""
        self.require_view(request)
        case = case_of(request, pk)
        try:
            messages.success(request, MAILED[case_mails.ask_to_contact(case=case, by=signed_in(request))])
        except (TransitionNotAllowed, cases.CaseClosed) as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse(PAGE_OF_ONE, args=[case.pk]))
