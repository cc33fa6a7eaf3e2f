"""What the two ways of taking a page off the site share."""

from typing import ClassVar, Final

from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.actions import Context, Data
from clinic.core.refusals import WrongStatus
from education.actions.base import PageAction
from education.models import Page
from education.services import reopening
from education.services.snapshot import refresh_snapshot

SAID: Final = ("closed_reason", "moved_to")
NOT_KEPT: Final = _(
    "This page is “%(state)s” already. Readers are told what was written first, so what you wrote was not saved."
)


class Closing(PageAction[Data, None]):
    closed_state: ClassVar[Page.State]

    def is_repeat(self, ctx: Context[Page], data: Data) -> bool:
        return ctx.row.state == self.closed_state

    def result_again(self, ctx: Context[Page], data: Data) -> None:
        """Raises WrongStatus for other words than those that closed it: the first stand."""
        asked = self.changes(ctx, data)
        if any(getattr(ctx.row, name) != asked[name] for name in SAID if name in asked):
            raise WrongStatus(NOT_KEPT % {"state": self.workflow.status_label(ctx.before).lower()})

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
