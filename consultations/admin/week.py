"""The week of the diary: the grid, one free time of it, and keeping a time free."""

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core import clock
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, of_form
from clinic.staff.signed_in import signed_in
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin, page_title
from consultations.forms.diary import AbsenceForm, RoomClosureForm
from consultations.forms.week_filter import WeekFilterForm
from consultations.models import Absence, AppointmentType, Clinician, ConsultationRequest, RoomClosure
from consultations.presenters.isolation import load
from consultations.presenters.week import week_page
from consultations.presenters.week_time import time_page
from consultations.services import diary, readings, visit_needs

WEEK: Final = "admin:consultations_appointment_week"
BLOCKS: Final = {"absence": Absence, "closure": RoomClosure}


class WeekPages(PurposeBuiltAdmin):
    def week_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_appointment"
        return [
            path("week/", wrap(self.week_view), name=f"{name}_week"),
            path("week/time/", wrap(self.time_view), name=f"{name}_time"),
            path("week/block/", wrap(self.block_view), name=f"{name}_block"),
            path("week/unblock/", wrap(self.unblock_view), name=f"{name}_unblock"),
        ]

    @method_decorator(require_safe)
    def week_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view(request)
        form = WeekFilterForm(request.GET)
        consultation_request = self._asked_request(request)
        page = week_page(
            viewer=signed_in(request),
            form=form,
            consultation_request=consultation_request,
            asked=request.GET,
        )
        readings.log(by=request.user, action="request.list", page="week", requests=page["request_pks"])
        undo = self._block_named(request.GET.get("undo", ""))
        context = {"title": _("Week"), **page, "undo": request.GET.get("undo") if undo else "", "undo_words": undo}
        return self.page(request, "admin/consultations/week.html", context)

    @method_decorator(require_safe)
    def time_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view(request)
        consultation_request = self._asked_request(request)
        page = time_page(
            request.GET.get("slot", ""),
            kind=self._kind_of(request, consultation_request),
            viewer=signed_in(request),
            consultation_request=consultation_request,
        )
        if page is None:
            messages.error(request, _("That is no time of the diary. Choose one in the week."))
            return HttpResponseRedirect(reverse(WEEK))
        shown = {line["pk"] for line in page["lines"]}
        if consultation_request is not None:
            shown.add(consultation_request.pk)
        readings.log(by=request.user, action="request.list", page="time", requests=shown)
        return self.page(request, "admin/consultations/week_time.html", {"title": page["moment"], **page})

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(of_form(AbsenceForm))
    def block_view(self, request: HttpRequest) -> HttpResponse:
        """Keep a time of a doctor free, or a room out of use; GET has it filled in as the address says."""
        self.require_view(request)
        is_room = "room" in (request.POST or request.GET)
        form = self._block_form(request, is_room=is_room)
        if request.method != "POST" or not form.is_valid():
            return self._show_block(request, form, is_room=is_room)
        try:
            entry = diary.save(entry=form.instance, by=signed_in(request), fields=form.changed_data)
        except TransitionNotAllowed as refusal:
            form.add_error(None, str(refusal))
            return self._show_block(request, form, is_room=is_room)
        on = clock.local(form.instance.starts_at).date()
        by = "&by=room" if is_room else ""
        undo = f"{'closure' if is_room else 'absence'}-{entry.pk}"
        return HttpResponseRedirect(f"{reverse(WEEK)}?on={on}{by}&undo={undo}")

    @method_decorator(post_only(WEEK))
    def unblock_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view(request)
        by = "?by=room" if request.POST.get("block", "").startswith("closure") else ""
        entry = self._block(request.POST.get("block", ""))
        if entry is None:
            messages.info(request, _("That time is kept free no more: it was taken back already."))
            return HttpResponseRedirect(reverse(WEEK) + by)
        joint = "&" if by else "?"
        where = f"{reverse(WEEK)}{by}{joint}on={clock.local(entry.starts_at).date()}"
        try:
            diary.remove(entry=entry, by=signed_in(request))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Taken back: the time can be booked again."))
        return HttpResponseRedirect(where)

    def _asked_request(self, request: HttpRequest) -> ConsultationRequest | None:
        """The request that the address names, for which a time is looked for; None for one that can have none."""
        asked = request.GET.get("request", "")
        if not asked.isdecimal() or len(asked) > 18:
            return None
        rows = ConsultationRequest.objects.visible_to(request.user).select_related("patient", "appointment_type")
        found: ConsultationRequest | None = load(rows.filter(pk=min(int(asked), OUT_OF_RANGE)))
        if found is None or found.appointment_type is None or found.is_closed:
            return None
        self.require_not_erased(found.patient)
        return found

    @staticmethod
    def _kind_of(request: HttpRequest, consultation_request: ConsultationRequest | None) -> AppointmentType | None:
        if consultation_request is not None:
            return visit_needs.visit_type_of(consultation_request)
        form = WeekFilterForm(request.GET)
        return form.filter().kind or AppointmentType.objects.filter(is_active=True).order_by("name").first()

    @staticmethod
    def _block_form(request: HttpRequest, *, is_room: bool) -> Any:
        user, data = signed_in(request), request.POST if request.method == "POST" else None
        if is_room:
            if not diary.may_keep_all(user):
                raise PermissionDenied
            return RoomClosureForm(data, initial=request.GET.dict(), auto_id="block-%s")
        kept = Clinician.objects.all() if diary.may_keep_all(user) else Clinician.objects.filter(user=user)
        if not any(diary.may_keep_times_of(item, user) for item in kept[:1]):
            raise PermissionDenied
        form = AbsenceForm(data, initial=request.GET.dict(), auto_id="block-%s")
        clinician: Any = form.fields["clinician"]
        clinician.queryset = kept.order_by("display_name", "pk")
        return form

    def _show_block(self, request: HttpRequest, form: Any, *, is_room: bool) -> HttpResponse:
        if visits := getattr(form, "stranded", ()):
            readings.log(by=request.user, action="diary.hanging", requests={v.consultation_request_id for v in visits})
        title = _("Take a room out of use") if is_room else _("Keep a time free")
        context = {"title": page_title(title, has_errors=bool(form.errors)), "heading": title, "form": form}
        return self.page(request, "admin/consultations/week_block.html", context)

    @staticmethod
    def _block(name: str) -> "Absence | RoomClosure | None":
        kind, _dash, key = name.partition("-")
        if kind not in BLOCKS or not key.isdecimal() or len(key) > 18:
            return None
        model: Any = BLOCKS[kind]
        who = "clinician" if kind == "absence" else "room__location"
        entry: Absence | RoomClosure | None = model.objects.select_related(who).filter(pk=int(key)).first()
        return entry

    @classmethod
    def _block_named(cls, name: str) -> str:
        """What was kept free a moment ago, in words, beside the button that takes it back."""
        entry = cls._block(name)
        if entry is None:
            return ""
        span = clock.time_span(entry.starts_at, entry.ends_at)
        if clock.local(entry.starts_at).date() != clock.local(entry.ends_at).date():
            span = _("%(first)s to %(last)s") % {
                "first": clock.moment(entry.starts_at), "last": clock.moment(entry.ends_at)
            }  # fmt: skip
        who = str(entry.room if isinstance(entry, RoomClosure) else entry.clinician)
        return _("%(who)s, %(time)s") % {"who": who, "time": span}
