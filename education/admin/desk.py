"""The content desk: everything about the site's words that waits for somebody."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.permissions import may
from clinic.staff.signed_in import signed_in
from education import library, workflow
from education.admin.records import waits
from education.claims.content_checks import TRIAL_FRESH
from education.claims.publication_checks import grade_ends_on
from education.models import Feedback, Page, Reopening, SmallRecord
from education.services import loading

DAYS_AHEAD = 30


def desk_view(request: HttpRequest) -> HttpResponse:
    if not may(request.user, "education.view_page"):
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": _("Content"), **desk_context(signed_in(request))}
    return TemplateResponse(request, "admin/education/desk.html", context)


def desk_context(user: User) -> dict[str, Any]:
    today = clock.today()
    pages = list(Page.objects.visible_to(user).select_related("live", "publish_by").defer("body"))
    content = library.Library.of("", library.snapshot_data())
    reviewed = [page for page in pages if page.live and page.live.next_review_on]
    return {
        "columns": [
            (_("In review"), _("Waits for a reviewer or a second sign-off."), _lines(pages, Page.State.IN_REVIEW)),
            (_("Update in progress"), _("Readers still see the version before."), _lines(pages, Page.State.UPDATING)),
            (_("Drafts"), _("Writers work on these."), _lines(pages, Page.State.DRAFT)),
            (_("Withdrawn"), _("Their addresses say why."), _lines(pages, Page.State.WITHDRAWN)),
        ],
        "scheduled": [{**_line(page), "at": page.publish_at} for page in pages if page.publish_at],
        "reopened": Reopening.objects.filter(closed_at__isnull=True).select_related("page"),
        "overdue": [{**_line(page), "on": _due(page)} for page in reviewed if _due(page) < today],
        "soon": [
            {**_line(page), "on": _due(page)} for page in reviewed if 0 <= (_due(page) - today).days <= DAYS_AHEAD
        ],
        "never_reviewed": sum(1 for page in pages if page.live and not page.live.reviewed_by),
        "public": sum(1 for page in pages if page.live),
        "retracted": [source for source in content.sources.values() if source.get("retracted_on")],
        "expired": [item for item in content.evidence.values() if grade_ends_on(item) < today],
        "stale_trials": [
            trial
            for trial in content.trials.values()
            if not trial.get("checked_on") or today - trial["checked_on"] > TRIAL_FRESH
        ],
        "due_notes": [regulation for regulation in content.regulations.values() if regulation["next_due"] < today],
        "waiting_records": _waiting_records(user),
        "feedback": Feedback.objects.visible_to(user).filter(done_at__isnull=True).count(),
        "signable": workflow.SIGNABLE,
    }


def _due(page: Page) -> Any:
    return page.live.next_review_on if page.live else None


def _line(page: Page) -> dict[str, Any]:
    return {"title": page.title, "path": page.path, "url": reverse("admin:education_page_change", args=[page.pk])}


def _lines(pages: list[Page], state: str) -> list[dict[str, Any]]:
    return [_line(page) for page in pages if page.state == state]


def _waiting_records(user: User) -> list[dict[str, Any]]:
    """Small records that this person may open, and whose last edit readers do not see yet."""
    records = []
    for _name, model, _key in loading.TABLES:
        if not issubclass(model, SmallRecord):
            continue
        for record in model._default_manager.visible_to(user).filter(edited_at__isnull=False):
            if waits(record):
                url = reverse(f"admin:education_{model._meta.model_name}_change", args=[record.pk])
                records.append({"title": str(record), "kind": model._meta.verbose_name, "url": url})
    return records
