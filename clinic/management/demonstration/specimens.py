"""One request as the services make it, taken out of the database again: the pattern of the copies.

It is made in a transaction that is rolled back, with keys so far up that no other number can be taken for one, and for
somebody whose name and address nobody else has. So a copy may put its own in their place wherever they stand.
"""

import dataclasses
import datetime
import re
from typing import Any, Final

from django.apps import apps
from django.db import connection, models, transaction

from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.management.demonstration.courses import Plan, follow
from clinic.management.demonstration.staff_and_diary import Cast
from consultations.models import Appointment, ConsultationRequest, Occupation, OutboxMessage
from consultations.services.intake import Contact
from consultations.services.scheduling import Slot

Table = type[models.Model]
Row = dict[str, Any]
FAR: Final = 8_000_000_000_000_000
APART: Final = 1_000_000_000_000
NAME: Final = "Xaviandra Qyzzelhoft"
EMAIL: Final = "xaviandra.qyzzelhoft@patients.example"
PHONE: Final = "(202) 555-0100"
TOKEN: Final = re.compile(r"/request/open/([A-Za-z0-9_-]{43})/")


@dataclasses.dataclass(frozen=True, slots=True)
class Specimen:
    """All rows that one request left, by table, and its audit events in their order.

    `choices` are the times that its patient could have booked as well.
    """

    plan: Plan
    contact: Contact
    rows: dict[Table, list[Row]]
    events: list[Row]
    choices: list[Slot]

    def one(self, table: Table) -> Row | None:
        return next(iter(self.rows.get(table, [])), None)

    @property
    def reference(self) -> str:
        return str(self.rows[ConsultationRequest][0]["reference"])

    @property
    def slot(self) -> Slot | None:
        visit = self.one(Appointment)
        return (
            Slot(*(visit[name] for name in ("starts_at", "ends_at", "clinician_id", "location_id"))) if visit else None
        )

    def link_tokens(self) -> list[str]:
        """Of the private links in its mails, the newest last."""
        mails = [str(row["payload"]) for row in self.rows.get(OutboxMessage, [])]
        return [token for mail in mails for token in TOKEN.findall(mail)]


def take(plan: Plan, cast: Cast) -> Specimen:
    """Let the services make one, and leave the database as it was. Raises NoTimeFree."""
    day = clock.local(plan.sent_at).date()
    born = datetime.date(day.year - plan.age - 1, day.month, min(day.day, 28)) + datetime.timedelta(days=180)
    contact = Contact(name=NAME, birth_on=born, email=EMAIL, phone=PHONE)
    with transaction.atomic():
        floors = {table: FAR + place * APART for place, table in enumerate(tables())}
        for table, floor in floors.items():
            _count_from(table, floor)
        last = AuditEvent.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        followed = follow(plan, cast, contact)
        rows = {table: _rows(table, pk__gt=floor) for table, floor in floors.items()}
        events = _rows(AuditEvent, pk__gt=last)
        transaction.set_rollback(True)
    for message in rows[OutboxMessage]:
        _deliver(message)
    return Specimen(plan, contact, {table: found for table, found in rows.items() if found}, events, followed.choices)


def tables() -> list[Table]:
    """Those that a request can leave rows in, each after those that it points to: triggers look there.

    What a visit occupies is left out. The database writes it, for a copy as well.
    """
    config = apps.get_app_config("consultations")
    waiting = [table for table in config.get_models(include_auto_created=True) if table is not Occupation]
    ordered: list[Table] = []
    while waiting:
        ready = next(table for table in waiting if not _points_to(table).intersection(waiting))
        waiting.remove(ready)
        ordered.append(ready)
    return [table for table in ordered if isinstance(table._meta.pk, models.AutoField)]


def _points_to(table: Table) -> set[Table]:
    targets = {field.related_model for field in table._meta.concrete_fields}
    return {target for target in targets if target not in (None, table)}


def _rows(table: Table, **condition: int) -> list[Row]:
    found = table._base_manager.filter(**condition).order_by("pk")
    return [{field.attname: getattr(row, field.attname) for field in table._meta.concrete_fields} for row in found]


def _count_from(table: Table, floor: int) -> None:
    """Until the transaction is rolled back, the table's next key is the one after `floor`."""
    name, key = table._meta.db_table, table._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [name, key])
            cursor.execute(f"ALTER SEQUENCE {cursor.fetchone()[0]} RESTART WITH {floor + 1:d}")
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [name])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [name, floor])


def _deliver(message: Row) -> None:
    """As the worker leaves a mail that it sent at once."""
    message.update(sent_at=message["created_at"], attempts=1)
