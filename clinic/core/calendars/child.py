"""The process in which a calendar is read: a job on its standard input, a reading on its standard output.

It has a limit of memory and of processor time that no entry, however it repeats, can get past.
"""

import contextlib
import json
import resource
import sys
from typing import Final

from clinic.core.calendars.reading import Job, read

MEMORY: Final = 1024 * 1024 * 1024
PROCESSOR_SECONDS: Final = 40


def main() -> None:
    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR_SECONDS)):
        # A machine may have a lower one already.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    job = json.load(sys.stdin)
    reading = read(Job(**{**job, "own_addresses": tuple(job["own_addresses"]), "allowed": tuple(job["allowed"])}))
    json.dump(reading.as_plain(), sys.stdout)


if __name__ == "__main__":
    main()
