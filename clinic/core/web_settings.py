"""What gunicorn itself must know, read as every other setting: `python -m clinic.core.web_settings`, as JSON.

A process of its own, so that gunicorn's master imports nothing that a reload would have to bring in anew.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from clinic.core.environment import Environment, refusal

MOST_WORKERS = 100


def read() -> dict[str, Any]:
    """Raises ImproperlyConfigured for what cannot be read, as `clinic/settings.py` does."""
    env = Environment()
    env.read_settings_file(os.environ.get("ENV_FILE"), default=Path(__file__).parents[2] / ".env")
    workers = env.whole_number("WEB_CONCURRENCY", default=3)
    if not 1 <= workers <= MOST_WORKERS:
        raise refusal("WEB_CONCURRENCY", f"from 1 to {MOST_WORKERS}", "3", str(workers))
    return {
        "bind": env.str("BIND", default="127.0.0.1:8001"),
        "workers": workers,
        # The proxy's word on http or https counts only when it comes from these addresses.
        "forwarded_allow_ips": env.str("FORWARDED_ALLOW_IPS", default="127.0.0.1"),
    }


def main() -> None:
    try:
        print(json.dumps(read()))  # noqa: T201  (its output)
    except ImproperlyConfigured as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
