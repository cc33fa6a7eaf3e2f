"""The system check that no encrypted column was added without saying whose key it stands under."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from clinic.core.encrypted_rows import CLINIC, EncryptedModel, KeyHolder, encrypted_columns, key_path


@register(Tags.models)
def check_encrypted_columns(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return [problem for model in apps.get_models() for problem in problems_of(model)]


def problems_of(model: type[models.Model]) -> Sequence[CheckMessage]:
    if not any(encrypted_columns(model)):
        return []
    if not issubclass(model, EncryptedModel) or not getattr(model, "encrypted_under", ""):
        hint = "Inherit from KeyHolder, or from EncryptedModel and set encrypted_under."
        return [
            Error(
                "Encrypted columns, and nothing says whose key they stand under.",
                hint=hint,
                obj=model,
                id="clinic.E030",
            )
        ]
    if model.encrypted_under == CLINIC:
        return []
    try:
        holder = _end_of(model)
    except FieldDoesNotExist as problem:
        return [Error(f"The path to the key leads nowhere: {problem}", obj=model, id="clinic.E031")]
    if not issubclass(holder, KeyHolder):
        return [Error(f"The path to the key ends at {holder.__name__}, which has none.", obj=model, id="clinic.E032")]
    return []


def _end_of(model: type[models.Model]) -> type[models.Model]:
    at: Any = model
    for name in key_path(model):
        at = at._meta.get_field(name).related_model
    return at  # type: ignore[no-any-return]
