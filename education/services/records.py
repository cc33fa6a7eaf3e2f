"""Keeps what staff edit, and says what keeps a record from being shown."""

import json
from typing import Final

from django.db import models, transaction
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.encryption import fingerprint
from clinic.core.permissions import may
from clinic.core.refusals import NotAllowed
from education import library
from education.claims.publication_checks import (
    best_bet_problems,
    page_problems,
    question_problems,
    record_problems,
    regulation_problems,
    sections_of,
)
from education.fixed_pages import FIXED_PAGES
from education.models import (
    BestBet,
    Page,
    Question,
    RegulationNote,
    ShippedRecord,
    SmallRecord,
)
from education.search.index import FIXED
from education.services import consent_records
from education.services.snapshot import refresh_snapshot
from education.services.transitions import WORKFLOW
from education.services.waivers import values_of
from education.workflow import NOT_CHANGE

NOT_EDITED: Final = frozenset(
    {"state", "live", "publish_at", "publish_by", "closed_at", "closed_reason", "moved_to", "self_check", "shown"}
)
"""What actions write, and no edit: it is taken from the locked row, not from the one that a form was made from."""


@transaction.atomic
def save_record(*, record: models.Model, by: User, changed: list[str]) -> None:
    """Keep a staff edit. What readers see stays as it is until someone entitled publishes the edit.

    Any edit of a page voids its sign-offs and its schedule. What became of the record while it was written stands.
    Raises NotAllowed, WrongStatus.
    """
    verb = "add" if record.pk is None else "change"
    if not may(by, f"education.{verb}_{record._meta.model_name}", None if record.pk is None else record):
        raise NotAllowed(NOT_CHANGE)
    if record.pk is not None:
        stored = WORKFLOW.lock(record)
        for field in record._meta.concrete_fields:
            if field.name in NOT_EDITED:
                setattr(record, field.name, getattr(stored, field.name))
    if isinstance(record, ShippedRecord):
        record.edited_at = clock.now()
    if isinstance(record, SmallRecord):
        record.edited_by = by
    if isinstance(record, Page):
        record.state = WORKFLOW.state_after(record, "edit")
        record.publish_at = record.publish_by = None
    record.save()
    if isinstance(record, Page):
        record.drafted_by.add(by)
    refresh_snapshot()
    audit.record(action="content.edit", target=record, by=by, fields=changed)


def digest_of(record: SmallRecord) -> str:
    """The same for the same words: what a second person looked at is what they publish."""
    return fingerprint(json.dumps(library.plain(record), sort_keys=True, default=str))


def problems_of(record: models.Model) -> list[str]:
    """What keeps a record from being shown, in sentences."""
    content = library.Library.of("", library.snapshot_data())
    values = values_of(record)
    if isinstance(record, Page):
        paths = set(Page.objects.values_list("path", flat=True)) | FIXED_PAGES.keys()
        return [
            *page_problems(values, content, paths=paths),
            *consent_records.problems_beside(record, content),
        ]
    if isinstance(record, Question):
        return question_problems(values, content)
    if isinstance(record, RegulationNote):
        return regulation_problems(values, content)
    if isinstance(record, BestBet):
        fixed: dict[str, frozenset[str]] = {reverse(name): frozenset() for name, *_ in FIXED}
        bodies = Page.objects.values_list("path", "body")
        return best_bet_problems(values, content, sections=fixed | {path: sections_of(body) for path, body in bodies})
    return record_problems(values, content)
