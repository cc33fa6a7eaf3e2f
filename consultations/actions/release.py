"""Putting a request back for a colleague."""

from django.utils.translation import gettext_lazy as _

from clinic.core.actions import NoData
from consultations.actions.base import ChangeOnly, Ctx
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class Release(ChangeOnly[NoData]):
    verb, data_class = "release", NoData
    position = 20
    done = _("The request is back in the queue.")

    def changes(self, ctx: Ctx, data: NoData) -> dict[str, object]:
        return {"claimed_at": None, "claimed_by": None}
