"""Keeps this program from a database that it did not make: one of an earlier or newer version, or of another program.

Such a database is named and left as it is. Whatever would use it stops with a few sentences that say how to keep it.
"""

import dataclasses
import enum
import os
import pwd
import shlex
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.core import database_state, restored_copy
from clinic.core.database_state import DatabaseState

OURS: Final = ("accounts", "clinic", "core", "consultations", "education")
BEGUN_ANEW: Final = {
    "clinic": ("0001_initial", "0002_audit_append_only"),
    "consultations": ("0004_no_unused_message_kind", "0005_brought_from_the_decision_aid", "0006_link_asked_for"),
    "education": (
        "0003_page_versions", "0004_kinds_topic_treatment", "0005_claim_waiver", "0006_kinds_journey_law_cost",
        "0007_governance", "0008_governance_data", "0009_page_constraints", "0010_search", "0011_lines",
    ),
}  # fmt: skip
"""Migrations of before ours began anew. Any other name that we do not know is one of a newer version."""
HOW_TO_GO_ON: Final = "Then run `make run`, or `python manage.py migrate`, again: it makes a new database."


class RefusalCause(enum.Enum):
    OLD = "made by an earlier version"
    NEWER = "made by a newer version"
    FOREIGN = "of another program"
    UNREADABLE = "not to be read or written"
    UNREACHABLE = "not to be reached now"
    UNMIGRATED = "without all its tables"
    UNSETTLED = "restored and not settled"


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """Why a database may not be used as it is, in sentences for the person at the keyboard."""

    cause: RefusalCause
    text: str


def refusal(used: BaseDatabaseWrapper = connection) -> Refusal | None:
    """None for a database that is this program's own, and for one that is still to be made or migrated by it."""
    judgment = judge(used)
    return None if judgment and judgment.cause is RefusalCause.UNMIGRATED else judgment


def server_refusal() -> Refusal | None:
    """For a web server, which starts without a database too: its pages say that something is down."""
    judgment = refusal()
    connection.close()
    return None if judgment and judgment.cause is RefusalCause.UNREACHABLE else judgment


def judge(used: BaseDatabaseWrapper) -> Refusal | None:
    """Everything that may be said against a database, also that it is not migrated yet."""
    if used.vendor == "sqlite":
        name = str(used.settings_dict["NAME"])
        is_in_memory = name == ":memory:" or name.startswith("file:")
        return None if is_in_memory else _judged_file(Path(name))
    return _judged_server(used)


def _judged_file(path: Path) -> Refusal | None:
    shown = _shown(path)
    if sentence := _file_problem(path):
        return Refusal(RefusalCause.UNREADABLE, sentence)
    try:
        state = database_state.of_sqlite(path, _tables())
    except (sqlite3.Error, OSError) as error:
        # Only SQLite itself may look into the file: closing it by other means would end this process's locks on it.
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            text = (
                f"The file {shown} is not an SQLite database, or a damaged one. Nothing was changed in it.\n"
                "If it is damaged, put a backup in its place. To keep it, give it another name:\n"
                f"    {_move(path)}\nOr name another file in DATABASE_URL."
            )
            return Refusal(RefusalCause.UNREADABLE, text)
        text = (
            f"The database {shown} cannot be read: {error}. Nothing was changed in it.\n"
            "If another program is using it, stop that one and try again. If it is damaged, put a backup in its "
            f"place, or keep it under another name:\n    {_move(path)}\n{HOW_TO_GO_ON}"
        )
        return Refusal(RefusalCause.UNREADABLE, text)
    return _refusal(state, f"The database {shown}", f"give it another name:\n    {_move(path)}\n{HOW_TO_GO_ON}")


