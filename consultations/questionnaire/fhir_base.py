"""What addresses of our own begin with in a FHIR document: one base in the file, another in what is handed out."""

from collections.abc import Mapping
from typing import Any


def with_base(document: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A document to hand out: every address of our own begins with `base`, which has no slash at its end."""
    own = base_of(document)

    def rebased(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: rebased(item) for key, item in value.items()}
        if isinstance(value, list):
            return [rebased(item) for item in value]
        is_own = isinstance(value, str) and value.startswith(f"{own}/")
        return base + value.removeprefix(own) if is_own else value

    return {key: rebased(value) for key, value in document.items()}


def base_of(document: Mapping[str, Any]) -> str:
    """What a document's own addresses begin with."""
    return str(document["url"]).partition("/Questionnaire/")[0]
