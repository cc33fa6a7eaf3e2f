"""`python -m tests.mutation`: draw, run, and print the score of each part and every mutant that lives."""

import collections
import subprocess
import sys
from itertools import chain

from tests.mutation.plugin import DEAD, REPORT, ROOT

TESTS = (
    "tests/consultations/test_workflow.py", "tests/consultations/services", "tests/consultations/actions",
    "tests/consultations/candidacy", "tests/consultations/questionnaire", "tests/consultations/admin/test_actions.py",
    "tests/consultations/admin/test_every_action.py", "tests/consultations/admin/test_decisions.py",
    "tests/consultations/admin/test_scheduling.py", "tests/consultations/views/test_private_times.py",
    "tests/consultations/views/test_private_cancelling.py", "tests/consultations/views/test_private_side_by_side.py",
    "tests/consultations/views/test_check_send.py",
    "tests/consultations/forms", "tests/clinic/accounts", "tests/clinic/core/test_permissions.py",
)  # fmt: skip
"""What stands near the code that is changed; the rest of the suite would find more, and takes too long."""


def main() -> int:
    options = ["-s", "-q", "-n", "0", "-p", "tests.mutation.plugin", "-p", "no:randomly"]
    done = subprocess.run([sys.executable, "-m", "pytest", *options, *TESTS], cwd=ROOT, check=False)
    fates = collections.defaultdict(list)
    living = []
    for line in REPORT.read_text().splitlines():
        fate, part = line[:9].strip(), line[9:21].strip()
        fates[part].append(fate in DEAD)
        living += [] if fate in DEAD else [line]
    print(*living, sep="\n")
    for part, fate_list in {**fates, "all": list(chain(*fates.values()))}.items():
        print(
            f"{part:12} {sum(fate_list):4} of {len(fate_list):4} found: {100 * sum(fate_list) / len(fate_list):.1f} %"
        )
    return done.returncode


sys.exit(main())
