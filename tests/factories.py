"""Generators for the field types that model-bakery does not know."""

from typing import Any


def encrypted_text() -> str:
    return "encrypted words"


def encrypted_json() -> dict[str, Any]:
    return {"encrypted": True}


def no_key_yet() -> str:
    """The row draws its key itself when it is written."""
    return ""
