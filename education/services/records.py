"""Keeps what staff edit, and shows an edited small record once a second person has looked at it."""

import json
from typing import Any

from django.db import models, transaction
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.encryption import fingerprint
from education import library, workflow
from education.claims.publication_checks import (
    best_bet_problems,
    page_problems,
    question_problems,
    record_problems,
    regulation_problems,
    sections_of,
)
from education.models import (
    BestBet,
    EvidenceStatement,
    Page,
    Question,
    RegulationNote,
    ShippedRecord,
    SmallRecord,
    Source,
)
from education.search.index import FIXED
from education.services import consent_records
from education.services.refusals import NotComplete, NotEntitled
from education.services.reopening import reopen_users_of
from education.services.snapshot import refresh_snapshot
from education.services.waivers import open_remarks, sentence_of, values_of, wrote

FIXED_ADDRESSES = frozenset({"/faq/", "/glossary/", "/sources/"})
SAYS = ("grade", "direction", "plain_text")
"""The fields of a statement that pages repeat in their own words."""


@transaction.atomic
def save(*, record: models.Model, by: User, changed: list[str]) -> None:
    """Keep a staff edit. What readers see stays as it is until someone entitled publishes the edit.

    Any edit of a page voids its sign-offs and its schedule. Raises NotEntitled, MoveRefused.
    """
    verb = "add" if record.pk is None else "change"
    if not by.has_perm(f"education.{verb}_{record._meta.model_name}"):
        raise NotEntitled("You may read this, but not change it. Ask a manager.")
    if isinstance(record, ShippedRecord):
        record.edited_at = clock.now()
    if isinstance(record, SmallRecord):
        record.edited_by = by
    if isinstance(record, Page):
        record.state = Page.State(workflow.after(record.state, "edit"))
        record.publish_at = record.publish_by = None
    record.save()
    if isinstance(record, Page):
        record.drafted_by.add(by)
    refresh_snapshot()
    audit.record(action="content.edit", target=record, by=by, fields=changed)


def digest_of(record: SmallRecord) -> str:
    """The same for the same words: what a second person looked at is what they publish."""
    return fingerprint(json.dumps(library.plain(record), sort_keys=True, default=str))


@transaction.atomic
def publish_record(*, record: SmallRecord, by: User, digest: str) -> SmallRecord:
    """Show an edited statement, source, term, answer, trial or note. Raises NotEntitled, NotComplete, MoveRefused.

    `digest` is that of the words this person looked at: others are not published unseen. Pages that repeat a changed
    statement, or cite a source taken back, are reopened.
    """
    if not by.has_perm(workflow.PERMISSIONS["publish"]):
        raise NotEntitled("You may edit this, but not publish it. Ask a manager.")
    fresh = type(record)._base_manager.select_for_update().get(pk=record.pk)
    before, values = fresh.shown, library.plain(fresh)
    if before == values:
        return fresh
    if wrote(fresh, by):
        raise NotEntitled("You made the last edit, so somebody else has to publish it.")
    if digest != digest_of(fresh):
        raise workflow.MoveRefused("Somebody changed this after you opened it. Read it as it stands now, then publish.")
    if problems := [*problems_of(fresh), *map(sentence_of, open_remarks(fresh))]:
        raise NotComplete(problems)
    fresh.shown = values
    fresh.save(update_fields=["shown"])
    refresh_snapshot()
    audit.record(action="content.publish_record", target=fresh, by=by, fields=_differing(before, values))
    if isinstance(fresh, Source) and fresh.retracted_on:
        reopen_users_of("source", fresh.key, f"“{fresh.title}” was taken back by its journal.")
    if isinstance(fresh, EvidenceStatement) and before and any(before.get(name) != values[name] for name in SAYS):
        reopen_users_of("statement", fresh.code, f"Statement {fresh.code} says something else now.")
    return fresh


def _differing(before: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    return [name for name in after if (before or {}).get(name) != after[name]]


def problems_of(record: models.Model) -> list[str]:
    """What keeps a record from being shown, in sentences."""
    held = library.Library.of("", library.snapshot_data())
    values = values_of(record)
    if isinstance(record, Page):
        paths = set(Page.objects.values_list("path", flat=True)) | FIXED_ADDRESSES
        return [*page_problems(values, held, paths=paths), *consent_records.problems_beside(record, held)]
    if isinstance(record, Question):
        return question_problems(values, held)
    if isinstance(record, RegulationNote):
        return regulation_problems(values, held)
    if isinstance(record, BestBet):
        fixed: dict[str, frozenset[str]] = {reverse(name): frozenset() for name, *_ in FIXED}
        bodies = Page.objects.values_list("path", "body")
        return best_bet_problems(values, held, sections=fixed | {path: sections_of(body) for path, body in bodies})
    return record_problems(values, held)
