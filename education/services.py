"""The only code that writes content. Each change renews the snapshot that pages are served from."""

import dataclasses
import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction

from clinic import audit, clock
from education import claims, library, search_index, wording
from education.models import (
    ClaimWaiver,
    EvidenceStatement,
    GlossaryTerm,
    Page,
    PageVersion,
    Question,
    ShippedRecord,
    Snapshot,
    Source,
    Trial,
)
from education.rules import page_problems, question_problems, record_problems
from education.shipped import Shipped, digest

PUBLISH = "education.publish_page"
WORDS_OF_A_REASON = 4
DAYS_A_MONTH = 30
TABLES: tuple[tuple[str, type[ShippedRecord], str], ...] = (
    ("sources", Source, "key"),
    ("evidence", EvidenceStatement, "code"),
    ("terms", GlossaryTerm, "slug"),
    ("questions", Question, "code"),
    ("trials", Trial, "key"),
    ("pages", Page, "key"),
)


class NotComplete(Exception):
    """A page that cannot be published yet; `problems` says why, in sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class NotEntitled(Exception):
    """This person may not do this."""


class ReasonRefused(Exception):
    """A reason for a wording that cannot be accepted; the text says why."""


@dataclasses.dataclass(slots=True)
class Loaded:
    """What a load did. `kept` names records that staff edited and the loader therefore left alone."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: list[str] = dataclasses.field(default_factory=list)


@transaction.atomic
def load(*, shipped: Shipped, publish: bool) -> Loaded:
    """Bring the shipped records in, all or none; a second run changes nothing.

    New pages come in as "in review"; `publish` shows them, for a demonstration. A record that staff edited is kept.
    """
    result = Loaded()
    for table, model, key in TABLES:
        for values in getattr(shipped, table):
            _load_one(model, key, values, publish=publish, result=result)
    for waiver in shipped.waivers:
        _keep_waiver(waiver, by="Shipped with the product")
    refresh_snapshot()
    audit.record(action="content.load", actor="system", details={"added": result.added, "updated": result.updated})
    return result


def _load_one(model: type[Any], key: str, values: dict[str, Any], *, publish: bool, result: Loaded) -> None:
    stamp = digest(values)
    record = model.objects.filter(**{key: values[key]}).first()
    if record is None:
        record = model(shipped_digest=stamp, **values)
        if isinstance(record, Page):
            record.state = Page.State.IN_REVIEW
        record.save()
        if isinstance(record, Page) and publish:
            _show(record, by="Shipped with the product")
        result.added += 1
    elif record.edited_at is not None:
        if record.shipped_digest != stamp:
            result.kept.append(f"{model._meta.verbose_name} {values[key]}")
    elif record.shipped_digest == stamp:
        result.unchanged += 1
    else:
        for name, value in values.items():
            setattr(record, name, value)
        record.shipped_digest = stamp
        if isinstance(record, Page):
            # New words nobody entitled has seen: they wait, and readers keep the words published before.
            record.state = Page.State.IN_REVIEW
        record.save()
        if isinstance(record, Page) and publish:
            _show(record, by="Shipped with the product")
        result.updated += 1


def refresh_snapshot() -> None:
    """Renew the row that pages are served from, and what search finds. Call inside the transaction of the change.

    The row is locked before the records are read: of two changes at once, the later one sees the earlier.
    """
    Snapshot.objects.get_or_create(pk=1, defaults={"revision": ""})
    held = Snapshot.objects.select_for_update().get(pk=1)
    held.revision, held.data = library.new_revision(), library.snapshot_data()
    held.save()
    search_index.refresh(held.data)


@transaction.atomic
def save(*, record: models.Model, by: User, changed: list[str]) -> None:
    """Keep a staff edit. What readers see of a page stays as it is until someone entitled publishes the edit.

    Raises NotEntitled.
    """
    verb = "add" if record.pk is None else "change"
    if not by.has_perm(f"education.{verb}_{record._meta.model_name}"):
        raise NotEntitled("You may read this, but not change it. Ask a manager.")
    if isinstance(record, ShippedRecord):
        record.edited_at = clock.now()
    if isinstance(record, Page) and record.is_published:
        record.state = Page.State.IN_REVIEW
    record.save()
    refresh_snapshot()
    audit.record(action="content.edit", target=record, by=by, fields=changed)


