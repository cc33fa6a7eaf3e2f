"""What the claims rules find in a record, and the written reasons why a warned wording may stand."""

from typing import Any, Final

from django.db import models
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from education import library
from education.claims import content_checks, linter
from education.models import (
    ClaimWaiver,
    EvidenceStatement,
    GlossaryTerm,
    Page,
    Question,
    RegulationNote,
    Trial,
)

TABLE_OF: Final[dict[type[models.Model], str]] = {
    Page: "pages",
    EvidenceStatement: "evidence",
    GlossaryTerm: "terms",
    Question: "questions",
    Trial: "trials",
    RegulationNote: "regulations",
}


def values_of(record: models.Model) -> dict[str, Any]:
    """The fields of a record as the pure rules read them."""
    return {field.name: getattr(record, field.name) for field in record._meta.concrete_fields}


def remarks_of(record: models.Model) -> list[content_checks.Remark]:
    """What the claims rules find in a record as it stands."""
    table = TABLE_OF.get(type(record), "")
    if not table:
        return []
    content = library.Library.of("", library.snapshot_data())
    return content_checks.remarks_of(table, values_of(record), content, today=clock.today())


def open_remarks(record: models.Model) -> list[content_checks.Remark]:
    """What must be put right, or given a reason, before readers may see a record."""
    remarks = remarks_of(record)
    given = ClaimWaiver.objects.filter(where__in={item.where for item in remarks})
    waivers = [content_checks.Waiver(item.where, item.rule, item.passage, item.reason, item.until) for item in given]
    return content_checks.still_open(remarks, waivers, today=clock.today())


def sentence_of(remark: content_checks.Remark) -> str:
    """A finding as a sentence for editors."""
    said = full_stop(remark.why)
    if remark.words:
        said = _("“%(words)s”: %(why)s") % {"words": remark.words, "why": said}
    parts = {"rule": remark.rule, "said": said, "instead": full_stop(remark.instead)}
    if remark.level == linter.BLOCK:
        return _("%(rule)s. %(said)s Instead: %(instead)s") % parts
    return _("%(rule)s. %(said)s Instead: %(instead)s Or give a reason why it may stand.") % parts


def full_stop(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def keep_waiver(waiver: content_checks.Waiver, *, by: str) -> ClaimWaiver:
    stored, _is_new = ClaimWaiver.objects.update_or_create(
        where=waiver.where,
        rule=waiver.rule,
        digest=waiver.digest,
        defaults={
            "passage": waiver.passage,
            "reason": waiver.reason,
            "until": waiver.until,
            "given_by": by,
            "given_at": clock.now(),
        },
    )
    return stored


def is_author(record: models.Model, who: User) -> bool:
    """Whether somebody wrote the words of a record that wait."""
    if isinstance(record, Page):
        is_drafter = record.pk is not None and record.drafted_by.filter(pk=who.pk).exists()
        return is_drafter or record.author.casefold() == name_of(who).casefold()
    return getattr(record, "edited_by_id", None) == who.pk


def name_of(who: User) -> str:
    return who.display_name
