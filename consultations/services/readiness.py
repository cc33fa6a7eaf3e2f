"""What `/readyz` says of this app."""

from clinic.core import clock
from consultations.services import alarms


def alerts() -> tuple[str, str]:
    """Whether somebody was told of every emergency, and can be told of the next."""
    return "alerts", alarms.state(now=clock.now())
