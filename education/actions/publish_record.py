"""Showing an edited statement, source, term, answer, trial, note or best bet to readers."""

import dataclasses
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.actions import Context
from clinic.core.refusals import ChangedMeanwhile, NotAllowed
from education import library
from education.actions import reopen
from education.actions.base import ActionForm, ContentAction
from education.models import EvidenceStatement, SmallRecord, Source
from education.services import records, waivers
from education.services.refusals import NotComplete
from education.services.snapshot import refresh_snapshot
from education.services.transitions import WORKFLOW

SAYS: Final = ("grade", "direction", "plain_text")
"""The fields of a statement that pages repeat in their own words."""


class PublishRecordForm(ActionForm):
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


@dataclasses.dataclass(frozen=True, slots=True)
class PublishRecordData:
    """`digest` is that of the words this person looked at: others are not published unseen."""

    digest: str


@WORKFLOW.register
class PublishRecord(ContentAction[PublishRecordData, SmallRecord, None]):
    """Pages that repeat a changed statement, or cite a source taken back, are reopened."""

    verb, data_class, form_class = "publish_record", PublishRecordData, PublishRecordForm
    address = "publish"
    template = "admin/education/actions/button.html"
    done = _("Readers see “%(title)s” as it stands here.")
    is_main = True

    def initial_for(self, row: SmallRecord) -> dict[str, Any]:
        return {"digest": records.digest_of(row)}

    def is_repeat(self, ctx: Context[SmallRecord], data: PublishRecordData) -> bool:
        return ctx.row.shown == library.plain(ctx.row)

    def check(self, ctx: Context[SmallRecord], data: PublishRecordData) -> None:
        if waivers.is_author(ctx.row, ctx.person):
            raise NotAllowed(gettext("You made the last edit, so somebody else has to publish it."))
        if data.digest != records.digest_of(ctx.row):
            raise ChangedMeanwhile(
                gettext("Somebody changed this after you opened it. Read it as it stands now, then publish.")
            )
        if problems := [
            *records.problems_of(ctx.row),
            *map(waivers.sentence_of, waivers.open_remarks(ctx.row)),
        ]:
            raise NotComplete(problems)

    def changes(self, ctx: Context[SmallRecord], data: PublishRecordData) -> dict[str, object]:
        before, values = ctx.row.shown or {}, library.plain(ctx.row)
        ctx.fields += [name for name in values if before.get(name) != values[name]]
        ctx.details["is_first"] = int(not before)
        return {"shown": values}

    def perform(self, ctx: Context[SmallRecord], data: PublishRecordData) -> None:
        refresh_snapshot()
        if isinstance(ctx.row, Source) and ctx.row.retracted_on:
            reopen.reopen_users_of(
                "source", ctx.row.key, gettext("“%(title)s” was taken back by its journal.") % {"title": ctx.row.title}
            )
        if isinstance(ctx.row, EvidenceStatement) and self._says_something_else(ctx):
            reopen.reopen_users_of(
                "statement",
                ctx.row.code,
                gettext("Statement %(code)s says something else now.") % {"code": ctx.row.code},
            )

    def _says_something_else(self, ctx: Context[SmallRecord]) -> bool:
        return not ctx.details["is_first"] and bool(set(SAYS) & set(ctx.fields))
