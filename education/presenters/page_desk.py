"""What stands above the form of a page: its state, what it waits for, what this person may do, wording, and aids."""

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext

from clinic.accounts.models import User
from clinic.core import clock
from education import workflow
from education.models import Page, SignOff
from education.presenters import editor_aids
from education.presenters.above_form import above_form
from education.presenters.action_panel import Refused, own_entry
from education.services import publication, waivers


def page_desk(page: Page, *, by: User, refused: Refused | None = None) -> dict[str, Any]:
    given = publication.current_sign_offs(page)
    parts = workflow.parts_to_sign(page.kind, is_stem_cell_page=page.is_stem_cell_page)
    is_open = page.state not in (Page.State.PUBLISHED, Page.State.RETIRED)
    return {
        "state_words": page.get_state_display(),
        "preview_link": _preview(page),
        "publication_blockers": publication.publication_blockers(page) if is_open else [],
        "signed": [{"label": SignOff.Part(part).label, "given": given.get(part)} for part in parts],
        "earlier": page.sign_offs.exclude(digest=page.digest)[:5],
        "is_author": page.state in workflow.SIGNABLE and waivers.is_author(page, by),
        "reopenings": page.reopenings.filter(closed_at__isnull=True),
        **above_form(page, by=by, refused=refused),
        "reading": editor_aids.reading(page),
        "self_check": editor_aids.self_check(page),
        "self_check_entry": own_entry("self_check", page, by=by),
        "overdue": bool(page.live and page.live.next_review_on and page.live.next_review_on < clock.today()),
    }


def _preview(page: Page) -> str:
    if page.is_published:
        return format_html('<a href="{}">{}</a>', page.path, gettext("Open the page"))
    label = gettext("Open these words as readers would see them")
    return format_html('<a href="{}?preview">{}</a>', page.path, label)
