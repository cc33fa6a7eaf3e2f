"""What the two ways of taking a page off the site share."""

from typing import ClassVar

from clinic.core import clock
from clinic.core.actions import Context, Data
from education.actions.base import PageAction
from education.models import Page
from education.services import reopening
from education.services.snapshot import refresh_snapshot


class Closing(PageAction[Data, None]):
    closed_state: ClassVar[Page.State]

    def is_repeat(self, ctx: Context[Page], data: Data) -> bool:
        return ctx.row.state == self.closed_state

    def closed(self, reason: str) -> dict[str, object]:
        """The fields of a page that no reader sees any more."""
        return {
            "live": None,
            "publish_at": None,
            "publish_by": None,
            "closed_reason": reason.strip(),
            "closed_at": clock.now(),
        }

    def perform(self, ctx: Context[Page], data: Data) -> None:
        reopening.close_reopenings(ctx.row)
        refresh_snapshot()
