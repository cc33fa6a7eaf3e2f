"""Limits: a bucket empties, refills with time, and is never shared by two callers at once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import RequestFactory

from clinic.core import limits
from clinic.core.models import RateBucket

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def tries(count: int, key: str = "link:a") -> list[bool]:
    return [limits.allow(key, rate=3, per_seconds=60) for _ in range(count)]


@pytest.mark.django_db
class TestAllow:
    def test_a_full_bucket_gives_its_tokens_and_then_none(self):
        with time_machine.travel(START, tick=False):
            assert tries(5) == [True, True, True, False, False]

    def test_tokens_come_back_one_by_one_and_never_beyond_full(self):
        with time_machine.travel(START, tick=False) as clock:
            tries(3)
            clock.shift(timedelta(seconds=20))
            assert tries(2) == [True, False]
            clock.shift(timedelta(days=1))
            assert tries(4) == [True, True, True, False]

    def test_keys_do_not_share(self):
        with time_machine.travel(START, tick=False):
            tries(4)
            assert tries(1, "link:b") == [True]

    def test_a_clock_that_jumps_back_gives_nothing_and_breaks_nothing(self):
        with time_machine.travel(START, tick=False) as clock:
            tries(3)
            clock.shift(timedelta(hours=-1))
            assert tries(1) == [False]
            clock.move_to(START + timedelta(seconds=60))
            assert tries(3) == [True, True, True]

    def test_the_key_itself_is_not_stored(self):
        tries(1, "link:someone@example.org")
        assert "someone" not in RateBucket.objects.get().key

    def test_old_buckets_are_forgotten(self):
        with time_machine.travel(START, tick=False) as clock:
            tries(1, "old")
            clock.shift(timedelta(days=3))
            tries(1, "new")
            assert limits.forget_old() == 1
            assert RateBucket.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_simultaneous_callers_never_share_a_token():
    results: list[bool] = []
    barrier = threading.Barrier(8)

    def attempt() -> None:
        try:
            barrier.wait()
            for _ in range(5):
                results.append(limits.allow("race", rate=10, per_seconds=86400))
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 40
    assert sum(results) == 10


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.7", "203.0.113.9"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (2, "6.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "203.0.113.9"),
        (1, "", "203.0.113.9"),
    ],
)
def test_the_address_is_the_one_our_own_proxy_saw(settings, proxies, forwarded, expected):
    settings.PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": forwarded})
    assert limits.client_address(request) == expected


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.9", "203.0.113.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("unix", "unknown")],
)
def test_neighbours_are_one_network(address, network):
    assert limits.client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network
