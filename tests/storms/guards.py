"""What stands in the way of a double booking, taken away: the services' looks and locks, and the database's rule."""

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.db import connection
from django.db.models import Model

from consultations.models import Appointment, AppointmentType, Occupation, Room, SlotHold
from consultations.services import occupation
from consultations.services.scheduling import slots

guard = importlib.import_module("consultations.migrations.0002_overlap_guard")


@contextmanager
def no_guard() -> Iterator[None]:
    """The database without its rules against double booking; they come back afterwards.

    SQLite keeps the rule that two holds do not begin at once: without it the table, and its triggers, would be made
    anew. It refuses nobody whose rival has confirmed.
    """
    constraints = [(Appointment, "one_live_appointment_per_start")]
    if connection.vendor == "postgresql":
        constraints.append((SlotHold, "one_hold_per_start"))
    with connection.schema_editor() as editor:
        guard.drop_guard(**guard.RESOURCES)(None, editor)
        guard.drop_guard(**guard.PERSONS)(None, editor)
        for model, name in constraints:
            editor.remove_constraint(model, _named(model, name))
    try:
        yield
    finally:
        SlotHold.objects.all().delete()
        Appointment.objects.all().delete()
        assert not Occupation.objects.exists()
        with connection.schema_editor() as editor:
            guard.add_guard(**guard.RESOURCES)(None, editor)
            guard.add_guard(**guard.PERSONS)(None, editor)
            for model, name in constraints:
                editor.add_constraint(model, _named(model, name))


def _named(model: type[Model], name: str) -> Any:
    return next(constraint for constraint in model._meta.constraints if constraint.name == name)


def _nothing(*args: Any, **more: Any) -> dict[int, Any]:
    return {}


def _not_taken(*args: Any, **more: Any) -> bool:
    return False


def _no_lock(*args: Any) -> None:
    return None


def _any_room(kind: AppointmentType, *, location_id: int, **more: Any) -> Room | None:
    return kind.rooms.filter(location=location_id).order_by("pk").first()


@contextmanager
def blind() -> Iterator[None]:
    """No service looks whether a time is taken, nor waits for anybody: the database alone is left."""
    eyes = {"is_taken": _not_taken, "free_room": _any_room, "lock_resources": _no_lock, "lock_person": _no_lock}
    with ExitStack() as patched:
        for name, other in eyes.items():
            patched.enter_context(mock.patch.object(occupation, name, other))
        patched.enter_context(mock.patch.object(slots, "busy_spans", _nothing))
        yield
