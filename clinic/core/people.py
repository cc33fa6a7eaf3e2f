"""People who are looked for by name: the key they are found by, kept beside the name on every way into the table."""

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from django.db import models
from django.db.models import Q

from clinic.core.name_folding import fold_name, name_key, spellings
from clinic.core.names import TITLES

MOST_WORDS: Final = 6
FIRST_WITHOUT_CASE: Final = "\u0600"


Row = TypeVar("Row", bound="NamedModel")


class NameKeyField(models.TextField):
    """Worked out from `name` whenever a row is written; text without a limit, because one letter may fold to many."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"blank": True, "default": "", **kwargs, "editable": False})

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        key = name_key(model_instance.name)
        setattr(model_instance, self.attname, key)
        return key


class NamedQuerySet(models.QuerySet[Row]):
    """Changes of many rows at once, which pass the model by."""

    def update(self, **values: Any) -> int:
        if "name" in values and "name_key" not in values:
            if not isinstance(values["name"], str):
                raise TypeError("Give name_key as well: it cannot be worked out from an expression.")
            values["name_key"] = name_key(values["name"])
        return super().update(**values)

    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], batch_size: int | None = None) -> int:
        rows, names = list(objs), list(fields)
        if "name" in names and "name_key" not in names:
            for row in rows:
                row.name_key = name_key(row.name)
            names.append("name_key")
        return super().bulk_update(rows, names, batch_size=batch_size)


class NamedModel(models.Model):
    """A table with a `name` that staff look for. Use NamedQuerySet for its manager."""

    name: Any
    name_key = NameKeyField()

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if fields is not None and "name" in fields:
            kwargs["update_fields"] = {*fields, "name_key"}
        super().save(**kwargs)

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude=exclude)
        self.name_key = name_key(self.name)


def words_of(term: str) -> list[str]:
    """The words of a question about a person; a title before them is not part of a name."""
    words = [word for word in term.replace(",", " ").split() if fold_name(word)][:MOST_WORDS]
    named = [word for word in words if fold_name(word).replace(" ", "") not in TITLES]
    return named or words


def is_named(term: str, *, prefix: str = "") -> Q:
    """People whose name holds every word of the term, in any order; nobody for a term without a letter.

    One letter of an alphabet alone finds who is called by it and nothing else, one Chinese character all who bear it.
    """
    words = words_of(term)
    if not words:
        return Q(pk__in=[])
    if len(words) == 1 and len(only := fold_name(words[0])) == 1 and only < FIRST_WITHOUT_CASE:
        return Q(**{f"{prefix}name_key": name_key(words[0])})
    condition = Q()
    for word in words:
        condition &= _holds(word, prefix=prefix)
    return condition


def _holds(word: str, *, prefix: str) -> Q:
    condition = Q(pk__in=[])
    for spelling in sorted(spellings(word)):
        inside = Q()
        for part in spelling.split():
            inside &= Q(**{f"{prefix}name_key__contains": part})
        condition |= inside
    return condition
