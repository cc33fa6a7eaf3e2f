"""Who has seen a patient: for staff with names, for the patient with roles, and in words that each of them knows."""

import dataclasses
import datetime
from collections.abc import Callable, Collection
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.core import clock, reading_log
from clinic.core.models import RecordRead
from clinic.core.text_lists import and_list
from clinic.core.wording import Wording
from clinic.staff.area import audit_labels
from consultations.enums import Actor
from consultations.presenters.formatting import name_of
from consultations.presenters.isolation import Unreadable, readable

ONE_LOOK: Final = datetime.timedelta(hours=1)
"""The same person who looks at the same thing again within this time is one line."""
LONGEST_NUMBER: Final = 18
READ_AT_ONCE: Final = 400
LINES: Final = 50
ROLES: Final = {
    Actor.DOCTOR.value: gettext_lazy("a doctor"),
    Actor.TRIAGE.value: gettext_lazy("a nurse"),
    Actor.MANAGER.value: gettext_lazy("a manager"),
}
SOMEBODY: Final = gettext_lazy("somebody who works at the clinic")
RECORD: Final = gettext_lazy("The request with its answers")
IN_A_LIST: Final = gettext_lazy("The name, in a list")
TOLD: Final[dict[str, Wording]] = {
    "audit.list": IN_A_LIST,
    "audit.patient": gettext_lazy("This list"),
    "audit.view": gettext_lazy("One line of this list"),
    "call.caller": gettext_lazy("Name and date of birth, to see who was calling"),
    "call.view": gettext_lazy("The page for a call"),
    "case.list": IN_A_LIST,
    "case.view": RECORD,
    "day_end.view": IN_A_LIST,
    "diary.hanging": gettext_lazy("The time of the visit, in a list"),
    "hand_over.held": IN_A_LIST,
    "hand_over.view": IN_A_LIST,
    "message.list": gettext_lazy("That an email went out, in a list"),
    "message.view": gettext_lazy("An email from the clinic"),
    "missed.form": RECORD,
    "missed.list": IN_A_LIST,
    "missed.view": RECORD,
    "person.view": gettext_lazy("The requests, side by side"),
    "request.list": IN_A_LIST,
    "request.view": RECORD,
}
"""Code of a reading -> what was seen, as a patient would say it. The words are the same whether a danger stands or not:
whoever looks over a shoulder learns nothing from them.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class SeenLine:
    """One line: from `first` to `last` (the same for one look) `who` saw `what`, `times` times."""

    first: datetime.datetime
    last: datetime.datetime
    who: str
    what: str
    times: int = 1

    @property
    def when(self) -> str:
        return clock.moment(self.last)

    @property
    def how_often(self) -> str:
        """ "12 times since 9:05 am"; "" for one look."""
        if self.times == 1:
            return ""
        is_one_day = clock.local(self.first).date() == clock.local(self.last).date()
        since = clock.time(self.first) if is_one_day else clock.moment(self.first)
        words = {"times": self.times, "since": since}
        return ngettext("%(times)d time since %(since)s", "%(times)d times since %(since)s", self.times) % words


@dataclasses.dataclass(frozen=True, slots=True)
class SeenPage:
    """Lines, newest first, and the key of a reading before which the next page begins; None where all is said."""

    lines: tuple[SeenLine, ...]
    before: int | None


def number_in(text: str) -> int | None:
    """Where a page begins, as its address says it; None for what is no number."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= LONGEST_NUMBER else None


def for_patient(patient_id: int, *, before: int | None = None) -> SeenPage:
    """Role, time and what was seen. No name of staff, and no word about health."""
    return _page(
        [patient_id], before=before, who=role_words, what=lambda reading: str(TOLD.get(reading.action, RECORD))
    )


def for_staff(patients: Collection[int], *, before: int | None = None) -> SeenPage:
    """With names, and in the words of the audit trail."""
    labels = audit_labels()
    return _page(patients, before=before, who=_named, what=lambda reading: labels.get(reading.action, reading.action))


def role_words(reading: RecordRead) -> str:
    """As what its reader worked at that time; whoever has two roles is named by both."""
    roles = reading.shown.get(reading_log.AS, ())
    return and_list([word for role, word in ROLES.items() if role in roles]) or str(SOMEBODY)


def _named(reading: RecordRead) -> str:
    who = name_of(reading.actor_user)
    roles = [str(Actor(role).label) for role in reading.shown.get(reading_log.AS, ()) if role in Actor.values]
    return _("%(who)s (%(roles)s)") % {"who": who, "roles": and_list(roles)} if roles else who


def _page(
    patients: Collection[int],
    *,
    before: int | None,
    who: Callable[[RecordRead], str],
    what: Callable[[RecordRead], str],
) -> SeenPage:
    readings = readable(reading_log.readings_of(patients, before=before, number=READ_AT_ONCE))
    lines: list[SeenLine] = []
    newest: dict[tuple[int, str], int] = {}
    for reading in readings:
        if isinstance(reading, Unreadable):
            continue
        same = (reading.actor_user_id, what(reading))
        at = newest.get(same)
        if at is not None and lines[at].first - reading.at <= ONE_LOOK:
            lines[at] = dataclasses.replace(lines[at], first=reading.at, times=lines[at].times + 1)
            continue
        if len(lines) == LINES:
            return SeenPage(tuple(lines), before=reading.pk + 1)
        newest[same] = len(lines)
        lines.append(SeenLine(reading.at, reading.at, who(reading), what(reading)))
    return SeenPage(tuple(lines), before=readings[-1].pk if len(readings) == READ_AT_ONCE else None)
