"""No encrypted column without a key: the system check that says so."""

from typing import Any, ClassVar

import pytest
from django.db import models
from django.test.utils import isolate_apps

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.encryption_checks import check_encrypted_columns, problems_of
from clinic.core.fields import EncryptedTextField
from tests.models import EncryptedNote, Entry, Guest, Holder, Page


def test_every_model_of_ours_says_whose_key_it_uses() -> None:
    assert check_encrypted_columns() == []


@pytest.mark.parametrize("model", [EncryptedNote, Holder, Guest, Entry, Page])
def test_each_way_of_saying_it_is_known(model: Any) -> None:
    assert problems_of(model) == []


def ids(model: Any) -> list[str | None]:
    return [problem.id for problem in problems_of(model)]


@isolate_apps("tests")
def test_a_column_that_says_nothing_is_named() -> None:
    class Plain(models.Model):
        text = EncryptedTextField()

        def __str__(self) -> str:
            return ""

    class Silent(EncryptedModel):
        text = EncryptedTextField()

        def __str__(self) -> str:
            return ""

    assert ids(Plain) == ids(Silent) == ["clinic.E030"]


@isolate_apps("tests")
def test_a_path_that_leads_nowhere_or_to_a_row_without_a_key_is_named() -> None:
    class Lost(EncryptedModel):
        encrypted_under: ClassVar[str] = "nobody"
        text = EncryptedTextField()

        def __str__(self) -> str:
            return ""

    class Keyless(models.Model):
        def __str__(self) -> str:
            return ""

    class Poor(EncryptedModel):
        encrypted_under: ClassVar[str] = "keyless"
        keyless = models.ForeignKey(Keyless, on_delete=models.CASCADE)
        text = EncryptedTextField()

        def __str__(self) -> str:
            return ""

    assert (ids(Lost), ids(Poor)) == (["clinic.E031"], ["clinic.E032"])
