"""Brings the shipped content in."""

import dataclasses
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, transaction

from clinic.core import audit
from education import library
from education.content.shipped import ContentError, Shipped, digest
from education.models import (
    BestBet,
    EvidenceStatement,
    GlossaryTerm,
    Page,
    Question,
    RegulationNote,
    ShippedRecord,
    SmallRecord,
    Source,
    Trial,
)
from education.services import versions
from education.services.snapshot import refresh_snapshot
from education.services.transitions import WORKFLOW
from education.services.waivers import keep_waiver

logger = logging.getLogger(__name__)
BY: str = "Shipped with the product"
TABLES: tuple[tuple[str, type[ShippedRecord], str], ...] = (
    ("sources", Source, "key"),
    ("evidence", EvidenceStatement, "code"),
    ("terms", GlossaryTerm, "slug"),
    ("questions", Question, "code"),
    ("trials", Trial, "key"),
    ("regulations", RegulationNote, "key"),
    ("pages", Page, "key"),
    ("best_bets", BestBet, "key"),
)


@dataclasses.dataclass(slots=True)
class Loaded:
    """What a load did. `left_alone` names records that staff edited and the loader therefore left alone."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    left_alone: list[str] = dataclasses.field(default_factory=list)


def load(*, shipped: Shipped, publish: bool) -> Loaded:
    """Bring the shipped records in, all or none; a second run changes nothing. Raises ContentError.

    New pages come in as "in review", new small records are shown. Later changes of either wait until someone entitled
    publishes them. `publish` shows everything at once, for a demonstration. A record that staff edited is kept.
    """
    result = Loaded()
    with refused_as_sentences("the content folder: "), transaction.atomic():
        if taken := _make_way(shipped):
            raise ContentError(taken)
        for table, model, key in TABLES:
            for values in getattr(shipped, table):
                with refused_as_sentences(f"{shipped.location_of(table, values)}: "):
                    _load_one(model, key, values, publish=publish, result=result)
        for waiver in shipped.waivers:
            with refused_as_sentences(f"waivers.toml: waiver {waiver.where}: "):
                keep_waiver(waiver, by=BY)
        refresh_snapshot()
        audit.record(action="content.load", actor="system", details={"added": result.added, "updated": result.updated})
    return result


@contextmanager
def refused_as_sentences(prefix: str) -> Iterator[None]:
    """What the database refuses although everything was checked, as a sentence that names the place. It ends the load.

    The database's own words may hold the text itself, so only their kind is said and logged.
    """
    try:
        yield
    except DatabaseError as error:
        kind = type(error).__name__
        logger.error("load_education: %sthe database refused this (%s)", prefix, kind)
        remedy = "run `python manage.py migrate`, try again, and tell the makers of the program if it stays so"
        raise ContentError([f"{prefix}the database refused this ({kind}); {remedy}."]) from error


def _make_way(shipped: Shipped) -> list[str]:
    """Take pages off addresses that they leave, so that pages may change places; say which addresses stay taken.

    One stays taken by a page that staff made or edited, and by one that is shipped no longer.
    """
    wanted = {page["path"]: page for page in shipped.pages}
    moves = {page["key"]: page["path"] for page in shipped.pages}
    for page in Page.objects.filter(key__in=moves, edited_at=None):
        if page.path != moves[page.key]:
            Page.objects.filter(pk=page.pk).update(path=f"/moving/{page.pk}/")
    occupied = Page.objects.filter(path__in=wanted).values_list("path", "key")
    return [
        f"{shipped.location_of('pages', wanted[path])}, path: {path} is the address of the page “{key}” "
        "in this database; "
        "choose another, or give that page another in the staff area first."
        for path, key in occupied
        if wanted[path]["key"] != key
    ]


def _load_one(model: type[Any], key: str, values: dict[str, Any], *, publish: bool, result: Loaded) -> None:
    stamp = digest(values)
    record = model.objects.filter(**{key: values[key]}).first()
    if record is None:
        record = model(shipped_digest=stamp, **values)
        result.added += 1
    elif record.edited_at is not None:
        if record.shipped_digest != stamp:
            result.left_alone.append(f"{model._meta.verbose_name} {values[key]}")
        return
    elif record.shipped_digest == stamp:
        result.unchanged += 1
        return
    else:
        for name, value in values.items():
            setattr(record, name, value)
        record.shipped_digest = stamp
        result.updated += 1
    if isinstance(record, Page):
        _place(record, publish=publish)
    else:
        _keep(record, publish=publish)


def _place(page: Page, *, publish: bool) -> None:
    """New words nobody entitled has seen wait, and readers keep the words published before."""
    is_closed = page.closed_at is not None
    if page._state.adding:
        page.state = Page.State.IN_REVIEW
    elif not is_closed:
        page.state = WORKFLOW.state_after(page, "edit")
    page.save()
    if publish and not is_closed:
        versions.publish_unreviewed(page=page, by=BY)


def _keep(record: SmallRecord, *, publish: bool) -> None:
    is_new = record.shown is None
    record.save()
    if is_new or publish:
        record.shown = library.plain(record)
        record.save(update_fields=["shown"])
