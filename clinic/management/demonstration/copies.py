"""Copies of a specimen: the same rows with other keys, for other people, at other times of visit."""

import dataclasses
import re
from collections.abc import Iterable
from typing import Any, Final

from django.db import connection

from clinic.core import audit
from clinic.core.channels import message_id
from clinic.core.encrypted_rows import CLINIC, OWN, EncryptedModel, KeyHolder
from clinic.core.encryption import fingerprint
from clinic.core.models import AuditEvent
from clinic.core.names import greeting_name
from clinic.management.demonstration.invented import InventedPatient, Inventor
from clinic.management.demonstration.specimens import Row, Specimen, Table, counts
from consultations.models import Appointment, Patient, QuestionnaireResponse
from consultations.services.intake import Contact, described
from consultations.services.scheduling import Slot

BATCH: Final = 500


@dataclasses.dataclass(frozen=True, slots=True)
class Copy:
    """What can be told of a copy; `token` opens its private pages with the date of birth."""

    person: InventedPatient
    status: str
    token: str


class CopyPattern:
    """A specimen with the values found in it that are its own, and that a copy therefore has others for."""

    def __init__(self, specimen: Specimen) -> None:
        self.specimen = specimen
        self.keys = {row["id"] for table, rows in specimen.rows.items() if counts(table) for row in rows}
        self.told = _told(specimen.contact)
        own = {*self.keys, *(str(key) for key in self.keys), *self.told, *self._drawn(), *self._times()}
        self.own = {value for value in own if value}
        texts = sorted((value for value in self.own if isinstance(value, str)), key=len, reverse=True)
        self.texts = re.compile("|".join(map(re.escape, texts)))
        self.varying = {table: self._varying(rows) for table, rows in specimen.rows.items()}
        self.events = self._varying(specimen.events)

    def _tokens(self) -> list[str]:
        return [*(row["token"] for row in self.specimen.rows[QuestionnaireResponse]), *self.specimen.link_tokens()]

    def _uids(self) -> list[str]:
        return [row["calendar_uid"] for row in self.specimen.rows.get(Appointment, [])]

    def _drawn(self) -> list[str]:
        tokens = self._tokens()
        return [self.specimen.reference, *tokens, *map(fingerprint, tokens), *self._uids(), *self._message_ids()]

    def _message_ids(self) -> dict[str, str]:
        """Of each mail: it follows from the key of its row."""
        return {message_id(row["key"]): row["key"] for row in self.specimen.messages}

    def _times(self) -> list[Any]:
        slot = self.specimen.slot
        return [slot.starts_at, slot.ends_at] if slot else []

    def _varying(self, rows: list[Row]) -> list[list[str]]:
        return [[name for name, value in row.items() if self._holds_own(value)] for row in rows]

    def _holds_own(self, value: Any) -> bool:
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if isinstance(value, str):
            return self.texts.search(value) is not None
        if isinstance(value, dict):
            return any(map(self._holds_own, value.values()))
        if isinstance(value, list):
            return any(map(self._holds_own, value))
        return value in self.own

    def others(
        self, person: InventedPatient, inventor: Inventor, slot: Slot | None, keys: dict[int, int]
    ) -> tuple[dict[Any, Any], str]:
        """What stands in a copy in place of each value that is the specimen's own; and the newest token."""
        tokens = {token: inventor.token() for token in self._tokens()}
        others: dict[Any, Any] = {**keys, **{str(key): str(other) for key, other in keys.items()}, **tokens}
        others.update((fingerprint(token), fingerprint(other)) for token, other in tokens.items())
        others.update(zip(self.told, _told(person.contact), strict=True))
        others[self.specimen.reference] = person.reference
        others.update((uid, f"{inventor.hex()}@{uid.partition('@')[2]}") for uid in self._uids())
        if slot:
            others.update(zip(self._times(), [slot.starts_at, slot.ends_at], strict=True))
        others.update((id_, message_id(self.put(key, others))) for id_, key in self._message_ids().items())
        return others, [*tokens.values()][-1]

    def put(self, value: Any, others: dict[Any, Any]) -> Any:
        if isinstance(value, bytes):
            return self.put(value.decode("latin-1"), others).encode("latin-1")
        if isinstance(value, str):
            return self.texts.sub(lambda match: others[match[0]], value)
        if isinstance(value, dict):
            return {name: self.put(inner, others) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.put(inner, others) for inner in value]
        return others.get(value, value)

    def row(self, row: Row, varying: Iterable[str], others: dict[Any, Any]) -> Row:
        return {**row, **{name: self.put(row[name], others) for name in varying}}


