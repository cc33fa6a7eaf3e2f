"""The rota as managers keep it. What they change counts at once, also for the shift that is on."""

from collections.abc import Iterable

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import audit, clock
from consultations.enums import Actor
from consultations.models import Shift, ShiftChange
from consultations.permissions import require
from consultations.services import handover
from consultations.services.rota import Rota

Entry = Shift | ShiftChange


@transaction.atomic
def save(*, entry: Entry, by: User, fields: Iterable[str] = ()) -> Entry:
    """Add or change one entry. Raises NotAllowed."""
    require(by, Actor.MANAGER)
    is_new = entry.pk is None
    before = Rota.around(clock.now())
    entry.save()
    _apply(before)
    audit.record(action="rota.add" if is_new else "rota.change", target=entry, by=by, fields=fields)
    return entry


@transaction.atomic
def remove(*, entry: Entry, by: User) -> None:
    """Take one entry out. Raises NotAllowed."""
    require(by, Actor.MANAGER)
    before = Rota.around(clock.now())
    audit.record(action="rota.remove", target=entry, by=by)
    entry.delete()
    _apply(before)


def _apply(before: Rota) -> None:
    """Whoever the rota sees differently now than before the change: an earlier press of theirs counts no more."""
    now = clock.now()
    after = Rota.around(now)
    differs = [key for key in after.members if after.says(key, now=now) != before.says(key, now=now)]
    User.objects.filter(pk__in=differs).update(duty_pressed_at=None)
    handover.follow_rota()
