"""The versions of a page that readers have seen."""

import datetime
from typing import Final

from django.db import models

from clinic.core import clock
from education.models import Page, PageVersion, SignOff

DAYS_A_MONTH: Final = 30.4375


def create_version(*, page: Page, by: str, review: SignOff | None = None) -> PageVersion:
    """Keep the page's words as its next version. The page's row must be locked or new."""
    last = page.versions.aggregate(last=models.Max("number"))["last"] or 0
    version = PageVersion(
        page=page,
        number=last + 1,
        words=page.words(),
        published_at=clock.now(),
        published_by=by,
        change_note=page.change_note,
    )
    if review is not None:
        version.reviewed_by, version.reviewed_on = review.signature, clock.local(review.at).date()
        version.next_review_on = version.reviewed_on + datetime.timedelta(days=round(page.review_months * DAYS_A_MONTH))
    version.save()
    return version


def publish_unreviewed(*, page: Page, by: str) -> PageVersion:
    """Let readers see the page's words as they are. This asks nobody: a demonstration shows what was shipped.

    The page's row must be locked or new.
    """
    version = create_version(page=page, by=by)
    page.live, page.state = version, Page.State.PUBLISHED
    page.publish_at = page.publish_by = None
    page.change_note = ""
    page.save(update_fields=["live", "state", "publish_at", "publish_by", "change_note"])
    return version
