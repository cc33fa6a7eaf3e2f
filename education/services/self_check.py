"""Keeps what an editor thinks of a page. It is no word of the page, so it voids no sign-off."""

from typing import Any

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import audit
from education.models import Page
from education.services.refusals import NotEntitled


@transaction.atomic
def keep_self_check(*, page: Page, answers: dict[str, Any], by: User) -> Page:
    """Raises NotEntitled."""
    if not by.has_perm("education.change_page"):
        raise NotEntitled("You may read this, but not change it. Ask a manager.")
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    fresh.self_check = answers
    fresh.save(update_fields=["self_check"])
    audit.record(action="content.self_check", target=fresh, by=by)
    return fresh
