"""What somebody needs so that a visit works for them: kept once, read wherever somebody looks after them."""

import copy
import dataclasses
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.conf import settings

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.encryption import DamagedRecord, Erased
from consultations.enums import VisitNeed
from consultations.models import AppointmentType, ConsultationRequest, Patient, VisitNeeds

logger = logging.getLogger(__name__)
LONGEST: Final = 180
"""Minutes: so long an appointment type may be at most, and so long is a longer visit."""


@dataclasses.dataclass(frozen=True, slots=True)
class Needs:
    """What was told. `is_damaged`: something was, and it cannot be read."""

    codes: tuple[str, ...] = ()
    language: str = ""
    more: str = ""
    is_damaged: bool = False

    def __bool__(self) -> bool:
        return bool(self.codes or self.language or self.more or self.is_damaged)

    def as_text(self) -> str:
        """What was written, without what was ticked."""
        return "\n".join(filter(None, [self.language, self.more]))

    def has(self, need: VisitNeed) -> bool:
        return need.value in self.codes


def of_row(patient: Patient) -> Needs:
    """What was told with this row, for the person's own page: that of a joined row may be somebody else's."""
    return _read(with_keys(VisitNeeds.objects.filter(patient=patient.pk)).first())


def of_person(patient: Patient) -> Needs:
    """The newest that was told by the person, with whatever row."""
    return of_persons([patient.person_id]).get(patient.person_id, Needs())


def of_persons(persons: Collection[int]) -> Mapping[int, Needs]:
    """By person, in one query; whoever told nothing is not in it."""
    rows = with_keys(VisitNeeds.objects.filter(patient__person__in=persons)).select_related("patient")
    found: dict[int, Needs] = {}
    for row in rows.order_by("-told_at", "-pk"):
        if row.patient.person_id not in found:
            found[row.patient.person_id] = _read(row)
    return {person: needs for person, needs in found.items() if needs}


def keep(*, patient: Patient, needs: Needs, by: User | None) -> None:
    """What stands from now on. Call inside a transaction, on a locked request of the patient."""
    row = VisitNeeds.objects.select_for_update(of=("self",)).filter(patient=patient).first()
    row = row or VisitNeeds(patient=patient)
    row.record = {"codes": list(needs.codes), "language": needs.language, "more": needs.more}
    row.told_at, row.told_by = clock.now(), by
    row.save()


def _read(row: VisitNeeds | None) -> Needs:
    if row is None:
        return Needs()
    try:
        record: dict[str, Any] = row.record
        known = _known(record["codes"])
        return Needs(codes=known, language=str(record["language"]), more=str(record["more"]))
    except Erased:
        return Needs()
    except (DamagedRecord, KeyError, TypeError) as damage:
        logger.error("damaged record: needs %s (%s)", row.pk, type(damage).__name__)
        return Needs(is_damaged=True)


def _known(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(code for code in VisitNeed.values if code in set(codes))


def visit_type_of(consultation_request: ConsultationRequest) -> AppointmentType | None:
    """What was offered, as long as this person needs it to be: the slots of it are that long. Never to be saved."""
    kind = consultation_request.appointment_type
    if kind is None or not of_person(consultation_request.patient).has(VisitNeed.LONGER):
        return kind
    return lengthened(kind, by=settings.LONGER_VISIT_MINUTES)


def lengthened(kind: AppointmentType, *, by: int) -> AppointmentType:
    """A copy that takes so many minutes more. Never to be saved."""
    longer = copy.copy(kind)
    longer.minutes = max(kind.minutes, min(LONGEST, kind.minutes + by))
    return longer
