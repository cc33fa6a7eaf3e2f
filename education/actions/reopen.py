"""Marking a public page as to be looked at again, when what it rests on no longer holds. Readers keep what they see."""

import dataclasses

from clinic.core import clock
from clinic.core.actions import Context, perform_action
from education import library
from education.actions.base import PageAction
from education.models import Page, Reopening
from education.services import reopening
from education.services.transitions import WORKFLOW


@dataclasses.dataclass(frozen=True, slots=True)
class ReopenData:
    """One cause opens a page once; `reason` is what editors read."""

    cause: str
    reason: str


@WORKFLOW.register
class Reopen(PageAction[ReopenData, Reopening]):
    verb, data_class = "reopen", ReopenData
    has_own_place = True

    def is_repeat(self, ctx: Context[Page], data: ReopenData) -> bool:
        """Nothing is to be done for a page that no reader sees, or where the cause is known already."""
        known = ctx.row.reopenings.filter(cause=data.cause, closed_at__isnull=True)
        return ctx.row.live_id is None or known.exists()

    def perform(self, ctx: Context[Page], data: ReopenData) -> Reopening:
        ctx.details["cause"] = data.cause
        return Reopening.objects.create(page=ctx.row, cause=data.cause, reason=data.reason, opened_at=clock.now())


def reopen(*, page: Page, cause: str, reason: str) -> bool:
    """False when this was known already."""
    return not perform_action(Reopen(), page, ReopenData(cause, reason)).is_repeat


def reopen_users_of(kind: str, key: str, reason: str) -> None:
    field = {"source": "sources", "statement": "evidence"}[kind]
    for page in reopening.pages_using(field, key):
        reopen(page=page, cause=f"{kind}:{key}", reason=reason)


def reopen_due() -> int:
    """Reopen the pages whose grades ran out or whose trials nobody looked at for 90 days. How many. Run it daily."""
    content = library.Library.of("", library.snapshot_data())
    today = clock.today()
    count = 0
    for page in Page.objects.public():
        for cause, reason in reopening.due_causes(page, content, today=today):
            count += reopen(page=page, cause=cause, reason=reason)
    return count
