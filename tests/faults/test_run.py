"""A run of some seconds: web processes, their master and the worker are killed while people use the site."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.faults import clinic, report
from tests.faults.ledger import Entry
from tests.faults.plan import CannotRun, Plan, from_environment
from tests.faults.run import Result, Run

SHORT = Plan(
    acknowledged=14, faults=3, engine="sqlite", senders=2, followers=1, nurses=1, doctors=1, web_processes=2,
    kinds_only=("web process", "web master", "mail worker"),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_acknowledged_survives_kills(tmp_path: Path, settings: Any) -> None:
    # The server signs staff in under the product's own settings.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    clinic.make(SHORT)
    result = Run(SHORT, tmp_path, settings="tests.faults.settings").go()
    assert result.is_good, report.table(result)
    assert result.faults == Counter({"web process": 1, "web master": 1, "mail worker": 1})
    assert {"send", "claim"} <= {entry.what for entry in result.entries if entry.is_acknowledged}


def test_the_table_names_what_was_found() -> None:
    entries = [Entry(1.0, "send", "a@example.com"), Entry(2.0, "send", "b@example.com", told="no answer")]
    result = Result(Plan(), entries, Counter({"database": 2}), Counter(), ["404 at answers"], [], {"owed": 1}, 3.0)
    table = report.table(result)
    for line in ("acknowledged", "1 (1 send)", "2 (2 database)", "unexpected: 404 at answers (1)"):
        assert line in table
    assert not result.is_good


def test_what_a_run_is_told_by_its_environment() -> None:
    given = {"ACKNOWLEDGED": "5,000", "FAULTS": "100", "SEED": "7", "ENGINE": "sqlite"}
    plan = from_environment(given)
    assert (plan.acknowledged, plan.faults, plan.seed, plan.engine) == (5000, 100, 7, "sqlite")
    assert "database" not in plan.kinds
    assert (from_environment({}).acknowledged, from_environment({}).faults) == (1000, 30)
    assert "database" in from_environment({}).kinds
    assert from_environment({"KINDS": "disk full, reload", "DISK_MB": "300"}).kinds == ("disk full", "reload")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"FAULTS": "many"}, "FAULTS must be a whole number, and is 'many'."),
        ({"ENGINE": "mysql"}, "ENGINE must be postgresql or sqlite, and is 'mysql'."),
        ({"ACKNOWLEDGED": "0"}, "ACKNOWLEDGED must be 1 or more."),
        (
            {"KINDS": "disk full, reload", "ENGINE": "sqlite"},
            "KINDS: there is no disk full in such a run. There are: web process, web master, mail worker, reload, "
            "mail refuses, mail 4xx, mail 5xx, mail slow, mail drops.",
        ),
    ],
)
def test_what_cannot_be_run_is_said(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotRun) as refused:
        from_environment(given)
    assert str(refused.value) == sentence
