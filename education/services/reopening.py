"""What published pages rest on, and what of it no longer holds."""

import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from education import library
from education.claims.publication_checks import grade_ends_on
from education.markup import references
from education.models import Page
from education.services.waivers import open_remarks

STALE_TRIALS: Final = "P15"
EXPIRED: Final = _("The grade of statement %(code)s ran out on %(day)s. Search again, or take the statement out.")


def pages_using(kind: str, key: str) -> list[Page]:
    """Public pages that rest on a source, statement, trial, term, answer or note, by what readers see."""
    content = library.Library.of("", library.snapshot_data())
    return [page for page in Page.objects.public() if key in getattr(references.of(_words(page), content), kind, ())]


def _words(page: Page) -> dict[str, Any]:
    """What readers see of a public page."""
    words: dict[str, Any] = page.live.words if page.live else page.words()
    return words


def due_causes(page: Page, content: library.Library, *, today: datetime.date) -> list[tuple[str, str]]:
    """(cause, reason) of all that makes a public page due by the calendar."""
    cited = references.of(_words(page), content)
    causes = [
        (f"grade:{code}:{ends}", EXPIRED % {"code": code, "day": clock.day(ends)})
        for code in sorted(cited.evidence)
        if code in content.evidence and (ends := grade_ends_on(content.evidence[code])) < today
    ]
    if cited.trials:
        stale = [open_remark for open_remark in open_remarks(page.as_published()) if open_remark.rule == STALE_TRIALS]
        causes += [(f"trials:{item.digest[:16]}", " ".join((item.why, item.words))) for item in stale]
    return causes


def close_reopenings(page: Page) -> None:
    """A page published anew answers what reopened it. Call inside the transaction of the publication."""
    page.reopenings.filter(closed_at__isnull=True).update(closed_at=clock.now())
