"""What the claims rules find in a record, and the written reasons why a warned wording may stand."""

import datetime
from typing import Any, Final

from django.db import models, transaction

from clinic.accounts.models import User
from clinic.core import audit, clock
from education import library, workflow
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
from education.services.refusals import NotEntitled, ReasonRefused

TABLE_OF: Final[dict[type[models.Model], str]] = {
    Page: "pages",
    EvidenceStatement: "evidence",
    GlossaryTerm: "terms",
    Question: "questions",
    Trial: "trials",
    RegulationNote: "regulations",
}
MAY_GIVE_REASONS: Final = tuple(workflow.PERMISSIONS[verb] for verb in ("sign_clinical", "sign_second", "publish"))
WORDS_OF_A_REASON: Final = 4
DAYS_A_MONTH: Final = 30
RECORD_MONTHS: Final = 12


def values_of(record: models.Model) -> dict[str, Any]:
    """The fields of a record as the pure rules read them."""
    return {field.name: getattr(record, field.name) for field in record._meta.concrete_fields}


def remarks_of(record: models.Model) -> list[content_checks.Remark]:
    """What the claims rules find in a record as it stands."""
    table = TABLE_OF.get(type(record), "")
    if not table:
        return []
    held = library.Library.of("", library.snapshot_data())
    return content_checks.remarks_of(table, values_of(record), held, today=clock.today())


def open_remarks(record: models.Model) -> list[content_checks.Remark]:
    """What must be put right, or given a reason, before readers may see a record."""
    remarks = remarks_of(record)
    given = ClaimWaiver.objects.filter(where__in={each.where for each in remarks})
    held = [content_checks.Waiver(each.where, each.rule, each.passage, each.reason, each.until) for each in given]
    return content_checks.still_open(remarks, held, today=clock.today())


def sentence_of(remark: content_checks.Remark) -> str:
    """A finding as a sentence for editors."""
    said = f"“{remark.words}”: {full_stop(remark.why)}" if remark.words else full_stop(remark.why)
    way_out = "" if remark.level == linter.BLOCK else " Or give a reason why it may stand."
    return f"{remark.rule}. {said} Instead: {full_stop(remark.instead)}{way_out}"


def full_stop(words: str) -> str:
    return words if words.endswith((".", "?")) else f"{words}."


@transaction.atomic
def waive(*, record: models.Model, rule: str, digest: str, reason: str, by: User) -> ClaimWaiver:
    """Keep a reason why one warned wording may stand, until the next review. Raises NotEntitled, ReasonRefused."""
    if not any(by.has_perm(permission) for permission in MAY_GIVE_REASONS):
        raise NotEntitled("You may edit, but not let a wording stand. Ask a reviewer or a manager.")
    if wrote(record, by):
        raise NotEntitled("You wrote these words, so somebody else has to say why they may stand.")
    if len(reason.split()) < WORDS_OF_A_REASON:
        raise ReasonRefused("Write why this wording may stand, in a sentence that a colleague understands.")
    remark = next((each for each in remarks_of(record) if (each.rule, each.digest) == (rule, digest)), None)
    if remark is None:
        raise ReasonRefused("This wording is not here any more. Reload the page.")
    if remark.level == linter.BLOCK:
        raise ReasonRefused("No reason lets this wording stand: change it.")
    months = record.review_months if isinstance(record, Page) else RECORD_MONTHS
    until = clock.today() + datetime.timedelta(days=DAYS_A_MONTH * months)
    waiver = content_checks.Waiver(remark.where, remark.rule, remark.passage, reason.strip(), until)
    kept = keep_waiver(waiver, by=name_of(by))
    audit.record(action="content.waive", target=record, by=by, details={"rule": rule})
    return kept


def keep_waiver(waiver: content_checks.Waiver, *, by: str) -> ClaimWaiver:
    kept, _ = ClaimWaiver.objects.update_or_create(
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
    return kept


def wrote(record: models.Model, who: User) -> bool:
    """Whether somebody wrote the words of a record that wait."""
    if isinstance(record, Page):
        is_drafter = record.pk is not None and record.drafted_by.filter(pk=who.pk).exists()
        return is_drafter or record.author.casefold() == name_of(who).casefold()
    return getattr(record, "edited_by_id", None) == who.pk


def name_of(who: User) -> str:
    return who.display_name
