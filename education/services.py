"""The only code that writes content. Each change renews the snapshot that pages are served from."""

import dataclasses
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction

from clinic import audit, clock
from education import library
from education.models import (
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
    """Renew the row that pages are served from. Call inside the transaction of the change.

    The row is locked before the records are read: of two changes at once, the later one sees the earlier.
    """
    Snapshot.objects.get_or_create(pk=1, defaults={"revision": ""})
    held = Snapshot.objects.select_for_update().get(pk=1)
    held.revision, held.data = library.new_revision(), library.snapshot_data()
    held.save()


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


@transaction.atomic
def publish(*, page: Page, by: User) -> Page:
    """Show a page to everyone. Raises NotEntitled, NotComplete."""
    if not by.has_perm(PUBLISH):
        raise NotEntitled("You may edit pages, but not publish them. Ask a manager.")
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    if fresh.is_published:
        return fresh
    if problems := problems_of(fresh):
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