def _file_problem(path: Path) -> str:
    """What keeps SQLite from the file, in a sentence; nothing for a file that is still to be made."""
    shown, folder = _shown(path), path.absolute().parent
    name_another = "name another file in DATABASE_URL"
    try:
        if not folder.is_dir():
            return (
                f"The database {shown} cannot be made: there is no folder {_shown(folder)}. "
                f"Make it (mkdir -p {_shown(folder)}), or {name_another}."
            )
        is_there = path.exists()
        if not is_there and path.is_symlink():
            path.resolve(strict=True).stat()
        if path.is_dir():
            return f"The database cannot be {shown}: that is a folder. Name a file in DATABASE_URL."
        if is_there and not path.is_file():
            return f"The database cannot be {shown}: that is not a file. Name a file in DATABASE_URL."
        if stranger := _left_by_root(path if is_there else folder):
            return (
                f"The database {shown} belongs to the user {stranger}, and you are root: what root writes beside it, "
                "the site could no longer open. Nothing was changed. Type the command with clinic-manage."
            )
        if not os.access(path if is_there else folder, os.R_OK | os.W_OK) or not os.access(folder, os.W_OK):
            return (
                f"The database {shown} cannot be written by this user, or not the folder it stands in. Nothing was "
                f"changed. Let this user write both (chmod u+w {_shown(folder)} {shown}), or {name_another}."
            )
    except (OSError, RuntimeError) as error:  # links in a circle are either, as Python's version goes
        reason = getattr(error, "strerror", None) or error
        return f"The database {shown} cannot be opened: {reason}. Mend that, or {name_another}."
    return ""


def _left_by_root(path: Path) -> str:
    """Whose a clinic's file is, where root is about to open it. In a demonstration it is the newcomer's, in whatever
    container.
    """
    owner = path.stat().st_uid
    if settings.DEMO or os.geteuid() != 0 or owner == 0:
        return ""
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return f"{owner}"


def _judged_server(used: BaseDatabaseWrapper) -> Refusal | None:
    given = used.settings_dict
    address = ":".join(str(given[part]) for part in ("HOST", "PORT") if given.get(part)) or "this machine"
    name = f"The PostgreSQL database “{given['NAME']}” on {address}"
    try:
        state = database_state.of_postgresql(used, _tables())
    except restored_copy.Unsettled:
        text = (
            f"{name} was restored from a backup and not settled: nobody verified it, and whoever was erased since that "
            "backup was made may be back in it. Nothing was changed in it.\nRestore the backup again into another new "
            "database. Where the files of a whole server were put back, run after_restore with --facts "
            "(docs/operations.md, Restore)."
        )
        return Refusal(RefusalCause.UNSETTLED, text)
    except OperationalError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        text = (
            f"{name} cannot be reached: {reason}\nCheck DATABASE_URL, and that the server runs. A database that "
            f"is not there yet is made with:\n    {_createdb(given, str(given['NAME']))}"
        )
        if "Peer authentication failed" in reason:
            text = f"{name} lets only the user of that name in. Type the command with clinic-manage: {reason}"
        return Refusal(RefusalCause.UNREACHABLE, text)
    except DatabaseError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        text = f"{name} cannot be read: {reason}. Nothing was changed in it. Name another one in DATABASE_URL."
        return Refusal(RefusalCause.UNREADABLE, text)
    keep = (
        f"leave it as it is and make a new one beside it:\n    {_createdb(given, str(given['NAME']) + '_new')}\n"
        "Then name the new one in DATABASE_URL, and run `python manage.py migrate`."
    )
    return _refusal(state, name, keep)


def _refusal(state: DatabaseState, name: str, keep: str) -> Refusal | None:
    """What the tables and the migrations on record say of who made the database."""
    cause, detail = _cause(state)
    if cause is RefusalCause.OLD:
        text = (
            f"{name} was made by an earlier version of this program, whose tables cannot be carried over into this "
            f"one. Nothing was changed in it.\nStop whatever still uses it. To keep it, {keep}\n"
            "To read the old one, use the version that made it."
        )
    elif cause is RefusalCause.NEWER:
        text = (
            f"{name} was made by a newer version of this program: it holds {detail}, which this version does not "
            "know. Nothing was changed in it.\nInstall the newer version, or name another database in DATABASE_URL."
        )
    elif cause is RefusalCause.FOREIGN:
        text = (
            f"{name} holds tables of another program ({detail}), and none of this one. Nothing was changed in it.\n"
            f"Name another database in DATABASE_URL. Or, to keep this one, {keep}"
        )
    elif cause is RefusalCause.UNMIGRATED:
        text = f"{name} does not have all its tables yet ({detail}). Run `python manage.py migrate` first."
    else:
        return None
    return Refusal(cause, text)


