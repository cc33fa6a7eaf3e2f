"""The audit trail and the reading log in one list, to read. Nothing here can be added, changed or removed."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from clinic.core import clock
from clinic.core.models import AuditEntry, PatientShown
from clinic.core.permissions import may
from clinic.core.text_lists import comma_list
from clinic.staff.area import audit_labels, names_of
from clinic.staff.base_admin import BaseChangeList, BaseModelAdmin
from consultations.admin.pages import OUT_OF_RANGE
from consultations.admin.searching import SearchedAdmin
from consultations.models import Patient
from consultations.presenters import seen
from consultations.presenters.activity import who_of
from consultations.presenters.seen_search import heading, patients_found, references_of
from consultations.services import readings

LONGEST_NUMBER: Final = 18
LINK: Final = '<a href="{}">{}</a>'
PAGES = {
    "consultations.consultationrequest": "admin:consultations_consultationrequest_change",
    "consultations.safetycase": "admin:consultations_safetycase_change",
}
ROWS_OF: Final = {
    "consultations.patient": "patients",
    "consultations.consultationrequest": "requests",
    "consultations.safetycase": "cases",
    "consultations.patienttext": "texts",
    "core.outboxmessage": "messages",
}
"""Kind of record -> as what its number is on the page, and whose it is."""


class ActionFilter(admin.SimpleListFilter):
    title = gettext_lazy("what happened")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(audit_labels().items(), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class TrailList(BaseChangeList):
    """What is searched for stands in the session, under a key in the address (`SearchedAdmin`)."""

    def get_filters_params(self, params: Any = None) -> Any:
        return {name: value for name, value in super().get_filters_params(params).items() if name != "search"}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[AuditEntry]:
        self.query = SearchedAdmin.search_term(request) or ""
        rows: QuerySet[AuditEntry] = super().get_queryset(request, exclude_parameters)
        return rows


@admin.register(AuditEntry)
class AuditEntryAdmin(SearchedAdmin, BaseModelAdmin):
    list_display = ("number", "when", "who", "what", "about")
    list_filter = (ActionFilter,)
    list_select_related = ("actor_user",)
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("actor", "action", "=target_id", "=request_id")
    ordering = ("-at", "-number")
    sortable_by = ()
    of_both = ("number", "when", "who", "what", "about", "action", "log_number")
    of_an_event = ("changed_fields", "details", "place_in_chain", "previous", "digest")
    of_a_reading = ("page", "rows_shown", "patients")
    readonly_fields = (*of_both, *of_an_event, *of_a_reading)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, "core.view_auditevent")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "core_auditentry"
        own = [
            path("search/", wrap(self.search_view), name=f"{name}_search"),
            path("patient/<int:pk>/", wrap(self.patient_view), name=f"{name}_patient"),
        ]
        return [*own, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TrailList]:
        return TrailList

    def get_fields(self, request: HttpRequest, obj: AuditEntry | None = None) -> tuple[str, ...]:
        return (*self.of_both, *(self.of_a_reading if obj and obj.reading_id else self.of_an_event))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AuditEntry | None:
        """By the number in the key, for which both tables have an index."""
        kind, number = object_id[:1], object_id[1:]
        if kind not in ("e", "r") or not number.isdecimal() or len(number) > LONGEST_NUMBER:
            return None
        asked = {"e": "event_id", "r": "reading_id"}[kind]
        rows = self.get_queryset(request).select_related("actor_user", "event__link", "reading")
        return rows.filter(**{asked: int(number)}).first()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if SEARCH_VAR in request.GET:
            return HttpResponseRedirect(self._list_url())
        term = self.search_term(request)
        may_see = term is not None and self.has_view_permission(request)
        found, more = patients_found(term) if may_see and term is not None else ([], False)
        own = {**self.search_context(term), "found": found, "found_more": more}
        response = super().changelist_view(request, {**(extra_context or {}), **own})
        listed = getattr(response, "context_data", None) or {}
        if "cl" in listed:
            self._log(request, "audit.list", listed["cl"].result_list, patients=[line["pk"] for line in found])
        return response

    @method_decorator(require_safe)
    def patient_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everybody who was shown any of the rows of this patient's person, on whatever page."""
        self.require_view(request)
        if pk > OUT_OF_RANGE:
            raise Http404
        patient = get_object_or_404(Patient, pk=pk)
        rows = list(Patient.objects.filter(person=patient.person_id).values_list("pk", flat=True))
        page = seen.for_staff(rows, before=seen.number_in(request.GET.get("before", "")))
        head = heading(patient, references_of([patient.person_id]).get(patient.person_id, []))
        readings.log(by=request.user, action="audit.patient", target=patient, patients=rows)
        context = {
            "title": _("Who has seen %(name)s") % {"name": head["name"]},
            **head,
            "page": page,
            "is_later": "before" in request.GET,
        }
        return self.page(request, "admin/consultations/who_has_seen.html", context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        response = super().changeform_view(request, object_id, form_url, extra_context)
        entry = (getattr(response, "context_data", None) or {}).get("original")
        if entry is not None:
            self._log(request, "audit.view", [entry])
        return response

    @staticmethod
    def _log(request: HttpRequest, action: str, entries: Iterable[AuditEntry], *, patients: Iterable[int] = ()) -> None:
        """Its lines name records by their numbers; one reading, opened, also the patients it showed."""
        rows: dict[str, Any] = defaultdict(set, patients=set(patients))
        for entry in entries:
            if entry.target_type in ROWS_OF and entry.target_id.isdecimal():
                rows[ROWS_OF[entry.target_type]].add(int(entry.target_id))
            if action == "audit.view" and entry.reading_id is not None:
                rows["patients"].update(_patients_in(entry))
        readings.log(by=request.user, action=action, **rows)

    @admin.display(description=gettext_lazy("Number"))
    def number(self, entry: AuditEntry) -> str:
        return _("Reading %(number)s") % {"number": entry.number} if entry.key.startswith("r") else str(entry.number)

    @admin.display(description=gettext_lazy("When"))
    def when(self, entry: AuditEntry) -> str:
        return _("%(moment)s (%(clock)s)") % {
            "moment": clock.moment(entry.at),
            "clock": clock.to_the_second(entry.at),
        }

    @admin.display(description=gettext_lazy("Who"))
    def who(self, entry: AuditEntry) -> str:
        return who_of(entry)

    @admin.display(description=gettext_lazy("What"))
    def what(self, entry: AuditEntry) -> str:
        return audit_labels().get(entry.action, entry.action)

    @admin.display(description=gettext_lazy("Log number"))
    def log_number(self, entry: AuditEntry) -> str:
        return entry.request_id or "–"

    @admin.display(description=gettext_lazy("About"))
    def about(self, entry: AuditEntry) -> str:
        if not entry.target_type:
            return "–"
        try:
            kind = names_of(apps.get_model(entry.target_type))[0]
        except (LookupError, ValueError):
            kind = entry.target_type
        label = _("%(kind)s %(number)s") % {"kind": capfirst(kind), "number": entry.target_id}
        try:
            return format_html(LINK, reverse(PAGES[entry.target_type], args=[entry.target_id]), label)
        except (KeyError, NoReverseMatch):
            return label

    @admin.display(description=gettext_lazy("Fields"))
    def changed_fields(self, entry: AuditEntry) -> Any:
        return getattr(entry.event, "fields", None)

    @admin.display(description=gettext_lazy("Details"))
    def details(self, entry: AuditEntry) -> Any:
        return getattr(entry.event, "details", None)

    @admin.display(description=gettext_lazy("Place in the chain"))
    def place_in_chain(self, entry: AuditEntry) -> str:
        return _link_words(entry, "position")

    @admin.display(description=gettext_lazy("Previous"))
    def previous(self, entry: AuditEntry) -> str:
        return _link_words(entry, "previous")

    @admin.display(description=gettext_lazy("Digest"))
    def digest(self, entry: AuditEntry) -> str:
        return _link_words(entry, "digest")

    @admin.display(description=gettext_lazy("Rows shown"))
    def rows_shown(self, entry: AuditEntry) -> Any:
        return getattr(entry.reading, "shown", None)

    @admin.display(description=gettext_lazy("Patients shown"))
    def patients(self, entry: AuditEntry) -> str:
        return comma_list(_patients_in(entry)) or _("None")


def _link_words(entry: AuditEntry, name: str) -> str:
    """What its link says; the worker adds one within seconds."""
    link = getattr(entry.event, "link", None)
    return str(getattr(link, name)) if link is not None else _("Not in the chain yet")


def _patients_in(entry: AuditEntry) -> list[int]:
    rows = PatientShown.objects.filter(reading=entry.reading_id).order_by("patient_id")
    return list(rows.values_list("patient_id", flat=True))
