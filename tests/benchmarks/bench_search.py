"""How long the database takes to search 2,000 pages, printed and never asserted: `make bench`."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from clinic.core import clock
from education import library
from education.content import shipped
from education.models import Page, PageVersion, SearchEntry
from education.search import engine, index
from education.services import loading, snapshot, versions
from tests.benchmarks.bench_speed import say

PAGES = 2_000
ROUNDS = 15
ASKED = (
    "pain", "stem cells", "slipped disc", "is it safe", "sciatica leg pain after surgery", "recovery time",
    "epidural", "stenossis", "zzyzx", "banana pain",
)  # fmt: skip


@contextmanager
def database_time() -> Iterator[list[float]]:
    """Milliseconds of each query of this block."""
    took: list[float] = []

    def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        begin = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            took.append((time.perf_counter() - begin) * 1000)

    with connection.execute_wrapper(timed):
        yield took


def make_pages() -> None:
    """Pages as long as ours, of our own sentences in another order."""
    chance = random.Random(7)
    bodies = [page["body"] for page in shipped.read().pages]
    sentences = [line for body in bodies for line in body.split("\n") if line and not line.startswith(("#", ":"))]
    pages = Page.objects.bulk_create(
        Page(
            key=f"page-{number}",
            path=f"/made/page-{number}/",
            kind="topic",
            title=" ".join(chance.choice(sentences).split()[:8])[:100],
            short_title="A page",
            summary=chance.choice(sentences)[:300],
            body="\n\n".join(f"## Part {part}\n\n" + "\n\n".join(chance.sample(sentences, 6)) for part in range(6)),
            author="Somebody",
        )
        for number in range(PAGES)
    )
    for page in pages:
        page.live = PageVersion(page=page, number=1, words=page.words(), published_at=clock.now(), published_by="x")
    PageVersion.objects.bulk_create([page.live for page in pages])
    Page.objects.bulk_update(pages, ["live"], batch_size=500)
    snapshot.refresh_snapshot()


@pytest.mark.django_db
def test_search() -> None:
    loading.load(shipped=shipped.read(), publish=True)
    make_pages()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say(f"entries on {connection.vendor}", f"{SearchEntry.objects.count()}")
    for asked in ASKED:
        results = engine.find(asked)
        queries, whole = [], []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            with database_time() as took:
                engine.find(asked)
            whole.append((time.perf_counter() - begin) * 1000)
            queries.append(sum(took))
        say(
            f"{asked!r}, {results.total} found",
            f"{len(took):>3} queries {statistics.median(queries):>6.1f} ms of database (best {min(queries):.1f}), "
            f"{statistics.median(whole):>6.1f} ms in all",
        )
    for name, change in (("nothing", None), ("one page", Page.objects.get(key="page-7"))):
        if change:
            versions.publish_unreviewed(page=change, by="Somebody")
        data = library.snapshot_data()
        begin = time.perf_counter()
        with database_time() as took:
            index.refresh(data)
        say(
            f"index after a change of {name}", f"{len(took):>3} queries {(time.perf_counter() - begin) * 1000:>6.1f} ms"
        )
