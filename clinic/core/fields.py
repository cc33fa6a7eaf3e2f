"""Model fields whose values are sealed in the database and plain in Python."""

import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from clinic.core import encryption
from clinic.core.form_fields import NameField, require_readable_name
from clinic.core.names import clean_name


class EncryptedTextField(models.TextField):
    """Text that only this application can read. None stays NULL, "" stays "". Only `isnull` can be asked."""

    description = "Sealed text"

    @property
    def encryption_context(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is sealed: the database can only tell whether it is empty (isnull).")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.name} is sealed: the database can only tell whether it is empty (isnull).")

    def to_plain_text(self, value: Any) -> str | None:
        text: str | None = super().get_prep_value(value)
        return text

    def from_plain_text(self, text: str) -> Any:
        return text

    def get_prep_value(self, value: Any) -> Any:
        text = self.to_plain_text(value)
        return encryption.encrypt(text, context=self.encryption_context) if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        if not value:
            return value
        text = encryption.decrypt(value, context=self.encryption_context)
        try:
            return self.from_plain_text(text)
        except encryption.DamagedRecord as damage:
            damage.context, damage.value = self.encryption_context, value
            raise


class EncryptedJSONField(EncryptedTextField):
    """Any JSON value, sealed as text. Reading raises DamagedRecord when what was stored is no such value."""

    description = "Sealed JSON"
    empty_strings_allowed = False

    def __init__(self, *args: Any, holds: type | None = None, **kwargs: Any) -> None:
        """`holds` (dict or list) is what every value must be when it is read; the database knows nothing of it."""
        super().__init__(*args, **kwargs)
        self.holds = holds

    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

        def __get__(self, instance: Any, owner: Any = None) -> Any: ...
        def __set__(self, instance: Any, value: Any) -> None: ...

    def to_python(self, value: Any) -> Any:
        return value

    def to_plain_text(self, value: Any) -> str | None:
        if value is None:
            return None
        return json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False, ensure_ascii=False)

    def from_plain_text(self, text: str) -> Any:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise encryption.Undecodable(f"A value in {self.encryption_context} is no JSON.") from None
        if self.holds is not None and not isinstance(value, self.holds):
            raise encryption.Undecodable(f"A value in {self.encryption_context} is no {self.holds.__name__}.")
        return value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value in (None, "") else super().from_db_value(value, expression, connection)

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj)

    def formfield(self, **kwargs: Any) -> Any:
        from django import forms

        return models.Field.formfield(self, **{"form_class": forms.JSONField, **kwargs})


class PersonNameField(models.CharField):
    """What a person is called: cleaned and refused by the same rules wherever it is typed."""

    description = "Name of a person"

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return clean_name(text) if isinstance(text, str) else text

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        require_readable_name(value or "")

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": NameField, **kwargs})


class EncryptedBytesField(EncryptedTextField):
    """Bytes as they are, sealed as text: each byte is one character of Latin-1. Only `isnull` can be asked."""

    description = "Sealed bytes"

    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

        def __get__(self, instance: Any, owner: Any = None) -> Any: ...
        def __set__(self, instance: Any, value: Any) -> None: ...

    def to_plain_text(self, value: Any) -> str | None:
        return None if value is None else bytes(value).decode("latin-1")

    def from_plain_text(self, text: str) -> bytes:
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            raise encryption.Undecodable(f"A value in {self.encryption_context} is no bytes.") from None
