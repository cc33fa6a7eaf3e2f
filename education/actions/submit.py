"""Handing a draft to its reviewers."""

from clinic.core.actions import Context, NoData
from education.actions.base import PageAction
from education.claims import linter
from education.models import Page
from education.services import records, waivers
from education.services.refusals import NotComplete
from education.services.transitions import WORKFLOW


@WORKFLOW.register
class Submit(PageAction[NoData, None]):
    verb, data_class = "submit", NoData
    address = "send"
    done = "“{}” is in review."
    is_main = True

    def check(self, ctx: Context[Page], data: NoData) -> None:
        blocked = [waiver for waiver in waivers.open_remarks(ctx.row) if waiver.level == linter.BLOCK]
        if problems := [*records.problems_of(ctx.row), *map(waivers.sentence_of, blocked)]:
            raise NotComplete(problems)

    def perform(self, ctx: Context[Page], data: NoData) -> None:
        return None
