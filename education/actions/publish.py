"""Showing the words of a page to everyone."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.actions import Context, NoData
from education.actions.base import PageAction
from education.models import Page, PageVersion, SignOff
from education.services import publication, reopening, versions, waivers
from education.services.refusals import NotComplete
from education.services.snapshot import refresh_snapshot
from education.services.transitions import WORKFLOW


@WORKFLOW.register
class Publish(PageAction[NoData, PageVersion]):
    verb, data_class = "publish", NoData
    done = _("“%(title)s” is published.")
    is_main = True

    def button_for(self, row: Page) -> str:
        return gettext("Publish these changes") if row.live_id else gettext("Publish this page")

    def is_repeat(self, ctx: Context[Page], data: NoData) -> bool:
        return ctx.row.is_published

    def check(self, ctx: Context[Page], data: NoData) -> None:
        if problems := publication.publication_blockers(ctx.row):
            raise NotComplete(problems)

    def changes(self, ctx: Context[Page], data: NoData) -> dict[str, object]:
        """Its state and its version change together: a public page has one."""
        review = publication.current_sign_offs(ctx.row)[SignOff.Part.CLINICAL]
        version = versions.create_version(page=ctx.row, by=waivers.name_of(ctx.person), review=review)
        ctx.details["version"] = version.number
        return {"live": version, "publish_at": None, "publish_by": None, "change_note": ""}

    def perform(self, ctx: Context[Page], data: NoData) -> PageVersion:
        version = ctx.row.live
        assert version is not None, "the changes of this action set it"
        ctx.row.drafted_by.clear()
        reopening.close_reopenings(ctx.row)
        refresh_snapshot()
        return version
