"""A hold takes up what the live appointment of its own request does not take up already (decision 0057).

Whoever moves a visit holds the new time while the old one stands. The two may overlap, because only one of them will
be; everything else of anybody is refused as before, since between them the two take up the whole of both. When the
appointment changes or goes, what its hold takes up is written anew in the same statement.

The triggers of `_overlap_guard.py` on holds and appointments are replaced; table and constraints stay as they are.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db import migrations

from consultations.migrations import _overlap_guard as before

OCCUPATION: Final = before.OCCUPATION
HOLD: Final = "consultations_slothold"
APPOINTMENT: Final = "consultations_appointment"
TABLES: Final = {"hold": HOLD, "appointment": APPOINTMENT}
IS_LIVE: Final = "NEW.status IN ('booked', 'arrived')"
WATCHED: Final = {"hold": before.WATCHED, "appointment": ("status", *before.WATCHED)}
Span = Callable[[str], tuple[str, str]]


class OnEachEngine(migrations.RunSQL):
    """Statements that each engine says in its own words."""

    def __init__(self, *, postgresql: list[str], sqlite: list[str], back: dict[str, list[str]]) -> None:
        super().__init__(postgresql, back["postgresql"])
        self.there = {"postgresql": postgresql, "sqlite": sqlite}
        self.back = back

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        words = {"postgresql": self.there["postgresql"], "sqlite": self.there["sqlite"], "back": self.back}
        return self.__class__.__qualname__, [], words

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        run(self.there[schema_editor.connection.vendor], schema_editor)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        run(self.back[schema_editor.connection.vendor], schema_editor)


def run(statements: list[str], schema_editor: Any) -> None:
    for statement in statements:
        schema_editor.execute(statement, params=None)


def follow_both() -> OnEachEngine:
    """The operation: what a hold takes up leaves out the appointment of its request."""
    return OnEachEngine(
        postgresql=list(_functions()),
        sqlite=[*_drops(), *_triggers()],
        back={
            "postgresql": list(_functions_before()),
            "sqlite": [*_drops(), *_triggers_before()],
        },
    )


# --- PostgreSQL: the triggers stay, their functions are replaced, which waits for nobody ----------------------------


def _functions() -> Iterator[str]:
    of_hold = " ".join(of_holds("NEW", _postgresql_span))
    yield (
        "CREATE OR REPLACE FUNCTION occupied_by_hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {_gone('hold')} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {before.LOCK} {of_hold} END IF; RETURN NULL; END $$"
    )
    written = " ".join(_of_appointment(_postgresql_span))
    old, new = (_holds_anew(f"{row}.consultation_request_id", _postgresql_span) for row in ("OLD", "NEW"))
    yield (
        "CREATE OR REPLACE FUNCTION occupied_by_appointment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {_gone('appointment')} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_without_holds('NEW')} {before.LOCK} {written} {new} END IF; "
        f"IF TG_OP = 'DELETE' THEN {_without_holds('OLD')} {old} "
        "ELSIF TG_OP = 'UPDATE' AND OLD.consultation_request_id <> NEW.consultation_request_id "
        f"THEN {_without_holds('OLD')} {old} END IF; "
        "RETURN NULL; END $$"
    )


def _functions_before() -> Iterator[str]:
    for source, live in (("hold", "true"), ("appointment", IS_LIVE)):
        written = before._write(f"{source}_id", live, before._postgresql_span)
        yield (
            f"CREATE OR REPLACE FUNCTION occupied_by_{source}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP <> 'INSERT' THEN {_gone(source)} END IF; "
            f"IF TG_OP <> 'DELETE' THEN {before.LOCK} {written} END IF; RETURN NULL; END $$"
        )


# --- SQLite: the triggers themselves are made anew ------------------------------------------------------------------


def _drops() -> Iterator[str]:
    for source in TABLES:
        for verb in ("insert", "update", "delete"):
            yield f"DROP TRIGGER IF EXISTS occupied_by_{source}_{verb}"


def _triggers() -> Iterator[str]:
    of_hold = " ".join(of_holds("NEW", _sqlite_span))
    yield from _trigger("hold", {"INSERT": of_hold, "UPDATE": f"{_gone('hold')} {of_hold}", "DELETE": _gone("hold")})
    written = " ".join(_of_appointment(_sqlite_span))
    old, new = (_holds_anew(f"{row}.consultation_request_id", _sqlite_span) for row in ("OLD", "NEW"))
    gone = _gone("appointment")
    yield from _trigger(
        "appointment",
        {
            "INSERT": f"{_without_holds('NEW')} {written} {new}",
            "UPDATE": f"{gone} {_without_holds('OLD')} {_without_holds('NEW')} {written} {new} {_moved_away(old)}",
            "DELETE": f"{gone} {_without_holds('OLD')} {old}",
        },
    )


def _moved_away(old: str) -> str:
    """The holds of a request that the appointment was taken from; with the same request they stand written already."""
    is_other = "OLD.consultation_request_id <> NEW.consultation_request_id"
    return old.replace(" WHERE part.", f" WHERE {is_other} AND part.")


def _triggers_before() -> Iterator[str]:
    for source, live in (("hold", "true"), ("appointment", IS_LIVE)):
        written, gone = before._write(f"{source}_id", live, before._sqlite_span), _gone(source)
        yield from _trigger(source, {"INSERT": written, "UPDATE": f"{gone} {written}", "DELETE": gone})


def _trigger(source: str, bodies: dict[str, str]) -> Iterator[str]:
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in WATCHED[source])
    for verb, body in bodies.items():
        condition = f" WHEN {changed}" if verb == "UPDATE" else ""
        name = f"occupied_by_{source}_{verb.lower()}"
        yield f"CREATE TRIGGER {name} AFTER {verb} ON {TABLES[source]}{condition} BEGIN {body} END"


# --- What both write ------------------------------------------------------------------------------------------------


def _gone(source: str) -> str:
    return f"DELETE FROM {OCCUPATION} WHERE {source}_id = OLD.id;"


def _without_holds(row: str) -> str:
    return (
        f"DELETE FROM {OCCUPATION} WHERE hold_id IN "
        f"(SELECT id FROM {HOLD} WHERE consultation_request_id = {row}.consultation_request_id);"
    )


def _of_appointment(span: Span) -> list[str]:
    """The rows of the appointment that a trigger knows as NEW, as before."""
    begins, ends = span("NEW")
    return before._rows("appointment_id", IS_LIVE, lambda: f"{begins}, {ends}")


def _holds_anew(request: str, span: Span) -> str:
    """The rows of the holds of a request, once more."""
    source = f" FROM {HOLD} AS held WHERE held.consultation_request_id = {request}"
    return " ".join(of_holds("held", span, source=source))


def of_holds(row: str, span: Span, *, source: str = "") -> list[str]:
    """What a hold takes up, each kind in a statement: up to the appointment of its request, and from its end on."""
    begins, ends = span(row)
    person = (
        f"(SELECT of_patient.person_id FROM {before.PATIENT} AS of_patient JOIN {before.REQUEST} AS asked "
        f"ON asked.patient_id = of_patient.id WHERE asked.id = {row}.consultation_request_id)"
    )
    kinds = (
        ("resource_id", f"{row}.clinician_id", begins, ends),
        ("resource_id", f"{row}.room_id", begins, ends),
        ("person_id", person, f"{row}.starts_at", f"{row}.ends_at"),
    )
    return [_of_kind(row, column, who, since, until, source) for column, who, since, until in kinds]


def _of_kind(row: str, column: str, who: str, since: str, until: str, source: str) -> str:
    whole = (
        f"(SELECT {who} AS who, {row}.id AS id, {row}.consultation_request_id AS request, "
        f"{since} AS begins, {until} AS ends{source}) AS span"
    )
    own = (
        f"(SELECT taken.{column} AS who, visit.consultation_request_id AS request, taken.starts_at, taken.ends_at "
        f"FROM {OCCUPATION} AS taken JOIN {APPOINTMENT} AS visit ON visit.id = taken.appointment_id) AS own "
        "ON own.who = span.who AND own.request = span.request "
        "AND own.starts_at < span.ends AND own.ends_at > span.begins"
    )
    return (
        f"INSERT INTO {OCCUPATION} ({column}, hold_id, starts_at, ends_at) "
        "SELECT part.who, part.id, part.begins, part.ends FROM ("
        f"SELECT span.who, span.id, span.begins, COALESCE(own.starts_at, span.ends) AS ends FROM {whole} LEFT JOIN {own} "
        f"UNION ALL SELECT span.who, span.id, own.ends_at AS begins, span.ends FROM {whole} JOIN {own}"
        ") AS part WHERE part.who IS NOT NULL AND part.begins < part.ends;"
    )


def _postgresql_span(row: str) -> tuple[str, str]:
    return (
        f"{row}.starts_at - make_interval(mins => {row}.buffer_before_minutes)",
        f"{row}.ends_at + make_interval(mins => {row}.buffer_after_minutes)",
    )


def _sqlite_span(row: str) -> tuple[str, str]:
    """Instants as Django writes them, like those of `_overlap_guard.py`."""
    return (
        f"datetime({row}.starts_at, '-' || {row}.buffer_before_minutes || ' minutes') || substr({row}.starts_at, 20)",
        f"datetime({row}.ends_at, '+' || {row}.buffer_after_minutes || ' minutes') || substr({row}.ends_at, 20)",
    )