def problems_of(record: models.Model) -> list[str]:
    """What keeps a record from being shown, in sentences."""
    held = library.Library.of("", library.snapshot_data())
    values = {field.name: getattr(record, field.name) for field in record._meta.fields}
    if isinstance(record, Page):
        paths = set(Page.objects.values_list("path", flat=True)) | {"/faq/", "/glossary/", "/sources/"}
        return page_problems(values, held, paths=paths)
    if isinstance(record, Question):
        return question_problems(values, held)
    return record_problems(values, held)


def remarks_of(record: models.Model) -> list[wording.Remark]:
    """What the claims rules find in a record as it stands."""
    table = next((table for table, model, _ in TABLES if isinstance(record, model)), "")
    held = library.Library.of("", library.snapshot_data())
    values = {field.name: getattr(record, field.name) for field in record._meta.fields}
    return wording.remarks_of(table, values, held, today=clock.today())


def open_remarks(record: models.Model) -> list[wording.Remark]:
    """What must be put right, or given a reason, before readers may see a record."""
    remarks = remarks_of(record)
    given = ClaimWaiver.objects.filter(where__in={each.where for each in remarks})
    held = [wording.Waiver(each.where, each.rule, each.passage, each.reason, each.until) for each in given]
    return wording.still_open(remarks, held, today=clock.today())


def sentence_of(remark: wording.Remark) -> str:
    """A finding as a sentence for editors."""
    said = f"“{remark.words}”: {remark.why}." if remark.words else remark.why
    way_out = "" if remark.level == claims.BLOCK else " Or give a reason why it may stand."
    return f"{remark.rule}. {said} Instead: {remark.instead}{way_out}".replace("..", ".")


@transaction.atomic
def waive(*, page: Page, rule: str, digest: str, reason: str, by: User) -> ClaimWaiver:
    """Keep a reason why one warned wording of a page may stand, until the page's next review.

    Raises NotEntitled, ReasonRefused.
    """
    if not by.has_perm(PUBLISH):
        raise NotEntitled("You may edit pages, but not let a wording stand. Ask a manager.")
    if len(reason.split()) < WORDS_OF_A_REASON:
        raise ReasonRefused("Write why this wording may stand, in a sentence that a colleague understands.")
    remark = next((each for each in remarks_of(page) if (each.rule, each.digest) == (rule, digest)), None)
    if remark is None:
        raise ReasonRefused("This wording is not in the page any more. Reload the page.")
    if remark.level == claims.BLOCK:
        raise ReasonRefused("No reason lets this wording stand: change it.")
    until = clock.today() + datetime.timedelta(days=DAYS_A_MONTH * page.review_months)
    waiver = wording.Waiver(remark.where, remark.rule, remark.passage, reason.strip(), until)
    kept = _keep_waiver(waiver, by=by.get_full_name() or by.get_username())
    audit.record(action="content.waive", target=page, by=by, details={"rule": rule})
    return kept


def _keep_waiver(waiver: wording.Waiver, *, by: str) -> ClaimWaiver:
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


@transaction.atomic
def publish(*, page: Page, by: User) -> Page:
    """Show a page to everyone. Raises NotEntitled, NotComplete."""
    if not by.has_perm(PUBLISH):
        raise NotEntitled("You may edit pages, but not publish them. Ask a manager.")
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    if fresh.is_published:
        return fresh
    if problems := [*problems_of(fresh), *map(sentence_of, open_remarks(fresh))]:
        raise NotComplete(problems)
    version = _show(fresh, by=by.get_full_name() or by.get_username())
    refresh_snapshot()
    audit.record(action="content.publish", target=fresh, by=by, fields=["state"], details={"version": version.number})
    return fresh


def _show(page: Page, *, by: str) -> PageVersion:
    """Keep the page's words as its next version and let readers see that one. The page's row must be locked or new."""
    last = page.versions.aggregate(last=models.Max("number"))["last"] or 0
    version = PageVersion.objects.create(
        page=page, number=last + 1, words=page.words(), published_at=clock.now(), published_by=by
    )
    page.live, page.state = version, Page.State.PUBLISHED
    page.save(update_fields=["live", "state"])
    return version


@transaction.atomic
def take_back(*, page: Page, by: User) -> Page:
    """Hide a page again. Raises NotEntitled."""
    if not by.has_perm(PUBLISH):
        raise NotEntitled("You may edit pages, but not take them back. Ask a manager.")
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    if fresh.live is None:
        return fresh
    fresh.state, fresh.live = Page.State.IN_REVIEW, None
    fresh.save(update_fields=["state", "live"])
    refresh_snapshot()
    audit.record(action="content.take_back", target=fresh, by=by, fields=["state"])
    return fresh
