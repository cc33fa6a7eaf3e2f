"""Working on a withdrawn page again; it stays away until it is published anew."""

from django.utils.translation import gettext_lazy as _

from clinic.core.actions import Context, NoData
from education.actions.base import PageAction
from education.models import Page
from education.services.transitions import WORKFLOW


@WORKFLOW.register
class Restore(PageAction[NoData, None]):
    verb, data_class = "restore", NoData
    address = "take-up"
    done = _("“%(title)s” is a draft again, and not on the site.")

    def changes(self, ctx: Context[Page], data: NoData) -> dict[str, object]:
        return {"closed_at": None, "closed_reason": ""}

    def perform(self, ctx: Context[Page], data: NoData) -> None:
        return None
