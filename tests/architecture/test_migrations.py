"""ADR 0056: what 1.0 did stays, and whatever follows runs beside the version before."""

import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from clinic.core.schema_changes import AddConstraintOnline, AddIndexOnline, in_batches
from tests.architecture.migration_rules import problems_of
from tests.upgrade import frozen

OURS = {"accounts", "core", "consultations", "education"}


def test_the_migrations_of_1_0_are_frozen() -> None:
    changed = [path for path, digest in frozen.digests().items() if frozen.digest_of(path) != digest]
    assert not changed, (
        f"{', '.join(changed)}: migrations of 1.0 are frozen, with the modules that they call. Clinics have run them. "
        "Take the change back, and write the next migration (`manage.py makemigrations`; docs/adr/0056)."
    )


def test_every_migration_of_1_0_is_among_them() -> None:
    pinned = {(path.split("/")[-3], path.split("/")[-1].removesuffix(".py")) for path in frozen.digests()}
    assert sorted(frozen.MIGRATIONS - pinned) == []


def test_every_migration_after_1_0_keeps_the_rules() -> None:
    loader = MigrationLoader(None)
    found = [
        problem
        for key in loader.graph.nodes
        if key[0] in OURS and key not in frozen.MIGRATIONS
        for problem in problems_of(
            loader.get_migration(*key), loader.project_state(key, at_end=False), version=settings.APP_VERSION
        )
    ]
    assert found == []


def test_a_lock_is_waited_for_no_longer_than_three_seconds() -> None:
    options = settings.DATABASES["default"].get("OPTIONS", {}).get("options", "-c lock_timeout=3000")
    assert "lock_timeout=3000" in options


# --- Each rule has an example that breaks it, and one that keeps it -------------------------------------------------


def fill(apps: Any, schema_editor: Any) -> None:
    in_batches(apps.get_model("core", "thing").objects.all(), lambda rows: None)


def fill_at_once(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "thing").objects.update(name="x")


ONLINE = AddIndexOnline("thing", models.Index(fields=["name"], name="thing_name"))
CHECK = models.CheckConstraint(condition=models.Q(size__gte=0), name="thing_size")
WAITS = "whoever writes waits until it is built."
OWN = "stands in a migration of its own"


@pytest.fixture
def problems() -> Iterator[Any]:
    """Puts operations into a migration of a module that exists, and says what the rules find."""
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=20)),
        ("size", models.IntegerField(null=True)),
    ]
    state.add_model(ModelState("core", "Thing", fields))
    module = types.ModuleType("clinic.core.migrations.0099_example")
    sys.modules[module.__name__] = module

    def found(*operations: Any, source: str = "", version: str = "1.2.0", **attributes: Any) -> list[str]:
        kind = type("Migration", (migrations.Migration,), {"operations": operations, "__module__": module.__name__})
        migration = kind("0099_example", "core")
        for name, value in attributes.items():
            setattr(migration, name, value)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "tests.architecture.migration_rules.inspect.getsource",
                lambda thing: source if isinstance(thing, types.ModuleType) else inspect_source(thing),
            )
            return list(problems_of(migration, state, version=version))

    yield found
    del sys.modules[module.__name__]


def inspect_source(function: Any) -> str:
    return "in_batches(rows)" if function is fill else "rows.update()"


