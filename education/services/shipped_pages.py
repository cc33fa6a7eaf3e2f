"""Lets readers see all shipped pages in one act, each marked as not yet clinically reviewed. Others sign them."""

import dataclasses
from typing import Final

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import audit
from clinic.core.permissions import may
from clinic.core.refusals import NotAllowed
from education import workflow
from education.models import Page
from education.services import publication, versions, waivers
from education.services.snapshot import refresh_snapshot
from education.services.transitions import WORKFLOW

VERB: Final = "publish_unreviewed"


@dataclasses.dataclass(slots=True)
class ShippedPagesShown:
    """What the act did. `left` says of each shipped page that waits why it was left alone: its title and a sentence."""

    published: list[str] = dataclasses.field(default_factory=list)
    left: list[tuple[str, str]] = dataclasses.field(default_factory=list)


@transaction.atomic
def publish_shipped(*, by: User) -> ShippedPagesShown:
    """Publish every shipped page that waits and that nobody of the clinic has taken in hand. All or none.

    What staff edited, scheduled, signed, sent back, withdrew or published stays as it is, and so does a page whose
    readers see reviewed words. A second run changes nothing. Raises NotAllowed.
    """
    if not may(by, workflow.PUBLISH):
        raise NotAllowed(WORKFLOW.no_permission(workflow.TRANSITIONS[VERB]))
    result = ShippedPagesShown()
    waiting = Page.objects.select_for_update(of=("self",)).filter(state__in=workflow.TRANSITIONS[VERB].sources)
    for page in waiting.exclude(shipped_digest="").order_by("order", "path"):
        if reason := _left_because(page):
            result.left.append((page.title, reason))
        else:
            _publish(page, by=by)
            result.published.append(page.title)
    if result.published:
        refresh_snapshot()
    return result


def _left_because(page: Page) -> str:
    if page.edited_at is not None:
        return "staff edited it"
    if page.publish_at is not None:
        return "a manager scheduled it"
    if publication.current_sign_offs(page):
        return "reviewers have begun to sign it"
    if page.live_id is None and page.versions.exists():
        return "staff took it off the site"
    if page.live is not None and page.live.reviewed_on is not None:
        return "readers see reviewed words"
    if page.reopenings.filter(closed_at__isnull=True).exists():
        return "what it rests on changed"
    return " ".join(publication.faults_of_words(page))


def _publish(page: Page, *, by: User) -> None:
    before = page.state
    version = versions.publish_unreviewed(page=page, by=waivers.name_of(by))
    audit.record(
        action=WORKFLOW.code(VERB),
        target=page,
        by=by,
        fields=["state", "live"],
        details={"from": before, "to": page.state, "version": version.number},
    )
