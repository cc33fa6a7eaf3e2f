"""What every template knows about the clinic. No database, so error pages can use it too."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from clinic.core import clock, lines

THEMES = ("auto", "light", "dark")


def theme_of(request: HttpRequest | None) -> str:
    return theme_named(request.COOKIES.get(settings.THEME_COOKIE_NAME, "") if request is not None else "")


def theme_named(chosen: str) -> str:
    return chosen if chosen in THEMES else "auto"


def facts(request: HttpRequest | None = None) -> dict[str, Any]:
    """`rest_name` is what follows the short name in the full one: "Spine Clinic" of "Larchwell Spine Clinic"."""
    return {
        "name": settings.CLINIC_NAME,
        "short_name": settings.CLINIC_SHORT_NAME,
        "rest_name": settings.CLINIC_NAME.removeprefix(settings.CLINIC_SHORT_NAME).strip(),
        "phone": settings.CLINIC_PHONE,
        "phone_tel": settings.CLINIC_PHONE_TEL,
        "address": settings.CLINIC_ADDRESS,
        "emergency_number": settings.EMERGENCY_NUMBER,
        "emergency_href": lines.emergency_href(),
        "emergency_line": settings.EMERGENCY_LINE,
        "urgent_line": settings.URGENT_LINE,
        "crisis_line": settings.CRISIS_LINE,
        "scan_report_line": settings.SCAN_REPORT_LINE,
        "regulator_line": settings.REGULATOR_LINE,
        "unsent_open_for": clock.hours(settings.KEEP_UNSENT_HOURS),
        "unsent_kept_for": clock.days(settings.KEEP_UNSENT_DAYS),
        "private_link_open_for": clock.minutes(settings.PRIVATE_LINK_MINUTES),
        "opening_words": clock.opening_words(),
        "is_demo": settings.DEMO,
        "theme": theme_of(request),
        "site_url": settings.SITE_URL,
    }


def clinic(request: HttpRequest) -> dict[str, Any]:
    return {"clinic": facts(request)}
