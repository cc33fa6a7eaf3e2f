"""Model fields whose values are encrypted in the database and plain in Python, and the name of a person.

A value is bound to its place: table, column and the number of its row are authenticated with it, and it stands under
the key that its model names (`clinic/core/encrypted_rows.py`). Whatever knows no row can therefore neither write a
value (`update`, `bulk_update`) nor read one (`values`): the first is refused, the second gives a Ciphertext.
"""

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from clinic.core import encryption
from clinic.core.form_fields import NameField, require_readable_name
from clinic.core.names import clean_name

ONLY_EMPTINESS: Final = "is encrypted: the database can only tell whether it is empty (isnull)."


class Ciphertext:
    """What is stored, not opened. It is no text, and refuses to be taken for one."""

    __slots__ = ("stored",)

    def __init__(self, stored: str) -> None:
        self.stored = stored

    def __repr__(self) -> str:
        return "<encrypted>"

    def __eq__(self, other: object) -> bool:
        """Only whether the very same is stored."""
        return self.stored == other.stored if isinstance(other, Ciphertext) else self._refuse()

    def _refuse(self, *args: Any) -> NoReturn:
        raise TypeError("An encrypted value is read through its row: load the model, and ask for the attribute.")

    __str__ = __bool__ = __len__ = __iter__ = __getitem__ = __format__ = __hash__ = _refuse


class EncryptedAttribute(DeferredAttribute):
    """Decrypts when a row is first asked for the value, and remembers it. Raises DamagedRecord, KeysUnusable.

    What nobody asks for is never opened, and is written back as it stands.
    """

    field: "EncryptedTextField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        name, values = self.field.attname, instance.__dict__
        if name not in values:
            # Not by refresh_from_db: that would open the value on a row that knows nothing of its key.
            rows = type(instance)._base_manager.db_manager(instance._state.db, hints={"instance": instance})
            values[name] = rows.values_list(name, flat=True).get(pk=instance.pk)
        if isinstance(values[name], Ciphertext):
            values[name] = self.field.decrypted(instance, values[name].stored)
        return values[name]

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Text that only this application can read. None stays NULL, "" stays "". Only `isnull` can be asked."""

    description = "Encrypted text"
    descriptor_class = EncryptedAttribute

    def context_of(self, row: Any) -> str:
        """What is authenticated with a value: where it stands, to the row."""
        return f"{row._meta.db_table}.{self.column}:{row.pk}"

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} {ONLY_EMPTINESS}")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.name} {ONLY_EMPTINESS}")

    def to_plain_text(self, value: Any) -> str | None:
        text: str | None = super().get_prep_value(value)
        return text

    def from_plain_text(self, text: str) -> Any:
        return text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return Ciphertext(value) if value else value

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        values = vars(model_instance)
        value = values[self.attname] if self.attname in values else getattr(model_instance, self.attname)
        if isinstance(value, Ciphertext):
            if not add and model_instance.is_under_newest_key(value.stored):
                return value
            # A copy of a row, or one that is yet to be encrypted again under the newest key.
            value = self.decrypted(model_instance, value.stored)
        text = self.to_plain_text(value)
        if not text:
            return text
        return Ciphertext(model_instance.encrypted(text, context=self.context_of(model_instance)))

    def get_prep_value(self, value: Any) -> Any:
        """Only what `pre_save` made for one row, or nothing at all."""
        if isinstance(value, Ciphertext):
            return value.stored
        if self.is_nothing(value):
            return self.to_plain_text(value)
        raise TypeError(f"{self.name} is encrypted for its row: change it on the row, and save that.")

    def is_nothing(self, value: Any) -> bool:
        return value is None or value == ""

    def decrypted(self, row: Any, stored: str) -> Any:
        try:
            return self.from_plain_text(row.decrypted(stored, context=self.context_of(row)))
        except encryption.DamagedRecord as damage:
            damage.record = damage.record or f"{row._meta.label} {row.pk}"
            raise


class EncryptedJSONField(EncryptedTextField):
    """Any JSON value, encrypted as text. Reading raises DamagedRecord when what was stored is no such value."""

    description = "Encrypted JSON"
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
            raise encryption.Undecodable(f"A value of {self.model._meta.db_table}.{self.column} is no JSON.") from None
        if self.holds is not None and not isinstance(value, self.holds):
            column_name, wanted = f"{self.model._meta.db_table}.{self.column}", self.holds.__name__
            raise encryption.Undecodable(f"A value of {column_name} is no {wanted}.")
        return value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value in (None, "") else super().from_db_value(value, expression, connection)

    def is_nothing(self, value: Any) -> bool:
        return value is None

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
    """Bytes as they are, encrypted as text: each byte is one character of Latin-1. Only `isnull` can be asked."""

    description = "Encrypted bytes"

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
            raise encryption.Undecodable(f"A value of {self.model._meta.db_table}.{self.column} is no bytes.") from None
