"""Taking a request out of the queue to work on it."""

from django.utils.translation import gettext_lazy as _

from clinic.core.actions import NoData
from consultations.actions.base import ChangeOnly, Ctx
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class Claim(ChangeOnly[NoData]):
    verb, data_class = "claim", NoData
    position, is_main = 10, True
    done = _("The request is yours. Nobody else will start on it.")

    def changes(self, ctx: Ctx, data: NoData) -> dict[str, object]:
        return {"claimed_at": ctx.now, "claimed_by": ctx.person}
