"""The staff area of consultations: importing this package registers its pages with the admin site."""

from consultations.admin import (
    audit,
    day_end,
    hand_over,
    messages,
    missed_reports,
    requests,
    rota,
    safety_cases,
    scheduling,
    waiting_list,
)

__all__ = [
    "audit",
    "day_end",
    "hand_over",
    "messages",
    "missed_reports",
    "requests",
    "rota",
    "safety_cases",
    "scheduling",
    "waiting_list",
]
