"""What a run is: how much is acknowledged, how much dies meanwhile, on which engine."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Final

ENGINES: Final = ("postgresql", "sqlite")
PROCESSES: Final = ("web process", "web master", "mail worker", "reload")
DATABASE: Final = ("database", "database", "database", "read-only")
DISK: Final = ("disk full",)
MAIL: Final = ("mail refuses", "mail 4xx", "mail 5xx", "mail slow", "mail drops")


class CannotRun(Exception):
    """A sentence that says what is missing or was given wrongly."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """`kinds` is what may happen, as often as it stands there; `kinds_only` in its place, where it is given."""

    acknowledged: int = 1000
    faults: int = 30
    seed: int = 1
    engine: str = "postgresql"
    senders: int = 4
    followers: int = 2
    nurses: int = 2
    doctors: int = 2
    web_processes: int = 3
    disk_mb: int = 0
    """The size of a disk in memory for the database, which is filled up again and again; 0 for the ordinary disk."""
    kinds_only: tuple[str, ...] = ()
    stalled_after: float = 240
    """Seconds without an acknowledgement after which a run counts as failed."""

    @property
    def kinds(self) -> tuple[str, ...]:
        if self.kinds_only:
            return self.kinds_only
        # SQLite has no server that could die: what can is each process that has the file open.
        own = DATABASE * 2 if self.engine == "postgresql" else ()
        disk = DISK * 2 if self.disk_mb else ()
        return (*PROCESSES, "web process", "web master", "mail worker", *own, *disk, *MAIL)


def from_environment(given: Mapping[str, str] = os.environ) -> Plan:
    """ACKNOWLEDGED, FAULTS, SEED, ENGINE, DISK_MB and KINDS. Raises CannotRun for what is no such value."""
    numbers = {}
    for name in ("ACKNOWLEDGED", "FAULTS", "SEED", "DISK_MB"):
        typed = given.get(name, "").replace(",", "").replace("_", "")
        if not typed:
            continue
        if not typed.isdecimal():
            raise CannotRun(f"{name} must be a whole number, and is {given[name]!r}.")
        numbers[name.lower()] = int(typed)
    engine = given.get("ENGINE", "") or "postgresql"
    if engine not in ENGINES:
        raise CannotRun(f"ENGINE must be {' or '.join(ENGINES)}, and is {engine!r}.")
    if numbers.get("acknowledged", 1) < 1:
        raise CannotRun("ACKNOWLEDGED must be 1 or more.")
    plan = Plan(engine=engine, **numbers)
    if named := given.get("KINDS", ""):
        return dataclasses.replace(plan, kinds_only=_kinds(named, plan))
    return plan


def _kinds(named: str, plan: Plan) -> tuple[str, ...]:
    kinds = tuple(name.strip() for name in named.split(","))
    if unknown := sorted(set(kinds) - set(plan.kinds)):
        known = ", ".join(dict.fromkeys(plan.kinds))
        raise CannotRun(f"KINDS: there is no {', '.join(unknown)} in such a run. There are: {known}.")
    return kinds
