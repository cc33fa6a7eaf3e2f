"""The rules of ADR 0056, each as a function over one operation of a migration after 1.0: what is wrong, and what to do.

The release before still runs on the new tables, and nobody waits for a lock.
"""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from django.db.migrations import operations as ops
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from clinic.core.schema_changes import AddConstraintOnline, AddIndexOnline

ONLINE: Final = (AddIndexOnline, AddConstraintOnline)
RENAMES: Final = (ops.RenameField, ops.RenameModel, ops.AlterModelTable)
REMOVES: Final = (ops.RemoveField, ops.DeleteModel)
OF_STATE: Final = (
    ops.AlterModelOptions, ops.AlterModelManagers, ops.AlterModelTableComment, ops.AlterOrderWithRespectTo,
)  # fmt: skip
HARMLESS: Final = (ops.CreateModel, ops.RemoveIndex, ops.RemoveConstraint, ops.RenameIndex, *OF_STATE, *ONLINE)
PROJECT: Final = ("clinic", "consultations", "education", "tests")
MAY_BE_IMPORTED: Final = "clinic.core.schema_changes"


def problems_of(migration: Migration, state: ProjectState, *, version: str) -> Iterator[str]:
    """What is wrong with one migration. `state` is what stood before it; `version` the one that ships it."""
    steps = list(_flat(migration.operations))
    made = {operation.name.lower() for operation in steps if isinstance(operation, ops.CreateModel)}
    before = state.clone()
    for operation in steps:
        label = migration.app_label
        for problem in _of_operation(operation, before, label, made):
            yield f"{label}.{migration.name}, {operation.describe()}: {problem}"
        if isinstance(operation, REMOVES):
            yield from _of_removal(migration, version)
        operation.state_forwards(label, before)
    for problem in [*_of_company(migration, steps), *_of_source(migration)]:
        yield f"{migration.app_label}.{migration.name}: {problem}"


def _flat(operations: list[Any]) -> Iterator[Any]:
    for operation in operations:
        if isinstance(operation, ops.SeparateDatabaseAndState):
            yield from _flat([*operation.database_operations, *operation.state_operations])
        else:
            yield operation


def _of_operation(operation: Any, state: ProjectState, label: str, made: set[str]) -> Iterator[str]:
    is_new_table = getattr(operation, "model_name", "").lower() in made
    if isinstance(operation, RENAMES):
        yield "the release before still uses the old name. Add the new one, fill it, and remove the old one later."
    elif isinstance(operation, ops.AddField):
        yield from _of_new_column(operation, is_new_table=is_new_table)
    elif isinstance(operation, ops.AlterField):
        yield from _of_altered_column(operation, state, label)
    elif isinstance(operation, ops.AddIndex | ops.AddConstraint) and not isinstance(operation, ONLINE):
        if not is_new_table:
            kind = "AddIndexOnline" if isinstance(operation, ops.AddIndex) else "AddConstraintOnline"
            yield f"whoever writes waits until it is built. Use {kind} of {MAY_BE_IMPORTED}, alone and not atomic."
    elif isinstance(operation, ops.RunPython):
        yield from _of_python(operation)
    elif isinstance(operation, ops.RunSQL):
        if operation.reverse_sql is None:
            yield "say in reverse_sql how to go back (RunSQL.noop where what was done may stay)."
    elif not isinstance(operation, (*HARMLESS, *REMOVES)):
        yield "this kind of change has no rule yet. Add, fill, and remove a release later; or write the rule."


def _of_new_column(operation: ops.AddField, *, is_new_table: bool) -> Iterator[str]:
    field: Any = operation.field
    if is_new_table or field.many_to_many:
        return
    if not (field.null or field.has_db_default()):
        yield "the release before does not fill it in. Let it be NULL, or give it a db_default."
    if field.unique or getattr(field, "db_index", False):
        yield "its index is built while everybody waits. Say db_index=False, and add it with AddIndexOnline."


def _of_altered_column(operation: ops.AlterField, state: ProjectState, label: str) -> Iterator[str]:
    model = state.models[label, operation.model_name.lower()]
    old, new = _stored(model.fields[operation.name]), _stored(operation.field)
    if old == new:
        return
    looser = {**old, "null": new["null"] or old["null"]}
    lengths = (old["max_length"], new["max_length"])
    if None not in lengths and lengths[1] >= lengths[0]:
        looser["max_length"] = lengths[1]
    if new != looser:
        yield "the table is locked or written anew. Add a column of the new kind, fill it, remove the old later."


def _stored(field: Any) -> dict[str, Any]:
    """What the database knows of a field."""
    _, path, _, options = field.deconstruct()
    kept = {name: value for name, value in options.items() if name not in (*field.non_db_attrs, "default")}
    kept.update(null=field.null, max_length=field.max_length)
    return {"path": path, **kept}


def _of_removal(migration: Migration, version: str) -> Iterator[str]:
    since = getattr(migration, "removes_unused_since", "")
    if not since or _numbers(since) >= _numbers(version):
        yield (
            f"{migration.app_label}.{migration.name} removes what the release before may use. Ship the code that does "
            "without it first; a release later say with `removes_unused_since` which version that was."
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _of_python(operation: ops.RunPython) -> Iterator[str]:
    if operation.reverse_code is None:
        yield "say how to go back (RunPython.noop where the rows may stay as they are)."
    if "in_batches(" not in inspect.getsource(operation.code):
        yield f"all rows in one transaction hold everybody up. Use in_batches of {MAY_BE_IMPORTED}."


def _of_company(migration: Migration, steps: list[Any]) -> Iterator[str]:
    """What may stand beside what in one file."""
    moves = [step for step in steps if isinstance(step, ops.RunPython)]
    if moves and (len(moves) < len(steps) or migration.atomic):
        yield "rows are moved in a migration of their own that says `atomic = False`, after that of the column."
    online = [step for step in steps if isinstance(step, ONLINE)]
    if online and (len(online) < len(steps) or migration.atomic):
        yield "what is built beside writers stands in a migration of its own that says `atomic = False`."


def _of_source(migration: Migration) -> Iterator[str]:
    """What it imports, and what its functions name: both must do in five years what they do now."""
    tree = ast.parse(inspect.getsource(import_module(migration.__module__)))
    own = f"{migration.__module__.rpartition('.')[0]}._"
    for node in ast.walk(tree):
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        is_ours = module.partition(".")[0] in PROJECT and module != MAY_BE_IMPORTED
        if is_ours and not module.startswith(own):
            yield f"{module} may change under it. Copy what it needs into a module {own}name."
        if isinstance(node, ast.FunctionDef):
            names = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
            for name in sorted(names.intersection(PROJECT)):
                yield f"{node.name} uses {name}, which may change under it. Use apps.get_model, or a copy."
