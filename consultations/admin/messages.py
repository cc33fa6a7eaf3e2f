"""Messages: what was sent, what waits, what could not be delivered, and, for KEEP_SENT_DAYS, what each of them said."""

import re
from typing import Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from clinic.core import clock, outbox
from clinic.core.channels import Letter
from clinic.core.encryption import DamagedRecord
from clinic.core.models import OutboxMessage
from clinic.core.outbox import UNDELIVERED
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.staff.signed_in import signed_in
from consultations.admin.pages import OUT_OF_RANGE, rows_on
from consultations.admin.searching import SearchedAdmin
from consultations.presenters.activity import DAMAGED_STATE, message_state
from consultations.presenters.isolation import Unreadable, load, log_damage, opened, readable
from consultations.presenters.person_search import search_condition
from consultations.services import messaging, readings

PAGE_SIZE: Final = 50
STATES: Final = {
    "all": (gettext_lazy("All"), Q()),
    "parked": (gettext_lazy("Not delivered"), UNDELIVERED),
    "waiting": (gettext_lazy("Waiting"), Q(parked_at=None, sent_at=None)),
    "sent": (gettext_lazy("Sent"), Q(sent_at__isnull=False)),
}
TO_PATIENT: Final = {
    "patient": "subject__consultation_request__patient__",
    "reference": "subject__consultation_request__reference",
}


@admin.register(OutboxMessage)
class OutboxMessageAdmin(SearchedAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "core_outboxmessage"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("search/", wrap(self.search_view), name=f"{name}_search"),
            path("<int:pk>/change/", wrap(self.message_view), name=f"{name}_change"),
            path("<int:pk>/retry/", wrap(self.retry_view), name=f"{name}_retry"),
        ]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        state = request.GET.get("state", "all")
        state = state if state in STATES else "all"
        counts = OutboxMessage.objects.visible_to(request.user).aggregate(
            **{name: Count("pk", filter=q) for name, (_label, q) in STATES.items()}
        )
        term = self.search_term(request)
        condition = STATES[state][1] if term is None else search_condition(term, **TO_PATIENT)
        rows = self._query(request).filter(condition).order_by("-created_at", "-pk")
        page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        lines = [self._row(item) for item in readable(rows_on(page))]
        tab = "search" if term is not None else state
        readings.log(by=request.user, action="message.list", page=tab, messages=[line["pk"] for line in lines])
        context = {
            "title": _("Messages"),
            "tabs": [
                {
                    "label": label,
                    "query": f"?state={name}",
                    "count": counts[name],
                    "is_current": term is None and name == state,
                }
                for name, (label, _condition) in STATES.items()
            ],
            "rows": lines,
            "page": page,
            "is_undelivered": state == "parked",
            "is_waiting": state == "waiting",
            "page_query": self.page_query(request),
            **self.search_context(term),
            "kept_days": settings.KEEP_SENT_DAYS,
        }
        return self.page(request, "admin/consultations/messages.html", context)

    @method_decorator(require_safe)
    def message_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        message = self._load(request, pk)
        context = {"title": outbox.label_of(message), "row": self._row(message), "kept_days": settings.KEEP_SENT_DAYS}
        letter, context["is_damaged"] = opened(lambda: outbox.read(message), None, of=message)
        context["letter"], context["link"] = letter, self._link_of(letter) if settings.DEMO else ""
        readings.log(by=request.user, action="message.view", target=message, messages=[message.pk])
        return self.page(request, "admin/consultations/message.html", context)

    @method_decorator(post_only("admin:core_outboxmessage_change", keeps=("pk",)))
    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        message = self._load(request, pk)
        try:
            messaging.retry(message=message, by=signed_in(request))
            messages.success(request, _("The message will be tried again within a minute."))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        except DamagedRecord as damage:
            log_damage(message._meta.label_lower, message.pk, damage)
            messages.error(request, _("This message is damaged and cannot be sent. Call the patient."))
        return HttpResponseRedirect(f"{reverse('admin:core_outboxmessage_changelist')}?state=parked")

    @staticmethod
    def _query(request: HttpRequest) -> Any:
        rows = OutboxMessage.objects.visible_to(request.user).select_related("subject__consultation_request")
        return rows.defer("recipient", "payload", "content")

    def _load(self, request: HttpRequest, pk: int) -> OutboxMessage:
        message: OutboxMessage | None = load(self._query(request).filter(pk=pk)) if pk <= OUT_OF_RANGE else None
        if message is None:
            raise Http404
        return message

    @staticmethod
    def _row(message: OutboxMessage | Unreadable) -> dict[str, Any]:
        if isinstance(message, Unreadable):
            return {
                "pk": message.pk,
                "kind": _("Message %(number)d cannot be read") % {"number": message.pk},
                "is_parked": False,
                **DAMAGED_STATE,
            }
        subject = getattr(message, "subject", None)
        consultation_request = subject.consultation_request if subject else None
        return {
            "pk": message.pk,
            "kind": outbox.label_of(message),
            "created": clock.moment(message.created_at),
            "reference": consultation_request.reference if consultation_request else "",
            "request_url": reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
            if consultation_request
            else "",
            "url": reverse("admin:core_outboxmessage_change", args=[message.pk]),
            "retry_url": reverse("admin:core_outboxmessage_retry", args=[message.pk]),
            "is_parked": message.parked_at is not None and not message.is_stopped,
            "is_kept": message.composed_at is not None and message.content_deleted_at is None,
            "is_gone": message.content_deleted_at is not None,
            **message_state(message),
        }

    @staticmethod
    def _link_of(letter: Letter | None) -> str:
        """The one address of ours that a mail holds, which a demonstration follows."""
        match = re.search(rf"^{re.escape(settings.SITE_URL)}\S+$", letter.text, re.MULTILINE) if letter else None
        return match.group() if match else ""
