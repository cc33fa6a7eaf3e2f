"""Reads a calendar in a process of its own, and ends that process when its time is up."""

import dataclasses
import json
import subprocess
import sys
from typing import Final

from django.conf import settings

from clinic.core.calendars.failures import Failure
from clinic.core.calendars.reading import Job, Reading, from_plain

GRACE: Final = 15
"""Seconds beyond those of the fetching: to start, and to expand what came."""


def read_apart(job: Job, *, grace: float = GRACE) -> Reading:
    """Never raises for what a server does, or holds. The process is given no settings: only what the job says, and that
    not on its command line, which every user of the machine can read.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "clinic.core.calendars.child"],
            input=json.dumps(dataclasses.asdict(job)).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env={"LANG": "C.UTF-8"},
            timeout=job.seconds + grace,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Reading(failure=Failure.TIMEOUT.value)
    try:
        return from_plain(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError):
        # It was ended by its limits of memory or processor time.
        return Reading(failure=Failure.TOO_MUCH.value)