def _told(contact: Contact) -> list[Any]:
    """What stands in the rows of whoever gave these contact details, in one order for everybody."""
    patient = described(contact)
    return [
        contact.name, greeting_name(contact.name), contact.birth_on, contact.email, patient.email_index,
        patient.phone, patient.phone_as_typed, patient.phone_index,
    ]  # fmt: skip


def write(specimen: Specimen, people: list[tuple[InventedPatient, Slot | None]], inventor: Inventor) -> list[Copy]:
    """Write a copy for each of these people. Call inside a transaction."""
    pattern, made = CopyPattern(specimen), []
    rows: dict[Table, list[Any]] = {table: [] for table in specimen.rows}
    events: list[AuditEvent] = []
    for (person, slot), keys in zip(people, _keys_for(specimen, len(people)), strict=True):
        others, token = pattern.others(person, inventor, slot, keys)
        own = {
            table: [
                table(**_at_slot(table, pattern.row(row, varying, others), slot))
                for row, varying in zip(patterns, pattern.varying[table], strict=True)
            ]
            for table, patterns in specimen.rows.items()
        }
        _give_keys(own)
        for table, new in own.items():
            rows[table] += new
        for event, varying in zip(specimen.events, pattern.events, strict=True):
            events.append(AuditEvent(**{**pattern.row(event, varying, others), "sequence": None}))
        made.append(Copy(person, specimen.plan.status.value, token))
    for table, new in rows.items():
        table._base_manager.bulk_create(new, batch_size=BATCH)
    audit.write(sorted(events, key=lambda event: event.at))
    return made


def _give_keys(own: dict[Table, list[Any]]) -> None:
    """The rows of one copy get keys of their own, and each row is encrypted under the one that it must stand under.

    The key of an answered check is handed to its patient, as it is when the check is sent.
    """
    at_hand = {(table, row.pk): row for table, rows in own.items() for row in rows}
    for row in at_hand.values():
        if isinstance(row, KeyHolder):
            row.data_key = ""
    (patient,) = own[Patient]
    for response in own[QuestionnaireResponse]:
        response.hand_key_to(patient)
    for row in at_hand.values():
        if isinstance(row, EncryptedModel) and row.encrypted_under not in (CLINIC, OWN):
            row.opened_with(_holder(row, at_hand))


def _holder(row: Any, at_hand: dict[tuple[Table, int], Any]) -> Any:
    for name in row.encrypted_under.split("__"):
        field = row._meta.get_field(name)
        row = at_hand[field.related_model, getattr(row, field.attname)]
    return row


def _at_slot(table: Table, row: Row, slot: Slot | None) -> Row:
    if table is Appointment and slot:
        row.update(clinician_id=slot.clinician_id, location_id=slot.location_id)
    return row


def _keys_for(specimen: Specimen, count: int) -> list[dict[int, int]]:
    """For each copy: which new key stands for which of the specimen."""
    keys: list[dict[int, int]] = [{} for _ in range(count)]
    for table, rows in specimen.rows.items():
        if not counts(table):
            continue
        new = iter(_next_keys(table, count * len(rows)))
        for mapping in keys:
            mapping.update((row["id"], next(new)) for row in rows)
    return keys


def _next_keys(table: Table, count: int) -> list[int]:
    """Keys that nobody else gets: from the sequence; in SQLite, where nobody else writes now, those after the last."""
    name, key = table._meta.db_table, table._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [name, key, count]
            )
            return [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [name])
        last = cursor.fetchone()
    start = (last[0] if last else 0) + 1
    return list(range(start, start + count))
