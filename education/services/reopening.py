"""Reopens published pages when what they rest on no longer holds."""

import datetime
from typing import Any, Final

from django.db import transaction

from clinic.core import audit, clock
from education import library, workflow
from education.claims.publication_checks import grade_ends_on
from education.markup import references
from education.models import Page, Reopening
from education.services.waivers import open_remarks

STALE_TRIALS: Final = "P15"
EXPIRED: Final = "The grade of statement {} ran out on {}. Search again, or take the statement out."


@transaction.atomic
def reopen(*, page: Page, cause: str, reason: str) -> bool:
    """Mark a public page as to be looked at again; readers keep what they see. False when this was known already."""
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    if fresh.live is None or fresh.reopenings.filter(cause=cause, closed_at__isnull=True).exists():
        return False
    Reopening.objects.create(page=fresh, cause=cause, reason=reason, opened_at=clock.now())
    fresh.state = Page.State(workflow.after(fresh.state, "reopen"))
    fresh.save(update_fields=["state"])
    audit.record(action="content.reopen", actor="system", target=fresh, details={"cause": cause})
    return True


def pages_using(kind: str, key: str) -> list[Page]:
    """Public pages that rest on a source, statement, trial, term, answer or note, by what readers see."""
    held = library.Library.of("", library.snapshot_data())
    return [page for page in Page.objects.public() if key in getattr(references.of(_words(page), held), kind, ())]


def _words(page: Page) -> dict[str, Any]:
    """What readers see of a public page."""
    words: dict[str, Any] = page.live.words if page.live else page.words()
    return words


def reopen_users_of(kind: str, key: str, reason: str) -> None:
    field = {"source": "sources", "statement": "evidence"}[kind]
    for page in pages_using(field, key):
        reopen(page=page, cause=f"{kind}:{key}", reason=reason)


def reopen_due() -> int:
    """Reopen the pages whose grades ran out or whose trials nobody looked at for 90 days. How many. Run it daily."""
    held = library.Library.of("", library.snapshot_data())
    today = clock.today()
    count = 0
    for page in Page.objects.public():
        for cause, reason in due_causes(page, held, today=today):
            count += reopen(page=page, cause=cause, reason=reason)
    return count


def due_causes(page: Page, held: library.Library, *, today: datetime.date) -> list[tuple[str, str]]:
    """(cause, reason) of all that makes a public page due by the calendar."""
    found = references.of(_words(page), held)
    causes = [
        (f"grade:{code}:{ends}", EXPIRED.format(code, clock.day(ends)))
        for code in sorted(found.evidence)
        if code in held.evidence and (ends := grade_ends_on(held.evidence[code])) < today
    ]
    if found.trials:
        stale = [each for each in open_remarks(page.as_published()) if each.rule == STALE_TRIALS]
        causes += [(f"trials:{each.digest[:16]}", f"{each.why} {each.words}") for each in stale]
    return causes


def close_reopenings(page: Page) -> None:
    """A page published anew answers what reopened it. Call inside the transaction of the publication."""
    page.reopenings.filter(closed_at__isnull=True).update(closed_at=clock.now())