def _cause(state: DatabaseState) -> tuple[RefusalCause | None, str]:
    known = _known_migrations()
    recorded = {(app, name) for app, name in state.applied if app in OURS}
    unknown = sorted(recorded - known)
    if not recorded and _is_foreign(state):
        return RefusalCause.FOREIGN, ", ".join(sorted(state.tables - {database_state.MIGRATIONS})[:3])
    is_of_before = any(name in BEGUN_ANEW.get(app, ()) for app, name in unknown)
    if is_of_before or (recorded and not any(app == "accounts" for app, _ in recorded)):
        return RefusalCause.OLD, ""
    if unknown:
        return RefusalCause.NEWER, ".".join(unknown[0])
    if recorded < known:
        return RefusalCause.UNMIGRATED, f"{len(known - recorded)} of {len(known)} steps are missing"
    return (RefusalCause.OLD, "") if _has_other_columns(state) else (None, "")


def _is_foreign(state: DatabaseState) -> bool:
    """Whether tables stand there that no beginning of our own migrations makes: those of Django's apps come first."""
    labels = {config.label for config in apps.get_app_configs()}
    beginning = {
        model._meta.db_table
        for label in labels.difference(OURS)
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    }
    others = {app for app, _ in state.applied} - labels
    return bool(others or state.tables - beginning - {database_state.MIGRATIONS})


def _has_other_columns(state: DatabaseState) -> bool:
    """Whether a table lacks a column of its model, or wants one that the model would never fill.

    While nothing is released the first migrations are made anew under the same names, so their names alone do not
    tell. A column that somebody added for themselves, and that may stay empty, does no harm.
    """
    for table, wanted in _tables().items():
        columns = state.columns.get(table, {})
        if wanted - columns.keys() or any(must for name, must in columns.items() if name not in wanted):
            return True
    return False


def _tables() -> dict[str, set[str]]:
    """Each table of our own models, with its columns."""
    return {
        model._meta.db_table: {str(field.column) for field in model._meta.local_concrete_fields}
        for label in OURS
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }


def _known_migrations() -> set[tuple[str, str]]:
    return {
        (label, file.stem)
        for label in OURS
        for file in (Path(apps.get_app_config(label).path) / "migrations").glob("[0-9]*.py")
    }


def unknown_migrations(applied: Iterable[str]) -> list[str]:
    """Of migrations written as app.name, those of ours that this version does not have."""
    known = {".".join(pair) for pair in _known_migrations()}
    return sorted(name for name in applied if name.partition(".")[0] in OURS and name not in known)


def _shown(path: Path) -> str:
    """As it can be typed where the command was typed."""
    full, here = path.absolute(), Path.cwd()
    return shlex.quote(str(full.relative_to(here) if full.is_relative_to(here) else full))


def _move(path: Path) -> str:
    """The command that keeps a database file, with what SQLite left beside it, under a name that is free."""
    number, moved_to = 1, path.with_name(f"{path.stem}-old{path.suffix}")
    while moved_to.exists():
        number += 1
        moved_to = path.with_name(f"{path.stem}-old-{number}{path.suffix}")
    there = [suffix for suffix in ("", *database_state.SIDE_FILES) if Path(f"{path}{suffix}").exists()]
    return " && ".join(
        f"mv {_shown(Path(f'{path}{suffix}'))} {_shown(Path(f'{moved_to}{suffix}'))}" for suffix in there or [""]
    )


def _createdb(given: dict[str, Any], name: str) -> str:
    options = (("HOST", "host"), ("PORT", "port"), ("USER", "username"))
    said = [f"--{option}={shlex.quote(str(given[part]))}" for part, option in options if given.get(part)]
    return " ".join(["createdb", *said, shlex.quote(name)])