def move(code: Any, back: Any = migrations.RunPython.noop) -> Any:
    return migrations.RunPython(code, back)


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (migrations.RenameField("thing", "name", "title"), "the release before still uses the old name."),
        (migrations.RenameModel("Thing", "Item"), "the release before still uses the old name."),
        (migrations.AddField("thing", "age", models.IntegerField()), "the release before does not fill it in."),
        (
            migrations.AddField("thing", "code", models.CharField(max_length=9, null=True, unique=True)),
            "its index is built while everybody waits.",
        ),
        (
            migrations.AddField("thing", "of", models.ForeignKey("core.Thing", models.PROTECT, null=True)),
            "its index is built while everybody waits.",
        ),
        (migrations.AlterField("thing", "name", models.TextField()), "the table is locked or written anew."),
        (migrations.AlterField("thing", "name", models.CharField(max_length=10)), "the table is locked"),
        (migrations.AlterField("thing", "size", models.IntegerField()), "the table is locked"),
        (migrations.AddIndex("thing", models.Index(fields=["name"], name="thing_name")), WAITS),
        (migrations.AddConstraint("thing", CHECK), WAITS),
        (migrations.RunSQL("SELECT 1"), "say in reverse_sql how to go back"),
        (migrations.AlterUniqueTogether("thing", {("name", "size")}), "this kind of change has no rule yet."),
        (migrations.RemoveField("thing", "size"), "removes what the release before may use."),
        (migrations.DeleteModel("Thing"), "removes what the release before may use."),
        (
            migrations.SeparateDatabaseAndState([migrations.RemoveField("thing", "size")], []),
            "removes what the release before may use.",
        ),
    ],
)
def test_a_change_that_the_release_before_does_not_survive(problems: Any, operation: Any, sentence: str) -> None:
    (problem,) = problems(operation)
    assert "core.0099_example" in problem
    assert sentence in problem


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("thing", "age", models.IntegerField(null=True)),
        migrations.AddField("thing", "age", models.IntegerField(db_default=0)),
        migrations.AddField("thing", "of", models.ForeignKey("core.Thing", models.PROTECT, null=True, db_index=False)),
        migrations.AlterField("thing", "name", models.CharField(max_length=40, help_text="Longer.")),
        migrations.AlterField("thing", "name", models.CharField(max_length=20, null=True)),
        migrations.AlterField("thing", "size", models.IntegerField(null=True, choices=[(1, "one")], default=1)),
        migrations.RemoveConstraint("thing", "thing_size"),
        migrations.RunSQL("SELECT 1", migrations.RunSQL.noop),
    ],
)
def test_a_change_that_it_does_survive(problems: Any, operation: Any) -> None:
    if isinstance(operation, migrations.RemoveConstraint):
        operation.state_forwards = lambda label, state: None  # type: ignore[method-assign]
    assert problems(operation) == []


def test_a_table_of_the_same_migration_may_have_anything(problems: Any) -> None:
    table = migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))])
    column = migrations.AddField("other", "of", models.ForeignKey("core.Thing", models.PROTECT))
    index = migrations.AddIndex("other", models.Index(fields=["of"], name="other_of"))
    assert problems(table, column, index) == []


def test_what_no_release_uses_any_more_is_removed(problems: Any) -> None:
    removal = migrations.RemoveField("thing", "size")
    assert problems(removal, removes_unused_since="1.1.0", version="1.2.0") == []
    assert len(problems(removal, removes_unused_since="1.2.0", version="1.2.0")) == 1


def test_what_is_built_beside_writers_stands_alone(problems: Any) -> None:
    assert problems(ONLINE, atomic=False) == []
    assert problems(AddConstraintOnline("thing", CHECK), atomic=False) == []
    assert [OWN in problem for problem in problems(ONLINE)] == [True]
    column = migrations.AddField("thing", "age", models.IntegerField(null=True))
    assert [OWN in problem for problem in problems(column, ONLINE, atomic=False)] == [True]


def test_rows_are_moved_in_batches_and_alone(problems: Any) -> None:
    assert problems(move(fill), atomic=False) == []
    assert ["rows are moved in a migration of their own" in item for item in problems(move(fill))] == [True]
    assert ["hold everybody up" in item for item in problems(move(fill_at_once), atomic=False)] == [True]
    assert ["say how to go back" in item for item in problems(move(fill, None), atomic=False)] == [True]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("from consultations.services import intake", "consultations.services may change under it."),
        ("from clinic.core.migrations._copies import old", ""),
        ("from clinic.core.schema_changes import in_batches", ""),
        ("import clinic.core.fields", ""),
        ("import clinic.core.fields\ndef fill(apps, editor):\n    clinic.core.fields.make()", "fill uses clinic,"),
    ],
)
def test_a_migration_uses_nothing_that_may_change(problems: Any, source: str, sentence: str) -> None:
    found = problems(migrations.RunSQL("SELECT 1", "SELECT 1"), source=source)
    assert [sentence in problem for problem in found] == [True] * bool(sentence)
