"""What the clinic promises, by urgency, by mood and by the hour of the day."""

import datetime

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from clinic.core import clock, defaults
from consultations.enums import Outcome
from consultations.services.targets import call_today, due_after, time_allowed

ROUTINE = (Outcome.LIKELY_SUITABLE, Outcome.NEEDS_INFO, Outcome.DEFER, Outcome.NOT_SUITABLE_NOW)
MONDAY_10_AM = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
"""In New York. The clinic is open on weekdays from 8:30 am to 5:30 pm."""


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime.datetime:
    return datetime.datetime(2026, 11, day, hour, minute, tzinfo=clock.zone()).astimezone(datetime.UTC)


def test_the_targets_are_these() -> None:
    assert defaults.REPLY_TARGETS == {
        "EMERGENCY": {"hours": 0.5},
        "SAME_DAY": {"hours": 2},
        "URGENT_REVIEW": {"days": 2},
        "NOT_SUITABLE_NOW": {"days": 5},
        "DEFER": {"days": 5},
        "NEEDS_INFO": {"days": 2},
        "LIKELY_SUITABLE": {"days": 2},
        "MARKED_TEXT": {"hours": 2},
        "MESSAGE": {"days": 1},
    }


@pytest.mark.parametrize("hours_later", range(0, 168, 5))
def test_no_more_urgent_outcome_is_due_later(hours_later: int) -> None:
    since = MONDAY_10_AM + datetime.timedelta(hours=hours_later)
    emergency, same_day, urgent = (
        due_after(outcome, since=since) for outcome in (Outcome.EMERGENCY, Outcome.SAME_DAY, Outcome.URGENT_REVIEW)
    )
    assert emergency <= same_day <= urgent
    assert all(urgent <= due_after(outcome, since=since) for outcome in ROUTINE)


@pytest.mark.parametrize(
    ("outcome", "due"),
    [
        (Outcome.EMERGENCY, at(10, 30)),
        (Outcome.SAME_DAY, at(12)),
        (Outcome.URGENT_REVIEW, at(17, 30, day=25)),
        (Outcome.NEEDS_INFO, at(17, 30, day=25)),
        (Outcome.DEFER, at(17, 30, day=25)),
        (Outcome.NOT_SUITABLE_NOW, at(17, 30, day=25)),
    ],
)
def test_low_mood_is_called_within_two_working_days_or_sooner(outcome: Outcome, due: datetime.datetime) -> None:
    assert due_after(outcome, since=MONDAY_10_AM, is_low_mood=True) == due


@pytest.mark.parametrize(
    ("asked", "call_by"),
    [
        (at(8, 29), None),
        (at(8, 30), at(10, 30)),
        (at(15, 30), at(17, 30)),
        (at(15, 31), None),
        (at(17, 30), None),
        (at(23), None),
        (at(12, day=28), None),
    ],
)
def test_a_call_is_promised_for_today_only_before_closing(
    asked: datetime.datetime, call_by: datetime.datetime | None
) -> None:
    assert call_today(Outcome.SAME_DAY, since=asked) == call_by


@override_settings(CLOSED_DATES=["2026-11-23"])
def test_no_call_is_promised_on_a_day_the_clinic_is_closed() -> None:
    assert call_today(Outcome.SAME_DAY, since=MONDAY_10_AM) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"EMERGENCY": {"hours": 3}},
            "REPLY_TARGETS gives EMERGENCY a later target than SAME_DAY, which is less urgent.",
        ),
        (
            {"SAME_DAY": {"days": 3}},
            "REPLY_TARGETS gives SAME_DAY a later target than URGENT_REVIEW, which is less urgent.",
        ),
        (
            {"URGENT_REVIEW": {"days": 4}},
            "REPLY_TARGETS gives URGENT_REVIEW a later target than NEEDS_INFO, which is less urgent.",
        ),
        (
            {"SAME_DAY": {"hours": 19}},
            "REPLY_TARGETS gives SAME_DAY a later target than URGENT_REVIEW, which is less urgent.",
        ),
        (
            {"NEEDS_INFO": {"hours": 20}},
            "REPLY_TARGETS gives URGENT_REVIEW a later target than NEEDS_INFO, which is less urgent.",
        ),
    ],
)
def test_settings_that_turn_the_order_round_are_refused(changes: dict[str, dict[str, int]], sentence: str) -> None:
    with override_settings(REPLY_TARGETS={**defaults.REPLY_TARGETS, **changes}):
        messages = [message.msg for message in run_checks(tags=["clinic"]) if message.id == "consultations.E010"]
    assert sentence in messages


@pytest.mark.parametrize(
    "changes",
    [{}, {"DEFER": {"days": 9}}, {"SAME_DAY": {"hours": 18}}, {"NEEDS_INFO": {"days": 30}, "DEFER": {"days": 2}}],
)
def test_settings_in_order_are_not(changes: dict[str, dict[str, int]]) -> None:
    with override_settings(REPLY_TARGETS={**defaults.REPLY_TARGETS, **changes}):
        assert "consultations.E010" not in {message.id for message in run_checks(tags=["clinic"])}


@pytest.mark.parametrize(
    ("target", "phrase"),
    [
        ({"days": 1}, "one working day"),
        ({"days": 2}, "2 working days"),
        ({"hours": 1}, "one working hour"),
        ({"hours": 1.5}, "1.5 working hours"),
    ],
)
def test_a_target_in_words(target: dict[str, float], phrase: str) -> None:
    with override_settings(REPLY_TARGETS={**defaults.REPLY_TARGETS, "MESSAGE": target}):
        assert time_allowed("MESSAGE") == phrase
