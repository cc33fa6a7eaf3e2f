"""How fast free times are found, beside one query of the database that answers the same: `make bench`."""

import datetime
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.db import connection

from clinic.core import clock
from consultations.enums import RequestStatus
from consultations.models import AppointmentType, Availability, Clinician, Location, Occupation
from consultations.services import scheduling
from tests.benchmarks.bench_speed import measure, say
from tests.personas import MakeRequest, book_directly, make_user

DAY: Final = datetime.timedelta(days=1)
FIRST: Final = datetime.date(2027, 1, 4)
"""No clocks change within a month of it, so that one offset does for the query."""
DAYS, DOCTORS, BOOKED, ROUNDS = 30, 10, 0.7, 5
HOURS: Final = ((9, 12), (13, 18))

OF_SQLITE: Final = """
    WITH RECURSIVE days(day) AS (
        SELECT %(since)s UNION ALL SELECT date(day, '+1 day') FROM days WHERE date(day, '+1 day') < %(until)s
    ), starts(clinician_id, location_id, begins, last) AS (
        SELECT clinician_id, location_id, unixepoch(day || ' ' || opens) - %(offset)s,
               unixepoch(day || ' ' || closes) - %(offset)s - %(length)s
        FROM days JOIN consultations_availability AS weekly
            ON weekday = (strftime('%%w', day) + 6) %% 7 AND starts_on <= day AND (ends_on IS NULL OR ends_on >= day)
        UNION ALL
        SELECT clinician_id, location_id, begins + %(step)s, last FROM starts WHERE begins + %(step)s <= last
    )
    SELECT json_group_array(json_array(begins, clinician_id, location_id)) FROM starts WHERE NOT EXISTS (
        SELECT 1 FROM consultations_occupation AS taken LEFT JOIN consultations_slothold AS held ON held.id = hold_id
        WHERE resource_id = starts.clinician_id AND (hold_id IS NULL OR held.expires_at > %(now)s)
            AND taken.starts_at < datetime(begins + %(length)s, 'unixepoch')
            AND taken.ends_at > datetime(begins, 'unixepoch')
    ) AND NOT EXISTS (
        SELECT 1 FROM consultations_absence AS away WHERE away.clinician_id = starts.clinician_id
            AND away.starts_at < datetime(begins + %(length)s, 'unixepoch')
            AND away.ends_at > datetime(begins, 'unixepoch')
    )
"""
OF_POSTGRESQL: Final = """
    WITH starts AS (
        SELECT clinician_id, location_id, generate_series(
            (day + opens) AT TIME ZONE %(zone)s, (day + closes) AT TIME ZONE %(zone)s - %(length)s * interval '1 s',
            %(step)s * interval '1 s') AS begins
        FROM generate_series(%(since)s::timestamp, %(until)s::timestamp - interval '1 day', interval '1 day') AS day
        JOIN consultations_availability ON weekday = extract(isodow FROM day) - 1
            AND starts_on <= day::date AND (ends_on IS NULL OR ends_on >= day::date)
    )
    SELECT json_agg(json_build_array(extract(epoch FROM begins)::bigint, clinician_id, location_id))
    FROM starts WHERE NOT EXISTS (
        SELECT 1 FROM consultations_occupation AS taken LEFT JOIN consultations_slothold AS held ON held.id = hold_id
        WHERE resource_id = starts.clinician_id AND (hold_id IS NULL OR held.expires_at > %(now)s)
            AND taken.starts_at < begins + %(length)s * interval '1 s' AND taken.ends_at > begins
    ) AND NOT EXISTS (
        SELECT 1 FROM consultations_absence AS away WHERE away.clinician_id = starts.clinician_id
            AND away.starts_at < begins + %(length)s * interval '1 s' AND away.ends_at > begins
    )
"""


@pytest.fixture
def kind(make_request: MakeRequest, time_machine: Any) -> AppointmentType:
    """Ten doctors of whose times most are taken, drawn once and for all."""
    time_machine.move_to(clock.instant(FIRST - DAY, datetime.time(9), fold=0), tick=True)
    kind = AppointmentType.objects.create(name="First consultation", minutes=40)
    place = Location.objects.create(name="Orchard Row", address="14 Orchard Row")
    for number in range(DOCTORS):
        clinician = Clinician.objects.create(user=make_user(f"d{number}", "doctor"), display_name=f"Dr {number}")
        for weekday in range(5):
            for opens, closes in HOURS:
                Availability.objects.create(
                    clinician=clinician, location=place, weekday=weekday, opens=datetime.time(opens),
                    closes=datetime.time(closes), starts_on=datetime.date(2020, 1, 1),
                )  # fmt: skip
    # One visit lends its key to all the rows that the triggers would have written for as many.
    visit = book_directly(
        make_request(status=RequestStatus.BOOKED), clinician, clock.instant(FIRST, datetime.time(20), fold=0)
    )
    draw = random.Random(1)
    slots = scheduling.free_slots(appointment_type=kind, since=FIRST, until=FIRST + DAYS * DAY)
    Occupation.objects.bulk_create(
        Occupation(resource_id=slot.clinician_id, appointment=visit, starts_at=slot.starts_at, ends_at=slot.ends_at)
        for slot in draw.sample(slots, round(BOOKED * len(slots)))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return kind


def one_query(kind: AppointmentType) -> list[list[int]]:
    now = clock.now()
    offset = clock.local(clock.instant(FIRST, datetime.time(9), fold=0)).utcoffset() or datetime.timedelta()
    given = {
        "since": f"{FIRST}", "until": f"{FIRST + DAYS * DAY}", "offset": int(offset.total_seconds()),
        "length": 60 * kind.minutes, "step": int(kind.step.total_seconds()), "zone": clock.zone().key,
        "now": f"{now:%Y-%m-%d %H:%M:%S}" if connection.vendor == "sqlite" else now,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(OF_SQLITE if connection.vendor == "sqlite" else OF_POSTGRESQL, given)
        answer = cursor.fetchone()[0]
    return answer if isinstance(answer, list) else json.loads(answer)


def took(ask: Callable[[], Any]) -> float:
    """The quickest of a few answers, in ms: what else the machine does only ever adds to it."""
    rounds = []
    for _ in range(7):
        begin = time.perf_counter()
        ask()
        rounds.append((time.perf_counter() - begin) * 1000)
    return min(rounds)


@pytest.mark.django_db
def test_free_times(kind: AppointmentType) -> None:
    def ours() -> list[scheduling.Slot]:
        return scheduling.free_slots(appointment_type=kind, since=FIRST, until=FIRST + DAYS * DAY)

    name = f"free times, {DOCTORS} doctors, {DAYS} days, {BOOKED:.0%} booked"
    slots = [[int(slot.starts_at.timestamp()), slot.clinician_id, slot.location_id] for slot in ours()]
    assert slots == sorted(one_query(kind))
    measure(name, ours)
    measure("  the same as JSON from one query", lambda: one_query(kind))
    rounds = [(took(ours), took(lambda: one_query(kind))) for _ in range(ROUNDS)]
    best = [min(times) for times in zip(*rounds, strict=True)]
    ratios = [mine / theirs for mine, theirs in rounds]
    say("  quickest of each", f"{best[0]:.1f} and {best[1]:.1f} ms for {len(slots)} entries")
    say(
        f"  ratio, median of {ROUNDS} rounds in turn (lowest to highest)",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), {len(slots)} entries",
    )
