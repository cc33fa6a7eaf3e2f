"""The zones that a patient by phone or video can say to be in."""

from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy

ZONES: Final = {
    "America/New_York": gettext_lazy("Eastern Time (New York)"),
    "America/Chicago": gettext_lazy("Central Time (Chicago)"),
    "America/Denver": gettext_lazy("Mountain Time (Denver)"),
    "America/Phoenix": gettext_lazy("Arizona time (Phoenix)"),
    "America/Los_Angeles": gettext_lazy("Pacific Time (Los Angeles)"),
    "America/Anchorage": gettext_lazy("Alaska Time (Anchorage)"),
    "Pacific/Honolulu": gettext_lazy("Hawaii Time (Honolulu)"),
    "Europe/London": gettext_lazy("UK time (London)"),
    "Europe/Paris": gettext_lazy("Central European Time (Paris)"),
    "Europe/Athens": gettext_lazy("Eastern European Time (Athens)"),
}


def choices() -> list[tuple[str, str]]:
    """The zones by name and in words, without the clinic's own."""
    return [(name, str(words)) for name, words in ZONES.items() if name != settings.TIME_ZONE]
