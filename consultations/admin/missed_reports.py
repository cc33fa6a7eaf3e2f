"""The software missed this: the form that every record leads to, and the list that doctors and managers answer."""

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core.encryption import Erased, new_token
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, of_form
from clinic.staff.signed_in import signed_in
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin, page_title, rows_on
from consultations.enums import MissedKind, ReportedRecord
from consultations.forms.missed import MissedAnswerForm, MissedForm
from consultations.models import MissedReport
from consultations.permissions import actors_of
from consultations.presenters.isolation import load, readable
from consultations.presenters.missed import query, report_page, row_of
from consultations.services import missed, readings

PAGE_SIZE: Final = 50
PAGE_OF_ONE: Final = "admin:consultations_missedreport_change"


@admin.register(MissedReport)
class MissedReportAdmin(PurposeBuiltAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_missedreport"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("about/<slug:record>/<int:pk>/", wrap(self.about_view), name=f"{name}_about"),
            path("<int:pk>/change/", wrap(self.report_view), name=f"{name}_change"),
            path("<int:pk>/seen/", wrap(self.seen_view), name=f"{name}_seen"),
            path("<int:pk>/answer/", wrap(self.answer_view), name=f"{name}_answer"),
        ]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        shows_answered = request.GET.get("answered") == "1"
        rows = query().visible_to(request.user).filter(answered_at__isnull=not shows_answered).defer("text", "answer")
        page = Paginator(rows.order_by("-reported_at", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
        reports = readable(rows_on(page), opens=False)
        requests = [item.consultation_request_id for item in reports if getattr(item, "consultation_request_id", None)]
        patients = [item.patient_id for item in reports if getattr(item, "patient_id", None)]
        readings.log(by=request.user, action="missed.list", requests=requests, patients=patients)
        context = {
            "title": _("What the software missed"),
            "lines": [row_of(item) for item in reports],
            "page": page,
            "shows_answered": shows_answered,
            "page_query": "answered=1" if shows_answered else "",
        }
        return self.page(request, "admin/consultations/missed_reports.html", context)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(of_form(MissedForm))
    def about_view(self, request: HttpRequest, record: str, pk: int) -> HttpResponse:
        """The form, filled in on the page of a record; whoever may read the record may say that it misses something."""
        if not actors_of(request.user) & set(missed.MAY_REPORT):
            raise PermissionDenied
        subject = self._subject(record, pk)
        if request.method != "POST":
            return self._show_form(request, subject, MissedForm(initial={"once": new_token()}))
        form = MissedForm(request.POST)
        if not form.is_valid():
            return self._show_form(request, subject, form)
        said = form.cleaned_data
        try:
            missed.report(
                subject=subject,
                kind=MissedKind(said["kind"]),
                text=said["text"],
                key=said["once"],
                by=signed_in(request),
            )
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._show_form(request, subject, form)
        messages.success(request, _("Reported. It stands on this record, and doctors and managers read it."))
        return HttpResponseRedirect(subject.path)

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def report_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        return self._show(request, self._load(request, pk), MissedAnswerForm())

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    def seen_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        row = self._load(request, pk)
        try:
            missed.see(row=row, by=signed_in(request))
            messages.success(request, _("Marked as seen. Answer it below once you know what became of it."))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse(PAGE_OF_ONE, args=[row.pk]))

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    @gives_back(of_form(MissedAnswerForm))
    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        row, form = self._load(request, pk), MissedAnswerForm(request.POST)
        if not form.is_valid():
            return self._show(request, row, form)
        try:
            missed.answer(row=row, text=form.cleaned_data["answer"], by=signed_in(request))
        except (TransitionNotAllowed, missed.AlreadyAnswered) as refusal:
            messages.error(request, str(refusal))
            return self._show(request, self._load(request, pk), form)
        messages.success(request, _("The answer is saved. It stands on the record."))
        return HttpResponseRedirect(reverse(PAGE_OF_ONE, args=[row.pk]))

    @staticmethod
    def _subject(record: str, pk: int) -> missed.ReportSubject:
        if record not in ReportedRecord.values or pk > OUT_OF_RANGE:
            raise Http404
        subject = missed.subject_of(ReportedRecord(record), pk)
        if subject is None:
            raise Http404
        if subject.is_erased:
            raise Erased(subject.reference)
        return subject

    def _load(self, request: HttpRequest, pk: int) -> MissedReport:
        rows = query().visible_to(request.user).filter(pk=min(pk, OUT_OF_RANGE))
        row: MissedReport | None = load(rows, opens=False)
        if row is None:
            raise Http404
        self.require_not_erased(row.patient)
        return row

    def _show_form(self, request: HttpRequest, subject: missed.ReportSubject, form: MissedForm) -> HttpResponse:
        patients = [subject.patient.pk] if subject.patient is not None else []
        readings.log(by=request.user, action="missed.form", page=subject.record.value, patients=patients)
        title = page_title(_("The software missed this"), has_errors=bool(form.errors))
        context = {"title": title, "subject": subject, "form": form}
        return self.page(request, "admin/consultations/missed_form.html", context)

    def _show(self, request: HttpRequest, row: MissedReport, form: MissedAnswerForm) -> HttpResponse:
        context = report_page(row, viewer=signed_in(request))
        patients = [row.patient_id] if row.patient_id else []
        readings.log(by=request.user, action="missed.view", target=row, patients=patients)
        report = _("Report %(number)d: %(reference)s") % {"number": row.pk, "reference": row.reference}
        title = page_title(report, has_errors=bool(form.errors))
        return self.page(
            request, "admin/consultations/missed_report.html", {**context, "title": title, "answer_form": form}
        )
