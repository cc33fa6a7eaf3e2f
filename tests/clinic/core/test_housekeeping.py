from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from clinic.core import clock, limits
from clinic.core.housekeeping import daily, daily_in_batches, forget_what_ran_out
from clinic.core.models import Heartbeat, RateBucket

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_and_new(time_machine):
    """One session and one bucket that ran out long ago, one of each that has not."""
    time_machine.move_to("2026-11-23T15:00Z", tick=False)
    limits.allow("old", rate=1, per_seconds=1)
    Session.objects.create(session_key="old", session_data="", expire_date=clock.now())
    time_machine.shift(limits.KEPT + timedelta(seconds=1))
    limits.allow("new", rate=1, per_seconds=1)
    Session.objects.create(session_key="new", session_data="", expire_date=clock.now() + timedelta(hours=1))


def left():
    return RateBucket.objects.count(), set(Session.objects.values_list("session_key", flat=True))


def test_forgets_what_ran_out_and_nothing_else(old_and_new):
    forget_what_ran_out()
    assert left() == (1, {"new"})


def test_once_a_day(old_and_new, time_machine):
    Heartbeat.beat("forget")
    assert not daily("forget", forget_what_ran_out)
    assert left() == (2, {"old", "new"})
    time_machine.shift(timedelta(days=1))
    assert daily("forget", forget_what_ran_out)
    assert left()[1] == set()  # by now the other one ran out as well


@pytest.mark.parametrize("how", [daily, daily_in_batches])
def test_a_clock_that_was_far_ahead_keeps_nothing_from_being_done(how, time_machine):
    time_machine.move_to("2036-11-23T15:00Z", tick=False)
    how("forget", lambda: 0)  # nothing to do, and noted as done
    time_machine.move_to("2026-11-23T15:00Z", tick=False)
    done = []
    how("forget", lambda: done.append(1))
    how("forget", lambda: done.append(2))
    assert done == [1]


def test_what_fails_is_tried_again_at_the_next_look_and_not_the_next_day():
    def fails():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        daily("forget", fails)
    done = []
    assert daily("forget", lambda: done.append(1))
    assert not daily("forget", lambda: done.append(2))
    assert done == [1]
