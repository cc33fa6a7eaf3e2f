"""Whether the time of an answer tells a live private link from one that never was: `make bench`. Prints the AUC.

0.5 is a coin; the aim is 0.45 to 0.55. What makes the times alike is tested without a clock in
`tests/consultations/services/test_link_timing.py`.
"""

import gc
import random
import statistics
import sys
import time
from typing import Any

import pytest
from django.test import Client

from clinic.core.encryption import new_token
from consultations.models import PrivateLink
from tests.consultations.views.private_links import BORN, link_to
from tests.personas import MakeRequest, make_patient

SAMPLES = 300
WRONG = {**BORN, "birth_on_year": "1971"}


def auc(one: list[float], other: list[float]) -> float:
    """How often a time of the first kind is longer than one of the second."""
    longer = sum((a > b) + 0.5 * (a == b) for a in one for b in other)
    return longer / (len(one) * len(other))


@pytest.mark.django_db(transaction=True)
def test_a_wrong_date_and_an_unknown_token(make_request: MakeRequest, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        "consultations.views.private_access.limits.client_network", lambda request: str(random.random())
    )
    live = [link_to(make_request(patient=make_patient(f"Anna {number}"))) for number in range(SAMPLES // 3)]
    took: dict[str, list[float]] = {"live": [], "unknown": []}
    worked: dict[str, list[float]] = {"live": [], "unknown": []}
    client = Client()
    turns = [("live", path) for path in live * 3] + [("unknown", "")] * SAMPLES
    random.shuffle(turns)
    for _ in range(20):
        client.post(f"/request/open/{new_token()}/", WRONG)
    gc.collect()
    for kind, path in turns:
        address = path or f"/request/open/{new_token()}/"
        begin, begin_work = time.perf_counter(), time.process_time()
        assert client.post(address, WRONG).status_code == 200
        took[kind].append(time.perf_counter() - begin)
        worked[kind].append(time.process_time() - begin_work)
    assert set(PrivateLink.objects.values_list("wrong_dates", "locked_at")) == {(3, None)}
    for name, times in (("seconds on the clock", took), ("seconds of work", worked)):
        live, unknown = (statistics.median(times[kind]) * 1000 for kind in ("live", "unknown"))
        sys.stdout.write(
            f"{name}: wrong date {live:.1f} ms, unknown token {unknown:.1f} ms, "
            f"AUC {auc(times['live'], times['unknown']):.3f} ({SAMPLES} each)\n"
        )
