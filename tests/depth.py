"""How long the tests that could go on for ever go on: shortly with every change, at length before a release.

`make test` runs the short form with fixed examples, so that it says the same twice. `make test-deep` (DEEP=1) runs the
tests marked `deep`, and those marked `deepens` again in their long form, on examples of that day.
"""

import os
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

IS_DEEP: Final = bool(os.environ.get("DEEP"))
deepens = pytest.mark.deepens


def depth(short: int, deep: int) -> int:
    return deep if IS_DEEP else short


def made_up(short: int, deep: int) -> Callable[[Any], Any]:
    """Try a property on so many examples."""
    chosen = settings(
        max_examples=depth(short, deep),
        derandomize=not IS_DEEP,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: deepens(chosen(test))
