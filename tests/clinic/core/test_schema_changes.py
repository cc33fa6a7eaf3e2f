"""Changes of a table that holds rows, made as a migration makes them, on either engine."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import NotSupportedError, connection, models, transaction
from django.db.migrations.state import ProjectState

from clinic.core import clock
from clinic.core.models import RateBucket
from clinic.core.schema_changes import AddConstraintOnline, AddIndexOnline, in_batches

pytestmark = pytest.mark.django_db(transaction=True)
INDEX = AddIndexOnline("ratebucket", models.Index(fields=["tokens"], name="bucket_tokens_online"))
CHECK = AddConstraintOnline(
    "ratebucket", models.CheckConstraint(condition=models.Q(tokens__gte=0), name="bucket_tokens_online")
)
UNIQUE = AddConstraintOnline(
    "ratebucket",
    models.UniqueConstraint(fields=["tokens"], condition=models.Q(tokens__gt=5), name="bucket_tokens_online"),
)


@pytest.fixture
def rows() -> None:
    RateBucket.objects.bulk_create([RateBucket(key=f"{n:064x}", tokens=n, at=clock.now()) for n in range(5)])


@pytest.fixture
def states() -> tuple[ProjectState, ProjectState]:
    before = ProjectState.from_apps(apps)
    return before, before.clone()


@pytest.fixture
def editor() -> Iterator[Any]:
    with connection.schema_editor(atomic=False) as opened:
        yield opened


def rules() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "core_ratebucket"))


@pytest.mark.parametrize("operation", [INDEX, CHECK, UNIQUE], ids=["index", "check", "unique"])
def test_forwards_and_back(rows: None, states: Any, operation: Any) -> None:
    before, after = states
    operation.state_forwards("core", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("core", editor, before, after)
    assert "bucket_tokens_online" in rules()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("core", editor, after, before)
    assert "bucket_tokens_online" not in rules()


@pytest.mark.postgres
@pytest.mark.parametrize("operation", [INDEX, CHECK, UNIQUE], ids=["index", "check", "unique"])
def test_an_attempt_that_broke_off_is_repeated(rows: None, states: Any, editor: Any, operation: Any) -> None:
    before, after = states
    operation.state_forwards("core", after)
    for _ in range(2):
        operation.database_forwards("core", editor, before, after)
    operation.database_backwards("core", editor, after, before)
    assert "bucket_tokens_online" not in rules()


@pytest.mark.postgres
def test_in_a_transaction_it_refuses(states: Any) -> None:
    before, after = states
    INDEX.state_forwards("core", after)
    with connection.schema_editor(atomic=True) as editor, pytest.raises(NotSupportedError, match="atomic = False"):
        INDEX.database_forwards("core", editor, before, after)


@pytest.mark.postgres
def test_a_unique_rule_that_is_no_index_is_refused(states: Any, editor: Any) -> None:
    before, after = states
    rule = AddConstraintOnline("ratebucket", models.UniqueConstraint(fields=["tokens"], name="bucket_tokens_online"))
    rule.state_forwards("core", after)
    with pytest.raises(NotSupportedError, match="Give bucket_tokens_online a condition"):
        rule.database_forwards("core", editor, before, after)


def test_rows_are_handed_over_in_batches_each_of_its_own_transaction(rows: None) -> None:
    seen: list[list[int]] = []

    def change(some: list[RateBucket]) -> None:
        assert transaction.get_connection().in_atomic_block
        seen.append([int(row.tokens) for row in some])

    assert in_batches(RateBucket.objects.all(), change, size=2) == 5
    assert seen == [[0, 1], [2, 3], [4]]


def test_what_was_done_before_a_failure_stays(rows: None) -> None:
    def change(some: list[RateBucket]) -> None:
        RateBucket.objects.filter(pk__in=[row.pk for row in some]).update(tokens=9)
        if some[0].key.endswith("2"):
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        in_batches(RateBucket.objects.filter(tokens__lt=9), change, size=2)
    assert RateBucket.objects.filter(tokens=9).count() == 2
    assert in_batches(RateBucket.objects.filter(tokens__lt=9), lambda some: None, size=2) == 3
