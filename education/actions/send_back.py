"""Handing a page back to its writers."""

from django.utils.translation import gettext_lazy as _

from clinic.core.actions import Context, NoData
from education.actions.base import PageAction
from education.models import Page
from education.services.transitions import WORKFLOW


@WORKFLOW.register
class SendBack(PageAction[NoData, None]):
    verb, data_class = "send_back", NoData
    done = _("“%(title)s” is a draft again.")

    def perform(self, ctx: Context[Page], data: NoData) -> None:
        return None
