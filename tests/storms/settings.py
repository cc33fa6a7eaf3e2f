"""The product's own settings, with one more address: an insert under a bare rule, which storms are compared with."""

from tests.faults.settings import *  # noqa: F403

ROOT_URLCONF = "tests.storms.urls"
