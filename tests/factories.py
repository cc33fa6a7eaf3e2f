"""Generators for the field types that model-bakery does not know."""

from typing import Any


def sealed_text() -> str:
    return "sealed words"


def sealed_json() -> dict[str, Any]:
    return {"sealed": True}
