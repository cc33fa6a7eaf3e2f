"""One request as the services make it, taken out of the database again: the pattern of the copies.

It is made in a transaction that is rolled back, with keys so far up that no other number can be taken for one, and for
somebody whose name and address nobody else has. So a copy may put its own in their place wherever they stand.
"""

import dataclasses
import datetime
import re
from functools import partial
from typing import Any, Final

from django.apps import apps
from django.db import connection, models, transaction

from clinic.core import clock, delivery, outbox
from clinic.core.encrypted_rows import with_keys
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.management.demonstration.courses import Plan, follow
from clinic.management.demonstration.staff_and_diary import Cast
from consultations.models import Appointment, ConsultationRequest, Occupation
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

    @property
    def messages(self) -> list[Row]:
        return self.rows.get(OutboxMessage, [])

    def link_tokens(self) -> list[str]:
        """Of the private links in its mails, the newest last."""
        mails = [row["content"].decode("latin-1") for row in self.messages if row["content"]]
        return list(dict.fromkeys(token for mail in mails for token in TOKEN.findall(mail)))


def take(plan: Plan, cast: Cast) -> Specimen:
    """Let the services make one, and leave the database as it was. Raises NoTimeFree."""
    day = clock.local(plan.sent_at).date()
    born = datetime.date(day.year - plan.age - 1, day.month, min(day.day, 28)) + datetime.timedelta(days=180)
    contact = Contact(name=NAME, birth_on=born, email=EMAIL, phone=PHONE)
    with transaction.atomic():
        counted: list[Table] = [AuditEvent, *filter(counts, tables())]
        floors = {table: FAR + index * APART for index, table in enumerate(counted)}
        for table, floor in floors.items():
            count_from(table, floor)
        followed = follow(plan, cast, contact, send_owed=partial(_send_owed, floors[OutboxMessage]))
        rows = {table: _rows(table, pk__gt=floors[_keyed_by(table)]) for table in tables()}
        events = _rows(AuditEvent, pk__gt=floors[AuditEvent])
        transaction.set_rollback(True)
    return Specimen(
        plan, contact, {table: table_rows for table, table_rows in rows.items() if table_rows}, events, followed.choices
    )


def tables() -> list[Table]:
    """Those that a request can leave rows in, each after those that it points to: triggers look there.

    What a visit occupies is left out. The database writes it, for a copy as well.
    """
    of_app = apps.get_app_config("consultations").get_models(include_auto_created=True)
    waiting: list[Table] = [OutboxMessage, *(table for table in of_app if table is not Occupation)]
    ordered: list[Table] = []
    while waiting:
        ready = next(table for table in waiting if not _points_to(table).intersection(waiting))
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _points_to(table: Table) -> set[Any]:
    targets = {field.related_model for field in table._meta.concrete_fields}
    return {target for target in targets if target not in (None, table)}


def counts(table: Table) -> bool:
    """Whether it counts keys of its own; else its key is that of the row it belongs to."""
    return isinstance(table._meta.pk, models.AutoField)


def _keyed_by(table: Table) -> Any:
    return table if counts(table) else table._meta.pk.related_model


def _rows(table: Table, **condition: int) -> list[Row]:
    """As they are read, with everything in them decrypted."""
    rows = with_keys(table._base_manager.filter(**condition).order_by("pk"))
    return [{field.attname: getattr(row, field.attname) for field in table._meta.concrete_fields} for row in rows]


def count_from(table: Table, floor: int) -> None:
    """Until the transaction is rolled back, the table's next key is the one after `floor`."""
    name, key = table._meta.db_table, table._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [name, key])
            cursor.execute(f"ALTER SEQUENCE {cursor.fetchone()[0]} RESTART WITH {floor + 1:d}")
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [name])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [name, floor])


def _send_owed(floor: int) -> None:
    """Compose what is owed, and leave it as the worker leaves what it sent at its first attempt. Nothing goes out."""
    owed = OutboxMessage.objects.filter(pk__gt=floor, sent_at=None, parked_at=None, due_at__lte=clock.now())
    for pk in owed.order_by("pk").values_list("pk", flat=True):
        OutboxMessage.objects.filter(pk=pk).update(attempts=1)
        try:
            outbox.prepare(pk)
        except outbox.NotWanted as no:
            outbox.stop(OutboxMessage.objects.filter(pk=pk), reason=no.reason, needs_staff=no.needs_staff)
        else:
            delivery.record_sent(pk)
