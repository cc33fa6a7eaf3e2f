"""Rows with encrypted columns, and the keys that these stand under.

A model says in `encrypted_under` whose key its columns stand under: that of the clinic (CLINIC), its own (OWN), or that
of the row at the end of a path, as in "consultation_request__patient". A row with a key is a KeyHolder. Its key is made
with it and stays the same for life; what stands on the row is the key, encrypted ("wrapped") under one of FIELD_KEYS,
or under the key of the holder that `key_owner` leads to, once it was handed over. A key that is destroyed takes with it
everything that stands under it, and every key that was handed to it.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from clinic.core import data_keys, encryption
from clinic.core.data_keys import DataKey
from clinic.core.encryption import DecryptionError, Erased
from clinic.core.fields import EncryptedTextField
from clinic.core.primary_keys import DrawnAutoField

CLINIC: Final = "clinic"
"""Under FIELD_KEYS themselves: for what belongs to no patient. Rotating the keys encrypts each value again."""
OWN: Final = "own"
"""Under a key of the row itself."""

Rows = TypeVar("Rows", bound=models.QuerySet[Any])


class EncryptedModel(models.Model):
    """Base of every model with encrypted columns."""

    encrypted_under: ClassVar[str]
    id = DrawnAutoField(primary_key=True)

    class Meta:
        abstract = True

    def encrypted(self, text: str, *, context: str) -> str:
        key = self._key()
        return encryption.encrypt(text, context=context) if key is None else key.encrypt(text, context=context)

    def decrypted(self, stored: str, *, context: str) -> str:
        """Raises DamagedRecord, KeysUnusable."""
        key = self._key()
        return encryption.decrypt(stored, context=context) if key is None else key.decrypt(stored, context=context)

    def is_under_newest_key(self, stored: str) -> bool:
        return self.encrypted_under != CLINIC or encryption.key_id_of(stored) == encryption.current_key_id()

    def _key(self) -> DataKey | None:
        """None for the clinic's own."""
        if self.encrypted_under == CLINIC:
            return None
        holder = vars(self).get("_key_holder") or _follow(self, self.encrypted_under)
        return holder.unlocked()  # type: ignore[no-any-return]

    def opened_with(self, holder: "KeyHolder") -> None:
        """Open this row with the key of a holder at hand, where it would have to be asked for.

        It must be the row that the path leads to. Of another one the key does not fit, which is noticed.
        """
        self._key_holder = holder


class DataKeyField(models.TextField):
    """A row's key, encrypted. Written with the row and never by `save` again, which may have read it long ago."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"blank": True, "default": "", **kwargs, "editable": False})

    def context_of(self, row: Any) -> str:
        return f"{row._meta.db_table}.{self.column}:{row.pk}"

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if not add:
            return models.F(self.attname)
        model_instance.unlocked()
        return getattr(model_instance, self.attname)


class KeyHolder(EncryptedModel):
    """A row with a key of its own. Whoever erases it writes `data_key=""`: that destroys the key."""

    encrypted_under = OWN
    key_owner: ClassVar[str] = ""
    data_key = DataKeyField()

    class Meta:
        abstract = True

    def validate_constraints(self, exclude: Any = None) -> None:
        """A row that is yet to be written has no key yet."""
        left_out = {*(exclude or ()), *(() if self.data_key else ("data_key",))}
        super().validate_constraints(exclude=left_out)

    def unlocked(self) -> DataKey:
        """The key, remembered with the row. Raises Erased, DecryptionError, KeysUnusable."""
        if not self.data_key and self._state.adding:
            key = data_keys.draw()
            self._remember(key, data_keys.wrap(key, context=self._key_context()))
        known: tuple[str, DataKey] | None = vars(self).get("_unlocked")
        if known is None or known[0] != self.data_key:
            known = self._remember(self._unwrapped(), self.data_key)
        return known[1]

    def hand_key_to(self, owner: "KeyHolder") -> None:
        """From now on the key can be had only with the owner's, which `key_owner` must lead to."""
        key = self.unlocked()
        wrapped = data_keys.wrap(key, context=self._key_context(), under=owner.unlocked())
        type(self)._base_manager.filter(pk=self.pk).update(data_key=wrapped)
        self._remember(key, wrapped)

    def _remember(self, key: DataKey, wrapped: str) -> tuple[str, DataKey]:
        self.data_key = wrapped
        self._unlocked = (wrapped, key)
        return self._unlocked

    def _unwrapped(self) -> DataKey:
        name = f"{self._meta.label} {self.pk}"
        if not self.data_key:
            raise Erased(f"{name} was erased.", record=name)
        under = None
        if data_keys.is_under_another(self.data_key):
            under = _follow(self, self.key_owner).unlocked() if self.key_owner else None
        try:
            return data_keys.unwrap(self.data_key, context=self._key_context(), under=under)
        except DecryptionError as damage:
            damage.record = name
            raise

    def _key_context(self) -> str:
        field: Any = self._meta.get_field("data_key")
        return str(field.context_of(self))


def _follow(row: models.Model, path: str) -> Any:
    """The holder at the end of the path. Raises DecryptionError where the way is broken."""
    if path == OWN:
        return row
    at: Any = row
    for name in path.split(LOOKUP_SEP):
        try:
            at = getattr(at, name)
        except ObjectDoesNotExist:
            at = None
        if at is None:
            label = f"{row._meta.label} {row.pk}"
            raise DecryptionError(f"{label} has lost the row whose key it stands under.", record=label)
    return at


def with_keys(rows: Rows) -> Rows:
    """The same rows, with the holders of their keys in the same query, and nothing else of those opened or loaded."""
    path, model, at, left_out = key_path(rows.model), rows.model, "", []
    for name in path:
        model, at = model._meta.get_field(name).related_model, f"{at}{name}{LOOKUP_SEP}"
        left_out += [f"{at}{field.name}" for field in encrypted_columns(model)]
    if path:
        rows = rows.select_related(LOOKUP_SEP.join(path)).defer(*left_out)
    return rows


def key_path(model: type[models.Model]) -> list[str]:
    """The names that lead to the holder of a model's key, and on to the one whose key that may stand under."""
    under: str = getattr(model, "encrypted_under", CLINIC)
    names = [] if under in (CLINIC, OWN) else under.split(LOOKUP_SEP)
    holder = model
    for name in names:
        holder = holder._meta.get_field(name).related_model  # type: ignore[assignment]
    owner: str = getattr(holder, "key_owner", "")
    return names + (owner.split(LOOKUP_SEP) if owner else [])


def encrypted_columns(model: type[models.Model]) -> Iterator[EncryptedTextField]:
    return (field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField))


def open_all(row: models.Model) -> None:
    """Decrypt all that was loaded of a row, where one damaged part makes the whole no good. Raises DamagedRecord."""
    for field in encrypted_columns(type(row)):
        if field.attname in vars(row):
            getattr(row, field.attname)
