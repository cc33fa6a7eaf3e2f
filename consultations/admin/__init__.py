"""The staff area of consultations: importing this package registers its pages with the admin site."""

from consultations.admin import audit, messages, requests, rota, safety_cases, scheduling

__all__ = ["audit", "messages", "requests", "rota", "safety_cases", "scheduling"]
