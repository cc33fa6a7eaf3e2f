"""System checks of the tables of time zones: governments change them, and every machine has several copies.

Python reads the operating system's table and falls back on the package `tzdata`; PostgreSQL has one of its own. Where
they differ, one hour is shown here and another there.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final
from zoneinfo import TZPATH, ZoneInfo

import tzdata
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, connection, transaction

from clinic.core import clock

OLDEST: Final = "2025b"
"""The release of the table (iana.org/time-zones) that the tests of this version ran on at the oldest."""
AHEAD: Final = timedelta(days=730)
"""So far tables are compared: visits are booked for the coming months, opening hours counted a little further."""
VERSION: Final = re.compile(r"\b(20\d\d[a-z]+)\b")
HOW_TO_UPDATE: Final = (
    "Update the time zones of the operating system (on Debian: apt-get install --only-upgrade tzdata) and the Python "
    "package tzdata, then restart web and worker."
)


@register("clinic")
def check_time_zones(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Whether Python's table is recent enough, and says the same as the table this version came with."""
    messages: list[CheckMessage] = []
    release = release_in_use(settings.TIME_ZONE)
    if release and release < OLDEST:
        sentence = f"The time zones of this machine are of release {release}, older than {OLDEST}."
        messages.append(Warning(sentence, hint=HOW_TO_UPDATE, id="clinic.W070"))
    packaged = _packaged(settings.TIME_ZONE)
    if packaged and (apart := first_difference(_days(), clock.zone(), packaged)):
        sentence = (
            f"Two tables of time zones disagree about {settings.TIME_ZONE} from {apart} on: the one in use "
            f"({release or 'of unknown release'}) and the package tzdata ({tzdata.IANA_VERSION})."
        )
        messages.append(Warning(sentence, hint=HOW_TO_UPDATE, id="clinic.W071"))
    return messages


@register(Tags.database)
def check_database_time_zones(app_configs: Any = None, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Only with `check --database default`, and before a migration: it asks the database."""
    if "default" not in (databases or ()) or connection.vendor != "postgresql":
        return []
    days = list(_days())
    apart = _first_apart(days, _walls(days, clock.zone()), _of_database(days))
    if apart is None:
        return []
    sentence = f"PostgreSQL does not know {settings.TIME_ZONE}, or disagrees with Python about it, from {apart} on."
    hint = f"Reports that are made inside the database would show other hours than the pages. {HOW_TO_UPDATE}"
    return [Warning(sentence, hint=hint, id="clinic.W072")]


def release_in_use(name: str) -> str:
    """Which release the zone of this name is read from, as in "2025b"; "" where its folder does not say."""
    folder = next((Path(path) for path in TZPATH if (Path(path) / name).is_file()), None)
    if folder is None:
        return str(tzdata.IANA_VERSION)
    for stated in ("tzdata.zi", "+VERSION"):
        try:
            with (folder / stated).open(encoding="utf-8") as lines:
                found = VERSION.search(lines.readline())
        except OSError:
            continue
        if found:
            return found[1]
    return ""


def _packaged(name: str) -> ZoneInfo | None:
    try:
        with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except OSError:
        return None  # A zone that only this machine knows.


def _days() -> Iterator[datetime]:
    """Noon of each coming day in UTC: a change of the clocks that differs by a day shows."""
    start = datetime.combine(clock.now().date(), datetime.min.time(), UTC) + timedelta(hours=12)
    for step in range(AHEAD.days):
        yield start + timedelta(days=step)


def first_difference(days: Iterable[datetime], first: ZoneInfo, second: ZoneInfo) -> date | None:
    days = list(days)
    return _first_apart(days, *(_walls(days, zone) for zone in (first, second)))


def _walls(days: Iterable[datetime], zone: ZoneInfo) -> list[datetime]:
    return [day.astimezone(zone).replace(tzinfo=None) for day in days]


def _of_database(days: list[datetime]) -> list[datetime]:
    """What PostgreSQL's wall clock shows; nothing where it does not know the zone."""
    sql = "SELECT at AT TIME ZONE %s FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS days (at, n) ORDER BY n"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [settings.TIME_ZONE, days])
            return [row[0] for row in cursor.fetchall()]
    except DatabaseError:
        return []


def _first_apart(days: list[datetime], first: Iterable[datetime], second: Iterable[datetime]) -> date | None:
    shown, others = list(first), list(second)
    if len(others) < len(shown):
        return days[0].date()
    return next((day.date() for day, one, other in zip(days, shown, others, strict=True) if one != other), None)
